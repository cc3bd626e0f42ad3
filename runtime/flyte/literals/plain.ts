/**
 * Values as what MessagePack can hold, and back: all that is inside of a structure.
 *
 * Python's conventions: a date is ISO text with `+00:00` (older Pythons refuse `Z`), a duration is seconds, a file an
 * object with its `path`.
 * @module
 */
import { types } from "node:util";
import { Duration } from "../../types/duration.ts";
import { handleStateOf, type Stored } from "../handle.ts";
import { OpaqueValue } from "../opaque.ts";
import { type Misfits, step } from "./context.ts";
import { MAX_LEVELS, type Plain, setKey } from "./msgpack.ts";

/** What a walk through a value carries along. */
export interface PlainWalk {
  readonly misfits: Misfits;
  /** The objects around the value: one that comes again is a cycle. */
  readonly around: Set<unknown>;
  /** Where a handle's content is; undefined for a value that is no handle. */
  readonly stored: (value: object) => Stored | undefined;
}

/**
 * A value without a declared type.
 * @returns undefined after a misfit.
 */
export function anyToPlain(value: unknown, path: string, walk: PlainWalk): Plain | undefined {
  const { misfits } = walk;
  switch (typeof value) {
    case "undefined":
      return null;
    case "boolean":
    case "string":
      return typeof value === "string" ? textToPlain(value, path, misfits) : value;
    case "number":
      // Python tells 1 from 1.0; a whole number of JavaScript is meant as an integer.
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value;
    case "bigint":
      if (BigInt.asIntN(64, value) === value || BigInt.asUintN(64, value) === value) return value;
      return misfits.expected(path, "an integer of 64 bits", value);
    case "object":
      return value === null ? null : objectToPlain(value, path, walk);
    default:
      return misfits.expected(path, "a value that can leave the process", value);
  }
}

/** 64 bits of a number that is exact, or of a bigint. */
export function toInt64(value: unknown, path: string, misfits: Misfits): bigint | undefined {
  if (typeof value === "bigint") {
    if (BigInt.asIntN(64, value) === value) return value;
    return misfits.expected(path, "an integer of 64 bits", value);
  }
  if (typeof value !== "number" || !Number.isInteger(value)) {
    return misfits.expected(path, "integer", value);
  }
  if (Number.isSafeInteger(value)) return BigInt(value);
  return misfits.add(path, `${value} is beyond 2⁵³ and may be rounded already; use a bigint`);
}

/** Unpaired halves of a character cannot be written as UTF-8. */
export function textToPlain(value: string, path: string, misfits: Misfits): string | undefined {
  if (value.isWellFormed()) return value;
  return misfits.add(path, "is text with half a character (a lone surrogate); use .toWellFormed()");
}

export function dateToPlain(value: unknown, path: string, misfits: Misfits): string | undefined {
  if (!checkDate(value, path, misfits)) return;
  // Fractions as Python writes them: none, or microseconds.
  const [, seconds, ms] = /^(.*)\.(\d{3})Z$/.exec(value.toISOString()) ?? [];
  return `${seconds}${ms === "000" ? "" : `.${ms}000`}+00:00`;
}

/** A Timestamp holds the years 1 to 9999, Python's datetime too. */
export function checkDate(value: unknown, path: string, misfits: Misfits): value is Date {
  if (!types.isDate(value)) {
    misfits.expected(path, "a Date", value);
    return false;
  }
  const ms = Date.prototype.getTime.call(value);
  if (Number.isNaN(ms)) misfits.add(path, "is an invalid Date");
  else if (ms < -62_135_596_800_000 || ms > 253_402_300_799_999) {
    misfits.add(path, "is a Date outside of the years 1 to 9999");
  } else return true;
  return false;
}

function objectToPlain(value: object, path: string, walk: PlainWalk): Plain | undefined {
  const { misfits } = walk;
  if (types.isDate(value)) return dateToPlain(value, path, misfits);
  if (value instanceof Duration) return value.totalSeconds;
  if (value instanceof Uint8Array) return value;
  if (value instanceof OpaqueValue) {
    return misfits.add(path, "is an opaque value; it can only be given as an input of its own");
  }
  const stored = walk.stored(value);
  if (stored) return storedToPlain(stored);
  if (!Array.isArray(value) && !isData(value)) {
    return misfits.expected(path, "plain data", value);
  }
  return within(value, path, walk, () => {
    if (Array.isArray(value)) {
      const items = itemsOf(value, path, misfits);
      return items.map((item, i) => anyToPlain(item, step(path, i), walk) ?? null);
    }
    const map: Record<string, Plain> = {};
    for (const [key, item] of entriesOf(value, path, misfits)) {
      if (item === undefined) continue;
      const plain = anyToPlain(item, step(path, key), walk);
      if (plain !== undefined) setKey(map, key, plain);
    }
    return map;
  });
}

/** As the classes of flytekit are written inside of a structure. */
export function storedToPlain({ kind, uri, format }: Stored): Plain {
  return kind === "dataset" ? { uri, file_format: format } : { path: uri };
}

/** Its own properties; a getter of the user's that throws is a misfit. Keys have to be whole characters, too. */
export function entriesOf(value: object, path: string, misfits: Misfits): [string, unknown][] {
  const entries = read(() => Object.entries(value), path, misfits);
  for (const [key] of entries) textToPlain(key, step(path, key), misfits);
  return entries;
}

/** A list with its holes filled; it may be a proxy that throws. */
export function itemsOf(value: readonly unknown[], path: string, misfits: Misfits): unknown[] {
  return read(() => Array.from(value), path, misfits);
}

function read<T>(look: () => T[], path: string, misfits: Misfits): T[] {
  try {
    return look();
  } catch (error) {
    misfits.add(
      path,
      `cannot be read: ${error instanceof Error ? error.message : "its code threw"}`,
    );
    return [];
  }
}

/** Whether its own properties are all there is to it. */
export function isData(value: object): boolean {
  if (types.isProxy(value) || isHidden(value)) return false;
  return !(
    types.isDate(value) ||
    value instanceof Duration ||
    value instanceof OpaqueValue ||
    handleStateOf(value) !== undefined ||
    types.isBoxedPrimitive(value) ||
    types.isAnyArrayBuffer(value) ||
    ArrayBuffer.isView(value) ||
    types.isMap(value) ||
    types.isSet(value) ||
    types.isWeakMap(value) ||
    types.isWeakSet(value) ||
    types.isPromise(value) ||
    types.isRegExp(value) ||
    types.isNativeError(value) ||
    types.isGeneratorObject(value)
  );
}

/** Of a class that keeps what it holds to itself, as URL: it would arrive empty. */
function isHidden(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return false;
  return !Array.isArray(value) && Object.keys(value).length === 0;
}

/** Goes one level down, unless the value is around itself or nothing could read what is so deep. */
export function within<T>(
  value: unknown,
  path: string,
  { around, misfits }: Pick<PlainWalk, "around" | "misfits">,
  go: () => T,
): T | undefined {
  if (around.has(value)) return misfits.add(shortened(path), "refers to itself");
  if (around.size >= MAX_LEVELS - 1) {
    return misfits.add(shortened(path), `is more than ${MAX_LEVELS} levels deep`);
  }
  around.add(value);
  try {
    return go();
  } finally {
    around.delete(value);
  }
}

function shortened(path: string): string {
  return path.length > 120 ? `${path.slice(0, 60)} … ${path.slice(-40)}` : path;
}
