import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eager, task, z } from "../../../../runtime/index.ts";
import {
  type CacheEntry,
  type CacheStore,
  setCacheStore,
} from "../../../../runtime/workflow/cache.ts";
import { Run } from "../../../../runtime/workflow/run.ts";
import { observedEvents } from "../../../support/observed-events.ts";

/** Keeps entries in memory; what a real store does with values is its own tests' business. */
class ShelfStore implements CacheStore {
  readonly entries: CacheEntry[] = [];
  get = (key: string) => this.entries.findLast((entry) => entry.key === key);
  newestOf = (name: string) => this.entries.findLast((entry) => entry.name === name);
  put(entry: CacheEntry): string | undefined {
    if (typeof entry.value === "function") return "a function cannot be kept";
    this.entries.push(entry);
    return undefined;
  }
}

let store: ShelfStore;
let runs: number;
beforeEach(() => {
  store = new ShelfStore();
  runs = 0;
  setCacheStore(async () => store);
});
afterEach(() => setCacheStore(undefined));

function cached(
  options: object = {},
  body: (given: { x: number; y: number }) => unknown = ({ x }) => x * 10,
) {
  return task(
    { name: "cached", inputs: { x: z.int(), y: z.int().default(0) }, cache: true, ...options },
    (given) => {
      runs++;
      return body(given);
    },
  );
}

/** What the deck says of one call. */
async function said(call: () => Promise<unknown>): Promise<[state: string, reason: string]> {
  using observed = observedEvents();
  await call();
  const [settled] = observed.of("call-settled");
  return [settled?.state ?? "", `${settled?.cache?.outcome}: ${settled?.cache?.reason}`];
}

