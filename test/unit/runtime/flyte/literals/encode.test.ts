import { describe, expect, test } from "vitest";
import { z } from "zod";
import { FlyteFile } from "../../../../../runtime/flyte/blobs.ts";
import { encodeMap, typedInterface } from "../../../../../runtime/flyte/literals/literals.ts";
import { Duration } from "../../../../../runtime/types/duration.ts";
import { decoded, encoded, variablesOf } from "../../../../support/literals.ts";

/** What the message says, of a value that does not fit. */
async function refusal(schema: z.ZodType, value: unknown): Promise<string> {
  const error: unknown = await encoded(schema, value).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TypeError);
  return (error as TypeError).message;
}

test("a message names every path that does not fit, also missing and unknown names", async () => {
  const inputs = {
    n: z.int(),
    order: z.object({ id: z.int(), tags: z.array(z.string()) }),
    prices: z.record(z.string(), z.number()),
    gone: z.string(),
    maybe: z.string().optional(),
  };
  const variables = typedInterface({ name: "t", inputs }).inputs?.variables ?? {};
  const values = {
    n: 1.5,
    order: { id: "7", tags: ["a", 2], more: 1 },
    prices: { apple: "1" },
    nn: 1,
  };
  await expect(encodeMap(values, variables, {})).rejects.toThrow(
    new TypeError(
      [
        "n: expected integer, received 1.5",
        'order.id: expected integer, received "7"',
        "order.tags[1]: expected string, received 2",
        "order.more: is not a field of Order; it has id, tags",
        'prices.apple: expected number, received "1"',
        "gone: is missing",
        "nn: is not known; there are n, order, prices, gone, maybe",
      ].join("; "),
    ),
  );
});

test("a thousand misfits are counted, not listed", async () => {
  const message = await refusal(z.array(z.int()), Array(1_000).fill("x"));
  expect(message).toMatch(/x\[49\]: expected integer, received "x"; and 950 more$/);
});

test.each<[string, z.ZodType, unknown, string]>([
  ["an integer that may be rounded", z.int(), 2 ** 53, "beyond 2⁵³"],
  ["an integer that is not whole", z.int(), 0.5, "expected integer, received 0.5"],
  ["an integer that is NaN", z.int(), Number.NaN, "expected integer, received NaN"],
  ["a bigint beyond 64 bits", z.bigint(), 2n ** 63n, "an integer of 64 bits"],
  [
    "a bigint beyond 64 bits in a structure",
    z.any(),
    { a: 2n ** 64n },
    "x.a: expected an integer of 64 bits",
  ],
  ["a bigint for a float", z.number(), 1n, "expected number"],
  ["a number for text", z.string(), 1, "expected string, received 1"],
  ["text for a boolean", z.boolean(), "true", 'expected boolean, received "true"'],
  ["a date that is none", z.date(), new Date(Number.NaN), "x: is an invalid Date"],
  [
    "a date after the year 9999",
    z.date(),
    new Date("+010000-01-01"),
    "outside of the years 1 to 9999",
  ],
  [
    "a date that is none, in a structure",
    z.object({ d: z.date() }),
    { d: new Date("?") },
    "x.d: is an invalid Date",
  ],
  ["text for a date", z.date(), "2020-01-01", 'expected a Date, received "2020-01-01"'],
  ["a number for a duration", z.instanceof(Duration), 5, "expected a Duration, received 5"],
  [
    "a value that an enum does not have",
    z.enum(["red", "blue"]),
    "green",
    'one of "red", "blue", received "green"',
  ],
  ["something for nothing", z.null(), 0, "expected null, received 0"],
  ["an object for a list", z.array(z.int()), { length: 1 }, "expected list of integer"],
  ["a list for a map", z.record(z.string(), z.int()), [1], "expected map of integer"],
  ["a date for a map", z.record(z.string(), z.int()), new Date(), "expected map of integer"],
  [
    "a Map for a map",
    z.record(z.string(), z.int()),
    new Map([["a", 1]]),
    "expected map of integer",
  ],
  ["half a character", z.string(), "a\ud800", "half a character"],
  ["half a character in a key", z.record(z.string(), z.int()), { "\ud800": 1 }, "half a character"],
  [
    "half a character in a structure",
    z.any(),
    { a: ["\udc00"] },
    "x.a[0]: is text with half a character",
  ],
  [
    "a function in a structure",
    z.any(),
    { f: () => 1 },
    "x.f: expected a value that can leave the process",
  ],
  [
    "a symbol in a structure",
    z.any(),
    [Symbol("s")],
    "x[0]: expected a value that can leave the process",
  ],
  ["a Map in a structure", z.any(), { m: new Map() }, "x.m: expected plain data"],
  ["a Set in a structure", z.any(), { m: new Set([1]) }, "x.m: expected plain data"],
  ["an error in a structure", z.any(), [new Error("no")], "x[0]: expected plain data"],
  [
    "an object that hides what it holds",
    z.any(),
    { u: new URL("http://a") },
    "x.u: expected plain data",
  ],
  ["a proxy in a structure", z.any(), { p: new Proxy({}, {}) }, "x.p: expected plain data"],
  [
    "none of the variants",
    z.union([z.int(), z.string()]),
    true,
    "expected integer | string, received true",
  ],
  [
    "a field of an optional structure",
    z.object({ a: z.int() }).nullable(),
    { a: "1" },
    'x.a: expected integer, received "1"',
  ],
  [
    "a field that is missing",
    z.object({ a: z.int(), b: z.int().optional() }),
    {},
    "x.a: is missing",
  ],
  ["text for a file", FlyteFile.schema(), "a.txt", 'expected file, received "a.txt"'],
  [
    "a file of another format",
    FlyteFile.schema({ format: "csv" }),
    FlyteFile.at("s3://b/x", { format: "png" }),
    "expected file (csv)",
  ],
])("%s does not fit", async (_, schema, value, message) => {
  expect(await refusal(schema, value)).toContain(message);
});

