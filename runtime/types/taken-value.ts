/**
 * What to hand on to somebody who applies the same schema: each part as its schema takes it, not as it makes it.
 *
 * A part that nothing changes is as the schema made it, with defaults, coerced and without unknown fields. One that is
 * changed is as it was before that: sent as made, it would be changed twice, or would not fit the type that is declared.
 * @module
 */
import { isPromise } from "node:util/types";
import { changesValue, valueTypeOf } from "./schema-type.ts";
import type { StandardSchema } from "./standard-schema.ts";
import { overwrites, zodDefinition } from "./zod-type.ts";

type Definition = NonNullable<ReturnType<typeof zodDefinition>>;

/** What a schema makes of a value, asked for at most where it matters: the functions in it are the user's. */
type Made = () => unknown;

interface Taking {
  /** Whether the other side applies the schema; else only what keeps to the declared type is applied, here. */
  readonly again: boolean;
}

/**
 * @param given a value that fits.
 * @param made what the schema made of it.
 * @param again whether it goes through the schema once more; without that it changes here what stays of its type.
 */
export function takenValue(
  schema: StandardSchema,
  given: unknown,
  made: unknown,
  again: boolean,
): unknown {
  return taken(schema, given, () => made, { again });
}

function taken(schema: unknown, given: unknown, made: Made, at: Taking): unknown {
  if (!changesValue(schema as StandardSchema)) return made();
  const def = zodDefinition(schema);
  // Of other libraries no more is known than that they change it.
  if (def === undefined) return given;
  if (overwrites(def)) return at.again ? asItWas(given, made()) : made();
  switch (def["type"]) {
    case "object":
      return isObject(given) ? objectTaken(def, given, made, at) : given;
    case "record":
      return isObject(given) ? recordTaken(def, given, made, at) : given;
    case "array":
      return itemsTaken(() => def["element"], given, made, at);
    case "tuple": {
      const items = def["items"] as readonly unknown[];
      return itemsTaken((i) => items[i] ?? def["rest"], given, made, at);
    }
    case "union":
      return firstThatFits(def["options"] as readonly unknown[], given, at);
    case "intersection": {
      const [left, right] = [def["left"], def["right"]].map((side) => through(side, given, at));
      return isObject(left) && isObject(right) ? { ...left, ...right } : given;
    }
    case "optional":
    case "nullable":
    case "nonoptional":
    case "readonly":
      return given === undefined || given === null
        ? given
        : taken(def["innerType"], given, made, at);
    case "default":
      if (given !== undefined) return taken(def["innerType"], given, made, at);
      return takesAbsence(schema as StandardSchema) ? undefined : made();
    case "prefault":
      return through(def["innerType"], given === undefined ? def["defaultValue"] : given, at);
    case "catch":
      return firstThatFits([def["innerType"]], given, at);
    case "lazy":
      return taken((def["getter"] as () => unknown)(), given, made, at);
    case "pipe":
      if (zodDefinition(def["in"])?.["type"] !== "transform") return through(def["in"], given, at);
      // Declared is what comes out of `preprocess`: often what is given is that already.
      return at.again ? firstThatFits([def["out"]], given, at, made) : made();
    default:
      return given;
  }
}

function objectTaken(
  def: Definition,
  given: Record<string, unknown>,
  made: Made,
  at: Taking,
): unknown {
  const shape = def["shape"] as Readonly<Record<string, unknown>>;
  const whole = made();
  if (!isObject(whole)) return given;
  return Object.fromEntries(
    [...new Set([...Object.keys(whole), ...Object.keys(shape)])].flatMap((key) => {
      const schema = Object.hasOwn(shape, key) ? shape[key] : def["catchall"];
      const own = Object.hasOwn(given, key) ? given[key] : undefined;
      const value = schema ? taken(schema, own, () => whole[key], at) : whole[key];
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

function recordTaken(
  def: Definition,
  given: Record<string, unknown>,
  made: Made,
  at: Taking,
): unknown {
  // Which key came from which is not known.
  if (changesValue(def["keyType"] as StandardSchema)) return given;
  const whole = made();
  if (!isObject(whole)) return given;
  return Object.fromEntries(
    Object.keys(whole).map((key) => [
      key,
      taken(def["valueType"], given[key], () => whole[key], at),
    ]),
  );
}

function itemsTaken(
  schemaOf: (index: number) => unknown,
  given: unknown,
  made: Made,
  at: Taking,
): unknown {
  const whole = made();
  if (!Array.isArray(given) || !Array.isArray(whole)) return given;
  return Array.from(whole, (item, i) => taken(schemaOf(i), given[i], () => item, at));
}

/** By the first of these schemas that takes the value. */
function firstThatFits(
  schemas: readonly unknown[],
  given: unknown,
  at: Taking,
  otherwise: Made = () => given,
): unknown {
  for (const schema of schemas) {
    const result = apply(schema, given);
    if (result) return taken(schema, given, () => result.value, at);
  }
  return otherwise();
}

function through(schema: unknown, given: unknown, at: Taking): unknown {
  return taken(schema, given, () => (apply(schema, given) ?? { value: given }).value, at);
}

/** @returns undefined for what does not fit, and of a schema that has to wait: then a value stays as it was given. */
function apply(schema: unknown, value: unknown): { readonly value: unknown } | undefined {
  try {
    const result = (schema as StandardSchema)["~standard"].validate(value);
    if (!isPromise(result)) return result.issues ? undefined : { value: result.value };
    result.catch(() => undefined);
  } catch {
    // The user's code met a value that it does not expect.
  }
  return undefined;
}

function takesAbsence(schema: StandardSchema): boolean {
  const type = valueTypeOf(schema, "input", "");
  return type.kind === "union" && type.variants.some(({ kind }) => kind === "none");
}

/** Before it was trimmed, unless it had to become text first. */
function asItWas(given: unknown, made: unknown): unknown {
  return typeof given === typeof made ? given : made;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
