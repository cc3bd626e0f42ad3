/**
 * The deck and the live tree: how large, how fast, folding and previews; beside the deck of flytekit.
 *
 * What is rendered are whole bundles (HTML, Markdown and text), as a front end sends them.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { tempFolder } from "../support/temp-folder.ts";
import { type Bench, repeat, type Samples } from "./bench.ts";
import type { DeckFigures } from "./deck/measure.ts";
import { lastLine, pythonPeer } from "./peers.ts";

export const peer = "flytekit";

const measure = fileURLToPath(new URL("deck/measure.ts", import.meta.url));

interface FlytekitFigures {
  readonly version: string;
  /** Bytes and milliseconds, or why there is none. */
  readonly decks: Readonly<Record<string, readonly [bytes: number, ms: number] | string>>;
}

export async function run(bench: Bench): Promise<void> {
  using folder = tempFolder();
  bench.step("sizes, rendering, fold, previews");
  const figures = await lastLine<DeckFigures>(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", measure, String(bench.isQuick ? 2 : 15), folder.path],
    { NODE_ENV: "production" },
  );
  const of = (key: string): Samples => {
    const samples = figures[key];
    if (samples === undefined) throw new Error(`the deck's measurements lack ${key}`);
    return samples;
  };
  const flytekit = await pythonPeer<FlytekitFigures>(bench, "flytekit_calls.py", ["100"]);
  const theirs = (calls: number): readonly [number, number] | undefined => {
    const found = flytekit.ok ? flytekit.figures.decks[calls] : undefined;
    return typeof found === "string" ? undefined : found;
  };

  for (const [calls, target] of [
    [12, 65],
    [50, 190],
    [2_000, 100],
    [10_000, 130],
  ] as const) {
    const [bytes] = theirs(calls) ?? [];
    const what = `${calls.toLocaleString("en-US")} tasks`;
    bench.add({
      what: `HTML of ${what}`,
      unit: "kB",
      ours: of(`html${calls}`),
      peer: bytes === undefined ? undefined : [bytes / 1_000],
      target,
    });
    bench.add({
      what: `whole bundle of ${what}`,
      unit: "kB",
      ours: of(`bundle${calls}`),
      target: 250,
    });
  }
  bench.add({ what: "HTML of a failed run of 8 calls", unit: "kB", ours: of("failed") });
  bench.add({ what: "row without body", unit: "kB", ours: of("row"), target: 2.3 });
  bench.add({
    what: "row that unfolds to its inputs and times",
    unit: "kB",
    ours: of("rowUnfolding"),
    note: "all its values are numbers",
  });
  for (const [rows, target] of [
    [8, 12],
    [40, 64],
  ] as const) {
    bench.add({ what: `live frame of ${rows} rows`, unit: "kB", ours: of(`live${rows}`), target });
    bench.add({
      what: `rendering a live frame of ${rows} rows`,
      unit: "ms",
      ours: of(`renderLive${rows}`),
      target: 3,
    });
  }
  for (const [calls, target] of [
    [12, 10],
    [2_000, 60],
    [10_000, 200],
  ] as const) {
    const ms = theirs(calls)?.[1];
    bench.add({
      what: `rendering ${calls.toLocaleString("en-US")} tasks, warm`,
      unit: "ms",
      ours: of(`render${calls}`),
      peer: ms === undefined ? undefined : [ms],
      target,
      note:
        calls !== 12
          ? undefined
          : "flytekit makes the pieces of its deck while the workflow runs, and only joins them here",
    });
  }
  bench.add({
    what: "graph of 60 nodes, layout and picture, warm",
    unit: "ms",
    ours: of("graph60"),
    target: 100,
  });
  bench.add({ what: "rendering those 60 tasks with it, warm", unit: "ms", ours: of("render60") });
  await browser(bench, folder.path);
  bench.add({ what: "fold", unit: "/s", ours: of("fold"), atLeast: 300_000, note: "events" });
  bench.add({
    what: "preview of a primitive",
    unit: "µs",
    ours: of("previewPrimitive"),
    target: 1,
  });
  bench.add({
    what: "preview of a small object",
    unit: "µs",
    ours: of("previewObject"),
    target: 50,
  });
  bench.add({
    what: "preview of a hostile value, the slowest",
    unit: "ms",
    ours: of("previewHostileWorst"),
    target: 50,
    note: "12 values, each once: wide, deep, cyclic, trapping, long",
  });
  bench.add({
    what: "preview of a hostile value, the largest",
    unit: "kB",
    ours: of("previewHostileKb"),
    target: 20,
  });
  if (flytekit.ok) {
    const failed = Object.values(flytekit.figures.decks).find((deck) => typeof deck === "string");
    if (failed) bench.skip("flytekit's deck", failed);
  } else bench.skip("beside flytekit", flytekit.why);
}

async function browser(bench: Bench, pages: string): Promise<void> {
  const what = "innerHTML and layout in Chromium, 12 tasks";
  const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) {
    bench.skip(
      what,
      `there is no ${executablePath}: apt-get install chromium, or name one in CHROMIUM`,
    );
    return;
  }
  bench.step("Chromium");
  const { chromium } = await import("playwright-core");
  const started = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const close = bench.own(() => started.close());
  const page = await started.newPage({ viewport: { width: 1_000, height: 800 } });
  for (const [calls, target] of [
    [12, 10],
    [50, undefined],
    [10_000, undefined],
  ] as const) {
    const html = readFileSync(join(pages, `${calls}.html`), "utf8");
    await shownMs(page, html);
    bench.add({
      what: `innerHTML and layout in Chromium, ${calls.toLocaleString("en-US")} tasks`,
      unit: "ms",
      ours: await repeat(bench.isQuick ? 2 : 9, () => shownMs(page, html)),
      target,
    });
  }
  await close();
}

/** Until the browser knows the height of a new output. */
function shownMs(page: Page, html: string): Promise<number> {
  // As text: this project's types know no browser.
  return page.evaluate<number>(`(() => {
    document.body.replaceChildren();
    document.body.getBoundingClientRect();
    const start = performance.now();
    const output = document.createElement("div");
    document.body.append(output);
    output.innerHTML = ${JSON.stringify(html)};
    if (output.getBoundingClientRect().height === 0) throw new Error("nothing was laid out");
    return performance.now() - start;
  })()`);
}
