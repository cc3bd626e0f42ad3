/**
 * The schemas of the table of types that both languages must agree on, and the goldens that flytekit wrote for them.
 *
 * The other half is test/interop/table.py; rows go by name.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { fromBinary, type JsonObject, toJson } from "@bufbuild/protobuf";
import { z } from "zod";
import { FlyteDirectory, FlyteFile, StructuredDataset } from "../../runtime/flyte/blobs.ts";
import { handleStateOf } from "../../runtime/flyte/handle.ts";
import { type Literal, LiteralSchema } from "../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import {
  type LiteralType,
  LiteralTypeSchema,
} from "../../runtime/flyte/idl/flyteidl/core/types_pb.ts";
import { unpack } from "../../runtime/flyte/literals/msgpack.ts";
import { Duration } from "../../runtime/types/duration.ts";

const Inner = z.object({ n: z.int() }).meta({ title: "Inner" });
const Color = z.enum(["red", "blue"]);

const Order = z
  .object({
    id: z.int(),
    price: z.number(),
    name: z.string(),
    paid: z.boolean(),
    at: z.date(),
    took: z.instanceof(Duration),
    color: Color,
    inner: Inner,
    xs: z.array(z.int()),
    prices: z.record(z.string(), z.number()),
    items: z.array(Inner),
    either: z.union([z.int(), z.string()]),
    note: z.string().nullable().default(null),
    more: Inner.nullable().default(null),
  })
  .meta({ title: "Order" });

const Part = z.object({ n: z.int() });
const Model = z.object({
  id: z.int(),
  at: z.date(),
  took: z.instanceof(Duration),
  part: Part,
  parts: z.array(Part).default([]),
  note: z.string().nullable().default(null),
});

/** By the names of the rows. */
export const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  integer: z.int(),
  bigint: z.bigint(),
  float: z.number(),
  string: z.string(),
  boolean: z.boolean(),
  enum: Color,
  date: z.date(),
  duration: z.instanceof(Duration),
  none: z.null(),
  list: z.array(z.int()),
  "list of lists": z.array(z.array(z.string())),
  map: z.record(z.string(), z.number()),
  "map of lists": z.record(z.string(), z.array(z.boolean())),
  optional: z.int().nullable(),
  nullable: z.string().nullable(),
  union: z.union([z.int(), z.string(), z.boolean(), z.number()]),
  "union of kinds": z.union([
    Inner,
    z.array(z.int()),
    z.record(z.string(), z.int()),
    z.date(),
    z.instanceof(Duration),
    z.null(),
  ]),
  struct: Order,
  "struct with defaults": z
    .object({ a: z.int().default(7), tags: z.array(z.string()).default([]) })
    .meta({ title: "WithDefaults" }),
  "list of structs": z.array(Inner),
  "map of structs": z.record(z.string(), Inner),
  any: z.record(z.string(), z.any()),
  file: FlyteFile.schema(),
  "file of a format": FlyteFile.schema({ format: "csv" }),
  directory: FlyteDirectory.schema(),
  dataset: StructuredDataset.schema(),
  "optional file": FlyteFile.schema().nullable(),
  "struct of files": z
    .object({
      report: FlyteFile.schema(),
      folder: FlyteDirectory.schema(),
      rows: StructuredDataset.schema(),
    })
    .meta({ title: "Files" }),
  "pydantic model": Model,
  "pydantic model or none": Model.nullable(),
  "dataset of columns": StructuredDataset.schema({ columns: { a: z.int(), b: z.string() } }),
};

export interface Golden {
  readonly name: string;
  readonly type: LiteralType;
  readonly cases: readonly GoldenCase[];
}

export interface GoldenCase {
  readonly json: unknown;
  readonly value: unknown;
  readonly literal: Literal;
}

const FOLDER = new URL("../fixtures/literals/", import.meta.url);

interface GoldenFile {
  name: string;
  type: string;
  cases: { value: unknown; literal: string }[];
}

/** What flytekit wrote, in the order of the files. */
export function goldens(): Golden[] {
  return readdirSync(FOLDER).map((file) => {
    // Written by test/interop/make_goldens.py in this form.
    const golden = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as GoldenFile;
    return {
      name: golden.name,
      type: fromBinary(LiteralTypeSchema, Buffer.from(golden.type, "base64")),
      cases: golden.cases.map(({ value, literal }) => ({
        json: value,
        value: fromGoldenJson(value),
        literal: fromBinary(LiteralSchema, Buffer.from(literal, "base64")),
      })),
    };
  });
}

/** The value of table.py's JSON */
function fromGoldenJson(json: unknown): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map(fromGoldenJson);
  const [[kind, inner] = []] = Object.entries(json);
  switch (kind) {
    case "$bigint":
      return BigInt(String(inner));
    case "$float":
      return inner === "-0" ? -0 : Number(String(inner).replace("inf", "Infinity"));
    case "$date":
      return new Date(String(inner));
    case "$duration":
      return new Duration({
        nanos: Number(BigInt(Number(inner)) % 1_000_000n) * 1_000,
        seconds: BigInt(Number(inner)) / 1_000_000n,
      });
    case "$struct":
      return Object.fromEntries(
        Object.entries(inner as object).map(([key, item]) => [key, fromGoldenJson(item)]),
      );
    case "$map":
      // `fromEntries` defines what it sets: `__proto__` is a key.
      return Object.fromEntries(
        (inner as [string, unknown][]).map(([key, item]) => [key, fromGoldenJson(item)]),
      );
    case "$file":
      return FlyteFile.at(String(inner));
    case "$directory":
      return FlyteDirectory.at(String(inner));
    case "$dataset":
      return StructuredDataset.at(String(inner));
    default:
      throw new Error(`unknown in a golden: ${kind}`);
  }
}

/** A value with the addresses of handles in their places: what else handles are is for their own tests. */
export function withUris(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const state = handleStateOf(value);
  if (state) return `${state.kind} ${state.uri}`;
  if (Array.isArray(value)) return value.map(withUris);
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withUris(item)]));
}

/** A literal so that two compare equal when they say the same: MessagePack's maps have no order. */
export function comparable(literal: Literal): unknown {
  return walk(literal, (value) => {
    if (!("$typeName" in value) || value["$typeName"] !== "flyteidl.core.Binary") return;
    const { tag, value: bytes } = value as { tag?: unknown; value?: unknown };
    return bytes instanceof Uint8Array ? { tag, plain: unpack(bytes) } : undefined;
  });
}

/** Structures that say the same in another form: they fit, and are not compared letter by letter. */
export function isOfOtherForm({ name }: Pick<Golden, "name">): boolean {
  return name.startsWith("pydantic");
}

/** A type without what no cluster compares: annotations, and the fields of structures beside their schema. */
export function comparableType(type: LiteralType): unknown {
  const strip = (json: unknown): unknown => {
    if (typeof json !== "object" || json === null) return json;
    if (Array.isArray(json)) return json.map(strip);
    const { annotation: _, structure, ...rest } = json as JsonObject;
    const tag = (structure as { tag?: string } | undefined)?.tag;
    const kept = Object.entries(rest).map(([key, item]) => [key, strip(item)]);
    return { ...Object.fromEntries(kept), ...(tag ? { tag } : {}) };
  };
  return strip(toJson(LiteralTypeSchema, type));
}

function walk(value: unknown, replaced: (value: object) => unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((item) => walk(item, replaced));
  return (
    replaced(value) ??
    Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, replaced)]))
  );
}
