/**
 * `--x 5 --names '["a"]' --file data.csv` → the inputs of a workflow, by the schema of each.
 *
 * A file, folder or table is given as a path or an address, of which its schema makes the handle where the call is made.
 * @module
 */
import type { ExportedEntity, InputDescription } from "../runtime/session/client/describe.ts";
import type { ValueType } from "../runtime/types/value-type.ts";
import { checkPlaces } from "./places.ts";
import { didYouMean, UsageError } from "./usage.ts";

/**
 * Reads the inputs of one workflow from the arguments behind its name.
 * @throws {UsageError} naming the first input that is unknown, missing, without value or ill-typed, or whose file is not there.
 */
export function readInputs(
  entity: ExportedEntity,
  args: readonly string[],
): Record<string, unknown> {
  const given = flags(args);
  const { exported, inputs } = entity;
  if (!inputs) {
    // Typed by its signature only: the checker looks at the call.
    return Object.fromEntries(
      [...given].map(([name, text]) => [name, text === undefined ? true : asJson(text)]),
    );
  }
  const names = inputs.map(({ name }) => name);
  for (const name of given.keys()) {
    if (names.includes(name)) continue;
    const hint =
      didYouMean(name, names, "--") ||
      ` It takes ${inputs.length === 0 ? "none" : signature(inputs)}.`;
    throw new UsageError(`${exported} has no input '--${name}'.${hint}`);
  }
  const values: Record<string, unknown> = {};
  for (const input of inputs) {
    if (given.has(input.name)) {
      const value = readValue(input, given.get(input.name));
      if (input.type) checkPlaces(value, input.type, `--${input.name}`);
      values[input.name] = value;
    } else if (input.required)
      throw new UsageError(
        `${exported} needs ${signature([input])}; it takes ${signature(inputs)}.`,
      );
  }
  return values;
}

/** The texts behind the names, as they were typed; those of flags without a value are left out. */
export function givenText(args: readonly string[]): Map<string, string> {
  return new Map(
    [...flags(args)].flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])),
  );
}

function signature(inputs: readonly InputDescription[]): string {
  return inputs.map(flagOf).join(" ");
}

/** `--days <integer>`, `--file <path>`: how an input is given. */
export function flagOf({ name, schema, type }: InputDescription): string {
  const given = type && withoutNone(type);
  if (given && isPlace(given)) return `--${name} <path>`;
  if (given?.kind === "list" && isPlace(given.of)) return `--${name} <["path", …]>`;
  const choices = schema["enum"];
  return `--${name} <${Array.isArray(choices) ? choices.map(String).join("|") : typeName(schema)}>`;
}

function isPlace({ kind }: ValueType): boolean {
  return kind === "file" || kind === "directory" || kind === "dataset";
}

/** The type of what is there, if it is one. */
function withoutNone(type: ValueType): ValueType {
  if (type.kind !== "union") return type;
  const [only, ...more] = type.variants.filter(({ kind }) => kind !== "none");
  return only && more.length === 0 ? only : type;
}

/** `--name value`, `--name=value`, `--flag` alone (then undefined). */
function flags(args: readonly string[]): Map<string, string | undefined> {
  const given = new Map<string, string | undefined>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    // Behind `--` an input may have the name of an option of ours: `-- --deck d`.
    if (arg === "--") continue;
    if (!arg.startsWith("--")) {
      throw new UsageError(`inputs are given as --name value; '${arg}' has no name`);
    }
    const [name = "", ...rest] = arg.slice(2).split("=");
    if (given.has(name)) throw new UsageError(`--${name} is given twice`);
    const next = args[i + 1];
    if (rest.length > 0) given.set(name, rest.join("="));
    else if (next === undefined || /^--[A-Za-z_]/.test(next)) given.set(name, undefined);
    else given.set(name, args[++i]);
  }
  return given;
}

function typeName(schema: Readonly<Record<string, unknown>>): string {
  const { type } = schema;
  return typeof type === "string" ? type : "value";
}

function readValue(input: InputDescription, text: string | undefined): unknown {
  const { name, schema, type } = input;
  const wanted = typeName(schema);
  const refuse = (why: string): never => {
    throw new UsageError(`--${name}: ${why}`);
  };
  if (wanted === "boolean") {
    if (text === undefined || text === "true") return true;
    return text === "false"
      ? false
      : refuse(`'${text}' is no boolean; write --${name} or --${name}=false`);
  }
  if (text === undefined) return refuse(`needs a value: ${flagOf(input)}`);
  if (wanted === "integer" || wanted === "number") {
    const value = Number(text);
    const fits =
      text.trim() !== "" &&
      !Number.isNaN(value) &&
      (wanted === "number" || Number.isInteger(value));
    return fits ? value : refuse(`'${text}' is no ${wanted}`);
  }
  // A file may be called 2024 or true; what may be null is `null`.
  const isPath = type && isPlace(withoutNone(type)) && text !== "null";
  if (wanted === "string" || isPath) return text;
  if (wanted === "array" || wanted === "object") {
    const value = asJson(text);
    const isArray = Array.isArray(value);
    const fits = typeof value === "object" && value !== null && isArray === (wanted === "array");
    return fits ? value : refuse(`'${text}' is no ${wanted} in JSON`);
  }
  return asJson(text);
}

/** JSON where it is JSON, else the text itself. */
function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: `--name Ada` means the string.
    return text;
  }
}
