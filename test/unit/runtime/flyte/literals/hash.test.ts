import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { z } from "zod";
import { FlyteFile } from "../../../../../runtime/flyte/blobs.ts";
import { LiteralMapSchema } from "../../../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import {
  encodeMap,
  literalsHash,
  typedInterface,
} from "../../../../../runtime/flyte/literals/literals.ts";
import { Duration } from "../../../../../runtime/types/duration.ts";

async function hashOf(schema: z.ZodType, value: unknown): Promise<string> {
  return hashOfAll({ x: schema }, { x: value });
}

async function hashOfAll(
  inputs: Record<string, z.ZodType>,
  values: Record<string, unknown>,
  ignore?: readonly string[],
): Promise<string> {
  const variables = typedInterface({ name: "t", inputs }).inputs?.variables ?? {};
  return literalsHash(await encodeMap(values, variables, {}), ignore);
}

test("no two of these are the same", async () => {
  const rows: [z.ZodType, unknown][] = [
    [z.int(), 0],
    [z.int(), 1],
    [z.number(), 1],
    [z.number(), 0],
    [z.number(), -0],
    [z.number(), Number.NaN],
    [z.string(), "1"],
    [z.string(), ""],
    [z.boolean(), true],
    [z.boolean(), false],
    [z.null(), null],
    [z.int().nullable(), 1],
    [z.int().nullable(), null],
    [z.union([z.number(), z.string()]), 1],
    [z.array(z.int()), []],
    [z.array(z.int()), [1]],
    [z.array(z.array(z.int())), [[1], []]],
    [z.array(z.array(z.int())), [[], [1]]],
    [z.array(z.string()), ["ab", "c"]],
    [z.array(z.string()), ["a", "bc"]],
    [z.record(z.string(), z.string()), { a: "bc" }],
    [z.record(z.string(), z.string()), { ab: "c" }],
    [z.record(z.string(), z.string()), {}],
    [z.any(), {}],
    [z.any(), 1],
    [z.any(), 1.5],
    [z.date(), new Date(0)],
    [z.date(), new Date(1)],
    [z.instanceof(Duration), new Duration({ nanos: 1 })],
    [z.instanceof(Duration), new Duration({ seconds: 1 })],
    [FlyteFile.schema(), FlyteFile.at("s3://b/1")],
    [FlyteFile.schema(), FlyteFile.at("s3://b/2")],
  ];
  const hashes = await Promise.all(rows.map(([schema, value]) => hashOf(schema, value)));
  expect(new Set(hashes).size).toBe(rows.length);
  for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
});

test("keys that JavaScript puts first, and any other order, do not matter", async () => {
  const schema = z.record(z.string(), z.int());
  const [a, b] = [
    new Map([
      ["b", 1],
      ["7", 2],
    ]),
    new Map([
      ["7", 2],
      ["b", 1],
    ]),
  ].map(Object.fromEntries);
  expect(await hashOf(schema, a)).toBe(await hashOf(schema, b));
  const inputs = { a: z.int(), b: z.int() };
  expect(await hashOfAll(inputs, { a: 1, b: 2 })).toBe(await hashOfAll(inputs, { b: 2, a: 1 }));
  expect(await hashOfAll(inputs, { a: 1, b: 2 })).not.toBe(await hashOfAll(inputs, { a: 2, b: 1 }));
});

test("ignored inputs do not count, the others do", async () => {
  const inputs = { a: z.int(), b: z.int() };
  const of = (a: number, b: number) => hashOfAll(inputs, { a, b }, ["b"]);
  expect(await of(1, 2)).toBe(await of(1, 3));
  expect(await of(1, 2)).not.toBe(await of(2, 2));
  expect(await hashOfAll(inputs, { a: 1, b: 2 })).not.toBe(await of(1, 2));
});

test("a file with a digest is its content, wherever it lies", async () => {
  const at = (uri: string, digest: string) =>
    hashOf(FlyteFile.schema(), FlyteFile.at(uri, { digest }));
  expect(await at("s3://b/1", "d")).toBe(await at("s3://b/2", "d"));
  expect(await at("s3://b/1", "d")).not.toBe(await at("s3://b/1", "e"));
});

test("a hash is the same in every version: executions are found again by it", async () => {
  expect(literalsHash(create(LiteralMapSchema))).toBe(
    "54da95a1b1e513613ebf615b458fd2f3a082f605cdecd1052e1361734aefc975",
  );
  const inputs = {
    n: z.int(),
    at: z.date(),
    order: z.object({ tags: z.array(z.string()) }),
    m: z.record(z.string(), z.number().nullable()),
  };
  const values = { n: 1, at: new Date(0), order: { tags: ["a"] }, m: { b: 0.5, a: null } };
  expect(await hashOfAll(inputs, values)).toBe(
    "e690e3ad45323ee5a4e185976f409f430a912a10ad644eb2f90d509f62bbf83f",
  );
});
