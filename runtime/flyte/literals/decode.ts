/**
 * Literals → values, leniently: the console sends floats for integers, older writers structures as JSON.
 *
 * Invariants:
 * 1. Every kind of falsy value comes out as what it is; nothing stands for "no value" but Flyte's own none.
 * 2. What only another language can open comes out as an OpaqueValue, never as a guess.
 * 3. Keys are data: none of them reaches a prototype.
 * @module
 */
import { Duration } from "../../types/duration.ts";
import { handleOf } from "../blobs.ts";
import type { Stored } from "../handle.ts";
import type { Variable } from "../idl/flyteidl/core/interface_pb.ts";
import type { Literal, LiteralMap, Primitive, Scalar } from "../idl/flyteidl/core/literals_pb.ts";
import { type LiteralType, SimpleType } from "../idl/flyteidl/core/types_pb.ts";
import { OpaqueValue } from "../opaque.ts";
import { type LiteralContext, Misfits, step } from "./context.ts";
import { type Plain, setKey, unpack } from "./msgpack.ts";
import { resolveOffloaded } from "./offloaded.ts";
import { type Decoding, noneOf, plainToAny, plainToValue, toInteger } from "./plain-decode.ts";
import { isStruct } from "./struct.ts";
import { variantsOf } from "./unions.ts";
import { typeToText } from "./words.ts";

/**
 * Decodes what a task gave by its variables.
 * @returns a value for every variable, none for one that is left out and may be; a name without a variable is read by what the literal says.
 * @throws {TypeError} that lists every path that does not fit; what reading an offloaded literal throws.
 */
export async function decodeMap(
  map: LiteralMap,
  variables: Readonly<Record<string, Variable>>,
  context: LiteralContext,
): Promise<Record<string, unknown>> {
  const { literals } = await resolveOffloaded(map, context);
  const { integers = "number", store } = context;
  const at: Decoding = { misfits: new Misfits(), integers, store, strict: false };
  const values: Record<string, unknown> = {};
  for (const [name, literal] of Object.entries(literals)) {
    const type = Object.hasOwn(variables, name) ? variables[name]?.type : undefined;
    setKey(values, name, type ? decode(literal, type, name, at) : decodeAny(literal, name, at));
  }
  for (const [name, { type }] of Object.entries(variables)) {
    if (Object.hasOwn(literals, name)) continue;
    const none = type && !isStruct(type) ? noneOf(type) : undefined;
    if (none) setKey(values, name, none.value);
    else at.misfits.add(name, "is missing");
  }
  at.misfits.check();
  return values;
}

/** By the declared type; `undefined` after a misfit, and for an absence that is written so. */
function decode(literal: Literal, declared: LiteralType, path: string, at: Decoding): unknown {
  const { type } = declared;
  const { value } = literal;
  if (value.case === undefined) return at.misfits.add(path, "is an empty literal");
  if (value.case === "scalar") {
    const scalar = value.value.value;
    if (type.case === "unionType") return decodeUnion(literal, declared, path, at);
    // A value passed through a union elsewhere is still that value.
    if (scalar.case === "union" && scalar.value.value) {
      return decode(scalar.value.value, declared, path, at);
    }
    if (scalar.case === "binary" && scalar.value.tag === "msgpack") {
      return fromPlain(
        () => unpack(scalar.value.value),
        path,
        at,
        (plain) => plainToValue(plain, declared, path, at),
      );
    }
    if (scalar.case === "generic") return plainToValue(json(scalar.value), declared, path, at);
    if (scalar.case === "noneType") return decodeNone(declared, path, at);
  }
  switch (type.case) {
    case "simple":
      return decodeSimple(literal, declared, type.value, path, at);
    case "enumType": {
      const text = primitiveOf(literal);
      if (text?.case === "stringValue" && type.value.values.includes(text.value)) return text.value;
      return misfit(literal, declared, path, at);
    }
    case "collectionType":
      if (value.case !== "collection") return misfit(literal, declared, path, at);
      return value.value.literals.map((item, i) => decode(item, type.value, step(path, i), at));
    case "mapValueType": {
      if (value.case !== "map") return misfit(literal, declared, path, at);
      const map: Record<string, unknown> = {};
      for (const [key, item] of Object.entries(value.value.literals)) {
        setKey(map, key, decode(item, type.value, step(path, key), at));
      }
      return map;
    }
    case "unionType":
      return decodeUnion(literal, declared, path, at);
    case "blob":
    case "structuredDatasetType":
    case "schema":
      return decodeStored(literal, declared, path, at);
    case undefined:
      return decodeAny(literal, path, at);
  }
}

