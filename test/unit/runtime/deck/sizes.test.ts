/** Any run has a largest size; what is left out is counted in words. */
import { describe, expect, test } from "vitest";
import { deckBundle, liveBundle, sessionBundle } from "../../../../runtime/deck/views.ts";
import { errorOf, wideRun } from "../../../support/deck-runs.ts";
import { htmlText } from "../../../support/html-text.ts";
import { RunEvents, START_MS } from "../../../support/run-events.ts";

const SIZES = [
  { calls: 0, htmlMax: 2_000 },
  { calls: 1, htmlMax: 20_000 },
  { calls: 12, htmlMax: 65_000 },
  { calls: 50, htmlMax: 190_000 },
  { calls: 51, htmlMax: 100_000 },
  { calls: 2_000, htmlMax: 100_000 },
  { calls: 9_999, htmlMax: 130_000 },
];

describe.each(SIZES)("a run of $calls calls", ({ calls, htmlMax }) => {
  test("has a bounded deck", async () => {
    const bundle = await deckBundle(wideRun(calls));
    expect((bundle["text/html"] as string).length).toBeLessThanOrEqual(htmlMax);
    expect((bundle["text/markdown"] as string).length).toBeLessThanOrEqual(20_000);
    expect((bundle["text/plain"] as string).split("\n").length).toBeLessThanOrEqual(60);
  });

  test("has a bounded live picture", async () => {
    const bundle = await liveBundle(wideRun(calls), START_MS + 5_000);
    expect((bundle["text/html"] as string).length).toBeLessThanOrEqual(64_000);
    expect((bundle["text/plain"] as string).split("\n").length).toBeLessThanOrEqual(41);
  });

  test("tells how many calls there were", async () => {
    const bundle = await deckBundle(wideRun(calls));
    const text = htmlText(bundle["text/html"] as string);
    if (calls === 0) expect(text).toBe("no calls");
    // So few that each has its line.
    else if (calls === 1) expect(text).toContain("embed(url:");
    else expect(text).toContain(`${calls.toLocaleString("en-US")} tasks`);
  });
});

test("fifty calls of fifty names are fifty rows, fifty-one are a row per function", async () => {
  const distinct = (calls: number) => {
    const run = new RunEvents();
    const root = run.call("root");
    for (let index = 0; index < calls; index++) {
      run.ok(`task_${index}`, { parent: root, inputs: { text: "x".repeat(1_000) }, output: index });
    }
    run.settle(root, 1_500, { output: 0 });
    run.end(1_500);
    return run.record();
  };
  const fifty = (await deckBundle(distinct(50)))["text/html"] as string;
  expect(htmlText(fifty)).toContain("50 in order of call");
  expect(fifty.length).toBeLessThanOrEqual(200_000);
  expect(htmlText((await deckBundle(distinct(51)))["text/html"] as string)).toContain(
    "51 calls of 51 tasks, grouped",
  );
});

test("values of megabytes, and names and messages of them, leave a deck of 200 kB that says what it left out", async () => {
  const run = new RunEvents();
  const huge = "y".repeat(1_000_000);
  const root = run.call(huge, { inputs: { [huge]: huge } });
  for (let index = 0; index < 49; index++) {
    const rows = Array.from({ length: 40 }, (_, row) => ({ row, text: huge.slice(0, 500) }));
    const call = run.call(`task${index % 5}`, { parent: root, inputs: { huge }, at: index });
    run.log(call, huge);
    if (index % 7 === 0) run.settle(call, 900, { failed: errorOf("Error", huge) });
    else run.settle(call, 900, { output: rows });
  }
  run.settle(root, 1_000, { failed: errorOf("Error", huge), root: "t2" });
  run.end(1_001, "failed");
  const bundle = await deckBundle(run.record());
  expect((bundle["text/html"] as string).length).toBeLessThanOrEqual(202_000);
  expect((bundle["text/markdown"] as string).length).toBeLessThanOrEqual(50_000);
  expect((bundle["text/plain"] as string).length).toBeLessThanOrEqual(20_000);
});

test("when bodies would make the deck too large, those of failed rows go last", async () => {
  const run = new RunEvents();
  const root = run.call("root");
  for (let index = 0; index < 50; index++) {
    const call = run.call(`task${index}`, { parent: root });
    if (index === 30) run.settle(call, 900, { failed: errorOf("Error", "the one that failed") });
    else run.settle(call, 900, { output: `${"long text ".repeat(700)}${index}` });
  }
  run.settle(root, 1_000, { output: 1 });
  run.end(1_001);
  const html = (await deckBundle(run.record()))["text/html"] as string;
  expect(html.length).toBeLessThanOrEqual(202_000);
  expect(htmlText(html)).toContain(
    "Only failed rows unfold: the deck would be larger than 200 kB.",
  );
  expect(htmlText(html)).toContain("at publish (report.ts:41:11)");
});

test("five thousand levels of calls overflow nothing", async () => {
  const run = new RunEvents();
  let parent = run.call("level");
  const calls = [parent];
  for (let level = 0; level < 5_000; level++) {
    parent = run.call("level", { parent });
    calls.push(parent);
  }
  for (const call of calls.toReversed()) run.settle(call, 1_000, { output: 1 });
  run.end(1_001);
  const bundle = await deckBundle(run.record());
  expect((bundle["text/html"] as string).length).toBeLessThanOrEqual(100_000);
  const live = await liveBundle(run.record(), START_MS + 900);
  expect((live["text/html"] as string).length).toBeLessThanOrEqual(64_000);
});

test("a run so large that calls are only counted tells all of them", async () => {
  const run = new RunEvents();
  const root = run.call("crawl", { inputs: { site: "docs" } });
  for (let index = 0; index < 12_000; index++) {
    const call = run.call("fetch_page", { parent: root, at: index });
    run.settle(call, index + 100 + (index % 300), { output: index });
  }
  const live = await liveBundle(run.record(), START_MS + 12_500);
  expect(live["text/plain"]).toContain("12,000 ok");
  run.settle(root, 13_000, { output: 12_000 });
  run.end(13_000);
  const bundle = await deckBundle(run.record());
  for (const form of [htmlText(bundle["text/html"] as string), bundle["text/plain"] as string]) {
    expect(form).toContain("fetch_page × 12,000");
    expect(form).toMatch(/~2\d\d ms/);
  }
  expect(htmlText(bundle["text/html"] as string)).toContain("12,000 tasks");
  expect(htmlText(bundle["text/html"] as string)).toContain("No timeline and no graph: of so many");
  expect((bundle["text/html"] as string).length).toBeLessThanOrEqual(100_000);
});

test("a session of many runs is bounded too", async () => {
  const runs = Array.from({ length: 300 }, (_, index) => {
    const run = new RunEvents({
      runId: `run-${index}`,
      n: index,
      cell: index,
      cellId: `cell-${index}`,
      firstCall: index * 10 + 1,
    });
    const call = run.call("bad", { inputs: { index } });
    run.settle(call, 5, { failed: errorOf("Error", `broken ${index}`) });
    run.end(6, "failed");
    return run.record();
  });
  const bundle = await sessionBundle(runs, { title: "many.ipynb" });
  expect((bundle["text/html"] as string).length).toBeLessThanOrEqual(500_000);
  expect(bundle["text/plain"]).toContain("… 290 more failures");
  expect(bundle["text/plain"]).toContain("… 200 earlier cells");
});
