/**
 * One part of the workflow suite, in a process of its own, so that no part pays for the heap of another:
 * `node --expose-gc measure.ts PART COUNT`. Prints one line of JSON: a list of samples by name.
 * @module
 */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { distFolder } from "../../support/dist.ts";
import { repeat, timed } from "../bench.ts";

type TaskContext = import("../../../runtime/index.ts").TaskContext;
type Api = typeof import("../../../runtime/index.ts");
type Engine = typeof import("../../../runtime/workflow/engine.ts");
type Fold = typeof import("../../../runtime/events/records.ts");
type Cache = typeof import("../../../runtime/workflow/cache.ts");

export type Figures = Readonly<Record<string, readonly number[]>>;

const load = (file: string): Promise<unknown> => import(pathToFileURL(join(distFolder, file)).href);
const { eager, group, mapTask, task, workflow, z } = (await load("runtime/index.js")) as Api;
const { observe } = (await load("runtime/workflow/engine.js")) as Engine;
const { Records } = (await load("runtime/events/records.js")) as Fold;

const SAMPLES = 5;

const plain = async ({ x }: { x: number }) => x + 1;
const bare = task(async function bare({ x }: { x: number }) {
  return x + 1;
});
const checked = task({ inputs: { x: z.int() }, output: z.int() }, async function checked({ x }) {
  return x + 1;
});

/** Awaits `call` so many times, one after the other, in one scope. @returns microseconds of one. */
const inScope = eager(async function inScope({
  call,
  count,
}: {
  call: (inputs: { x: number }) => Promise<number>;
  count: number;
}) {
  const ms = await timed(async () => {
    for (let x = 0; x < count; x++) await call({ x });
  });
  return (ms * 1_000) / count;
});

const fanOut = eager(async function fanOut({ count }: { count: number }) {
  const values = await Promise.all(Array.from({ length: count }, (_, x) => bare({ x })));
  return values.length;
});

async function perCall(call: (inputs: { x: number }) => Promise<number>, count: number) {
  await inScope({ call, count: Math.min(count, 20_000) });
  return repeat(SAMPLES, () => inScope({ call, count }));
}

/** As a session does: every event is folded, and the records are kept. */
function folding(): { readonly records: InstanceType<Fold["Records"]> } & Disposable {
  const records = new Records();
  const stop = observe((event) => records.apply(event));
  return { records, [Symbol.dispose]: stop };
}

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error("node was started without --expose-gc");
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

const peakMb = () => process.resourceUsage().maxRSS / 1024;

/** How much faster this machine is right now with two threads than with one, without anything of ours. */
async function byHandFaster(rounds: number): Promise<number> {
  const code = `let state = 1; for (let i = 0; i < ${rounds}; i++) state = (state * 1103515245 + 12345) & 0x7fffffff;`;
  const burn = () => once(new Worker(code, { eval: true }), "exit");
  const oneByOneMs = await timed(async () => {
    for (let i = 0; i < 4; i++) await burn();
  });
  const lane = async () => {
    await burn();
    await burn();
  };
  return oneByOneMs / (await timed(() => Promise.all([lane(), lane()])));
}

