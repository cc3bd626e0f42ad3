/**
 * JupyterLab itself, with our kernel: the deck and the live tree as people see them, in both themes.
 *
 * The pictures are written to `test/browser/out`; what can be said of them in numbers is asserted.
 */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inPage } from "../support/browser.ts";
import type { NotebookPage } from "../support/jupyter-lab.ts";
import { labSuite, OUT } from "../support/lab-suite.ts";

const suite = labSuite();

const TASKS = `
import { setTimeout as sleep } from "node:timers/promises";
const loadConfig = task(async ({ path }: { path: string }) => { await sleep(5); return { region: "eu", days: 3, path }; });
let flaky = 0;
const fetchOrders = task({ retries: { count: 1, backoff: 40 } }, async ({ day }: { day: string }) => {
  await sleep(120);
  if (day.endsWith("21") && flaky++ === 0) throw new Error("connection reset");
  return Array.from({ length: 40 }, (_, id) => ({ id, day, qty: id % 7, price: id * 1.5 }));
});
const fetchRates = task(async ({ base }: { base: string }) => { await sleep(15); return new Map([["USD", 1.0831], ["GBP", 0.8402]]); });
const dedupe = task(({ frame }: { frame: { id: number }[] }) => frame.filter(({ id }, index) => frame.findIndex((row) => row.id === id) === index));
const clean = eager(async ({ frames }: { frames: { id: number; day: string; qty: number; price: number }[][] }) => {
  await sleep(60);
  return await dedupe({ frame: frames.flat() });
});
const forecast = task(async ({ horizon }: { horizon: number }) => { await sleep(250); return Float64Array.from({ length: horizon }, (_, n) => 1e4 + Math.sin(n) * 300); });
let isUp = false;
const publish = task({ retries: { count: 2, backoff: 50 } }, async ({ channel, points }: { channel: string; points: number }) => {
  await sleep(40);
  if (!isUp) throw Object.assign(new Error("503 Service Unavailable", { cause: new Error("connect ECONNREFUSED") }), { status: 503 });
  return points + " points to " + channel;
});
const dailyReport = eager(async ({ date, days }: { date: string; days: number }) => {
  const config = await loadConfig({ path: "report.toml" });
  const [rates, ...frames] = await Promise.all([
    fetchRates({ base: "EUR" }),
    ...["20", "21", "22"].map((day) => fetchOrders({ day: "2026-11-" + day })),
  ]);
  const rows = await clean({ frames });
  const series = await forecast({ horizon: 14 });
  Deck("numbers", Deck.html\`<b>\${rows.length}</b> rows in \${config.region}, \${rates.size} rates\`);
  return await publish({ channel: "#sales", points: series.length });
});`;

const REPORT = 'const report = await dailyReport({ date: "2026-11-22", days: 3 }); report';

const FAN_OUT = `const crawl = eager({ concurrency: 100 }, async ({ pages }: { pages: number }) => {
  const fetchPage = task({ name: "fetchPage" }, async ({ page }: { page: number }) => {
    await sleep(10 + (page * 7919) % 40);
    if (page % 499 === 498) throw new Error("429 for page " + page);
    return page;
  });
  const all = await Promise.allSettled(Array.from({ length: pages }, (_, page) => fetchPage({ page })));
  return all.filter(({ status }) => status === "fulfilled").length;
});
await crawl({ pages: 2_000 });`;

interface Sizes {
  readonly isWider: boolean;
  /** Of the rows of tasks. */
  readonly rows: readonly number[];
  readonly pictures: readonly { readonly isDrawn: boolean; readonly hasText: boolean }[];
}

const MEASURE = inPage<unknown, Sizes>(`
  const area = given.querySelector(".jp-RenderedHTMLCommon");
  const box = area.getBoundingClientRect();
  const rows = [...area.querySelectorAll("tr")].filter((row) => row.querySelector("details") && !row.closest("details details"));
  return {
    isWider: box.right > given.closest(".jp-Notebook").getBoundingClientRect().right + 1,
    rows: rows.map((row) => Math.round(row.getBoundingClientRect().height)),
    pictures: [...area.querySelectorAll("img")].map((image) => ({
      isDrawn: image.complete && image.naturalWidth > 0,
      hasText: (image.getAttribute("alt") ?? "").length > 0,
    })),
  };`);

const WIDTHS = inPage<unknown, { body: number; table: number }>(`
  const body = given.querySelector(":scope > :not(summary)");
  return { body: body.getBoundingClientRect().width, table: given.closest("table").getBoundingClientRect().width };`);

/** Of the deck of a cell, in CSS pixels. */
async function measured(notebook: NotebookPage, index: number): Promise<Sizes> {
  return await notebook.cell(index).evaluate(MEASURE);
}

