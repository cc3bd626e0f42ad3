import { expect, test } from "vitest";
import { z } from "zod";
import {
  FlyteDirectory,
  FlyteFile,
  StructuredDataset,
} from "../../../../../runtime/flyte/blobs.ts";
import { differences } from "../../../../../runtime/flyte/literals/literals.ts";
import { Duration } from "../../../../../runtime/types/duration.ts";
import { goldens, SCHEMAS } from "../../../../support/literal-table.ts";
import { variablesOf } from "../../../../support/literals.ts";

/** `path: given → wanted` of each difference. */
function differ(given: z.ZodType, wanted: z.ZodType): string[] {
  const [from, to] = [given, wanted].map((schema) => variablesOf(schema)["x"]?.type);
  if (!from || !to) return expect.fail("no types");
  return differences(from, to, "x").map((one) => `${one.path}: ${one.given} → ${one.wanted}`);
}

test("every type fits itself, and flytekit's of the same row in both directions", () => {
  for (const { name, type } of goldens()) {
    const schema = SCHEMAS[name];
    const own = schema && variablesOf(schema)["x"]?.type;
    if (!own) return expect.fail(name);
    for (const [given, wanted] of [
      [own, own],
      [own, type],
      [type, own],
    ] as const) {
      expect(differences(given, wanted, name)).toEqual([]);
    }
  }
});

test.each<[string, z.ZodType, z.ZodType]>([
  ["an integer for a float", z.int(), z.number()],
  ["a bigint for an integer", z.bigint(), z.int()],
  ["an enum for text", z.enum(["a"]), z.string()],
  ["an enum for a larger one", z.enum(["a"]), z.enum(["b", "a"])],
  ["a value for an optional one", z.int(), z.int().nullable()],
  [
    "a union for a larger one",
    z.union([z.int(), z.string()]),
    z.union([z.string(), z.boolean(), z.int()]),
  ],
  ["anything for a structure", z.any(), z.object({ a: z.int() })],
  ["a structure for anything", z.object({ a: z.int() }), z.any()],
  [
    "a structure for one with more optional fields",
    z.object({ a: z.int() }),
    z.object({ a: z.int(), b: z.int().default(1), c: z.int().optional() }),
  ],
  [
    "a structure by another title",
    z.object({ a: z.int() }).meta({ title: "A" }),
    z.object({ a: z.int() }).meta({ title: "B" }),
  ],
  [
    "more fields for an open structure",
    z.object({ a: z.int(), b: z.int() }),
    z.looseObject({ a: z.int() }),
  ],
  [
    "a file of no format for one of a format",
    FlyteFile.schema(),
    FlyteFile.schema({ format: "csv" }),
  ],
  [
    "a dataset of other columns",
    StructuredDataset.schema(),
    StructuredDataset.schema({ columns: { a: z.int() } }),
  ],
])("%s fits", (_, given, wanted) => {
  expect(differ(given, wanted)).toEqual([]);
});

test.each<[string, z.ZodType, z.ZodType, string[]]>([
  ["a float for an integer", z.number(), z.int(), ["x: float → integer"]],
  ["text for an enum", z.string(), z.enum(["a"]), ['x: string → "a"']],
  ["an enum for a smaller one", z.enum(["a", "b"]), z.enum(["a"]), ['x: "a" | "b" → "a"']],
  ["an optional value for a value", z.int().nullable(), z.int(), ["x: none → integer"]],
  [
    "a list of another kind",
    z.array(z.array(z.int())),
    z.array(z.array(z.string())),
    ["x[][]: integer → string"],
  ],
  [
    "a map of another kind",
    z.record(z.string(), z.int()),
    z.record(z.string(), z.string()),
    ["x.*: integer → string"],
  ],
  [
    "a list for a map",
    z.array(z.int()),
    z.record(z.string(), z.int()),
    ["x: list of integer → map of integer"],
  ],
  ["a date for a duration", z.date(), z.instanceof(Duration), ["x: date → duration"]],
  [
    "a map for a structure",
    z.record(z.string(), z.int()),
    z.object({ a: z.int() }),
    ["x: map of integer → X"],
  ],
  [
    "fields, each at its path",
    z.object({ a: z.int(), c: z.array(z.object({ d: z.string() })), more: z.int() }),
    z.object({ a: z.string(), b: z.int(), c: z.array(z.object({ d: z.int() })) }),
    [
      "x.a: integer → string",
      "x.c[].d: string → integer",
      "x.more: integer → nothing",
      "x.b: nothing → integer",
    ],
  ],
  [
    "fields of an optional structure",
    z.object({ a: z.object({ b: z.int() }) }).nullable(),
    z.object({ a: z.object({ b: z.string() }) }).nullable(),
    ["x.a.b: integer → string"],
  ],
  ["a file for a directory", FlyteFile.schema(), FlyteDirectory.schema(), ["x: file → directory"]],
  [
    "a file of another format",
    FlyteFile.schema({ format: "csv" }),
    FlyteFile.schema({ format: "png" }),
    ["x: file (csv) → file (png)"],
  ],
  ["a file for a dataset", FlyteFile.schema(), StructuredDataset.schema(), ["x: file → dataset"]],
])("%s does not fit", (_, given, wanted, message) => {
  expect(differ(given, wanted)).toEqual(message);
});
