/**
 * The workflow engine: what a call costs, many calls, threads, cache, and what an import loads.
 *
 * Each part runs in a process of its own (`workflow/measure.ts`). "Observed" is as in a session: every event is
 * folded to records, which are kept; the user's values, which a session keeps too, are not counted.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { distFolder } from "../support/dist.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { type Bench, median, repeat, type Samples } from "./bench.ts";
import { lastLine, npmPeer, type Peer, pythonPeer } from "./peers.ts";
import type { Figures } from "./workflow/measure.ts";

export const peer = "the other";

const here = (file: string) => fileURLToPath(new URL(`workflow/${file}`, import.meta.url));

export async function run(bench: Bench): Promise<void> {
  const calls = await callCosts(bench);
  await fanOuts(bench);
  await entities(bench);
  await threads(bench);
  await imports(bench);
  await others(bench, calls);
}

/** A part of `measure.ts`. */
async function part(bench: Bench, name: string, count: number) {
  bench.step(`${name}, ${count.toLocaleString("en-US")}`);
  const figures = await lastLine<Figures>(process.execPath, [
    "--expose-gc",
    "--disable-warning=ExperimentalWarning",
    here("measure.ts"),
    name,
    String(count),
  ]);
  return (key: string): Samples => {
    const samples = figures[key];
    if (samples === undefined) throw new Error(`${name} did not measure ${key}`);
    return samples;
  };
}

const over = (samples: Samples, base: Samples) => samples.map((value) => value - median(base));

interface CallCosts {
  readonly awaitedUs: Samples;
  readonly fanUs: Samples;
}

async function callCosts(bench: Bench): Promise<CallCosts> {
  const count = bench.isQuick ? 5_000 : 100_000;
  const of = await part(bench, "calls", count);
  const bare = of("function_");
  const note = `${count.toLocaleString("en-US")} awaited calls in one scope; a bare async function took ${median(bare).toFixed(2)} µs`;
  const rows = [
    ["local call over a bare async function, no schema", "unchecked", 10, note],
    ["local call over a bare async function, with schema", "withSchema", 20, undefined],
    ["the same observed, no schema", "uncheckedFolded", undefined, undefined],
    ["the same observed, with schema", "withSchemaFolded", undefined, undefined],
  ] as const;
  for (const [what, key, target, said] of rows)
    bench.add({ what, unit: "µs", ours: over(of(key), bare), target, note: said });

  const fan = await part(bench, "fan", count);
  const title = `fan-out of ${count.toLocaleString("en-US")} with Promise.all`;
  bench.add({
    what: `${title}, observed`,
    unit: "s",
    ours: fan("observed").map((ms) => ms / 1_000),
    target: 3,
  });
  bench.add({
    what: `${title}, nobody listens`,
    unit: "s",
    ours: fan("unobserved").map((ms) => ms / 1_000),
    target: 3,
  });
  bench.add({
    what: "kept per record",
    unit: "B",
    ours: fan("bytes"),
    target: 1_500,
    note: `heap after the run, divided by its ${fan("records")[0]?.toLocaleString("en-US")} records; other calls are only counted`,
  });
  return {
    awaitedUs: of("unchecked"),
    fanUs: fan("unobserved").map((ms) => (ms * 1_000) / count),
  };
}

async function fanOuts(bench: Bench): Promise<void> {
  const count = bench.isQuick ? 20_000 : 1_000_000;
  const size = count.toLocaleString("en-US");
  for (const [name, what] of [
    ["many", `fan-out of ${size}, nobody listens`],
    ["manyFolded", `fan-out of ${size}, observed`],
    ["manyMapped", `mapTask of ${size}, 8 at once, observed`],
  ] as const) {
    const of = await part(bench, name, count);
    bench.add({ what, unit: "s", ours: of("ms").map((ms) => ms / 1_000) });
    bench.add({
      what: `${what}: peak`,
      unit: "MB",
      ours: of("peakMb"),
      note: `resident, with Node itself; heap kept afterwards ${median(of("keptMb")).toFixed(1)} MB`,
    });
  }
  const mapped = bench.isQuick ? 5_000 : 100_000;
  const of = await part(bench, "map", mapped);
  const title = `mapTask of ${mapped.toLocaleString("en-US")}`;
  const seconds = (key: string) => of(key).map((ms) => ms / 1_000);
  bench.add({ what: `${title}, observed`, unit: "s", ours: seconds("observed"), target: 3 });
  bench.add({ what: `${title}, nobody listens`, unit: "s", ours: seconds("unobserved") });
  bench.add({ what: `${title}, 8 at once, nobody listens`, unit: "s", ours: seconds("byEight") });
}

async function entities(bench: Bench): Promise<void> {
  const nodes = bench.isQuick ? 100 : 1_000;
  const graph = await part(bench, "graph", nodes);
  const note = `a chain of ${nodes.toLocaleString("en-US")}`;
  bench.add({
    what: "static workflow, compiling a node",
    unit: "µs",
    ours: graph("compileUs"),
    note,
  });
  bench.add({ what: "static workflow, running a node", unit: "µs", ours: graph("runUs") });

  const retries = await part(bench, "retries", bench.isQuick ? 1_000 : 10_000);
  bench.add({
    what: "call with retries that needs none",
    unit: "µs",
    ours: retries("unused"),
    note: "with the awaited function, like all rows from here on",
  });
  bench.add({
    what: "call that succeeds at its third attempt",
    unit: "µs",
    ours: retries("twice"),
    note: "no pause between attempts; all calls at once",
  });
  bench.add({ what: "group around one call", unit: "µs", ours: retries("grouped") });

  const cache = await part(bench, "cache", bench.isQuick ? 1_000 : 10_000);
  bench.add({
    what: "cache hit",
    unit: "µs",
    ours: cache("hit"),
    note: "hashing the inputs and asking a store in memory",
  });
  bench.add({ what: "cache miss, value kept", unit: "µs", ours: cache("miss") });
}

