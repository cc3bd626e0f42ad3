/**
 * Registered tasks, workflows and launch plans as functions.
 * @module
 */

import { DECLARED_TYPES, type DeclaredTypes } from "../types/declared-types.ts";
import type { Schemas, StandardSchema } from "../types/standard-schema.ts";
import { preview } from "../values/preview.ts";
import { type Definition, readDefinition } from "../workflow/definition.ts";
import { CallFailure } from "../workflow/errors.ts";
import { EXECUTOR, type HasExecutor } from "../workflow/executor.ts";
import type { CallerInputs, Entity, Result } from "../workflow/signatures.ts";
import { unnamed } from "../workflow/task.ts";
import type { Connection } from "./connection.ts";
import { entityUrl } from "./console.ts";
import type { Variable } from "./idl/flyteidl/core/interface_pb.ts";
import { differences } from "./literals/castable.ts";
import { namedAs } from "./literals/expected.ts";
import { typedInterface } from "./literals/types.ts";
import { declaredTypes } from "./literals/typescript.ts";
import { typeToText } from "./literals/words.ts";
import type { EntityKind, EntityReference } from "./options.ts";
import type { Target } from "./targets.ts";

/** What to fetch; with schemas the function is typed and checked by them too. */
export interface FetchOptions extends EntityReference {
  readonly inputs?: Schemas;
  readonly output?: StandardSchema;
  readonly outputs?: Schemas;
}

/** What an entity takes and gives, in words: `{ x: "integer" }`. */
export interface FetchedInterface {
  readonly inputs: Readonly<Record<string, string>>;
  /** Inputs that may be left out. */
  readonly optional: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
}

/** Without types of its own, the session declares it by its interface for later cells. */
export interface Fetched<I, O> extends Entity<I, O, never> {
  readonly version: string;
  readonly interface: FetchedInterface;
  /** Its page. */
  readonly url: string;
}

/** What to fetch, with schemas that type it. */
interface FetchBySchemas<
  I extends Schemas,
  O extends StandardSchema | undefined,
  S extends Schemas | undefined,
> extends EntityReference {
  readonly inputs: I;
  readonly output?: O;
  readonly outputs?: S;
}

/** A function that fetches: its answer is typed by the schemas it is given, or by hand. */
export interface Fetch {
  <
    const I extends Schemas,
    O extends StandardSchema | undefined = undefined,
    const S extends Schemas | undefined = undefined,
  >(
    reference: FetchBySchemas<I, O, S>,
  ): Promise<Fetched<CallerInputs<I>, Result<O, S, unknown>>>;
  <I = Record<string, unknown>, O = unknown>(
    reference: string | FetchOptions,
  ): Promise<Fetched<I, O>>;
}

const KEYS = ["name", "version", "project", "domain", "inputs", "output", "outputs"];

/**
 * @internal Users call `remote.fetchTask(…)` and its like.
 * @throws {TypeError} for what names nothing, and for schemas that disagree with the interface.
 */
export async function fetchEntity(
  remote: HasExecutor,
  connection: Connection,
  kind: EntityKind,
  given: string | FetchOptions,
): Promise<unknown> {
  const { inputs, output, outputs, ...reference } = optionsOf(given);
  const place = connection.place(reference);
  const target = await connection.targets.find({ kind, ...reference, ...place });
  const { name, version } = target;
  const engineKind = kind === "task" ? "task" : "workflow";
  const schemas = {
    ...(inputs !== undefined && { inputs }),
    ...(output !== undefined && { output }),
    ...(outputs !== undefined && { outputs }),
  };
  const read = readDefinition(engineKind, { name, ...schemas }, notHere(name));
  compare(`${kind.replace("_", " ")} ${name} of version ${version}`, read, target);
  const definition: Definition = {
    ...read,
    body: read.fn,
    elsewhere: { kind, name, version, ...place },
    settings: { ...read.settings, executor: remote[EXECUTOR]() },
  };
  const { consoleUrl } = connection.client.platform;
  const isTypedHere = Object.keys(schemas).length > 0;
  return unnamed(definition, {
    ...(!isTypedHere && { [DECLARED_TYPES]: { value: typesOf(target, connection) } }),
    version: { enumerable: true, value: version },
    url: { enumerable: true, value: entityUrl({ consoleUrl, ...place }, kind, name, version) },
    interface: { enumerable: true, value: interfaceOf(target) },
  });
}

