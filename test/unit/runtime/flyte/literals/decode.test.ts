import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { StructuredDataset } from "../../../../../runtime/flyte/blobs.ts";
import { VariableSchema } from "../../../../../runtime/flyte/idl/flyteidl/core/interface_pb.ts";
import {
  type Literal,
  LiteralMapSchema,
  LiteralSchema,
  type ScalarSchema,
} from "../../../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import { LiteralTypeSchema } from "../../../../../runtime/flyte/idl/flyteidl/core/types_pb.ts";
import {
  decodeMap,
  encodeMap,
  expectedOutputs,
  typedInterface,
} from "../../../../../runtime/flyte/literals/literals.ts";
import { type Plain, pack } from "../../../../../runtime/flyte/literals/msgpack.ts";
import { OpaqueValue } from "../../../../../runtime/flyte/opaque.ts";
import { Duration } from "../../../../../runtime/types/duration.ts";
import { decoded, encoded, variablesOf } from "../../../../support/literals.ts";

type ScalarValue = NonNullable<MessageInitShape<typeof ScalarSchema>["value"]>;

function scalar(value: ScalarValue): Literal {
  return create(LiteralSchema, { value: { case: "scalar", value: { value } } });
}
const float = (value: number) =>
  scalar({ case: "primitive", value: { value: { case: "floatValue", value } } });
const integer = (value: bigint) =>
  scalar({ case: "primitive", value: { value: { case: "integer", value } } });
const string = (value: string) =>
  scalar({ case: "primitive", value: { value: { case: "stringValue", value } } });
const none = scalar({ case: "noneType", value: {} });
const packed = (value: Plain) =>
  scalar({ case: "binary", value: { tag: "msgpack", value: pack(value) } });

test("every falsy value is a value", async () => {
  const rows: [z.ZodType, unknown][] = [
    [z.int(), 0],
    [z.number(), -0],
    [z.number(), Number.NaN],
    [z.string(), ""],
    [z.boolean(), false],
    [z.bigint(), 0n],
    [z.null(), null],
    [z.array(z.int()), []],
    [z.record(z.string(), z.int()), {}],
    [z.object({}), {}],
    [z.any(), 0],
    [z.any(), ""],
    [z.any(), false],
    [z.any(), null],
    [z.any(), []],
    [z.int().nullable(), 0],
    [z.union([z.string(), z.boolean()]), false],
    [z.date(), new Date(0)],
    [z.instanceof(Duration), new Duration({})],
  ];
  for (const [schema, value] of rows) {
    expect(await decoded(await encoded(schema, value), schema)).toStrictEqual(value);
  }
});

