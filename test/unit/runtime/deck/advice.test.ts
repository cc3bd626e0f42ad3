import { describe, expect, test } from "vitest";
import { adviceWords, serialCalls } from "../../../../runtime/deck/advice.ts";
import { deckModel } from "../../../../runtime/deck/model.ts";
import { deckBundle } from "../../../../runtime/deck/views.ts";
import { htmlText } from "../../../support/html-text.ts";
import { type CallOptions, RunEvents } from "../../../support/run-events.ts";

interface Loop {
  readonly calls?: number;
  /** How long after the start of one the next is made; each takes 100 ms, the last 120. */
  readonly everyMs?: number;
  readonly inputs?: (index: number) => Readonly<Record<string, unknown>>;
  readonly output?: (index: number) => unknown;
  readonly more?: (ids: readonly string[]) => CallOptions;
}

const HERE = { file: "In [7]", line: 3, column: 20 };

/** Calls of one place, one after the other. */
function loopRun({
  calls = 4,
  everyMs = 125,
  inputs = (index) => ({ url: `/docs/${index}` }),
  output = (index) => `text of page ${index}`,
  more = () => ({}),
}: Loop = {}): RunEvents {
  const run = new RunEvents();
  const root = run.call("crawl", { entity: "eager", inputs: { site: "docs" } });
  const ids: string[] = [];
  for (let index = 0; index < calls; index++) {
    const at = index * everyMs;
    const end = at + (index === calls - 1 ? 120 : 100);
    const options = { parent: root, at, inputs: inputs(index), source: HERE, ...more(ids) };
    ids.push(run.ok("fetch", { ...options, end, output: output(index) }));
  }
  run.settle(root, 2_000, { output: 1 });
  run.end(2_000);
  return run;
}

const advice = (run: RunEvents) =>
  serialCalls(deckModel(run.record())).map((each) => {
    const { what, code, gain } = adviceWords(each);
    return `${what} ${code} ${gain}`;
  });

describe("calls that awaited each other for nothing", () => {
  test("are told with what they took and what they would take together", () => {
    expect(advice(loopRun())).toEqual([
      "4 calls of fetch (In [7]:3:20) ran one after the other; they do not depend on each other: " +
        "await Promise.all(…) would take about 120 ms instead of 420 ms, if they wait and do not compute",
    ]);
  });

  test("that run elsewhere would be faster together whatever they do", () => {
    expect(advice(loopRun({ more: () => ({ where: "remote" }) }))).toEqual([
      expect.stringMatching(/would take about 120 ms instead of 420 ms$/),
    ]);
  });

  test("are told in every form of the deck", async () => {
    const bundle = await deckBundle(loopRun().record());
    const html = htmlText(bundle["text/html"] as string);
    for (const form of [html, bundle["text/markdown"], bundle["text/plain"]]) {
      expect(form).toContain("4 calls of fetch (In");
      expect(form).toContain("about 120 ms instead of 420 ms");
    }
    for (const line of (bundle["text/plain"] as string).split("\n")) {
      expect(line.length).toBeLessThanOrEqual(100);
    }
  });

  test("may all have an input in common, also one that they give", () => {
    const inputs = (index: number) => ({ index: `i${index}`, isFast: true });
    expect(advice(loopRun({ inputs, output: () => true }))).toHaveLength(1);
  });

  test("of two loops are two, the larger first", () => {
    const run = new RunEvents();
    for (const [name, calls, everyMs] of [
      ["fetch", 4, 200],
      ["embed", 3, 1_000],
    ] as const) {
      const parent = run.call("part");
      for (let index = 0; index < calls; index++) {
        const times = { at: index * everyMs, end: (index + 1) * everyMs };
        const inputs = { url: `/docs/${index}` };
        run.ok(name, { parent, ...times, inputs, source: HERE, output: `${name} ${index}` });
      }
      run.settle(parent, 3_000, { output: 1 });
    }
    run.end(3_000);
    expect(advice(run).map((line) => line.slice(0, 18))).toEqual([
      "3 calls of embed (",
      "4 calls of fetch (",
    ]);
  });
});

