/**
 * One part of the suite `remote`, in a process of its own; prints its figures as one line of JSON. Measures `dist/`.
 *
 * `node measure.ts PART ENDPOINT COUNT`
 * @module
 */
import { mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { distFolder } from "../../support/dist.ts";
import { tempFolder } from "../../support/temp-folder.ts";

type Eagerdeck = typeof import("../../../runtime/index.ts");
const [, , part = "", endpoint = "", countText = "0"] = process.argv;
const count = Number(countText);

const eagerdeck = async (): Promise<Eagerdeck> =>
  await import(pathToFileURL(`${distFolder}/runtime/index.js`).href);

const load = async () => {
  const { Config, FlyteRemote, eager } = await eagerdeck();
  const remote = new FlyteRemote({
    config: Config.forEndpoint(endpoint, { insecure: true }),
    ...{ defaultProject: "flytesnacks", defaultDomain: "development" },
    ...(part === "fan" && { launches: { running: count } }),
  });
  return { eager, remote };
};

const figures: Record<string, unknown> = {};

if (part === "load") {
  await load();
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const start = performance.now();
  for (const name of ["executor", "connection"]) {
    await import(pathToFileURL(`${distFolder}/runtime/flyte/${name}.js`).href);
  }
  figures["ms"] = performance.now() - start;
  figures["mb"] = (process.memoryUsage().rss - before) / 1e6;
}

if (part === "await") {
  const { eager, remote } = await load();
  const echo = await remote.fetchTask<{ x: number }, number>("bench.echo");
  const flow = eager({ name: "flow", remote }, async () => {
    const times: number[] = [];
    for (let x = 0; x < count; x++) {
      const start = performance.now();
      if ((await echo({ x })) !== x) throw new Error("another value came back");
      times.push(performance.now() - start);
    }
    return times;
  });
  figures["ms"] = await flow();
}

if (part === "fan") {
  const { eager, remote } = await load();
  const echo = await remote.fetchTask<{ x: number }, number>("bench.echo");
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const flow = eager({ name: "flow", remote }, async () => {
    const values = await Promise.all(Array.from({ length: count }, (_, x) => echo({ x })));
    if (values.some((value, index) => value !== index)) throw new Error("other values came back");
  });
  const start = performance.now();
  await flow();
  figures["s"] = (performance.now() - start) / 1_000;
  globalThis.gc?.();
  figures["keptKb"] = (process.memoryUsage().heapUsed - before) / count / 1_000;
}

if (part === "hold" || part === "cancel") {
  const { eager, remote } = await load();
  const wait = await remote.fetchTask<{ x: number }, number>("bench.wait");
  const flow = eager({ name: "flow", remote }, async () => {
    await Promise.all(Array.from({ length: count }, (_, x) => wait({ x })));
  });
  const call = flow();
  call.catch(() => undefined);
  // The suite says when: it sees at the server how many run.
  await new Promise<void>((resolve) => process.stdin.once("data", () => resolve()));
  const start = performance.now();
  call.cancel(new Error("the benchmark is over"));
  const { finished }: typeof import("../../../runtime/workflow/leaving.ts") = await import(
    pathToFileURL(`${distFolder}/runtime/workflow/leaving.js`).href
  );
  await finished(30_000);
  figures["s"] = (performance.now() - start) / 1_000;
}

if (part === "register") {
  const { remote } = await load();
  const makers = Array.from(
    { length: count },
    (_, n) =>
      `export const t${n} = task({ inputs: { x: z.int() }, output: z.int() }, function t${n}({ x }) { return x + ${n}; });`,
  );
  using folder = tempFolder({
    "package.json": `{ "type": "module" }`,
    "tasks.ts": ['import { task, z } from "eagerdeck";', ...makers].join("\n"),
  });
  mkdirSync(join(folder.path, "node_modules"));
  symlinkSync(resolve(distFolder, ".."), join(folder.path, "node_modules/eagerdeck"));
  const tasks = await import(pathToFileURL(join(folder.path, "tasks.ts")).href);
  const first = await remote.register(tasks, { image: "bench" });
  const again = new (await eagerdeck()).FlyteRemote({
    config: (await eagerdeck()).Config.forEndpoint(endpoint, { insecure: true }),
    ...{ defaultProject: "flytesnacks", defaultDomain: "development" },
  });
  const start = performance.now();
  const second = await again.register(tasks, { image: "bench" });
  figures["s"] = (performance.now() - start) / 1_000;
  const states = [first, second].map(({ entities }) => entities.map(({ state }) => state).join());
  const wanted = ["created", "unchanged"].map((state) => Array(count).fill(state).join());
  if (states.join(";") !== wanted.join(";")) throw new Error(`registered otherwise: ${states}`);
}

console.log(JSON.stringify(figures));
process.exit(0);
