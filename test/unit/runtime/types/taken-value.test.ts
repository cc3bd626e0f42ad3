import { describe, expect, test } from "vitest";
import { z } from "zod";
import { valueTypeOf } from "../../../../runtime/types/schema-type.ts";
import { takenValue } from "../../../../runtime/types/taken-value.ts";

const length = z.string().transform((text) => text.length);
const doubled = z.preprocess((value) => Number(value) * 2, z.number());
const tree: z.ZodType<unknown, unknown> = z.lazy(() =>
  z.object({ name: length, size: z.coerce.number(), kids: z.array(tree) }),
);

describe("what goes through the same schema once more", () => {
  test.each([
    ["nothing changes: as made", z.coerce.number(), "5", 5],
    ["a transform", length, "four", "four"],
    ["what is coerced before it", z.coerce.date().transform(Number), "1970-01-01", new Date(0)],
    ["a default before it", z.string().default("abc").transform(Number), undefined, "abc"],
    ["one put before all", length.prefault("abc"), undefined, "abc"],
    ["one of what it makes", length.default(9), undefined, undefined],
    ["a default that stays of the type", z.string().trim().default("x"), undefined, "x"],
    [
      "absences",
      z.object({ a: length.optional(), b: length.nullable() }),
      { b: null },
      { b: null },
    ],
    [
      "fields side by side, and unknown ones",
      z.object({ at: z.coerce.date(), n: z.int().default(3), bad: z.int().catch(0), text: length }),
      { at: 0, bad: "no", text: "a", more: 1 },
      { at: new Date(0), n: 3, bad: 0, text: "a" },
    ],
    ["other fields", z.object({ a: length }).loose(), { a: "b", c: 1 }, { a: "b", c: 1 }],
    [
      "all of them together",
      z.object({ a: z.coerce.number() }).transform(String),
      { a: "1" },
      { a: 1 },
    ],
    [
      "lists",
      z.array(z.object({ b: z.stringbool(), n: z.coerce.number() })),
      [{ b: "yes", n: "1" }],
      [{ b: "yes", n: 1 }],
    ],
    [
      "tuples",
      z.tuple([z.coerce.number(), length], z.coerce.date()),
      ["1", "a", 0],
      [1, "a", new Date(0)],
    ],
    ["records", z.record(z.string(), z.coerce.number().transform(String)), { a: "1" }, { a: 1 }],
    ["keys that change", z.record(z.string().toUpperCase(), z.int()), { a: 1 }, { a: 1 }],
    [
      "the variant that fits",
      z.union([z.object({ a: length }), z.object({ b: z.coerce.number() })]),
      { b: "1" },
      { b: 1 },
    ],
    [
      "both halves",
      z.intersection(z.object({ a: length }), z.object({ b: z.coerce.number() })),
      { a: "x", b: "1" },
      { a: "x", b: 1 },
    ],
    ["one after another", z.coerce.string().transform(Number).pipe(z.coerce.bigint()), 5, "5"],
    ["text put right", z.string().trim(), " a ", " a "],
    ["text that had to become text", z.coerce.string().trim(), 5, "5"],
    ["preprocess, of what is declared", doubled, 4, 4],
    [
      "a structure in itself",
      tree,
      { name: "a", size: "1", kids: [{ name: "b", size: "2", kids: [] }] },
      { name: "a", size: 1, kids: [{ name: "b", size: 2, kids: [] }] },
    ],
  ] as const)("%s", (_, schema: z.ZodType, given, sent) => {
    const made = schema.parse(given);
    const taken = takenValue(schema, given, made, true);
    expect(taken).toEqual(sent);
    expect(schema.parse(taken)).toEqual(made);
  });

  test("what comes out of preprocess is declared: anything else goes through it", () => {
    expect(takenValue(doubled, "4", 8, true)).toBe(8);
  });

  test("a part that has to wait stays as it was given", () => {
    const slow = z
      .string()
      .refine(async () => true)
      .transform(Number);
    expect(takenValue(slow, "5", 5, true)).toBe("5");
  });
});

test("what never goes through it again is changed here, as long as it stays of its type", () => {
  expect(takenValue(z.string().trim(), " a ", "a", false)).toBe("a");
  expect(takenValue(doubled, 4, 8, false)).toBe(8);
  expect(takenValue(length, "four", 4, false)).toBe("four");
});

test("an input whose default is of what is made may be absent; one of a field is no default of what is taken", () => {
  const none = { kind: "none", as: "undefined" };
  const variants = [{ kind: "string" }, none];
  expect(valueTypeOf(length.default(9), "input", "x")).toEqual({ kind: "union", variants });
  expect(
    valueTypeOf(z.object({ a: length.default(9), b: length.prefault("b") }), "input", "x"),
  ).toEqual({
    kind: "struct",
    fields: [
      { name: "a", type: { kind: "union", variants } },
      { name: "b", type: { kind: "string" }, optional: true, default: "b" },
    ],
    open: false,
  });
  expect(valueTypeOf(z.string().default("a"), "input", "x")).toEqual({ kind: "string" });
});
