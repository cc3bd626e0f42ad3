/**
 * What a task, workflow or eager workflow is to the engine: a name, an interface and a function.
 * @module
 */
import { isStandardSchema, type Schemas, type StandardSchema } from "../types/standard-schema.ts";
import type { TaskContext } from "./context.ts";

type Body = (inputs: Readonly<Record<string, unknown>>, context: TaskContext) => unknown;

export interface Definition {
  readonly entity: "task" | "workflow" | "eager";
  readonly name: string;
  readonly inputs: Schemas | undefined;
  readonly output: StandardSchema | undefined;
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
}

/**
 * Sorts out the arguments `(fn)` or `(options, fn)`.
 * @throws {TypeError} with advice, for anything that is not a named function with schemas.
 */
export function readDefinition(
  entity: Definition["entity"],
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
  const { name = fn.name, inputs, output } = options as UncheckedOptions;
  if (typeof name !== "string" || name === "") {
    throw new TypeError(
      `${entity}() needs a name: use a named function, ${entity}(function addOne({ x }) { … }), ` +
        `or the option name, ${entity}({ name: "addOne" }, …)`,
    );
  }
  if (inputs !== undefined) checkSchemas(entity, name, inputs);
  if (output !== undefined && !isStandardSchema(output)) {
    throw new TypeError(`${entity} ${name}: \`output\` is no schema; write output: z.int()`);
  }
  return {
    entity,
    name,
    inputs: inputs as Schemas | undefined,
    output: output as StandardSchema | undefined,
    fn: fn as Body,
  };
}

function checkSchemas(entity: string, name: string, inputs: unknown): void {
  const advice = `write inputs: { x: z.int() }`;
  if (typeof inputs !== "object" || inputs === null || isStandardSchema(inputs)) {
    throw new TypeError(
      `${entity} ${name}: \`inputs\` names each input with its schema; ${advice}`,
    );
  }
  for (const [input, schema] of Object.entries(inputs)) {
    if (!isStandardSchema(schema)) {
      throw new TypeError(`${entity} ${name}: input \`${input}\` has no schema; ${advice}`);
    }
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

/** What people call for this definition. */
export function callableOf(definition: Definition): Callable | undefined {
  return callables.get(definition);
}

export function setCallable(definition: Definition, callable: Callable): void {
  callables.set(definition, callable);
}
