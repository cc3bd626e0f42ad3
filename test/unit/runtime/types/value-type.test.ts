import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Duration } from "../../../../runtime/types/duration.ts";
import { jsonType } from "../../../../runtime/types/json-type.ts";
import { changesValue, valueTypeOf } from "../../../../runtime/types/schema-type.ts";
import type { StandardSchema } from "../../../../runtime/types/standard-schema.ts";
import { VALUE_TYPE, type ValueType } from "../../../../runtime/types/value-type.ts";

const int: ValueType = { kind: "integer", as: "number" };
const big: ValueType = { kind: "integer", as: "bigint" };
const string: ValueType = { kind: "string" };
const float: ValueType = { kind: "float" };
const any: ValueType = { kind: "any" };
const absent: ValueType = { kind: "none", as: "undefined" };
const none: ValueType = { kind: "none", as: "null" };
const union = (...variants: ValueType[]): ValueType => ({ kind: "union", variants });
const of = (values: string[]): ValueType => ({ kind: "enum", values });

/** What an `enum` of TypeScript is at run time. */
const Level = { Low: 1, High: 2, 1: "Low", 2: "High" } as const;

test.each<[string, z.ZodType, ValueType]>([
  ["z.int()", z.int(), int],
  ["z.int().min(0)", z.int().min(0), int],
  ["z.number().int()", z.number().int(), int],
  ["z.int32()", z.int32(), int],
  ["z.uint32()", z.uint32(), int],
  ["z.int64()", z.int64(), big],
  ["z.bigint()", z.bigint(), big],
  ["z.number()", z.number(), float],
  ["z.float32()", z.float32(), float],
  ["z.coerce.number()", z.coerce.number(), float],
  ["z.number().refine()", z.number().refine(() => true), float],
  ["z.nan()", z.nan(), float],
  ["z.string()", z.string(), string],
  ["z.email()", z.email(), string],
  ["z.iso.datetime()", z.iso.datetime(), string],
  ["z.templateLiteral()", z.templateLiteral(["a", z.int()]), string],
  ["z.boolean()", z.boolean(), { kind: "boolean" }],
  ["z.date()", z.date(), { kind: "date" }],
  ["z.instanceof(Duration)", z.instanceof(Duration), { kind: "duration" }],
  [
    "z.instanceof(Duration).optional()",
    z.instanceof(Duration).optional(),
    union({ kind: "duration" }, absent),
  ],
  ["z.null()", z.null(), none],
  ["z.void()", z.void(), absent],
  ["z.undefined()", z.undefined(), absent],
  ["z.any()", z.any(), any],
  ["z.unknown()", z.unknown(), any],
  [
    "z.json()",
    z.json(),
    union({ kind: "string" }, float, { kind: "boolean" }, { kind: "list", of: any }, any, none),
  ],
  ["z.enum()", z.enum(["a", "b"]), of(["a", "b"])],
  ["an enum of numbers", z.enum(Level), int],
  ["a literal", z.literal("a"), of(["a"])],
  ["literals of kinds", z.literal(["a", 1, null]), union(of(["a"]), int, none)],
  ["z.array()", z.array(z.int()), { kind: "list", of: int }],
  ["z.record()", z.record(z.string(), z.int()), { kind: "map", of: int }],
  ["a record by enum", z.record(z.enum(["a"]), z.int()), { kind: "map", of: int }],
  ["a record of anything", z.record(z.string(), z.any()), any],
  ["z.tuple()", z.tuple([z.int(), z.string()]), { kind: "tuple", items: [int, string] }],
  ["a tuple with a rest", z.tuple([z.int()], z.string()), any],
  ["optional", z.int().optional(), union(int, absent)],
  ["nullable", z.int().nullable(), union(int, none)],
  ["nullish", z.int().nullish(), union(int, none)],
  ["nonoptional", z.int().optional().nonoptional(), int],
  ["a default", z.int().default(3), int],
  ["a prefault", z.int().prefault(3), int],
  ["catch", z.int().catch(3), int],
  ["readonly", z.array(z.int()).readonly(), { kind: "list", of: int }],
  ["brand", z.int().brand("Id"), int],
  ["describe", z.int().describe("a number"), int],
  [
    "nested unions",
    z.union([z.int(), z.union([z.string(), z.int().nullable()])]),
    union(int, string, none),
  ],
  ["a union of one kind", z.union([z.int(), z.int().min(3)]), int],
  [
    "enums together",
    z.union([z.literal("a"), z.int(), z.literal("b")]),
    union(of(["a", "b"]), int),
  ],
  ["preprocess", z.preprocess(String, z.string()), string],
  ["z.custom()", z.custom(() => true), any],
  ["stringbool, what it takes", z.stringbool(), string],
])("%s", (_, schema, type) => {
  expect(valueTypeOf(schema, "input", "x")).toEqual(type);
});