describe("leniency", () => {
  test("a whole float is an integer, an integer a float", async () => {
    expect(await decoded(float(5), z.int())).toBe(5);
    expect(await decoded(integer(5n), z.number())).toBe(5);
    await expect(decoded(float(5.5), z.int())).rejects.toThrow("x: expected integer, received 5.5");
  });

  test("in a union each is what it is, whether or not the literal says it", async () => {
    const schema = z.union([z.number(), z.int(), z.string()]);
    expect(await decoded(integer(5n), schema)).toBe(5);
    expect(await decoded(string(""), schema)).toBe("");
    await expect(decoded(none, schema)).rejects.toThrow("x: expected float | integer | string");
  });

  test("a structure of JSON, all of whose numbers are floats, is read by its fields", async () => {
    const schema = z.object({
      n: z.int(),
      at: z.date(),
      took: z.instanceof(Duration),
      more: z.array(z.int()),
    });
    const json = { n: 3, at: "2020-01-02T03:04:05+00:00", took: 1.5, more: [0] };
    const literal = scalar({ case: "generic", value: json });
    expect(await decoded(literal, schema)).toEqual({
      n: 3,
      at: new Date("2020-01-02T03:04:05Z"),
      took: new Duration("1.5s"),
      more: [0],
    });
  });

  test("an attribute that the cluster cut out of a structure is read as its own type", async () => {
    expect(await decoded(packed(5n), z.int())).toBe(5);
    expect(await decoded(packed([1n]), z.array(z.number()))).toEqual([1]);
    expect(await decoded(packed("2020-01-02"), z.date())).toEqual(new Date("2020-01-02"));
    expect(await decoded(packed("blue"), z.enum(["red", "blue"]))).toBe("blue");
    expect(await decoded(packed(null), z.int().nullable())).toBeNull();
    await expect(decoded(packed("green"), z.enum(["red", "blue"]))).rejects.toThrow(
      '"red" | "blue"',
    );
  });

  test("dates without a zone are UTC, durations seconds or ISO text", async () => {
    const schema = z.object({ at: z.date(), took: z.instanceof(Duration) });
    for (const [at, took] of [
      ["2020-01-02T03:04:05.678912", "PT1.5S"],
      ["2020-01-02 03:04:05.678", 1.5],
      ["2020-01-02T05:04:05.678+02:00", 1.5],
    ] as const) {
      const value = { at: new Date("2020-01-02T03:04:05.678Z"), took: new Duration("1.5s") };
      expect(await decoded(packed({ at, took }), schema)).toEqual(value);
    }
    await expect(decoded(packed({ at: "tomorrow", took: 0 }), schema)).rejects.toThrow(
      "x.at: expected date",
    );
  });

  test("what a newer writer added to a structure is kept, what it left out gets its default", async () => {
    const schema = z.object({
      a: z.int(),
      b: z.int().default(7),
      c: z.int().optional(),
      d: z.array(z.int()).default([]),
    });
    expect(await decoded(packed({ a: 1n, z: "new" }), schema)).toEqual({ a: 1, b: 7, z: "new" });
    await expect(decoded(packed({ b: 1n }), schema)).rejects.toThrow("x.a: is missing");
  });
});

describe("integers", () => {
  test("beyond 2⁵³ a number is refused with advice, a bigint is exact", async () => {
    const large = integer(2n ** 62n);
    await expect(decoded(large, z.int())).rejects.toThrow(
      '4611686018427387904 is beyond 2⁵³; use z.int64(), or { integers: "bigint" }',
    );
    expect(await decoded(large, z.int64())).toBe(2n ** 62n);
    expect(await decoded(large, z.int(), { integers: "bigint" })).toBe(2n ** 62n);
    expect(await decoded(packed({ n: 2n ** 62n }), z.object({ n: z.bigint() }))).toEqual({
      n: 2n ** 62n,
    });
    expect(await decoded(packed({ n: 5n }), z.object({ n: z.bigint() }))).toEqual({ n: 5n });
  });

  test("in a structure of anything, large ones are bigints", async () => {
    expect(await decoded(packed([2n ** 62n, 1n, 2 ** 53]), z.any())).toEqual([
      2n ** 62n,
      1,
      2 ** 53,
    ]);
  });
});

describe("unions", () => {
  const [a, b] = [
    z.object({ n: z.int() }).meta({ title: "A" }),
    z.object({ n: z.int() }).meta({ title: "B" }),
  ];

  test("what may be two variants and does not say which is an error that names both", async () => {
    await expect(decoded(packed({ n: 1n }), z.union([a, b]))).rejects.toThrow(
      "x: may be both A and B, and does not say which",
    );
  });

  test("what says it is read as that", async () => {
    const schema = z.union([a, b]);
    const variables = typedInterface({ name: "t", inputs: { x: schema } }).inputs?.variables ?? {};
    const type = variables["x"]?.type?.type;
    if (type?.case !== "unionType") return expect.fail("no union");
    const literal = scalar({
      case: "union",
      value: {
        value: packed({ n: 1n }),
        ...(type.value.variants[1] && { type: type.value.variants[1] }),
      },
    });
    expect(await decoded(literal, schema)).toEqual({ n: 1 });
  });

  test("a tag that the type does not know is tried by structure", async () => {
    const type = create(LiteralTypeSchema, {
      type: { case: "simple", value: 1 },
      structure: { tag: "my_int" },
    });
    const literal = scalar({ case: "union", value: { value: integer(1n), type } });
    expect(await decoded(literal, z.union([z.string(), z.int()]))).toBe(1);
  });

  test("a union's value where no union is declared is its value", async () => {
    const literal = await encoded(z.int().nullable(), 5);
    expect(await decoded(literal, z.int())).toBe(5);
    expect(await decoded(await encoded(z.int().nullable(), null), z.int().nullable())).toBeNull();
    await expect(decoded(none, z.int())).rejects.toThrow("x: expected integer, received null");
  });
});

