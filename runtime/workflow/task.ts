/**
 * `task` and `eager`: functions whose calls are tracked.
 * @module
 */
import { ENTITY, type EntityInterface } from "../types/interface.ts";
import type { Schemas, StandardSchema } from "../types/standard-schema.ts";
import { preview } from "../values/preview.ts";
import type { TaskContext } from "./context.ts";
import { type Definition, readDefinition, setCallable } from "./definition.ts";
import { executorFrom } from "./executor.ts";
import { noteMade } from "./made.ts";
import { rememberEntity } from "./newest.ts";
import { recordNode } from "./recording.ts";
import { callSettings } from "./settings.ts";
import type {
  AnyAsyncFunction,
  AnyFunction,
  CallerInputs,
  Eager,
  EntityOptions,
  FunctionInputs,
  RemoteOptions,
  Result,
  Returning,
  ReturningAsync,
  SchemaOptions,
  SignatureInputs,
  Task,
} from "./signatures.ts";
import { startCall } from "./start.ts";
import { noteOrigin } from "./thread/origin.ts";

/**
 * Turns a function into a task: calling it starts a tracked call and returns a promise of its plain value.
 *
 * ```ts
 * const addOne = task({ inputs: { x: z.int() }, output: z.int() }, function addOne({ x }) {
 *   return x + 1;
 * });
 * await addOne({ x: 5 }); // 6
 * ```
 * With schemas, inputs and output are checked and typed by them; without, TypeScript's types are all there is. The
 * function takes one object of named inputs and, if it likes, the `TaskContext`; it may be async or not.
 * @throws {TypeError} without a name: name the function or give `name`.
 */
export function task<F extends AnyFunction>(
  fn: F,
): Task<SignatureInputs<F>, Awaited<ReturnType<F>>, F>;
export function task<
  const I extends Schemas,
  F extends (inputs: FunctionInputs<I>, context: TaskContext) => Returning<O, S>,
  O extends StandardSchema | undefined = undefined,
  const S extends Schemas | undefined = undefined,
>(options: SchemaOptions<I, O, S>, fn: F): Task<CallerInputs<I>, Result<O, S, ReturnType<F>>, F>;
export function task<
  F extends (inputs: never, context: TaskContext) => Returning<O, S>,
  O extends StandardSchema | undefined = undefined,
  const S extends Schemas | undefined = undefined,
>(
  options: EntityOptions<undefined, O, S>,
  fn: F,
): Task<SignatureInputs<F>, Result<O, S, ReturnType<F>>, F>;
export function task(first: unknown, second?: unknown): unknown {
  const definition = readDefinition("task", first, second);
  return callable({ ...definition, body: definition.fn });
}

/**
 * Turns an async function into an eager workflow: ordinary TypeScript in which every awaited task, workflow or other
 * eager workflow is a plain value, and every call is tracked under this one.
 *
 * ```ts
 * const simple = eager(async function simple({ x }: { x: number }) {
 *   const out = await addOne({ x });
 *   return out < 0 ? -1 : await double({ x: out });
 * });
 * await simple({ x: 5 }); // 12
 * ```
 * It settles after all calls it made: when it returns it waits for them, when it throws it cancels them.
 *
 * To call itself as a tracked call, the function needs another name than the constant: inside of
 * `const walk = eager(async function walk() { … })` the name `walk` is the bare function, as JavaScript has it.
 * @throws {TypeError} without a name: name the function or give `name`.
 */
export function eager<F extends AnyAsyncFunction>(
  fn: F,
): Eager<SignatureInputs<F>, Awaited<ReturnType<F>>, F>;
export function eager<
  const I extends Schemas,
  F extends (inputs: FunctionInputs<I>, context: TaskContext) => ReturningAsync<O, S>,
  O extends StandardSchema | undefined = undefined,
  const S extends Schemas | undefined = undefined,
>(
  options: SchemaOptions<I, O, S> & RemoteOptions,
  fn: F,
): Eager<CallerInputs<I>, Result<O, S, ReturnType<F>>, F>;
export function eager<
  F extends (inputs: never, context: TaskContext) => ReturningAsync<O, S>,
  O extends StandardSchema | undefined = undefined,
  const S extends Schemas | undefined = undefined,
>(
  options: EntityOptions<undefined, O, S> & RemoteOptions,
  fn: F,
): Eager<SignatureInputs<F>, Result<O, S, ReturnType<F>>, F>;
export function eager(first: unknown, second?: unknown): unknown {
  const definition = readDefinition("eager", first, second);
  return callable({ ...definition, body: definition.fn });
}

/**
 * What people call: starts a call, or becomes a node while a static workflow is compiled.
 * @param own what it has besides, also when it is made anew with other options.
 */
export function callable(definition: Definition, own: PropertyDescriptorMap = {}): EntityCallable {
  const call = unnamed(definition, own);
  noteOrigin(definition.fn, definition.name);
  noteMade(definition);
  rememberEntity(definition.name, call);
  return call;
}

/** The same for one call's own settings: no newer definition of the name. */
export function unnamed(definition: Definition, own: PropertyDescriptorMap): EntityCallable {
  const call = (given?: unknown) => recordNode(definition, given) ?? startCall(definition, given);
  const { name, entity, inputs, output, fn } = definition;
  const brand = { name, entity, inputs, output } as EntityInterface;
  const what = `${entity} ${name}`;
  const changed = (settings: Definition["settings"]) => unnamed({ ...definition, settings }, own);
  Object.defineProperties(call, {
    name: { value: name, configurable: true },
    fn: { value: fn, enumerable: true },
    with: {
      value: (options: unknown) => changed(callSettings(what, options, definition.settings)),
    },
    on: {
      value: (given: unknown) => {
        const executor = executorFrom(given);
        if (executor !== undefined) return changed({ ...definition.settings, executor });
        throw new TypeError(
          `${what}: on() takes a FlyteRemote or "local", not ${preview(given).line}`,
        );
      },
    },
    [ENTITY]: { value: brand },
    ...own,
  });
  // What it returns is a placeholder only while a workflow is compiled, and then nobody calls it by name.
  const entityOfName = call as EntityCallable;
  setCallable(definition, entityOfName);
  return entityOfName;
}

type EntityCallable = (inputs?: Record<string, unknown>) => Promise<unknown>;