function decodeSimple(
  literal: Literal,
  declared: LiteralType,
  type: SimpleType,
  path: string,
  at: Decoding,
): unknown {
  if (type === SimpleType.STRUCT || type === SimpleType.ERROR || type === SimpleType.BINARY) {
    return isStruct(declared) && declared.metadata
      ? misfit(literal, declared, path, at)
      : decodeAny(literal, path, at);
  }
  const primitive = primitiveOf(literal);
  switch (type) {
    case SimpleType.INTEGER:
      if (primitive?.case === "integer") return toInteger(primitive.value, declared, path, at);
      if (primitive?.case === "floatValue" && !at.strict && Number.isInteger(primitive.value)) {
        return toInteger(BigInt(primitive.value), declared, path, at);
      }
      break;
    case SimpleType.FLOAT:
      if (primitive?.case === "floatValue") return primitive.value;
      if (primitive?.case === "integer" && !at.strict) return Number(primitive.value);
      break;
    case SimpleType.STRING:
      if (primitive?.case === "stringValue") return primitive.value;
      break;
    case SimpleType.BOOLEAN:
      if (primitive?.case === "boolean") return primitive.value;
      break;
    case SimpleType.DATETIME:
      if (primitive?.case === "datetime") return fromPrimitive(primitive, path, at);
      break;
    case SimpleType.DURATION:
      if (primitive?.case === "duration") return fromPrimitive(primitive, path, at);
      break;
    default:
      break;
  }
  return misfit(literal, declared, path, at);
}

function decodeNone(declared: LiteralType, path: string, at: Decoding): unknown {
  const none = noneOf(declared);
  if (none !== undefined) return none.value;
  return at.misfits.expected(path, typeToText(declared), null);
}

function decodeUnion(literal: Literal, declared: LiteralType, path: string, at: Decoding): unknown {
  const scalar = literal.value.case === "scalar" ? literal.value.value.value : undefined;
  const wrapped = scalar?.case === "union" ? scalar.value : undefined;
  const inner = wrapped?.value ?? literal;
  const candidates = variantsOf(declared, wrapped?.type);
  if (candidates.length === 1 && candidates[0]) return decode(inner, candidates[0], path, at);
  // Exactly first: a literal integer is no float where both are allowed.
  for (const strict of [true, false]) {
    const matches: { variant: LiteralType; value: unknown }[] = [];
    for (const variant of candidates) {
      const trial: Decoding = { ...at, strict, misfits: new Misfits() };
      const value = decode(inner, variant, path, trial);
      if (trial.misfits.count === 0) matches.push({ variant, value });
    }
    const [match, other] = matches;
    if (match && !other) return match.value;
    if (match && other) {
      const both = `${typeToText(match.variant)} and ${typeToText(other.variant)}`;
      return at.misfits.add(path, `may be both ${both}, and does not say which`);
    }
  }
  return misfit(inner, declared, path, at);
}

function decodeStored(
  literal: Literal,
  declared: LiteralType,
  path: string,
  at: Decoding,
): unknown {
  const { type } = declared;
  const scalar = literal.value.case === "scalar" ? literal.value.value.value : undefined;
  const fits =
    (type.case === "blob" &&
      scalar?.case === "blob" &&
      (scalar.value.metadata?.type?.dimensionality ?? 0) === type.value.dimensionality) ||
    (type.case !== "blob" && (scalar?.case === "structuredDataset" || scalar?.case === "schema"));
  if (!fits) return misfit(literal, declared, path, at);
  return decodeAny(literal, path, at, type.case === "blob" ? type.value.format : "");
}