describe("what only another language can open", () => {
  const pickle = scalar({
    case: "blob",
    value: { uri: "s3://b/p", metadata: { type: { format: "PythonPickle" } } },
  });
  const bytes = scalar({ case: "binary", value: { tag: "torch", value: new Uint8Array([0xc1]) } });
  const error = scalar({ case: "error", value: { message: "boom", failedNodeId: "n0" } });

  test.each([
    ["a pickle", pickle, "OpaqueValue(pickle, PythonPickle, s3://b/p)"],
    ["bytes with a tag of their own", bytes, "OpaqueValue(bytes, torch)"],
    ["an error", error, "OpaqueValue(error, boom)"],
  ])("%s shows what it is and is passed on unchanged", async (_, literal, shown) => {
    const type = create(LiteralTypeSchema, {
      type: { case: "blob", value: { format: "PythonPickle" } },
    });
    for (const variables of [variablesOf(z.any()), { x: create(VariableSchema, { type }) }]) {
      if (literal !== pickle && variables["x"]?.type === type) continue;
      const map = create(LiteralMapSchema, { literals: { x: literal } });
      const { x } = await decodeMap(map, variables, {});
      expect(x).toBeInstanceOf(OpaqueValue);
      expect(String(x)).toBe(shown);
      const again = await encodeMap({ x }, variables, {});
      expect(again.literals["x"]).toEqual(literal);
    }
  });

  test("inside of a structure it has no place", async () => {
    const opaque = await decoded(pickle, z.any());
    await expect(encoded(z.any(), [opaque])).rejects.toThrow("x[0]: is an opaque value");
  });
});

test("the schema of an old flytekit, under a reference, tells the fields", async () => {
  const metadata = {
    $schema: "http://json-schema.org/draft-07/schema#",
    $ref: "#/definitions/OldSchema",
    definitions: {
      OldSchema: {
        type: "object",
        additionalProperties: false,
        properties: {
          n: { title: "n", type: "integer" },
          x: { title: "x", type: "number", format: "float" },
          note: { title: "note", type: ["string", "null"], default: null },
          in: { $ref: "#/definitions/InSchema" },
        },
      },
      InSchema: { type: "object", properties: { m: { type: "number", format: "integer" } } },
    },
  };
  const type = create(LiteralTypeSchema, { type: { case: "simple", value: 9 }, metadata });
  const variables = { x: create(VariableSchema, { type }) };
  const literal = scalar({ case: "generic", value: { n: 3, x: 1, in: { m: 2 } } });
  const map = create(LiteralMapSchema, { literals: { x: literal } });
  expect(await decodeMap(map, variables, {})).toEqual({
    x: { n: 3, x: 1, note: null, in: { m: 2 } },
  });
  await expect(encodeMap({ x: { n: 1.5, in: { m: "2" } } }, variables, {})).rejects.toThrow(
    'x.n: expected integer, received 1.5; x.in.m: expected integer, received "2"',
  );
});

test("an old schema literal is a dataset", async () => {
  const literal = scalar({ case: "schema", value: { uri: "s3://b/t", type: {} } });
  const dataset = await decoded(literal, StructuredDataset.schema());
  expect(dataset).toBeInstanceOf(StructuredDataset);
  expect((dataset as StructuredDataset).uri).toBe("s3://b/t");
});

