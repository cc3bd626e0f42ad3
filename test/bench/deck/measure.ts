/**
 * What decks weigh and take, in a process of its own: front ends set `NODE_ENV=production` before React is loaded.
 * `node measure.ts SAMPLES [PAGES]`; pages for a browser go to the folder PAGES. Prints one line of JSON.
 * @module
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { RuntimeEvent } from "../../../runtime/events/events.ts";
import type { RunRecord } from "../../../runtime/events/record-shape.ts";
import type { MimeBundle } from "../../../runtime/values/shape.ts";
import { errorOf, failedRun, wideRun } from "../../support/deck-runs.ts";
import { distFolder } from "../../support/dist.ts";
import { type CallOptions, RunEvents, START_MS } from "../../support/run-events.ts";
import { repeat, type Samples, timed } from "../bench.ts";

type Views = typeof import("../../../runtime/deck/views.ts");
type Fold = typeof import("../../../runtime/events/records.ts");
type Previews = typeof import("../../../runtime/values/preview.ts");

export type DeckFigures = Readonly<Record<string, Samples>>;

const load = (file: string): Promise<unknown> => import(pathToFileURL(join(distFolder, file)).href);
const views = (await load("runtime/deck/views.js")) as Views;
const { Records } = (await load("runtime/events/records.js")) as Fold;
const { preview } = (await load("runtime/values/preview.js")) as Previews;

const [samplesText = "5", pages] = process.argv.slice(2);
const samples = Number(samplesText);
const figures: Record<string, Samples> = {};

/** Four steps for each page of a site: inputs, tables, errors and typed arrays as people have them. */
function siteRun(calls: number): RunEvents {
  const run = new RunEvents();
  const root = run.call("build_index", { inputs: { site: "docs", depth: 3 } });
  const ids: string[] = [];
  for (let index = 0; ids.length < calls - 1; index++) {
    const at = Math.floor(index / 8) * 400;
    const options = (more: CallOptions): CallOptions => ({ parent: root, at, ...more });
    const add = (name: string, more: CallOptions, end: number, output: unknown) => {
      if (ids.length >= calls - 1) return;
      const id = run.call(name, options(more));
      if (name === "fetch_page" && index % 23 === 5)
        run.settle(id, at + end, { failed: errorOf("HttpError", "429 Too Many Requests") });
      else run.settle(id, at + end, { output, cached: index % 7 === 0 });
      ids.push(id);
    };
    const before = () => ids.slice(-1);
    add(
      "fetch_page",
      { inputs: { url: `/docs/${index}` } },
      120 + index,
      "<h1>Page</h1>".repeat(9),
    );
    add("parse", { inputs: { html: "<h1>" }, deps: before() }, 140, {
      title: `Page ${index}`,
      links: ["/a", "/b", "/c"],
      words: 1_204,
    });
    const rows = Array.from({ length: 6 }, (_, id) => ({ id, term: `term ${id}`, weight: id / 7 }));
    add("weigh", { inputs: { top: 6 }, deps: before() }, 180, rows);
    add(
      "embed",
      { inputs: { model: "small" }, deps: before() },
      300,
      new Float64Array(64).fill(0.5),
    );
  }
  run.settle(root, calls * 100 + 500, { output: { pages: calls } });
  run.end(calls * 100 + 500);
  return run;
}

/** Calls of different functions, so that no row stands for many, with values that say all in their line. */
function plainRun(calls: number): RunRecord {
  const run = new RunEvents();
  const root = run.call("root", { inputs: { days: 3 } });
  for (let index = 0; index < calls; index++) {
    const at = index * 10;
    run.ok(`fetch_orders_${index}`, {
      parent: root,
      at,
      end: at + 8,
      inputs: { day: index },
      output: index,
    });
  }
  run.settle(root, calls * 10, { output: 1 });
  run.end(calls * 10);
  return run.record();
}

/** 60 nodes: no function has so many calls that they share one, each call waits for one or two before it. */
function graphRun(): RunRecord {
  const run = new RunEvents();
  const root = run.call("train", { inputs: { epochs: 3 } });
  const ids: string[] = [];
  for (let index = 0; index < 60; index++) {
    const deps = [ids[index - 3], index % 4 === 0 ? ids[index - 7] : undefined].filter(
      (id) => id !== undefined,
    );
    const options = { parent: root, at: index * 10, end: index * 10 + 9, deps };
    ids.push(run.ok(`step_${index % 12}`, { ...options, inputs: { n: index }, output: index }));
  }
  run.settle(root, 700, { output: 1 });
  run.end(700);
  return run.record();
}

/** `open` calls of different functions still run. */
function liveRun(open: number): RunRecord {
  const run = new RunEvents();
  const root = run.call("daily_report", { inputs: { date: "2026-11-22", days: 3 } });
  for (let index = 0; index < open - 1; index++) {
    const inputs = { day: `2026-11-${index}`, region: "eu" };
    const id = run.call(`fetch_orders_${index}`, { parent: root, at: index, inputs });
    if (index % 2 === 0) run.settle(id, 4_000 + index, { output: { id: index, total: 10.5 } });
  }
  return run.record();
}

const kB = (text: string) => Buffer.byteLength(text) / 1_000;
const htmlOf = (bundle: MimeBundle) => String(bundle["text/html"]);
const bundleKb = (bundle: MimeBundle) =>
  Object.values(bundle).reduce<number>((sum, content) => sum + kB(String(content)), 0);

