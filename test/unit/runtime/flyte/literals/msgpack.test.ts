import { deepStrictEqual } from "node:assert";
import { encode as libraryPack, decode as libraryUnpack } from "@msgpack/msgpack";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Plain, pack, unpack } from "../../../../../runtime/flyte/literals/msgpack.ts";

const int = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  ...[
    0n,
    2n ** 5n,
    2n ** 7n,
    2n ** 8n,
    2n ** 15n,
    2n ** 16n,
    2n ** 31n,
    2n ** 32n,
    2n ** 53n,
    2n ** 63n,
  ].map((edge) =>
    fc.bigInt({ min: -2n, max: 2n }).map((by) => {
      const near = edge + by;
      return near >= 2n ** 63n ? near : by % 2n === 0n ? near : -near;
    }),
  ),
);
/** The library refuses the one that is left out; what we do with it is a test of its own. */
const key = fc.string().filter((text) => text !== "__proto__");

const { plain } = fc.letrec<{ plain: Plain }>((tie) => ({
  plain: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      null,
      true,
      false,
      "",
      "a".repeat(31),
      "b".repeat(32),
      "c".repeat(300),
      "d".repeat(70_000),
    ),
    int,
    fc.double(),
    fc.string(),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("plain"), { maxLength: 20 }),
    fc.dictionary(fc.oneof(key, fc.constant("constructor")), tie("plain"), {
      maxKeys: 20,
      noNullPrototype: true,
    }),
  ),
}));

/** Integers as they are read. */
function narrowed(value: Plain): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(narrowed);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, narrowed(item)]));
}

function withoutNegativeZero(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(withoutNegativeZero);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withoutNegativeZero(item)]),
  );
}

test("what is packed is unpacked, by us and by the field's library", () => {
  fc.assert(
    fc.property(plain, (value) => {
      const bytes = pack(value);
      deepStrictEqual(unpack(bytes), narrowed(value));
      const theirs = libraryUnpack(bytes, { useBigInt64: true });
      deepStrictEqual(narrowed(theirs as Plain), narrowed(value));
    }),
    { numRuns: 500 },
  );
});

test("what the library packs is unpacked", () => {
  fc.assert(
    fc.property(plain, (value) => {
      // It writes -0 as the integer 0.
      const given = withoutNegativeZero(narrowed(value));
      const bytes = libraryPack(given, { useBigInt64: true, forceIntegerToFloat: false });
      deepStrictEqual(unpack(bytes), given);
    }),
  );
});

test("integers take as few bytes as they can, numbers always eight", () => {
  const sizes = [
    0n,
    127n,
    128n,
    256n,
    65_536n,
    2n ** 32n,
    -32n,
    -33n,
    -129n,
    -32_769n,
    -(2n ** 31n) - 1n,
  ];
  expect(sizes.map((one) => pack(one).length)).toEqual([1, 1, 2, 3, 5, 9, 1, 2, 3, 5, 9]);
  expect([0, 1, -0, 0.5].map((one) => pack(one).length)).toEqual([9, 9, 9, 9]);
  expect(unpack(pack(-0))).toBe(-0);
});

test("long lists and maps have their own heads", () => {
  for (const length of [15, 16, 65_535, 65_536]) {
    const list = Array.from({ length }, (_, i) => BigInt(i));
    expect(unpack(pack(list))).toHaveLength(length);
    const map = Object.fromEntries(list.map((one) => [`k${one}`, null]));
    expect(Object.keys(unpack(pack(map)) as object)).toHaveLength(length);
  }
});

test("the order of keys does not change the bytes", () => {
  expect(pack({ b: 1n, a: 2n, "7": 3n })).toEqual(pack({ "7": 3n, a: 2n, b: 1n }));
});

test("Python's keys that are numbers become text", () => {
  expect(unpack(new Uint8Array([0x82, 0x01, 0xa1, 0x61, 0xff, 0xa1, 0x62]))).toEqual({
    "1": "a",
    "-1": "b",
  });
});

test.each<[string, number[], string]>([
  ["nothing", [], "end too early"],
  ["a list that is cut", [0x92, 0x01], "end too early"],
  ["a list of four billion, said in five bytes", [0xdd, 0xff, 0xff, 0xff, 0xff], "end too early"],
  ["text that is cut", [0xa5, 0x61], "end too early"],
  ["bytes behind the value", [0x01, 0x02], "bytes follow"],
  ["an extension", [0xd4, 0x01, 0x00], "an extension of MessagePack (code 0xd4)"],
  ["a code that does not exist", [0xc1], "an extension of MessagePack (code 0xc1)"],
  ["a key that is a list", [0x81, 0x90, 0x01], "a key that is no text"],
  ["text that is not UTF-8", [0xa1, 0xff], "not valid"],
  ["lists in lists without end", Array<number>(100_000).fill(0x91), "more than 500 levels deep"],
])("%s is refused", (_, bytes, message) => {
  expect(() => unpack(new Uint8Array(bytes))).toThrow(TypeError);
  expect(() => unpack(new Uint8Array(bytes))).toThrow(message);
});

test("any bytes are read or refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        unpack(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
    }),
    { numRuns: 2_000 },
  );
});