function optionsOf(given: string | FetchOptions): FetchOptions {
  if (typeof given === "string" && given !== "") return { name: given };
  const example = `fetchTask("ml.train"), or fetchTask({ name: "ml.train", version: "v12" })`;
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`what to fetch is a name: ${example}; not ${preview(given).line}`);
  }
  for (const [key, value] of Object.entries(given)) {
    if (!KEYS.includes(key)) {
      throw new TypeError(`what to fetch has no ${preview(key).line}; it has ${KEYS.join(", ")}`);
    }
    const isSchema = ["inputs", "output", "outputs"].includes(key);
    if (isSchema || value === undefined || (typeof value === "string" && value !== "")) continue;
    throw new TypeError(`what to fetch: ${key} is text, not ${preview(value).line}`);
  }
  if (given.name === undefined) throw new TypeError(`what to fetch needs a name: ${example}`);
  return given;
}

function notHere(name: string): () => never {
  return () => {
    throw new CallFailure(
      "REMOTE_NOT_FOUND",
      `${name} is only a reference to what is registered on a cluster; it cannot run in this process`,
    );
  };
}

function interfaceOf({ inputs, optional, outputs }: Target): FetchedInterface {
  return { inputs: texts(inputs), optional: [...optional], outputs: texts(outputs) };
}

/** Says nothing of an interface that cannot be said: then it has the types of any other. */
function typesOf(target: Target, { options }: Connection): DeclaredTypes | undefined {
  try {
    return declaredTypes(target, options.integers ?? "number");
  } catch {
    return undefined;
  }
}

function texts(variables: Readonly<Record<string, Variable>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, { type }]) => [name, type ? typeToText(type) : "?"]),
  );
}

/** @throws {TypeError} that lists everything in which schemas of the caller and the interface differ. */
function compare(
  what: string,
  { name, inputs, output, outputs }: Pick<Definition, "name" | "inputs" | "output" | "outputs">,
  target: Target,
): void {
  const wrong: string[] = [];
  const check = (
    side: "input" | "output",
    ours: Readonly<Record<string, Variable>>,
    theirs: Readonly<Record<string, Variable>>,
  ) => {
    for (const [variable, { type }] of Object.entries(ours)) {
      const other = Object.hasOwn(theirs, variable) ? theirs[variable]?.type : undefined;
      if (type === undefined) continue;
      if (other === undefined) {
        wrong.push(`there is no ${side} ${variable}`);
        continue;
      }
      // Inputs go there, outputs come from there.
      const isInput = side === "input";
      const [given, wanted] = isInput ? [type, other] : [other, type];
      for (const { path, ...differ } of differences(given, wanted, variable)) {
        const [here, there] = isInput
          ? [differ.given, differ.wanted]
          : [differ.wanted, differ.given];
        wrong.push(`${side} ${path} is ${there} there and ${here} here`);
      }
    }
    for (const [variable, { type }] of Object.entries(theirs)) {
      const isNeeded = side === "output" || !target.optional.has(variable);
      if (isNeeded && !Object.hasOwn(ours, variable)) {
        wrong.push(`${side} ${variable} (${type ? typeToText(type) : "?"}) has no schema here`);
      }
    }
  };
  if (inputs !== undefined) {
    check("input", typedInterface({ name, inputs }).inputs?.variables ?? {}, target.inputs);
  }
  if (output !== undefined || outputs !== undefined) {
    const declared = typedInterface({ name, output, outputs, elsewhere: target }).outputs
      ?.variables;
    check("output", namedAs(target.outputs, declared ?? {}), target.outputs);
  }
  if (wrong.length > 0) {
    throw new TypeError(`the schemas disagree with ${what}: ${wrong.join("; ")}`);
  }
}