async function warm(action: () => Promise<unknown>): Promise<Samples> {
  for (let i = 0; i < Math.max(2, samples); i++) await action();
  return repeat(samples, () => timed(action));
}

for (const calls of [12, 50, 2_000, 10_000]) {
  const run = siteRun(calls).record();
  const bundle = await views.deckBundle(run);
  figures[`html${calls}`] = [kB(htmlOf(bundle))];
  figures[`bundle${calls}`] = [bundleKb(bundle)];
  if (pages) writeFileSync(join(pages, `${calls}.html`), htmlOf(bundle));
  figures[`render${calls}`] = await warm(() => views.deckBundle(run));
}
const wide = wideRun(2_000);
figures["wide2000"] = [kB(htmlOf(await views.deckBundle(wide)))];
figures["failed"] = [kB(htmlOf(await views.deckBundle(failedRun())))];

{
  const { TaskTable } = (await load(
    "runtime/deck/html/tasks.js",
  )) as typeof import("../../../runtime/deck/html/tasks.tsx");
  const { deckModel } = (await load(
    "runtime/deck/model.js",
  )) as typeof import("../../../runtime/deck/model.ts");
  const { foldRows } = (await load(
    "runtime/deck/rows.js",
  )) as typeof import("../../../runtime/deck/rows.ts");
  const { renderToStaticMarkup } = await import("react-dom/server");
  const { createElement } = await import("react");
  const tableKb = (run: RunRecord, detail: "all" | "none") => {
    const model = deckModel(run);
    const rows = foldRows(model.tree);
    return kB(renderToStaticMarkup(createElement(TaskTable, { model, rows, detail })));
  };
  const [few, many] = [plainRun(20), plainRun(40)];
  figures["row"] = [(tableKb(many, "none") - tableKb(few, "none")) / 20];
  figures["rowUnfolding"] = [(tableKb(many, "all") - tableKb(few, "all")) / 20];
}

for (const rows of [8, 40]) {
  const run = liveRun(rows);
  const nowMs = START_MS + 5_900;
  figures[`live${rows}`] = [kB(htmlOf(await views.liveBundle(run, nowMs)))];
  figures[`renderLive${rows}`] = await warm(() => views.liveBundle(run, nowMs));
}

{
  const graph = graphRun();
  figures["render60"] = await warm(() => views.deckBundle(graph));
  const { deckModel } = (await load(
    "runtime/deck/model.js",
  )) as typeof import("../../../runtime/deck/model.ts");
  const { deckGraph } = (await load(
    "runtime/deck/graph.js",
  )) as typeof import("../../../runtime/deck/graph.ts");
  const { graphPicture } = (await load(
    "runtime/deck/graph-layout.js",
  )) as typeof import("../../../runtime/deck/graph-layout.ts");
  const found = deckGraph(deckModel(graph));
  if (found === undefined || "notDrawn" in found || found.nodes.length !== 60)
    throw new Error(`the graph has not 60 nodes: ${JSON.stringify(found)?.slice(0, 300)}`);
  figures["graph60"] = await warm(async () => graphPicture(found));
}

{
  const { events } = siteRun(20_000);
  const fold = (all: readonly RuntimeEvent[]) => {
    const records = new Records();
    for (const event of all) records.apply(event);
  };
  fold(events);
  figures["fold"] = await repeat(
    samples,
    async () => events.length / ((await timed(() => fold(events))) / 1_000),
  );
}

{
  const perCallUs = async (make: (i: number) => unknown, times: number) => {
    const values = Array.from({ length: times }, (_, i) => make(i));
    const all = () => {
      // Used, so that no optimizer leaves the work out.
      let length = 0;
      for (const value of values) length += preview(value).line.length;
      if (length === 0) throw new Error("previews without a line");
    };
    all();
    return repeat(samples, async () => ((await timed(all)) * 1_000) / times);
  };
  figures["previewPrimitive"] = await perCallUs((i) => [i, `text ${i}`, true, null][i % 4], 20_000);
  figures["previewObject"] = await perCallUs(
    (i) => ({ id: i, name: "ada", tags: ["a", "b"] }),
    2_000,
  );
  const hostile = hostileValues();
  const ms: number[] = [];
  let largest = 0;
  for (const value of hostile) {
    ms.push(await timed(() => preview(value)));
    largest = Math.max(largest, JSON.stringify(preview(value)).length / 1_000);
  }
  figures["previewHostile"] = ms;
  figures["previewHostileWorst"] = [Math.max(...ms)];
  figures["previewHostileKb"] = [largest];
}

function hostileValues(): unknown[] {
  let deep: unknown = {};
  for (let level = 0; level < 5_000; level++) deep = { deep };
  const cyclic = new Error("cyclic");
  cyclic.cause = cyclic;
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const wideObject = Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`key${i}`, i]));
  return [
    deep,
    cyclic,
    proxy,
    wideObject,
    new Array(10_000_000).fill(0),
    new Float64Array(10_000_000),
    "</script>".repeat(200_000),
    new Map(Array.from({ length: 200_000 }, (_, i) => [i, { i }])),
    Array.from({ length: 100_000 }, (_, id) => ({ id, text: "x".repeat(100) })),
    {
      get boom() {
        throw new Error("boom");
      },
      [Symbol.toStringTag]: "x",
    },
    Array.from({ length: 20 }, () =>
      Array.from({ length: 20 }, () => new Array(20).fill({ a: 1 })),
    ),
    Buffer.alloc(10_000_000),
  ];
}

console.log(JSON.stringify(figures));
