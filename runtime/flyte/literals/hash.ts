/**
 * A name for values: equal inputs have the same hash in every process, whatever the order of their keys.
 *
 * The bytes on the wire would not do: they keep the order in which an object got its keys, and JavaScript puts keys like
 * `"7"` first.
 *
 * Invariants:
 * 1. Every part begins with its kind and, where its length varies, its length: no two values are written alike.
 * 2. Content with a digest of its own (a file) counts by that, not by where it lies.
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import type { Literal, LiteralMap, Primitive, Scalar } from "../idl/flyteidl/core/literals_pb.ts";

/**
 * @param ignore names of inputs that do not count.
 * @returns SHA-256 as 64 hexadecimal digits.
 */
export function literalsHash(map: LiteralMap, ignore: readonly string[] = []): string {
  const hash = createHash("sha256");
  const ignored = new Set(ignore);
  hashMap(hash, map.literals, (name) => !ignored.has(name));
  return hash.digest("hex");
}

function hashMap(
  hash: Hash,
  literals: Readonly<Record<string, Literal>>,
  counts: (key: string) => boolean = () => true,
): void {
  const entries = Object.entries(literals).filter(([key]) => counts(key));
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  hash.update(`m${entries.length};`);
  for (const [key, literal] of entries) {
    hashText(hash, key);
    hashLiteral(hash, literal);
  }
}

function hashText(hash: Hash, value: string): void {
  hash.update(`${Buffer.byteLength(value)}:`).update(value);
}

function hashLiteral(hash: Hash, { value, hash: digest }: Literal): void {
  if (digest) {
    hash.update("h");
    hashText(hash, digest);
    return;
  }
  switch (value.case) {
    case "scalar":
      hashScalar(hash, value.value);
      break;
    case "collection":
      hash.update(`l${value.value.literals.length};`);
      for (const item of value.value.literals) hashLiteral(hash, item);
      break;
    case "map":
      hashMap(hash, value.value.literals);
      break;
    case "offloadedMetadata":
      hash.update("o");
      hashText(hash, value.value.uri);
      break;
    case undefined:
      hash.update("-");
  }
}

function hashScalar(hash: Hash, { value }: Scalar): void {
  hash.update(`s${value.case};`);
  switch (value.case) {
    case "primitive":
      hashPrimitive(hash, value.value);
      break;
    case "binary":
      hashText(hash, value.value.tag);
      hash.update(`${value.value.value.length}:`).update(value.value.value);
      break;
    case "blob":
    case "schema":
    case "structuredDataset":
      hashText(hash, value.value.uri);
      break;
    case "union":
      hashText(hash, value.value.type?.structure?.tag ?? "");
      if (value.value.value) hashLiteral(hash, value.value.value);
      break;
    case "generic":
      hashJson(hash, value.value);
      break;
    case "error":
      hashText(hash, value.value.failedNodeId);
      hashText(hash, value.value.message);
      break;
    default:
      break;
  }
}

function hashPrimitive(hash: Hash, { value }: Primitive): void {
  hash.update(`${value.case};`);
  switch (value.case) {
    case "floatValue": {
      const bytes = Buffer.alloc(8);
      // Of the many NaNs there is one.
      bytes.writeDoubleBE(Number.isNaN(value.value) ? Number.NaN : value.value);
      hash.update(bytes);
      break;
    }
    case "datetime":
    case "duration":
      hash.update(`${value.value.seconds},${value.value.nanos};`);
      break;
    case undefined:
      break;
    default:
      hashText(hash, String(value.value));
  }
}

function hashJson(hash: Hash, value: unknown): void {
  if (Array.isArray(value)) {
    hash.update(`l${value.length};`);
    for (const item of value) hashJson(hash, item);
  } else if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    hash.update(`m${entries.length};`);
    for (const [key, item] of entries) {
      hashText(hash, key);
      hashJson(hash, item);
    }
  } else {
    hash.update(typeof value);
    hashText(hash, Object.is(value, -0) ? "-0" : String(value));
  }
}