const parts: Readonly<Record<string, (count: number) => Promise<Figures>>> = {
  async calls(count) {
    const function_ = await perCall(plain, count);
    const unchecked = await perCall(bare, count);
    const withSchema = await perCall(checked, count);
    using _fold = folding();
    return {
      function_,
      unchecked,
      withSchema,
      uncheckedFolded: await perCall(bare, count),
      withSchemaFolded: await perCall(checked, count),
    };
  },

  async fan(count) {
    await fanOut({ count: 2_000 });
    const unobserved = await repeat(3, () => timed(() => fanOut({ count })));
    const observed = await repeat(3, async () => {
      using _fold = folding();
      return timed(() => fanOut({ count }));
    });
    const before = heapBytes();
    const fold = folding();
    await fanOut({ count });
    fold[Symbol.dispose]();
    const kept = heapBytes() - before;
    const records = fold.records.runs().reduce((sum, run) => sum + run.calls.size, 0);
    return { unobserved, observed, bytes: [kept / records], records: [records] };
  },

  async many(count) {
    const before = heapBytes();
    const ms = await timed(() => fanOut({ count }));
    return { ms: [ms], peakMb: [peakMb()], keptMb: [(heapBytes() - before) / 2 ** 20] };
  },

  async manyFolded(count) {
    const before = heapBytes();
    const fold = folding();
    const ms = await timed(() => fanOut({ count }));
    const run = fold.records.runs()[0];
    fold[Symbol.dispose]();
    const counted = [...(run?.counts ?? new Map<string, number>()).values()];
    if (counted.reduce((sum, n) => sum + n, 0) !== count + 1) throw new Error("calls were lost");
    return { ms: [ms], peakMb: [peakMb()], keptMb: [(heapBytes() - before) / 2 ** 20] };
  },

  async map(count) {
    const inputs = () => Array.from({ length: count }, (_, x) => ({ x }));
    const all = mapTask(bare);
    const limited = mapTask(bare, { concurrency: 8 });
    await all(inputs().slice(0, 2_000));
    const unobserved = await repeat(3, () => timed(() => all(inputs())));
    const byEight = await repeat(3, () => timed(() => limited(inputs())));
    using _fold = folding();
    return {
      unobserved,
      byEight,
      observed: await repeat(3, () => timed(() => all(inputs()))),
    };
  },

  /** A million through a map that holds eight at once, its inputs made as they are taken. */
  async manyMapped(count) {
    const before = heapBytes();
    const fold = folding();
    const inputs = function* () {
      for (let x = 0; x < count; x++) yield { x };
    };
    const ms = await timed(() => mapTask(bare, { concurrency: 8 })(inputs()));
    fold[Symbol.dispose]();
    return { ms: [ms], peakMb: [peakMb()], keptMb: [(heapBytes() - before) / 2 ** 20] };
  },

  async graph(count) {
    const define = () =>
      workflow(function chain({ x }: { x: number }) {
        let value = bare({ x });
        for (let i = 1; i < count; i++) value = bare({ x: value });
        return value;
      });
    const compileUs = await repeat(
      SAMPLES,
      async () => ((await timed(() => define().graph)) * 1_000) / count,
    );
    const chain = define();
    await chain({ x: 0 });
    const runUs = await repeat(
      SAMPLES,
      async () => ((await timed(() => chain({ x: 0 }))) * 1_000) / count,
    );
    return { compileUs, runUs };
  },

  async retries(count) {
    const flaky = task(
      { retries: { count: 2, backoff: 0 } },
      async function flaky({ x }: { x: number }, { attempt }: TaskContext) {
        if (attempt < 3) throw new Error("not yet");
        return x;
      },
    );
    const settled = task({ retries: 2 }, async function settled({ x }: { x: number }) {
      return x;
    });
    return {
      unused: await perCall(settled, count),
      twice: await repeat(SAMPLES, async () => {
        const ms = await timed(() =>
          eager(async function all() {
            await Promise.all(Array.from({ length: count }, (_, x) => flaky({ x })));
          })({}),
        );
        return (ms * 1_000) / count;
      }),
      grouped: await repeat(SAMPLES, async () => {
        const ms = await timed(() =>
          eager(async function all() {
            for (let x = 0; x < count; x++) await group("part", () => bare({ x }));
          })({}),
        );
        return (ms * 1_000) / count;
      }),
    };
  },

  async cache(count) {
    const { setCacheStore } = (await load("runtime/workflow/cache.js")) as Cache;
    const values = new Map<string, { value: unknown; storedAt: number }>();
    setCacheStore(async () => ({
      get: (key) => values.get(key),
      newestOf: () => undefined,
      put: ({ key, value, storedAt }) => {
        values.set(key, { value, storedAt });
        return undefined;
      },
    }));
    const cached = task({ cache: true }, async function cached({ x }: { x: number }) {
      return x;
    });
    const same = () => cached({ x: 7 });
    await same();
    const hit = await perCall(same, count);
    const miss = await perCall(cached.with({ cache: { refresh: true } }), count);
    return { hit, miss };
  },

  async thread(count) {
    if (!existsSync(join(distFolder, "runtime/workflow/thread"))) return {};
    const { burn, idle } = await import("./thread-tasks.ts");
    const ROUNDS = 150_000_000;
    const EIGHT = Array.from({ length: 8 }, () => ({ rounds: ROUNDS }));
    await Promise.all(EIGHT.map(() => burn({ rounds: 1_000 })));
    const call = await repeat(SAMPLES, async () => (await inScope({ call: idle, count })) / 1_000);
    const fan = await repeat(SAMPLES, async () => {
      const ms = await timed(() =>
        Promise.all(Array.from({ length: count }, (_, x) => idle({ x }))),
      );
      return ms / count;
    });
    const faster = await repeat(3, async () => {
      const oneByOneMs = await timed(async () => {
        for (const inputs of EIGHT) await burn(inputs);
      });
      return oneByOneMs / (await timed(() => Promise.all(EIGHT.map((inputs) => burn(inputs)))));
    });
    return { call, fan, faster, byHand: await repeat(3, () => byHandFaster(ROUNDS)) };
  },
};

const [part = "", count = "1000"] = process.argv.slice(2);
const measured = await parts[part]?.(Number(count));
if (measured === undefined) throw new Error(`no part ${part}`);
console.log(JSON.stringify(measured));
process.exit(0);