describe("silence about", () => {
  test.each<[what: string, loop: Loop]>([
    ["two calls", { calls: 2 }],
    ["calls that overlap", { everyMs: 90 }],
    ["calls that take no time worth a word", { calls: 3, everyMs: 125, more: () => ({}) }],
    ["a call that took the value of the one before", { more: (ids) => ({ deps: ids.slice(-1) }) }],
    ["an input that is an earlier output", { inputs: (x) => ({ x }), output: (x) => x + 1 }],
    [
      "an input that stands in an earlier output, as the next page does",
      {
        inputs: (index) => ({ cursor: `page-${index}` }),
        output: (index) => ({ items: [{ id: index * 100 }], next: `page-${index + 1}` }),
      },
    ],
    ["the same inputs again: somebody waits for a job", { inputs: () => ({ job: "a7" }) }],
    ["calls that give nothing: their order may matter", { output: () => undefined }],
    ["calls without inputs", { inputs: () => ({}) }],
    ["calls whose place is unknown", { more: () => ({ source: undefined }) as never }],
  ])("%s", (what, loop) => {
    const run = loopRun(what.startsWith("calls that take no time") ? { calls: 0 } : loop);
    if (what.startsWith("calls that take no time")) {
      for (let index = 0; index < 5; index++) {
        run.ok("quick", { at: index * 10, end: index * 10 + 10, inputs: { index }, source: HERE });
      }
    }
    expect(advice(run)).toEqual([]);
  });

  test("calls from different places", () => {
    let line = 0;
    expect(advice(loopRun({ more: () => ({ source: { ...HERE, line: ++line } }) }))).toEqual([]);
  });

  test("a loop in which one call failed: the next may be tried because of it", () => {
    const run = new RunEvents();
    for (let index = 0; index < 4; index++) {
      const id = run.call("fetch", { at: index * 200, inputs: { index }, source: HERE });
      if (index === 1) run.settle(id, index * 200 + 150, { failed: "no" });
      else run.settle(id, index * 200 + 150, { output: `page ${index}` });
    }
    run.end(900);
    expect(advice(run)).toEqual([]);
  });

  test("a value that goes around by another call of the loop's body", () => {
    const byDeps = new RunEvents();
    let last: string[] = [];
    for (let index = 0; index < 4; index++) {
      const at = index * 300;
      const options = { at, end: at + 150, inputs: { index }, source: HERE, deps: last };
      const step = byDeps.ok("step", { ...options, output: `step ${index}` });
      last = [byDeps.ok("merge", { at: at + 150, end: at + 290, deps: [step] })];
    }
    byDeps.end(1_200);
    expect(advice(byDeps)).toEqual([]);

    const byValue = new RunEvents();
    for (let index = 0; index < 4; index++) {
      const at = index * 300;
      const inputs = { state: `state ${index}` };
      byValue.ok("step", { at, end: at + 150, inputs, source: HERE, output: `draft ${index}` });
      byValue.ok("merge", { at: at + 150, end: at + 290, output: `state ${index + 1}` });
    }
    byValue.end(1_200);
    expect(advice(byValue)).toEqual([]);
  });

  test("the calls of a map, whose limit somebody set", () => {
    const run = new RunEvents();
    const map = run.call("map fetch", { entity: "map" });
    for (let index = 0; index < 4; index++) {
      const at = index * 200;
      run.ok("fetch", { parent: map, at, end: at + 190, inputs: { index }, source: HERE });
    }
    run.settle(map, 800, { output: 1 });
    run.end(800);
    expect(advice(run)).toEqual([]);
  });

  test("calls that were made at once and waited for room", () => {
    const run = new RunEvents();
    for (let index = 0; index < 4; index++) {
      const start = index * 200;
      run.ok("fetch", { at: 0, start, end: start + 190, inputs: { index }, source: HERE });
    }
    run.end(800);
    expect(advice(run)).toEqual([]);
  });
});