describe("hostile values", () => {
  test("what refers to itself is refused, what is only there twice is not", async () => {
    const ring: { next?: unknown } = {};
    ring.next = [ring];
    expect(await refusal(z.any(), { ring })).toBe("x.ring.next[0]: refers to itself");
    const twice = { a: 1 };
    expect(await decoded(await encoded(z.any(), [twice, twice]), z.any())).toEqual([twice, twice]);
    const list: unknown[] = [];
    list.push(list);
    const nested: z.ZodType = z.lazy(() => z.array(nested));
    expect(await refusal(z.object({ list: nested }), { list })).toContain("refers to itself");
  });

  test("10,000 levels are refused with a short message, 400 are fine", async () => {
    const deep = (levels: number, wrap: (inner: unknown) => unknown) => {
      let value: unknown = 1;
      for (let i = 0; i < levels; i++) value = wrap(value);
      return value;
    };
    for (const wrap of [(inner: unknown) => [inner], (inner: unknown) => ({ inner })]) {
      const message = await refusal(z.any(), deep(10_000, wrap));
      expect(message).toContain("is more than 500 levels deep");
      expect(message.length).toBeLessThan(300);
      const fine = deep(400, wrap);
      expect(await decoded(await encoded(z.any(), fine), z.any())).toEqual(fine);
    }
  });

  test("a getter that throws is a misfit of its object", async () => {
    const hostile = {
      get a(): number {
        throw new Error("keep out");
      },
    };
    for (const schema of [z.any(), z.object({ a: z.int() }), z.record(z.string(), z.int())]) {
      expect(await refusal(schema, hostile)).toContain("x: cannot be read: keep out");
    }
  });

  test("keys of prototypes are data on the way there and back, and change no prototype", async () => {
    const value = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"polluted": 2}}');
    const schema = z.record(z.string(), z.record(z.string(), z.int()));
    for (const one of [schema, z.any()]) {
      const back = await decoded(await encoded(one, value), one);
      expect(Object.entries(back as object)).toEqual(Object.entries(value));
      expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("inputs named like members of objects are found only where they are", async () => {
    const inputs = { toString: z.int(), x: z.int().optional() };
    const variables = typedInterface({ name: "t", inputs }).inputs?.variables ?? {};
    await expect(encodeMap({ x: 1 }, variables, {})).rejects.toThrow("toString: is missing");
    await expect(encodeMap({ valueOf: 1 }, variables, {})).rejects.toThrow("valueOf: is not known");
  });

  test("a secret's value is not in the message", async () => {
    const message = await refusal(z.object({ password: z.int() }), { password: "hunter2" });
    expect(message).toContain("x.password: expected integer");
    expect(message).not.toContain("hunter2");
  });
});

describe("unions", () => {
  test("the first variant that fits is taken, exactly as it is declared", async () => {
    const literal = await encoded(z.union([z.string(), z.int(), z.number()]), 5);
    const variables = variablesOf(z.union([z.string(), z.int(), z.number()]));
    const { type } = variables["x"]?.type ?? {};
    const scalar = literal.value.case === "scalar" ? literal.value.value.value : undefined;
    expect(scalar?.case === "union" && scalar.value.type).toEqual(
      type?.case === "unionType" && type.value.variants[1],
    );
  });

  test("structures are told apart by their fields", async () => {
    const schema = z.union([
      z.object({ kind: z.literal("circle"), r: z.number() }),
      z.object({ kind: z.literal("square"), side: z.number() }),
      z.object({ kind: z.literal("box"), side: z.number() }),
    ]);
    for (const value of [
      { kind: "circle", r: 1 },
      { kind: "square", side: 2 },
      { kind: "box", side: 3 },
    ]) {
      expect(await decoded(await encoded(schema, value), schema)).toEqual(value);
    }
  });

  test("null and undefined both stand for none, and come back as the schema writes it", async () => {
    for (const absent of [null, undefined]) {
      expect(
        await decoded(await encoded(z.int().nullable(), absent), z.int().nullable()),
      ).toBeNull();
      expect(
        await decoded(await encoded(z.int().optional(), absent), z.int().optional()),
      ).toBeUndefined();
      expect(await decoded(await encoded(z.int().nullish(), absent), z.int().nullish())).toBeNull();
    }
  });
});

describe("uploads", () => {
  /** A storage in memory that counts. */
  function memory() {
    const uploads: string[] = [];
    const stored = new Map<string, Uint8Array>();
    return {
      uploads,
      read: async (uri: string) => stored.get(uri) ?? expect.fail(`nothing at ${uri}`),
      stream: () => expect.fail("not asked for"),
      async upload(source: unknown, { filename }: { filename: string }) {
        if (!(source instanceof Uint8Array)) return expect.fail("only bytes here");
        uploads.push(filename);
        const uri = `mem://${filename}/${uploads.length}`;
        stored.set(uri, source);
        return { uri, digest: `sha-of-${Buffer.from(source).toString()}` };
      },
    };
  }

  test("a file that is only here is uploaded once, however often the value holds it", async () => {
    const file = FlyteFile.from(new TextEncoder().encode("hi"), { name: "a.txt" });
    const store = memory();
    const schema = z.object({
      one: FlyteFile.schema(),
      all: z.array(FlyteFile.schema().nullable()),
    });
    const literal = await encoded(schema, { one: file, all: [file, null, file] }, { store });
    expect(store.uploads).toEqual(["a.txt"]);
    const back = await decoded(literal, schema, { store });
    expect(JSON.stringify(back)).toContain("mem://a.txt/1");
  });

  test("its literal carries the digest, so that the same content is the same input", async () => {
    const file = FlyteFile.from(new TextEncoder().encode("hi"), { name: "a.txt" });
    const literal = await encoded(FlyteFile.schema(), file, { store: memory() });
    expect(literal.hash).toBe("sha-of-hi");
  });

  test("nothing is uploaded when anything does not fit", async () => {
    const file = FlyteFile.from(new TextEncoder().encode("hi"));
    const store = memory();
    const inputs = { x: FlyteFile.schema(), n: z.int() };
    const variables = typedInterface({ name: "t", inputs }).inputs?.variables ?? {};
    await expect(encodeMap({ x: file, n: "1" }, variables, { store })).rejects.toThrow(
      "n: expected",
    );
    expect(store.uploads).toEqual([]);
  });

  test("without a storage the message says so", async () => {
    const file = FlyteFile.from(new TextEncoder().encode("hi"));
    await expect(encoded(FlyteFile.schema(), file)).rejects.toThrow(
      "there is no storage to put it into",
    );
  });

  test("an interrupt before the upload ends it", async () => {
    const file = FlyteFile.from(new TextEncoder().encode("hi"));
    const store = memory();
    const signal = AbortSignal.abort(new Error("stopped"));
    await expect(encoded(FlyteFile.schema(), file, { store, signal })).rejects.toThrow("stopped");
    expect(store.uploads).toEqual([]);
  });
});
