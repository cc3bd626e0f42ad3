/**
 * The types of tasks, workflows and eager workflows: what a caller gives, what the function takes, what comes back.
 * @module
 */
import type { Entity as EntityKind } from "../events/events.ts";
import type { ENTITY, EntityInterface } from "../types/interface.ts";
import type { InferInput, InferOutput, Schemas, StandardSchema } from "../types/standard-schema.ts";
import type { Call } from "./call.ts";
import type { TaskContext } from "./context.ts";
import type { Executor, HasExecutor } from "./executor.ts";
import type { RemoteCallOptions } from "./remote-call.ts";
import type { CallOptions } from "./settings.ts";

/** What a cluster gives a task; says nothing where it runs locally. */
export interface ClusterOptions {
  /** One value, or what is asked for and what is the most. */
  readonly resources?: Readonly<
    Partial<Record<"cpu" | "memory" | "gpu" | "ephemeralStorage", Amount | Bounds>>
  >;
  /** The container image. */
  readonly image?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Secrets to mount; read them with `context.secrets.get(group, key)`. */
  readonly secrets?: readonly { readonly group: string; readonly key: string }[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Whether it writes a deck. */
  readonly deck?: boolean;
}

type Amount = string | number;
interface Bounds {
  readonly request?: Amount;
  readonly limit?: Amount;
}

/** Options of `task`, `workflow` and `eager`. */
export interface EntityOptions<
  I extends Schemas | undefined = undefined,
  O extends StandardSchema | undefined = undefined,
  S extends Schemas | undefined = undefined,
> extends Omit<CallOptions, keyof RemoteCallOptions>,
    ClusterOptions {
  /** Default: the function's own name. */
  readonly name?: string;
  /** Each input with its schema: zod, or any other Standard Schema. */
  readonly inputs?: I;
  /** The schema of the value. */
  readonly output?: O;
  /** Instead of `output`: the schema of each of the named values in the object that it gives. */
  readonly outputs?: S;
}

/** The same, with inputs: the function's parameter is typed by the schemas. */
export interface SchemaOptions<
  I extends Schemas,
  O extends StandardSchema | undefined,
  S extends Schemas | undefined,
> extends EntityOptions<I, O, S> {
  readonly inputs: I;
}

/** Options of `eager`. */
export interface RemoteOptions {
  /** Where the calls run that it makes; its own function stays in the process that calls it. */
  readonly remote?: Executor | HasExecutor;
  /** The group of the secret that it logs in with where no person can: in a container of the cluster. */
  readonly clientSecretGroup?: string;
  /** The name of that secret within its group. */
  readonly clientSecretKey?: string;
}

export type NoInputs = Record<string, never>;

/** Each input as a value, or as a promise of it (also another call), which is awaited first. */
export type Promised<I> = { [K in keyof I]: I[K] | Promise<I[K]> };

/** The arguments of a call: one object of named inputs, which may be left out when nothing in it is needed. */
export type CallArguments<I> = NoInputs extends I
  ? [inputs?: Promised<I>]
  : Record<never, never> extends I
    ? [inputs?: Promised<I>]
    : [inputs: Promised<I>];

/** What the function gets of its schemas. */
export type FunctionInputs<I extends Schemas> = { -readonly [K in keyof I]: InferOutput<I[K]> };

type OptionalName<I extends Schemas> = {
  [K in keyof I]: undefined extends InferInput<I[K]> ? K : never;
}[keyof I];

/** What a caller gives to schemas; those that take `undefined` may be left out. */
export type CallerInputs<I extends Schemas> = Flat<
  { -readonly [K in Exclude<keyof I, OptionalName<I>>]: InferInput<I[K]> } & {
    -readonly [K in OptionalName<I>]?: InferInput<I[K]>;
  }
>;

type Flat<T> = { [K in keyof T]: T[K] };

/** The inputs of a function that has no schemas: its first parameter. */
export type SignatureInputs<F extends AnyFunction> =
  Parameters<F> extends [] ? NoInputs : Parameters<F>[0] extends infer A ? NonNullable<A> : never;

// `never`: a function with any first parameter fits, and one without annotation gets no `any`.
export type AnyFunction = (inputs: never, context: TaskContext) => unknown;
export type AnyAsyncFunction = (inputs: never, context: TaskContext) => Promise<unknown>;
export type AnyWiring = (inputs: never) => unknown;

/** The value that has to be given to fit an output schema, or several. */
type Given<O extends StandardSchema | undefined, S extends Schemas | undefined> = S extends Schemas
  ? CallerInputs<S>
  : O extends StandardSchema
    ? InferInput<O>
    : unknown;

/** What a function has to return to fit its output schema. */
export type Returning<O extends StandardSchema | undefined, S extends Schemas | undefined> =
  | Given<O, S>
  | Promise<Given<O, S>>;

export type ReturningAsync<
  O extends StandardSchema | undefined,
  S extends Schemas | undefined,
> = Promise<Given<O, S>>;

/** What a call resolves with. */
export type Result<
  O extends StandardSchema | undefined,
  S extends Schemas | undefined,
  R,
> = S extends Schemas ? FunctionInputs<S> : O extends StandardSchema ? InferOutput<O> : Awaited<R>;

/** A function that a workflow or a person calls by named inputs; each call is tracked. */
export interface Entity<I, O, F> {
  (...inputs: CallArguments<I>): Call<O>;
  readonly name: string;
  /** The bare function, without a call. */
  readonly fn: F;
  /** The same with other options: `addOne.with({ retries: 2, cache: false })({ x: 1 })`. */
  with(options: CallOptions): this;
  /**
   * The same, run elsewhere: `addOne.on(remote)({ x: 1 })`. On `"local"` nothing leaves this process, neither the call
   * nor those that it makes.
   */
  on(executor: Executor | HasExecutor | "local"): this;
  readonly [ENTITY]: EntityInterface;
}

/** What `task` returns. */
export interface Task<I, O, F = (inputs: I) => O | Promise<O>> extends Entity<I, O, F> {}

/** What `eager` returns. */
export interface Eager<I, O, F = (inputs: I) => Promise<O>> extends Entity<I, O, F> {}

/** What a static workflow's function gets: promises to pass on, never values. */
export type Placeholders<I> = { [K in keyof I]-?: Promise<Exclude<I[K], undefined>> };

/** What a caller gives to a workflow without schemas. */
export type PlaceholderInputs<P> = { [K in keyof P]: Awaited<P[K]> };

/** What a static workflow may return for its output: a placeholder, a value, or an object or list of them. */
export type Wired<T> = T | Promise<T> | { [K in keyof T]: T[K] | Promise<T[K]> };

/** The value a static workflow's return stands for. */
export type Unwired<R> =
  R extends Promise<infer T>
    ? T
    : R extends object
      ? { -readonly [K in keyof R]: Awaited<R[K]> }
      : R;

/** What `workflow` returns. */
export interface Workflow<I, O, F = unknown> extends Entity<I, O, F> {
  /** What calls what, known before anything runs. */
  readonly graph: Graph;
}

/** A static workflow as plain data. Only `value` bindings hold what was written into the workflow. */
export interface Graph {
  readonly inputs: readonly string[];
  /** In the order they were written. */
  readonly nodes: readonly GraphNode[];
  readonly output: GraphBinding;
}

export interface GraphNode {
  /** `n0`, `n1`, … */
  readonly id: string;
  /** Of the task or workflow it calls. */
  readonly name: string;
  readonly entity: EntityKind;
  readonly inputs: Readonly<Record<string, GraphBinding>>;
}

/** Where a value comes from. */
export type GraphBinding =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "node"; readonly id: string }
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "object"; readonly members: Readonly<Record<string, GraphBinding>> }
  | { readonly kind: "list"; readonly members: readonly GraphBinding[] };
