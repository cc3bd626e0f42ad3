/**
 * What a task, workflow or eager workflow is to the engine: a name, an interface and a function.
 * @module
 */
import { isPromise } from "node:util/types";
import type { Entity as EntityKind } from "../events/events.ts";
import { isStandardSchema, type Schemas, type StandardSchema } from "../types/standard-schema.ts";
import { type Checked, checkInputs, checkValue } from "../types/validate.ts";
import { preview } from "../values/preview.ts";
import type { TaskContext } from "./context.ts";
import { entitySettings, type Settings } from "./settings.ts";

type Body = (inputs: Readonly<Record<string, unknown>>, context: TaskContext) => unknown;

export interface Definition {
  readonly entity: EntityKind;
  readonly name: string;
  /** The name is the option `name`, not the function's own. */
  readonly isNamed?: boolean;
  readonly inputs: Schemas | undefined;
  /** Of the one value it gives. */
  readonly output: StandardSchema | undefined;
  /** Of the named values that it gives instead, as one object. */
  readonly outputs: Schemas | undefined;
  readonly settings: Settings;
  /** What an executor of elsewhere knows it by, of what was not written here. */
  readonly elsewhere?: unknown;
  /** The function as it was given. */
  readonly fn: Body;
  /** What a call runs: `fn`, or the nodes of a static workflow. */
  readonly body: Body;
}

/** What `task`, `workflow` and `eager` take besides the function, before anything is checked. */
export interface UncheckedOptions {
  readonly name?: unknown;
  readonly inputs?: unknown;
  readonly output?: unknown;
  readonly outputs?: unknown;
}

/**
 * Sorts out the arguments `(fn)` or `(options, fn)`.
 * @throws {TypeError} with advice, for anything that is not a named function with schemas.
 */
export function readDefinition(
  entity: "task" | "workflow" | "eager",
  first: unknown,
  second: unknown,
): Omit<Definition, "body"> {
  const [options, fn] =
    typeof first === "function" && second === undefined ? [{}, first] : [first, second];
  if (typeof fn !== "function") {
    throw new TypeError(
      `${entity}() takes a function, or options and a function: ${entity}(function addOne({ x }) { … })`,
    );
  }
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${entity}(): the options are an object like { inputs: { x: z.int() } }`);
  }
  const { name = fn.name, inputs, output, outputs } = options as UncheckedOptions;
  if (typeof name !== "string" || name === "") {
    throw new TypeError(
      `${entity}() needs a name: use a named function, ${entity}(function addOne({ x }) { … }), ` +
        `or the option name, ${entity}({ name: "addOne" }, …)`,
    );
  }
  const what = `${entity} ${name}`;
  if (inputs !== undefined) checkSchemas(what, "input", inputs);
  if (outputs !== undefined) checkSchemas(what, "output", outputs);
  if (output !== undefined && outputs !== undefined) {
    throw new TypeError(
      `${what}: \`output\` is for one value, \`outputs\` for named ones; give one`,
    );
  }
  if (output !== undefined && !isStandardSchema(output)) {
    throw new TypeError(`${what}: \`output\` is no schema; write output: z.int()`);
  }
  return {
    entity,
    name,
    isNamed: "name" in options && options.name !== undefined,
    inputs: inputs as Schemas | undefined,
    output: output as StandardSchema | undefined,
    outputs: outputs as Schemas | undefined,
    settings: entitySettings(what, options as Readonly<Record<string, unknown>>),
    fn: fn as Body,
  };
}

function checkSchemas(what: string, side: "input" | "output", schemas: unknown): void {
  const advice = `write ${side}s: { x: z.int() }`;
  if (typeof schemas !== "object" || schemas === null || isStandardSchema(schemas)) {
    throw new TypeError(`${what}: \`${side}s\` names each ${side} with its schema; ${advice}`);
  }
  for (const [name, schema] of Object.entries(schemas)) {
    if (!isStandardSchema(schema)) {
      throw new TypeError(`${what}: ${side} \`${name}\` has no schema; ${advice}`);
    }
  }
}

/**
 * Holds what the function gave against its schema or schemas.
 * @returns undefined when there are none; what a schema's own code throws at once is under `threw`.
 */
export function checkOutput(
  { output, outputs }: Definition,
  value: unknown,
): Checked<unknown> | Promise<Checked<unknown>> | { readonly threw: unknown } | undefined {
  if (output === undefined && outputs === undefined) return undefined;
  try {
    if (output !== undefined) return checkValue(output, value);
    if (typeof value !== "object" || value === null || isPromise(value)) {
      const names = Object.keys(outputs ?? {}).join(", ");
      const message = `expected an object of ${names}, received ${preview(value).line}`;
      return { ok: false, misfits: [{ path: "", message }] };
    }
    return checkInputs(outputs ?? {}, value as Readonly<Record<string, unknown>>, "output");
  } catch (error) {
    return { threw: error };
  }
}

const versions = new WeakMap<Definition, string>();

/** Changes when the source of the function does: eight hexadecimal digits. */
export function versionOf(definition: Definition): string {
  let version = versions.get(definition);
  if (version === undefined) {
    // Loaded here: only a run that somebody watches needs it, and it costs the import of a plain script.
    const { createHash } = process.getBuiltinModule("node:crypto");
    const source = `${definition.entity} ${definition.name} ${Function.prototype.toString.call(definition.fn)}`;
    version = createHash("sha256").update(source).digest("hex").slice(0, 8);
    versions.set(definition, version);
  }
  return version;
}

type Callable = (inputs?: Record<string, unknown>) => Promise<unknown>;

const callables = new WeakMap<Definition, Callable>();
const definitions = new WeakMap<object, Definition>();

/** What people call for this definition. */
export function callableOf(definition: Definition): Callable | undefined {
  return callables.get(definition);
}

export function setCallable(definition: Definition, callable: Callable): void {
  callables.set(definition, callable);
  definitions.set(callable, definition);
}

/** Of what `task`, `workflow` and `eager` return. */
export function definitionOf(callable: unknown): Definition | undefined {
  return typeof callable === "function" ? definitions.get(callable) : undefined;
}
