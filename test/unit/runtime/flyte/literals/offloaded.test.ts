import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  type Literal,
  LiteralMapSchema,
  LiteralSchema,
} from "../../../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import { decodeMap } from "../../../../../runtime/flyte/literals/literals.ts";
import { decoded, encoded, variablesOf } from "../../../../support/literals.ts";

/** Files in memory. `running` is told at each read how many run. */
class Files {
  readonly asked: string[] = [];
  readonly #files = new Map<string, Uint8Array>();
  #running = 0;
  most = 0;
  waiting: (() => void)[] = [];
  hold = false;

  put(uri: string, literal: Literal, sizeBytes = 0n): Literal {
    this.#files.set(uri, toBinary(LiteralSchema, literal));
    return create(LiteralSchema, {
      value: { case: "offloadedMetadata", value: { uri, sizeBytes } },
    });
  }

  async read(
    uri: string,
    { maxBytes = Infinity }: { maxBytes?: number } = {},
  ): Promise<Uint8Array> {
    this.asked.push(uri);
    this.most = Math.max(this.most, ++this.#running);
    if (this.hold) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else await Promise.resolve();
    this.#running--;
    const bytes = this.#files.get(uri);
    if (!bytes) throw new Error(`nothing at ${uri}`);
    expect(bytes.length).toBeLessThanOrEqual(maxBytes);
    return bytes;
  }
}

const list = z.array(z.int());

test("an offloaded value is read as if it were there, at any depth", async () => {
  const store = new Files();
  const inner = await encoded(list, [1, 2]);
  const offloaded = store.put("mem://a", inner);
  expect(await decoded(offloaded, list, { store })).toEqual([1, 2]);
  const lists = create(LiteralSchema, {
    value: { case: "collection", value: { literals: [inner, store.put("mem://b", inner)] } },
  });
  expect(await decoded(lists, z.array(list), { store })).toEqual([
    [1, 2],
    [1, 2],
  ]);
  const map = create(LiteralSchema, {
    value: { case: "map", value: { literals: { k: store.put("mem://c", lists) } } },
  });
  expect(await decoded(map, z.record(z.string(), z.array(list)), { store })).toEqual({
    k: [
      [1, 2],
      [1, 2],
    ],
  });
  const union = await encoded(list.nullable(), [1, 2]);
  const scalar = union.value.case === "scalar" ? union.value.value.value : undefined;
  if (scalar?.case !== "union") return expect.fail("no union");
  scalar.value.value = store.put("mem://d", inner);
  expect(await decoded(union, list.nullable(), { store })).toEqual([1, 2]);
});

test("the map that was given stays as it is", async () => {
  const store = new Files();
  const map = create(LiteralMapSchema, {
    literals: { x: store.put("mem://a", await encoded(list, [1])) },
  });
  for (const _ of [1, 2]) {
    expect(await decodeMap(map, variablesOf(list), { store })).toEqual({ x: [1] });
    expect(map.literals["x"]?.value.case).toBe("offloadedMetadata");
  }
});

test("eight are read at a time", async () => {
  const store = new Files();
  const one = await encoded(z.int(), 1);
  const literals = Array.from({ length: 30 }, (_, i) => store.put(`mem://${i}`, one));
  const many = create(LiteralSchema, { value: { case: "collection", value: { literals } } });
  expect(await decoded(many, list, { store })).toHaveLength(30);
  expect(store.most).toBe(8);
});

describe("what cannot be read is an error with its address", () => {
  test("without a storage, and what is not there", async () => {
    const store = new Files();
    const offloaded = store.put("mem://a", await encoded(list, []));
    await expect(decoded(offloaded, list)).rejects.toThrow(
      "a value is in mem://a, and there is no storage",
    );
    const gone = create(LiteralSchema, {
      value: { case: "offloadedMetadata", value: { uri: "mem://gone" } },
    });
    await expect(decoded(gone, list, { store })).rejects.toThrow("nothing at mem://gone");
  });

  test("what is too large, before it is read", async () => {
    const store = new Files();
    const offloaded = store.put("mem://a", await encoded(list, []), 300n * 1024n ** 2n);
    await expect(decoded(offloaded, list, { store })).rejects.toThrow(
      "let the task give a FlyteFile",
    );
    expect(store.asked).toEqual([]);
  });

  test("what is no literal", async () => {
    const store = { read: async () => new Uint8Array([0xff]) };
    const offloaded = new Files().put("mem://a", await encoded(list, []));
    await expect(decoded(offloaded, list, { store })).rejects.toThrow(
      "mem://a does not hold a literal",
    );
  });

  test("files that refer to each other without end", async () => {
    const store = new Files();
    store.put("mem://a", store.put("mem://b", store.put("mem://a", create(LiteralSchema))));
    const ring = store.put("mem://a", store.put("mem://a", create(LiteralSchema)));
    await expect(decoded(ring, list, { store })).rejects.toThrow(
      "refer to each other more than 8 times",
    );
  });

  test("after the first failure no further one is asked for", async () => {
    const store = new Files();
    const literals = Array.from({ length: 30 }, (_, i) =>
      create(LiteralSchema, {
        value: { case: "offloadedMetadata", value: { uri: `mem://gone/${i}` } },
      }),
    );
    const many = create(LiteralSchema, { value: { case: "collection", value: { literals } } });
    await expect(decoded(many, list, { store })).rejects.toThrow("nothing at mem://gone/");
    expect(store.asked.length).toBe(8);
  });

  test("an interrupt in the middle ends it", async () => {
    const store = new Files();
    store.hold = true;
    const stop = new AbortController();
    const one = await encoded(z.int(), 1);
    const literals = Array.from({ length: 10 }, (_, i) => store.put(`mem://${i}`, one));
    const many = create(LiteralSchema, { value: { case: "collection", value: { literals } } });
    const reading = decoded(many, list, { store, signal: stop.signal });
    const rejected = expect(reading).rejects.toThrow("stopped");
    stop.abort(new Error("stopped"));
    store.hold = false;
    for (const go of store.waiting) go();
    await rejected;
    expect(store.asked.length).toBe(8);
  });
});
