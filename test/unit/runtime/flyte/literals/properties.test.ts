import { deepStrictEqual } from "node:assert";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { LiteralMapSchema } from "../../../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import {
  decodeMap,
  encodeMap,
  literalsHash,
  outputsOf,
  resultOf,
  typedInterface,
} from "../../../../../runtime/flyte/literals/literals.ts";
import { Duration } from "../../../../../runtime/types/duration.ts";
import { duration, json, key, leaf, mapped, typedValue } from "../../../../support/typed-values.ts";

test("what is encoded for a type is decoded to the same, over the wire", async () => {
  await fc.assert(
    fc.asyncProperty(typedValue, async ({ schema, value }) => {
      const variables =
        typedInterface({ name: "t", inputs: { x: schema } }).inputs?.variables ?? {};
      const map = await encodeMap({ x: value }, variables, {});
      const wire = fromBinary(LiteralMapSchema, toBinary(LiteralMapSchema, map));
      const { x } = await decodeMap(wire, variables, {});
      deepStrictEqual(x, value);
    }),
    { numRuns: 300 },
  );
});

test("a duration is exact to the nanosecond", async () => {
  const { variables = {} } =
    typedInterface({ name: "t", inputs: { x: z.instanceof(Duration) } }).inputs ?? {};
  await fc.assert(
    fc.asyncProperty(duration, async (value) => {
      const { x } = await decodeMap(await encodeMap({ x: value }, variables, {}), variables, {});
      deepStrictEqual(x, value);
    }),
  );
});

test("outputs come back as they were given, in any number and order", async () => {
  const schemas = fc.array(leaf, { minLength: 2, maxLength: 13 });
  const outputs = schemas.chain((all) =>
    fc.record({ all: fc.constant(all), values: fc.tuple(...all.map(({ value }) => value)) }),
  );
  await fc.assert(
    fc.asyncProperty(outputs, async ({ all, values }) => {
      const [first, ...rest] = all.map(({ schema }) => schema);
      if (!first) return;
      const of = { name: "t", output: z.tuple([first, ...rest]) };
      const { variables = {} } = typedInterface(of).outputs ?? {};
      const map = await encodeMap(outputsOf(of, values), variables, {});
      // The wire has no order.
      map.literals = Object.fromEntries(Object.entries(map.literals).reverse());
      deepStrictEqual(resultOf(await decodeMap(map, variables, {}), variables), values);
    }),
    { numRuns: 50 },
  );
});

const anyVariables =
  typedInterface({ name: "t", inputs: { x: z.record(z.string(), z.any()) } }).inputs?.variables ??
  {};
const mapVariables =
  typedInterface({ name: "t", inputs: { x: z.record(z.string(), z.record(z.string(), z.int())) } })
    .inputs?.variables ?? {};

test("the hash of equal values is equal, whatever the order of their keys", async () => {
  const ints = fc.dictionary(key, fc.dictionary(key, fc.integer(), { noNullPrototype: true }), {
    noNullPrototype: true,
  });
  await fc.assert(
    fc.asyncProperty(ints, async (value) => {
      const turned = mapped(reversed(value), reversed);
      for (const variables of [anyVariables, mapVariables]) {
        const [a, b] = [
          await encodeMap({ x: value }, variables, {}),
          await encodeMap({ x: turned }, variables, {}),
        ];
        expect(literalsHash(a)).toBe(literalsHash(b));
        const wire = fromBinary(LiteralMapSchema, toBinary(LiteralMapSchema, a));
        expect(literalsHash(wire)).toBe(literalsHash(a));
      }
    }),
  );
});

function reversed<T>(of: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(of).reverse());
}

test("the hashes of different values are different", async () => {
  const variables = anyVariables;
  const seen = new Map<string, string>();
  await fc.assert(
    fc.asyncProperty(fc.dictionary(key, json, { noNullPrototype: true }), async (x) => {
      const map = await encodeMap({ x }, variables, {});
      const hash = literalsHash(map);
      const { x: read } = await decodeMap(map, variables, {});
      const said = JSON.stringify(sorted(read), (_, one) => (Object.is(one, -0) ? "-0" : one));
      expect(seen.get(hash) ?? said).toBe(said);
      seen.set(hash, said);
    }),
  );
  expect(new Set(seen.values()).size).toBe(seen.size);
});

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, one]) => [name, sorted(one)]);
}