test("of a schema that changes its value the asked side counts", () => {
  const length = z.string().transform((text) => text.length);
  expect(valueTypeOf(length, "input", "x")).toEqual(string);
  expect(valueTypeOf(length, "output", "x")).toEqual(any);
  expect(valueTypeOf(length.pipe(z.int()), "output", "x")).toEqual(int);
  const codec = z.codec(z.string(), z.date(), {
    decode: (text) => new Date(text),
    encode: (date) => date.toISOString(),
  });
  expect(valueTypeOf(codec, "input", "x")).toEqual(string);
  expect(valueTypeOf(codec, "output", "x")).toEqual({ kind: "date" });
});

test.each([
  ["z.int()", z.int(), false],
  ["a default", z.object({ n: z.int().default(3) }), false],
  ["a coercion", z.coerce.date(), false],
  ["preprocess", z.preprocess(String, z.string()), true],
  ["text put right", z.array(z.string().trim()), true],
  ["the keys of a record", z.record(z.string().toLowerCase(), z.int()), true],
  ["the rest of a tuple", z.tuple([z.int()], z.stringbool()), true],
  ["a transform", z.string().transform((text) => text.length), true],
  ["one of anything", z.unknown().transform((value) => [value]), true],
  [
    "one between equal types",
    z
      .string()
      .transform((text) => `${text}!`)
      .pipe(z.string()),
    true,
  ],
  ["one deep inside", z.record(z.string(), z.array(z.object({ at: z.stringbool() }))), true],
] as const)("whether a schema changes its value: %s", (_, schema, changes) => {
  expect(changesValue(schema)).toBe(changes);
});

describe("structures", () => {
  test("have their fields in order, with defaults, and a title that metadata gives", () => {
    const schema = z
      .object({ b: z.int().default(3), a: z.string().optional() })
      .meta({ title: "Order" });
    expect(valueTypeOf(schema, "input", "x")).toEqual({
      kind: "struct",
      title: "Order",
      fields: [
        { name: "b", type: int, optional: true, default: 3 },
        { name: "a", type: union(string, absent) },
      ],
      open: false,
    });
    expect(valueTypeOf(z.looseObject({}), "input", "x")).toEqual({
      kind: "struct",
      fields: [],
      open: true,
    });
    expect(valueTypeOf(z.strictObject({}), "input", "x")).toEqual({
      kind: "struct",
      fields: [],
      open: false,
    });
  });

  test("do not show defaults that are made anew or cannot be told", () => {
    let n = 0;
    const schema = z.object({
      counter: z.int().default(() => n++),
      list: z.array(z.int()).default([]),
      at: z.date().default(() => new Date()),
      big: z.bigint().default(1n),
      fails: z.int().default(() => expect.fail("not now")),
      text: z.string().nullable().default(null),
    });
    const type = valueTypeOf(schema, "input", "x");
    const fields = type.kind === "struct" ? type.fields : [];
    expect(fields.every(({ optional }) => optional)).toBe(true);
    expect(fields.filter((field) => "default" in field).map(({ name }) => name)).toEqual(["text"]);
  });

  test("of an intersection have the fields of both", () => {
    const both = z.intersection(z.object({ a: z.int() }), z.object({ b: z.string() }));
    expect(valueTypeOf(both, "input", "x")).toMatchObject({
      fields: [{ name: "a" }, { name: "b" }],
    });
  });

  test("that contain themselves end in anything", () => {
    interface Tree {
      value: number;
      children: Tree[];
    }
    const tree: z.ZodType<Tree> = z.lazy(() =>
      z.object({ value: z.int(), children: z.array(tree) }),
    );
    expect(valueTypeOf(tree, "input", "x")).toEqual({
      kind: "struct",
      fields: [
        { name: "value", type: int },
        { name: "children", type: { kind: "list", of: any } },
      ],
      open: false,
    });
  });
});

