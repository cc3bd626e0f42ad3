/**
 * What MessagePack and JSON hold → values, by declared types or without.
 * @module
 */
import { Duration } from "../../types/duration.ts";
import { handleOf } from "../blobs.ts";
import type { Stored } from "../handle.ts";
import { type LiteralType, SimpleType } from "../idl/flyteidl/core/types_pb.ts";
import { type LiteralStore, Misfits, step } from "./context.ts";
import { type Plain, type PlainMap, setKey } from "./msgpack.ts";
import { type Fields, fieldsOf } from "./struct.ts";
import { ownAnnotation } from "./types.ts";
import { typeToText } from "./words.ts";

export interface Decoding {
  readonly misfits: Misfits;
  readonly integers: "number" | "bigint";
  readonly store: LiteralStore | undefined;
  /** No leniency: which variant of a union is meant. */
  readonly strict: boolean;
}

/** As it is, with lists and objects of its own. */
export function plainToAny(plain: Plain): unknown {
  return plain;
}

/** By the declared type; `undefined` after a misfit, and for an absence that is written so. */
export function plainToValue(
  plain: Plain,
  declared: LiteralType,
  path: string,
  at: Decoding,
): unknown {
  const { type } = declared;
  const { misfits } = at;
  const expected = () => misfits.expected(path, typeToText(declared), plain);
  if (plain === null) {
    const none = noneOf(declared);
    return none === undefined ? expected() : none.value;
  }
  switch (type.case) {
    case "simple":
      return simple(plain, type.value, declared, path, at) ?? expected();
    case "enumType":
      return typeof plain === "string" && type.value.values.includes(plain) ? plain : expected();
    case "collectionType":
      if (!isList(plain)) return expected();
      return plain.map((item, i) => plainToValue(item, type.value, step(path, i), at));
    case "mapValueType": {
      if (!isMap(plain)) return expected();
      const map: Record<string, unknown> = {};
      for (const [key, item] of Object.entries(plain)) {
        setKey(map, key, plainToValue(item, type.value, step(path, key), at));
      }
      return map;
    }
    case "unionType": {
      // Nothing here says which variant is meant: the first exact one, else the first at all, as Python does it.
      for (const strict of at.strict ? [true] : [true, false]) {
        for (const variant of type.value.variants) {
          const trial: Decoding = { ...at, strict, misfits: new Misfits() };
          const value = plainToValue(plain, variant, path, trial);
          if (trial.misfits.count === 0) return value;
        }
      }
      return expected();
    }
    case "blob":
    case "structuredDatasetType":
    case "schema":
      return storedOf(plain, declared, at) ?? expected();
    case undefined:
      return plainToAny(plain);
  }
}

function simple(
  plain: Exclude<Plain, null>,
  type: SimpleType,
  declared: LiteralType,
  path: string,
  at: Decoding,
): unknown {
  switch (type) {
    case SimpleType.INTEGER:
      if (typeof plain === "bigint") return toInteger(plain, declared, path, at);
      if (typeof plain !== "number" || !Number.isInteger(plain)) return;
      return toInteger(BigInt(plain), declared, path, at);
    case SimpleType.FLOAT:
      if (typeof plain === "bigint") return at.strict ? undefined : Number(plain);
      return typeof plain === "number" ? plain : undefined;
    case SimpleType.STRING:
      return typeof plain === "string" ? plain : undefined;
    case SimpleType.BOOLEAN:
      return typeof plain === "boolean" ? plain : undefined;
    case SimpleType.DATETIME:
      return typeof plain === "string" ? dateOf(plain) : undefined;
    case SimpleType.DURATION:
      return durationOf(plain);
    case SimpleType.STRUCT: {
      const fields = fieldsOf(declared);
      if (!fields) return plainToAny(plain);
      return isMap(plain) ? structOf(plain, fields, path, at) : undefined;
    }
    default:
      return;
  }
}

function structOf(
  map: PlainMap,
  { fields, open, name: title }: Fields,
  path: string,
  at: Decoding,
) {
  const value: Record<string, unknown> = {};
  for (const [name, { type, optional, default: fallback }] of fields) {
    const inside = step(path, name);
    // A default in a schema is JSON: plain as any other value.
    const plain = Object.hasOwn(map, name) ? map[name] : (fallback as Plain | undefined);
    if (plain === undefined && noneOf(type) === undefined) {
      if (optional) continue;
      at.misfits.add(inside, "is missing");
      continue;
    }
    const item = plainToValue(plain ?? null, type, inside, at);
    if (item !== undefined) setKey(value, name, item);
  }
  for (const [name, item] of Object.entries(map)) {
    if (fields.has(name)) continue;
    // What a newer writer added is no reason to refuse the rest; but it tells one variant from another.
    if (at.strict && !open) at.misfits.add(step(path, name), `is not a field of ${title}`);
    else setKey(value, name, plainToAny(item));
  }
  return value;
}

/** With a time zone or none: Python writes the naive dates of UTC without. */
function dateOf(text: string): Date | undefined {
  if (
    !/^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/.test(
      text,
    )
  )
    return;
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/.test(text.slice(10)) || text.length === 10;
  const date = new Date(zoned ? text : `${text}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function durationOf(plain: Plain): Duration | undefined {
  try {
    if (typeof plain === "number") return Duration.ofSeconds(plain);
    if (typeof plain === "bigint") return new Duration({ seconds: plain });
    if (typeof plain === "string" && /^[+-]?P/.test(plain)) return new Duration(plain);
  } catch {
    // Beyond all durations, or text of another form: no duration.
  }
  return;
}

function storedOf(plain: Plain, { type }: LiteralType, { store }: Decoding): unknown {
  const map = isMap(plain) ? plain : undefined;
  const uri = map ? (map["path"] ?? map["uri"]) : plain;
  if (typeof uri !== "string") return;
  const format = map?.["file_format"];
  const known = typeof format === "string" ? format : "";
  let stored: Stored = { kind: "dataset", uri, format: known };
  if (type.case === "blob") {
    const kind = type.value.dimensionality === 1 ? "directory" : "file";
    stored = { kind, uri, format: type.value.format };
  }
  return handleOf(stored, store);
}

/** How the type writes an absence, if it allows one. A structure of any form may be null. */
export function noneOf(declared: LiteralType): { readonly value: null | undefined } | undefined {
  const { type } = declared;
  if (type.case === "unionType") {
    for (const variant of type.value.variants) {
      const none = noneOf(variant);
      if (none) return none;
    }
    return;
  }
  if (type.case === undefined) return { value: null };
  if (type.case !== "simple") return;
  if (type.value === SimpleType.STRUCT) return fieldsOf(declared) ? undefined : { value: null };
  if (type.value !== SimpleType.NONE) return;
  return { value: ownAnnotation(declared) === "undefined" ? undefined : null };
}

/** @returns a number while it is exact and nobody asked for a bigint. */
export function toInteger(
  value: bigint,
  declared: LiteralType | undefined,
  path: string,
  at: Decoding,
): number | bigint | undefined {
  const own = declared && ownAnnotation(declared);
  if (own === "bigint" || at.integers === "bigint") return value;
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  return at.misfits.add(path, `${value} is beyond 2⁵³; use z.int64(), or { integers: "bigint" }`);
}

function isList(plain: Plain): plain is readonly Plain[] {
  return Array.isArray(plain);
}

function isMap(plain: Plain): plain is PlainMap {
  return (
    typeof plain === "object" && plain !== null && !isList(plain) && !(plain instanceof Uint8Array)
  );
}