test.each<[string, Literal, z.ZodType, string]>([
  ["an empty literal", create(LiteralSchema), z.int(), "x: is an empty literal"],
  [
    "an empty scalar",
    create(LiteralSchema, { value: { case: "scalar", value: {} } }),
    z.any(),
    "x: is an empty literal",
  ],
  [
    "bytes that are no MessagePack",
    scalar({ case: "binary", value: { tag: "msgpack", value: new Uint8Array([0x92, 1]) } }),
    z.any(),
    "x: cannot be read as MessagePack: the bytes end too early",
  ],
  [
    "a list for a map",
    create(LiteralSchema, { value: { case: "collection", value: {} } }),
    z.record(z.string(), z.int()),
    "expected map of integer, received a list",
  ],
  [
    "a date beyond all dates",
    scalar({
      case: "primitive",
      value: { value: { case: "datetime", value: { seconds: 10n ** 15n, nanos: 0 } } },
    }),
    z.date(),
    "is no date",
  ],
  [
    "a duration beyond all durations",
    scalar({
      case: "primitive",
      value: { value: { case: "duration", value: { seconds: 10n ** 15n, nanos: 0 } } },
    }),
    z.instanceof(Duration),
    "is no duration",
  ],
])("%s is refused", async (_, literal, schema, message) => {
  await expect(decoded(literal, schema)).rejects.toThrow(message);
});

test("a variable that the map does not have is missing, one without a declaration is read as it is", async () => {
  const map = create(LiteralMapSchema, { literals: { y: integer(1n), __proto__x: string("a") } });
  for (const schema of [z.int(), z.any()]) {
    await expect(decodeMap(map, variablesOf(schema), {})).rejects.toThrow("x: is missing");
  }
  expect(await decodeMap(map, variablesOf(z.int().nullable()), {})).toMatchObject({ x: null });
  expect(await decodeMap(map, {}, {})).toEqual({ y: 1, __proto__x: "a" });
});

test("a message of more levels than the protocol's readers go is refused, not overflown", () => {
  let bytes = new Uint8Array();
  // In turn a literal that is a collection (field 2) and a collection of a literal (field 1), each behind its length.
  for (let i = 0; i < 2_000; i++) {
    bytes = Uint8Array.from([i % 2 ? 0x12 : 0x0a, ...varint(bytes.length), ...bytes]);
  }
  expect(() => fromBinary(LiteralSchema, bytes)).toThrow("recursion depth");
});

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

test("a long list overflows nothing", async () => {
  const literals = Array<Literal>(300_000).fill(integer(1n));
  const list = create(LiteralSchema, { value: { case: "collection", value: { literals } } });
  const map = create(LiteralMapSchema, { literals: { x: list } });
  const { x } = await decodeMap(map, variablesOf(z.array(z.int())), {});
  expect(x).toHaveLength(300_000);
});

describe("the caller's schemas beside the cluster's types", () => {
  const remote = (output: z.ZodType) =>
    typedInterface({ name: "r", output }).outputs?.variables ?? {};
  const own = (output: z.ZodType) => ({ name: "o", output });

  test("they know a bigint, and dates in a dict", async () => {
    const dict = remote(z.record(z.string(), z.any()));
    const { o0 } = expectedOutputs(dict, own(z.object({ at: z.date() })));
    const map = create(LiteralMapSchema, { literals: { o0: packed({ at: "2020-01-01" }) } });
    expect(await decodeMap(map, o0 ? { o0 } : {}, {})).toEqual({
      o0: { at: new Date("2020-01-01") },
    });
    const ints = expectedOutputs(remote(z.int()), own(z.bigint()));
    expect(
      await decodeMap(create(LiteralMapSchema, { literals: { o0: integer(1n) } }), ints, {}),
    ).toEqual({ o0: 1n });
  });

  test("a single output counts whatever its name, and a schema of anything does not count", () => {
    const named = { result: create(VariableSchema, remote(z.int())["o0"]) };
    expect(expectedOutputs(named, own(z.bigint()))["result"]?.type?.annotation).toBeDefined();
    expect(expectedOutputs(named, own(z.any()))).toEqual(named);
    expect(expectedOutputs(named, { name: "o" })).toEqual(named);
    expect(expectedOutputs(named, own(z.set(z.int())))).toEqual(named);
  });
});