test.each<[string, z.ZodType, string]>([
  [
    "a Map",
    z.map(z.string(), z.int()),
    "t: input m: z.map() has no counterpart on Flyte; use z.record(z.string(), …)",
  ],
  ["a Set", z.set(z.int()), "use z.array(…)"],
  ["a symbol", z.symbol(), "z.symbol() has no counterpart"],
  ["a symbol inside", z.object({ f: z.symbol() }), "t: input m.f: z.symbol()"],
  ["a Set in a list", z.array(z.set(z.int())), "t: input m[]: z.set()"],
  ["a record by number", z.record(z.number(), z.int()), "the keys of a record are text"],
])("%s is refused with advice", (_, schema, message) => {
  expect(() => valueTypeOf(schema, "input", "t: input m")).toThrow(TypeError);
  expect(() => valueTypeOf(schema, "input", "t: input m")).toThrow(message);
});

test("a schema says its own type, also on its definition, where refining keeps it", () => {
  const file: ValueType = { kind: "file", format: "csv" };
  const own = z.custom<string>(() => true);
  Object.defineProperty(own._zod.def, VALUE_TYPE, { value: file, enumerable: true });
  expect(valueTypeOf(own.refine(() => true).optional(), "input", "x")).toEqual(union(file, absent));
  const foreign: StandardSchema & { [VALUE_TYPE]: ValueType } = {
    "~standard": { version: 1, vendor: "own", validate: (value) => ({ value }) },
    [VALUE_TYPE]: file,
  };
  expect(valueTypeOf(foreign, "input", "x")).toEqual(file);
});

describe("schemas of other libraries go by their JSON Schema", () => {
  const foreign = (schema: Record<string, unknown>): StandardSchema => ({
    "~standard": {
      version: 1,
      vendor: "other",
      validate: (value) => ({ value }),
      jsonSchema: { input: () => schema, output: () => schema },
    },
  });

  test.each<[Record<string, unknown>, ValueType]>([
    [{ type: "integer" }, int],
    [{ type: "number" }, float],
    [{ type: "string", format: "date-time" }, string],
    [{ type: ["string", "null"] }, union(string, none)],
    [{ enum: ["a", "b"] }, of(["a", "b"])],
    [{ const: "a" }, of(["a"])],
    [{ anyOf: [{ type: "integer" }, { type: "null" }] }, union(int, none)],
    [
      { type: "array", items: { type: "integer" } },
      { kind: "list", of: int },
    ],
    [
      { type: "object", additionalProperties: { type: "integer" } },
      { kind: "map", of: int },
    ],
    [{ type: "object" }, any],
    [{}, any],
    [
      {
        type: "object",
        title: "O",
        properties: { a: { type: "integer" }, b: { $ref: "#/$defs/b" } },
        required: ["a"],
        additionalProperties: false,
        $defs: { b: { type: "string" } },
      },
      {
        kind: "struct",
        title: "O",
        fields: [
          { name: "a", type: int },
          { name: "b", type: union(string, absent) },
        ],
        open: false,
      },
    ],
  ])("%j", (schema, type) => {
    expect(valueTypeOf(foreign(schema), "input", "x")).toEqual(type);
  });

  test("and change their value when it differs on both sides, or when they do not say", () => {
    const json = (input: object, output: object): StandardSchema => ({
      "~standard": {
        ...{ version: 1, vendor: "other", validate: (value: unknown) => ({ value }) },
        jsonSchema: { input: () => ({ ...input }), output: () => ({ ...output }) },
      },
    });
    expect(changesValue(json({ type: "string" }, { type: "string" }))).toBe(false);
    expect(changesValue(json({ type: "string" }, { type: "number" }))).toBe(true);
    const silent = { version: 1, vendor: "other", validate: (value: unknown) => ({ value }) };
    expect(changesValue({ "~standard": silent } as StandardSchema)).toBe(true);
  });

  test("one that throws, has none or never ends stands for anything", () => {
    const throws = foreign({});
    Object.assign(throws["~standard"], { jsonSchema: { input: () => expect.fail("no") } });
    expect(valueTypeOf(throws, "input", "x")).toEqual(any);
    const ring = {
      $defs: { a: { type: "array", items: { $ref: "#/$defs/a" } } },
      $ref: "#/$defs/a",
    };
    expect(JSON.stringify(jsonType(ring)).length).toBeLessThan(1_000);
    expect(jsonType({ $ref: "#" })).toEqual(any);
    expect(jsonType({ $ref: "#/__proto__/x" })).toEqual(any);
  });
});