describe("the cache", () => {
  test("gives the value of the same inputs without a second run, and says since when it has it", async () => {
    const t = cached();
    expect(await said(() => t({ x: 1 }))).toEqual(["ok", "miss: first time"]);
    const [state, reason] = await said(() => t({ x: 1 }));
    expect(state).toBe("cached");
    expect(reason).toMatch(/^hit: same inputs as at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
    expect(await t({ x: 1, y: 0 })).toBe(10); // as the schemas make them
    expect(runs).toBe(1);
  });

  test.each([0, "", false, null, undefined, Number.NaN, 0n])("gives back %s too", async (value) => {
    const t = cached({}, () => value);
    await t({ x: 1 });
    expect(await t({ x: 1 })).toBe(value);
    expect(runs).toBe(1);
  });

  test("says which input changed", async () => {
    const t = cached();
    await t({ x: 1, y: 1 });
    expect(await said(() => t({ x: 1, y: 2 }))).toEqual([
      "ok",
      "miss: input y changed since the last call",
    ]);
    expect(await said(() => t({ x: 3, y: 4 }))).toEqual([
      "ok",
      "miss: inputs x, y changed since the last call",
    ]);
  });

  test("does not look at inputs that are ignored", async () => {
    const t = cached({ cache: { ignore: ["y"] } });
    await t({ x: 1, y: 1 });
    expect(await said(() => t({ x: 1, y: 2 }))).toEqual([
      "cached",
      expect.stringMatching(/^hit: /),
    ]);
  });

  test("is another one for another version, another function, another interface", async () => {
    await cached({ cache: { version: "1" } })({ x: 1 });
    const next = cached({ cache: { version: "2" } });
    expect(await said(() => next({ x: 1 }))).toEqual([
      "ok",
      "miss: the version changed from 1 to 2",
    ]);
    const byCode = (body: () => number) => task({ name: "other", cache: true }, body);
    await byCode(() => 1)();
    expect(await said(() => byCode(() => 2)())).toEqual(["ok", "miss: the function changed"]);
    const asText = task(
      { name: "cached", inputs: { x: z.string() }, cache: { version: "2" } },
      ({ x }) => x,
    );
    expect(await said(() => asText({ x: "1" }))).toEqual(["ok", "miss: its interface changed"]);
  });

  test("a value expires", async () => {
    const t = cached({ cache: { ttl: "1h" } });
    await t({ x: 1 });
    expect((await said(() => t({ x: 1 })))[0]).toBe("cached");
    store.entries[0] = { ...(store.entries[0] as CacheEntry), storedAt: Date.now() - 7_200_000 };
    expect(await said(() => t({ x: 1 }))).toEqual(["ok", "miss: expired: it was 2 h 00 m old"]);
  });

  test("can be switched off or renewed for one call", async () => {
    const t = cached();
    await t({ x: 1 });
    expect(await said(() => t.with({ cache: false })({ x: 1 }))).toEqual([
      "ok",
      "off: switched off for this call",
    ]);
    expect(await said(() => t.with({ cache: { refresh: true } })({ x: 1 }))).toEqual([
      "ok",
      "miss: refresh was asked for",
    ]);
    expect([runs, store.entries.length]).toEqual([3, 2]);
  });

  test("is off for an input that differs where nobody sees it", async () => {
    class Hidden {
      #value: number;
      constructor(value: number) {
        this.#value = value;
      }
      get value() {
        return this.#value;
      }
    }
    const reads = task({ name: "reads", cache: true }, ({ of }: { of: Hidden }) => of.value);
    expect([await reads({ of: new Hidden(1) }), await reads({ of: new Hidden(2) })]).toEqual([
      1, 2,
    ]);
    const calls = task({ name: "calls", cache: true }, ({ f }: { f: () => number }) => f());
    const give = (n: number) => () => n;
    expect([await calls({ f: give(1) }), await calls({ f: give(2) })]).toEqual([1, 2]);
    expect(await said(() => calls({ f: give(3) }))).toEqual([
      "ok",
      "off: the input f is a function; cache.ignore can leave it out",
    ]);
    const inverse = task({ name: "inverse", cache: true }, ({ x }: { x: number }) => 1 / x);
    expect([await inverse({ x: 0 }), await inverse({ x: -0 })]).toEqual([
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
  });

  test("keeps a value under the inputs it was made from, also when they changed while it waited", async () => {
    const reads = task({ name: "reads", cache: true }, async ({ o }: { o: { v: number } }) => o.v);
    const both = eager({ name: "both", concurrency: 1 }, async () => {
      const o = { v: 1 };
      const first = reads({ o: { v: 0 } });
      const second = reads({ o });
      o.v = 2;
      return [await first, await second];
    });
    expect(await both()).toEqual([0, 2]);
    expect(await reads({ o: { v: 1 } })).toBe(1);
  });

  test("keeps no failure", async () => {
    const t = cached({}, () => {
      throw new Error("no");
    });
    await t({ x: 1 }).catch(() => undefined);
    await t({ x: 1 }).catch(() => undefined);
    expect([runs, store.entries.length]).toEqual([2, 0]);
  });

  test("says why a value is not kept", async () => {
    const t = cached({}, () => () => 1);
    expect(await said(() => t({ x: 1 }))).toEqual([
      "ok",
      "miss: first time; its value is not kept: a function cannot be kept",
    ]);
  });

  const sound: CacheStore = {
    get: () => undefined,
    newestOf: () => undefined,
    put: () => undefined,
  };
  const broken = (message: string) => (): never => {
    throw new Error(message);
  };
  test.each([
    [
      "opened",
      () => Promise.reject(new Error("no disk")),
      "off: the cache cannot be opened: Error: no disk",
    ],
    [
      "read",
      async () => ({ ...sound, get: broken("torn") }),
      "off: the cache cannot be read: Error: torn",
    ],
    [
      "written",
      async () => ({ ...sound, put: broken("full") }),
      "miss: first time; its value is not kept: Error: full",
    ],
  ] as const)(
    "that cannot be %s does not hurt the call",
    async (_, open: () => Promise<CacheStore>, reason) => {
      setCacheStore(open);
      const t = cached();
      expect(await said(() => t({ x: 2 }))).toEqual(["ok", reason]);
      expect(await t({ x: 2 })).toBe(20);
    },
  );

  test("a call cancelled while it looks for a value never starts", async () => {
    const t = cached();
    const call = t({ x: 1 });
    call.cancel();
    await call.catch(() => undefined);
    expect([call.state, runs]).toEqual(["cancelled", 0]);
  });
});

describe("a run that goes on with an earlier one", () => {
  test("asks by path, number and inputs, and takes what it is given", async () => {
    const asked: string[] = [];
    const run = new Run({
      title: "again",
      reuse: ({ path, nths, inputs }) => {
        asked.push(`${path.join("/")} ${nths.join(".")} ${JSON.stringify(inputs)}`);
        return nths.at(-1) === 1 ? { value: undefined, callId: "t7" } : { why: "it is another" };
      },
    });
    const leaf = task({ name: "leaf" }, ({ n }: { n: number }) => n);
    using observed = observedEvents();
    const values = await run.enter(() => Promise.all([leaf({ n: 1 }), leaf({ n: 2 })]));
    expect(values).toEqual([1, undefined]);
    expect(asked).toEqual(['leaf 0 {"n":1}', 'leaf 1 {"n":2}']);
    expect(observed.of("call-settled").map(({ state, cache }) => [state, cache?.reason])).toEqual([
      ["ok", "not reused: it is another"],
      ["cached", "reused from t7"],
    ]);
  });
});
