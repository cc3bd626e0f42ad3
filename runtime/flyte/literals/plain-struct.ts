/**
 * Structures as MessagePack can hold them, each field by its declared type.
 * @module
 */
import { Duration } from "../../types/duration.ts";
import { type LiteralType, SimpleType } from "../idl/flyteidl/core/types_pb.ts";
import { Misfits, step } from "./context.ts";
import { type Plain, setKey } from "./msgpack.ts";
import {
  anyToPlain,
  dateToPlain,
  entriesOf,
  isData,
  itemsOf,
  type PlainWalk,
  storedToPlain,
  textToPlain,
  toInt64,
  within,
} from "./plain.ts";
import { type Fields, fieldsOf } from "./struct.ts";
import { typeToText } from "./words.ts";

/** @returns undefined after a misfit. */
export function structToPlain(
  value: unknown,
  declared: LiteralType,
  path: string,
  walk: PlainWalk,
): Plain | undefined {
  const fields = fieldsOf(declared);
  if (!fields) return anyToPlain(value, path, walk);
  if (typeof value !== "object" || value === null || Array.isArray(value) || !isData(value)) {
    return walk.misfits.expected(path, fields.name, value);
  }
  return within(value, path, walk, () => fieldsToPlain(value, fields, path, walk));
}

function fieldsToPlain(
  value: object,
  { fields, open, name: title }: Fields,
  path: string,
  walk: PlainWalk,
): Plain {
  const { misfits } = walk;
  const entries = entriesOf(value, path, misfits);
  const given = new Map(entries);
  const map: Record<string, Plain> = {};
  for (const [name, { type, optional }] of fields) {
    const at = step(path, name);
    const item = given.get(name);
    // Python needs every field that has no default there: an absent one is written as none.
    if (item === undefined && optional && !takesNone(type)) continue;
    if (item === undefined && !takesNone(type)) misfits.add(at, "is missing");
    else setKey(map, name, fieldToPlain(item, type, at, walk) ?? null);
  }
  for (const [name, item] of entries) {
    if (fields.has(name) || item === undefined) continue;
    if (open) setKey(map, name, anyToPlain(item, step(path, name), walk) ?? null);
    else
      misfits.add(
        step(path, name),
        `is not a field of ${title}; it has ${[...fields.keys()].join(", ")}`,
      );
  }
  return map;
}

function takesNone(declared: LiteralType): boolean {
  const { type } = declared;
  if (type.case === "unionType") return type.value.variants.some(takesNone);
  if (type.case !== "simple") return false;
  if (type.value === SimpleType.STRUCT) return fieldsOf(declared) === undefined;
  return type.value === SimpleType.NONE;
}

function fieldToPlain(
  value: unknown,
  declared: LiteralType,
  path: string,
  walk: PlainWalk,
): Plain | undefined {
  const { misfits } = walk;
  const { type } = declared;
  switch (type.case) {
    case "simple":
      return simpleToPlain(value, type.value, declared, path, walk);
    case "collectionType":
      if (!Array.isArray(value)) return misfits.expected(path, typeToText(declared), value);
      return within(value, path, walk, () =>
        itemsOf(value, path, misfits).map(
          (item, i) => fieldToPlain(item, type.value, step(path, i), walk) ?? null,
        ),
      );
    case "mapValueType": {
      if (typeof value !== "object" || value === null || Array.isArray(value) || !isData(value)) {
        return misfits.expected(path, typeToText(declared), value);
      }
      return within(value, path, walk, () => {
        const map: Record<string, Plain> = {};
        for (const [key, item] of entriesOf(value, path, misfits)) {
          setKey(map, key, fieldToPlain(item, type.value, step(path, key), walk) ?? null);
        }
        return map;
      });
    }
    case "enumType": {
      const { values } = type.value;
      if (typeof value === "string" && values.includes(value)) return value;
      return misfits.expected(
        path,
        `one of ${values.map((one) => JSON.stringify(one)).join(", ")}`,
        value,
      );
    }
    case "unionType": {
      for (const variant of type.value.variants) {
        const trial: PlainWalk = { ...walk, misfits: new Misfits() };
        const plain = fieldToPlain(value, variant, path, trial);
        if (plain !== undefined && trial.misfits.count === 0) return plain;
      }
      return misfits.expected(path, typeToText(declared), value);
    }
    case "blob":
    case "structuredDatasetType":
    case "schema": {
      const stored = typeof value === "object" && value !== null ? walk.stored(value) : undefined;
      return stored ? storedToPlain(stored) : misfits.expected(path, typeToText(declared), value);
    }
    case undefined:
      return misfits.add(path, "has a type that this version does not know");
  }
}

function simpleToPlain(
  value: unknown,
  type: SimpleType,
  declared: LiteralType,
  path: string,
  walk: PlainWalk,
): Plain | undefined {
  const { misfits } = walk;
  switch (type) {
    case SimpleType.INTEGER:
      return toInt64(value, path, misfits);
    case SimpleType.FLOAT:
      return typeof value === "number" ? value : misfits.expected(path, "number", value);
    case SimpleType.STRING:
      if (typeof value !== "string") return misfits.expected(path, "string", value);
      return textToPlain(value, path, misfits);
    case SimpleType.BOOLEAN:
      return typeof value === "boolean" ? value : misfits.expected(path, "boolean", value);
    case SimpleType.DATETIME:
      return dateToPlain(value, path, misfits);
    case SimpleType.DURATION:
      if (value instanceof Duration) return value.totalSeconds;
      return misfits.expected(path, "a Duration", value);
    case SimpleType.NONE:
      return value === null || value === undefined ? null : misfits.expected(path, "null", value);
    case SimpleType.STRUCT:
      return structToPlain(value, declared, path, walk);
    default:
      return misfits.expected(path, typeToText(declared), value);
  }
}