async function threads(bench: Bench): Promise<void> {
  const of = await part(bench, "thread", bench.isQuick ? 200 : 5_000);
  try {
    of("call");
  } catch {
    bench.skip("threads", "this build has no thread executor");
    return;
  }
  bench.add({ what: "call in a thread, awaited", unit: "ms", ours: of("call"), target: 0.2 });
  bench.add({ what: "call in a thread, all at once", unit: "ms", ours: of("fan"), target: 0.2 });
  bench.add({
    what: "8 CPU-bound calls at once against one after the other",
    unit: "×",
    ours: of("faster"),
    peer: of("byHand"),
    atLeast: 1.8,
    note: "on two processors 2 is the most; the other: two plain worker threads at the same moment",
  });
}

/** None of these has a place in plain Node. */
const HEAVY =
  /^(zeromq|ink|react|react-dom|typescript|typescript-native|piscina|ts-node|oxc-.*|markdown-it|parse5|@dagrejs\/dagre|@grpc\/.*|@connectrpc\/.*)$/;

const LISTS_MODULES = `
  import { registerHooks } from "node:module";
  const urls = [];
  registerHooks({ load(url, context, next) { urls.push(url); return next(url, context); } });
  await import(process.argv[1]);
  // What was required without hooks, if anything ever is, stands in the list of the CommonJS loader.
  const { createRequire } = await import("node:module");
  urls.push(...Object.keys(createRequire(import.meta.url).cache));
  console.log(JSON.stringify(urls));`;

async function imports(bench: Bench): Promise<void> {
  bench.step("import");
  const index = pathToFileURL(join(distFolder, "runtime/index.js")).href;
  const fresh = <T>(code: string) =>
    lastLine<T>(process.execPath, ["--input-type=module", "--eval", code, index]);
  const time = (url: string) =>
    repeat(bench.isQuick ? 3 : 21, () =>
      fresh<number>(
        `const start = performance.now(); await import(${JSON.stringify(url)}); console.log(performance.now() - start);`,
      ),
    );
  const ours = await time(index);
  const urls = await fresh<string[]>(LISTS_MODULES);
  const packages = new Map<string, number>();
  for (const url of urls) {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(url)?.[1];
    if (name !== undefined) packages.set(name, (packages.get(name) ?? 0) + 1);
  }
  bench.add({
    what: 'import "eagerdeck"',
    unit: "ms",
    ours,
    target: 60,
    note: `fresh processes, in the process; packages with their files: ${[...packages].map(([name, files]) => `${name} ${files}`).join(", ") || "none"}`,
  });
  bench.add({
    what: "heavy packages loaded by it",
    unit: "",
    ours: [[...packages.keys()].filter((name) => HEAVY.test(name)).length],
    target: 0,
  });
  bench.add({
    what: "of it zod alone",
    unit: "ms",
    ours: await time(import.meta.resolve("zod")),
    note: "the part of which ours cannot be less while z is exported as it is",
  });
}

interface PerCall {
  readonly version: string;
  readonly callMs: Samples;
  readonly fanMs: Samples;
}
interface NpmFigures {
  readonly version: string;
  readonly callUs: Samples;
  readonly fanUs: Samples;
}

async function others(bench: Bench, { awaitedUs, fanUs }: CallCosts): Promise<void> {
  using folder = tempFolder();
  const calls = bench.isQuick ? 1_000 : 100_000;
  const flytekit = await pythonPeer<PerCall>(bench, "flytekit_calls.py", ["300"]);
  const prefect = await pythonPeer<PerCall>(bench, "prefect_calls.py", ["50"], {
    PREFECT_HOME: join(folder.path, "prefect"),
    PREFECT_LOGGING_LEVEL: "ERROR",
    PREFECT_SERVER_ANALYTICS_ENABLED: "false",
  });
  const npm = await npmPeer(bench, ["p-queue", "effect"], folder.path, () =>
    lastLine<Record<"p-queue" | "effect", NpmFigures>>(process.execPath, [
      "--disable-warning=ExperimentalWarning",
      here("npm-peers.ts"),
      folder.path,
      String(calls),
    ]),
  );
  const add = (name: string, found: Peer<NpmFigures>, note: string) => {
    if (!found.ok) {
      bench.skip(`beside ${name}`, found.why);
      return;
    }
    const { version, callUs, fanUs: theirs } = found.figures;
    const title = `beside ${name} ${version}`;
    bench.add({
      what: `${title}: an awaited call`,
      unit: "µs",
      ours: awaitedUs,
      peer: callUs,
      note,
    });
    bench.add({ what: `${title}: a call of a fan-out`, unit: "µs", ours: fanUs, peer: theirs });
  };
  add(
    "flytekit's eager",
    microseconds(flytekit),
    "local, 300 calls; both without a deck being looked at",
  );
  add("Prefect", microseconds(prefect), "its ephemeral server, 50 calls");
  for (const name of ["p-queue", "effect"] as const) {
    const found: Peer<NpmFigures> = npm.ok ? { ok: true, figures: npm.figures[name] } : npm;
    add(name, found, "which keeps no record of a call");
  }
}

function microseconds(peer: Peer<PerCall>): Peer<NpmFigures> {
  if (!peer.ok) return peer;
  const { version, callMs, fanMs } = peer.figures;
  const us = (samples: Samples) => samples.map((ms) => ms * 1_000);
  return { ok: true, figures: { version, callUs: us(callMs), fanUs: us(fanMs) } };
}