describe.each(["JupyterLab Light", "JupyterLab Dark"] as const)("in %s", (theme) => {
  const name = theme === "JupyterLab Dark" ? "dark" : "light";

  test("a failed run, its reruns, a fan-out and the summary", async () => {
    suite.lab.write(`${name}.ipynb`, [
      TASKS,
      REPORT,
      'const t = deck.failed.find((call) => call.name === "publish")!; t.inputs',
      'isUp = true; await t.rerun({ channel: "#dev" })',
      "await decks[2]!.resume()",
      FAN_OUT,
      "deck.session()",
    ]);
    const notebook = await suite.lab.open(suite.browser, `${name}.ipynb`, { theme });
    const { page } = notebook;
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await notebook.run(0);
    await notebook.run(1);
    expect(await notebook.output(1)).toContain("503 Service Unavailable");
    const sizes = await measured(notebook, 1);
    expect(sizes.isWider).toBe(false);
    expect([...new Set(sizes.rows)]).toEqual([29]);
    expect(sizes.pictures.length).toBeGreaterThan(0);
    expect(sizes.pictures.every(({ isDrawn, hasText }) => isDrawn && hasText)).toBe(true);
    await notebook.cell(1).screenshot({ path: join(OUT, `deck-${name}.png`) });
    // An unfolded row is as wide as its table.
    const first = notebook.cell(1).locator("table details").first();
    await first.locator("summary").first().click();
    const widths = await first.evaluate(WIDTHS);
    expect(widths.body).toBeGreaterThan(widths.table * 0.9);
    expect(widths.body).toBeLessThanOrEqual(widths.table + 1);
    await notebook.cell(1).screenshot({ path: join(OUT, `deck-open-${name}.png`) });

    await notebook.run(2);
    expect(await notebook.output(2)).toContain("channel: '#sales'");
    await notebook.run(3);
    expect(await notebook.output(3)).toContain("14 points to #dev");
    await notebook.run(4);
    expect(await notebook.output(4)).toContain("cached");
    await notebook.cell(4).screenshot({ path: join(OUT, `resumed-${name}.png`) });
    await notebook.run(5);
    const wide = await measured(notebook, 5);
    expect(wide.isWider).toBe(false);
    await notebook.cell(5).screenshot({ path: join(OUT, `fan-out-${name}.png`) });
    await notebook.run(6);
    await notebook.cell(6).screenshot({ path: join(OUT, `session-${name}.png`) });

    const foreign = asked.filter(
      (url) =>
        !url.startsWith(suite.lab.origin) && !url.startsWith("data:") && !url.startsWith("blob:"),
    );
    expect(
      foreign.filter((url) => !url.startsWith(suite.lab.origin.replace("http", "ws"))),
    ).toEqual([]);
    for (const width of [360, 640, 1_000]) {
      await page.setViewportSize({ width: width + 160, height: 1_600 });
      expect((await measured(notebook, 1)).isWider).toBe(false);
      await notebook.cell(1).screenshot({ path: join(OUT, `deck-${name}-${width}.png`) });
    }
    await page.close();
  });
});

test("the tree moves while the cell runs, and its last frame is the deck", async () => {
  suite.lab.write("live.ipynb", [
    `import { setTimeout as sleep } from "node:timers/promises";
const step = task(async ({ n }: { n: number }, { progress }) => {
  for (let done = 1; done <= 20; done++) {
    await sleep(60 + n * 15);
    progress(done, 20);
  }
  return n * n;
});
const work = eager(async () => await Promise.all([1, 2, 3, 4].map((n) => step({ n }))));`,
    "await work()",
  ]);
  const notebook = await suite.lab.open(suite.browser, "live.ipynb");
  await notebook.run(0);
  await notebook.start(1);
  await notebook.shows(1, "running");
  const early = await notebook.output(1);
  await notebook.cell(1).screenshot({ path: join(OUT, "live.png") });
  await notebook.changes(1, early);
  await notebook.shows(1, "[ 1, 4, 9, 16 ]");
  const last = await notebook.output(1);
  expect(last).toContain("ok");
  expect(last).not.toContain("running");
  await notebook.page.close();
});

test("a stored notebook that nobody has vouched for shows its deck all the same", async () => {
  const notebook = await suite.lab.open(
    suite.browser,
    suite.lab.copy("notebooks/02-failures-and-reruns.ipynb"),
  );
  await notebook.shows(2, "no channel #sales");
  // JupyterLab has gone over it: what it drops would be missing here.
  expect(await notebook.cell(2).locator("style, script, [id^=eagerdeck]").count()).toBe(0);
  const sizes = await measured(notebook, 2);
  expect([...new Set(sizes.rows)]).toEqual([29]);
  expect(sizes.pictures.length).toBeGreaterThan(0);
  expect(sizes.pictures.every(({ isDrawn }) => isDrawn)).toBe(true);
  await notebook.cell(2).screenshot({ path: join(OUT, "untrusted.png") });
  await notebook.page.close();
});

test("a restarted kernel knows the runs from before, and resumes one", async () => {
  suite.lab.write("restart.ipynb", [
    TASKS,
    REPORT,
    "runs().map((run) => run.title + ': ' + run.state).slice(0, 3)",
    "isUp = true; await runs().find((run) => run.state === 'failed')!.resume()",
    "deck.tasks('fetchOrders').map((call) => call.state)",
  ]);
  const notebook = await suite.lab.open(suite.browser, "restart.ipynb");
  await notebook.run(0);
  await notebook.run(1);
  await notebook.restart();
  await notebook.run(2);
  expect(await notebook.output(2)).toContain("In [2]: failed");
  await notebook.run(0);
  await notebook.run(3);
  await notebook.run(4);
  expect(await notebook.output(4)).toContain("'cached'");
  await notebook.page.close();
});