/** By what the literal says of itself. */
function decodeAny(literal: Literal, path: string, at: Decoding, format = ""): unknown {
  const { value } = literal;
  switch (value.case) {
    case "scalar":
      return decodeScalar(literal, value.value, path, at, format);
    case "collection":
      return value.value.literals.map((item, i) => decodeAny(item, step(path, i), at));
    case "map": {
      const map: Record<string, unknown> = {};
      for (const [key, item] of Object.entries(value.value.literals)) {
        setKey(map, key, decodeAny(item, step(path, key), at));
      }
      return map;
    }
    default:
      return at.misfits.add(path, "is an empty literal");
  }
}

function decodeScalar(
  literal: Literal,
  { value }: Scalar,
  path: string,
  at: Decoding,
  declaredFormat: string,
): unknown {
  switch (value.case) {
    case "primitive":
      return fromPrimitive(value.value.value, path, at);
    case "noneType":
      return null;
    case "union":
      if (!value.value.value) return at.misfits.add(path, "is a union without a value");
      return decodeAny(value.value.value, path, at);
    case "generic":
      return plainToAny(json(value.value));
    case "binary": {
      const { tag, value: bytes } = value.value;
      if (tag !== "msgpack") return new OpaqueValue(literal, { kind: "bytes", format: tag });
      return fromPlain(() => unpack(bytes), path, at, plainToAny);
    }
    case "blob": {
      const { uri, metadata } = value.value;
      const format = metadata?.type?.format || declaredFormat;
      const kind = metadata?.type?.dimensionality === 1 ? "directory" : "file";
      if (format === "PythonPickle")
        return new OpaqueValue(literal, { kind: "pickle", format, uri });
      return handle(literal, { kind, uri, format }, at);
    }
    case "structuredDataset": {
      const { uri, metadata } = value.value;
      const format = metadata?.structuredDatasetType?.format ?? "";
      return handle(literal, { kind: "dataset", uri, format }, at);
    }
    case "schema":
      return handle(literal, { kind: "dataset", uri: value.value.uri, format: "" }, at);
    case "error":
      return new OpaqueValue(literal, { kind: "error", format: value.value.message });
    case undefined:
      return at.misfits.add(path, "is an empty literal");
  }
}

function handle(literal: Literal, stored: Stored, { store }: Decoding): unknown {
  return handleOf({ ...stored, digest: literal.hash || undefined }, store);
}

function fromPrimitive(value: Primitive["value"], path: string, at: Decoding): unknown {
  switch (value.case) {
    case "integer":
      return toInteger(value.value, undefined, path, at);
    case "datetime": {
      const { seconds, nanos } = value.value;
      const date = new Date(Number(seconds) * 1_000 + Math.floor(nanos / 1_000_000));
      if (!Number.isNaN(date.getTime())) return date;
      return at.misfits.add(path, `is no date: ${seconds} s and ${nanos} ns`);
    }
    case "duration": {
      const { seconds, nanos } = value.value;
      try {
        return new Duration({ seconds, nanos });
      } catch {
        return at.misfits.add(path, `is no duration: ${seconds} s and ${nanos} ns`);
      }
    }
    case undefined:
      return at.misfits.add(path, "is an empty literal");
    default:
      return value.value;
  }
}

function primitiveOf({ value }: Literal): Primitive["value"] | undefined {
  if (value.case !== "scalar" || value.value.value.case !== "primitive") return;
  return value.value.value.value.value;
}

function fromPlain(
  read: () => Plain,
  path: string,
  at: Decoding,
  then: (plain: Plain) => unknown,
): unknown {
  let plain: Plain;
  try {
    plain = read();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return at.misfits.add(path, `cannot be read as MessagePack: ${why}`);
  }
  return then(plain);
}

/** JSON of a Struct is plain as it is; its every number is a float. */
function json(value: unknown): Plain {
  return value as Plain;
}

function misfit(literal: Literal, declared: LiteralType, path: string, at: Decoding): undefined {
  return at.misfits.add(
    path,
    `expected ${typeToText(declared)}, received ${literalToText(literal)}`,
  );
}

function literalToText({ value }: Literal): string {
  if (value.case === "collection") return "a list";
  if (value.case !== "scalar") return `a ${value.case ?? "literal without a value"}`;
  const scalar = value.value.value;
  if (scalar.case !== "primitive") return `a ${scalar.case ?? "scalar without a value"}`;
  const { case: kind, value: inner } = scalar.value.value;
  return typeof inner === "object" ? `a ${kind}` : `${inner}`;
}
