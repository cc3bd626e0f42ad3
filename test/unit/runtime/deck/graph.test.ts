import { describe, expect, test } from "vitest";
import {
  type DeckGraph,
  deckGraph,
  graphNote,
  graphWords,
} from "../../../../runtime/deck/graph.ts";
import { graphPicture } from "../../../../runtime/deck/graph-layout.ts";
import { deckModel } from "../../../../runtime/deck/model.ts";
import { failedRun, wideRun } from "../../../support/deck-runs.ts";
import { RunEvents } from "../../../support/run-events.ts";

function graphOf(run: RunEvents | ReturnType<typeof failedRun>): DeckGraph {
  const graph = deckGraph(deckModel(run instanceof RunEvents ? run.record() : run));
  if (graph === undefined || "notDrawn" in graph) throw new Error("no graph");
  return graph;
}

/** Two fetches at once, then one call that takes both values, then one that takes none. */
function report(): RunEvents {
  const run = new RunEvents();
  const root = run.call("report");
  const first = run.ok("fetch", { parent: root, at: 0, end: 100 });
  const second = run.ok("fetch", { parent: root, at: 0, end: 300 });
  const clean = run.ok("clean", { parent: root, at: 300, end: 400, deps: [first, second] });
  run.ok("inner", { parent: clean, at: 310, end: 320 });
  run.ok("publish", { parent: root, at: 410, end: 900 });
  run.settle(root, 900, { output: 1 });
  run.end(900);
  return run;
}

describe("the graph of a run", () => {
  test("has a node per top row, solid lines for values, dashed ones for the order", () => {
    const graph = graphOf(report());
    expect(graph.nodes.map(({ name, note }) => `${name} ${note}`)).toEqual([
      "fetch 100 ms",
      "fetch 300 ms",
      "clean 100 ms",
      "publish 490 ms",
    ]);
    expect(graph.edges).toEqual([
      { from: "t2", to: "t4", kind: "value", isCritical: false },
      { from: "t3", to: "t4", kind: "value", isCritical: true },
      { from: "t4", to: "t6", kind: "order", isCritical: true },
    ]);
  });

  test("is told in words, each node with what it came after", () => {
    expect(graphWords(graphOf(report()))).toBe(
      "t2 fetch; t3 fetch; t4 clean after t2, t3; t6 publish after t4 in time",
    );
  });

  test("says what its lines mean, and calls a path through a guess approximate", () => {
    const graph = graphOf(report());
    expect(graphNote(graph, true)).toBe(
      "lines are values · dashed lines only the order of calls · the thick path is the approximate critical path",
    );
  });

  test("draws the critical path thick and the order dashed", () => {
    const { svg, widthPx, heightPx } = graphPicture(graphOf(report()));
    expect(svg.match(/<rect /g)).toHaveLength(4);
    expect(svg.match(/stroke-dasharray="6 4" stroke-width="3"/g)).toHaveLength(1);
    expect(svg.match(/stroke-width="3"/g)).toHaveLength(2);
    expect(widthPx).toBeGreaterThan(3 * 96);
    expect(heightPx).toBeGreaterThan(2 * 40);
    expect(graphPicture(graphOf(report())).svg).toBe(svg);
  });

  test("draws names of any kind as text that every viewer can read", () => {
    const run = new RunEvents();
    const hostile = ["</text><script>", "a&b\u0000\ud800", "\uffff".repeat(90)];
    const ids: string[] = [];
    for (const [index, name] of hostile.entries()) {
      ids.push(run.ok(name, { at: index * 10, end: index * 10 + 5, deps: ids.slice(-1) }));
    }
    run.end(100);
    const { svg } = graphPicture(graphOf(run));
    expect(svg).not.toMatch(/<script|&b|[\u0000\uffff]/);
    expect(svg.match(/<text /g)).toHaveLength(6);
  });

  test("has one node where the table has one row for ten calls or more", () => {
    const run = new RunEvents();
    const root = run.call("root");
    const list = run.ok("list", { parent: root, end: 10 });
    const pages = Array.from({ length: 12 }, (_, index) =>
      run.ok("fetch", { parent: root, at: 10, end: 20 + index, deps: [list] }),
    );
    const merge = run.ok("merge", { parent: root, at: 40, end: 60, deps: pages });
    run.settle(root, 100, { output: merge });
    run.end(100);
    const graph = graphOf(run);
    expect(graph.nodes.map(({ name, note }) => `${name} ${note}`)).toEqual([
      "list 10 ms",
      "fetch × 12 · 186 ms",
      "merge 20 ms",
    ]);
    expect(graph.edges.map(({ kind, isCritical }) => [kind, isCritical])).toEqual([
      ["value", true],
      ["value", true],
    ]);
    expect(graphWords(graph)).toBe("t2 list; fetch after t2; t15 merge after fetch");
  });

  test("has a node per function above sixty top rows, in the colours of the table", () => {
    const run = new RunEvents();
    const root = run.call("root");
    const list = run.ok("list", { parent: root, end: 10 });
    for (let index = 0; index < 70; index++) {
      const fetch = run.ok("fetch", { parent: root, at: 10, end: 20 + index, deps: [list] });
      run.ok("embed", { parent: root, at: 20 + index, end: 200, deps: [fetch] });
    }
    run.ok("verify", { parent: root, at: 200, end: 300 });
    run.settle(root, 300, { output: 1 });
    run.end(300);
    const graph = graphOf(run);
    expect(graph.per).toBe("function");
    expect(graph.nodes.map(({ name, fill }) => `${name} ${fill}`)).toEqual([
      "list #1f6fd6",
      "fetch #8957e5",
      "embed #14808a",
      "verify #a06a00",
    ]);
    expect(graphWords(graph)).toBe(
      "list; fetch after list; embed after fetch; verify after embed in time",
    );
  });

  test("of functions that run interleaved goes one way, also where the critical path goes back and forth", () => {
    const run = new RunEvents();
    for (let index = 0; index < 70; index++) {
      const name = index < 2 ? "list" : index % 2 === 0 ? "fetch" : "embed";
      run.ok(name, { at: index * 10, end: index * 10 + 9 });
    }
    run.end(700);
    expect(graphWords(graphOf(run))).toBe(
      "list; fetch after list in time; embed after fetch in time",
    );
  });

  test("of values that go in a circle leaves each node on the side that it goes to", () => {
    const run = new RunEvents();
    const list = run.ok("list", { end: 1 });
    let last = list;
    for (let index = 0; index < 35; index++) {
      const step = run.ok("step", { at: index * 10, end: index * 10 + 4, deps: [last] });
      last = run.ok("merge", { at: index * 10 + 5, end: index * 10 + 9, deps: [step] });
    }
    run.end(700);
    const graph = graphOf(run);
    expect(graphWords(graph)).toBe("list; step after list, merge; merge after step");
    const { svg } = graphPicture(graph);
    const nodeXs = [...svg.matchAll(/<rect x="(\d+)" y="\d+" width="(\d+)"/g)].map(
      ([, x, width]) => ({ left: Number(x), right: Number(x) + Number(width) }),
    );
    const [, step, merge] = nodeXs;
    const ends = [...svg.matchAll(/<path d="M(\d+) [^"]* (\d+) \d+" ?/g)].map(([, from, to]) => [
      Number(from),
      Number(to),
    ]);
    expect(ends).toContainEqual([merge?.left, (step?.right ?? 0) + 1]);
  });

  test("is a sentence where even functions are too many", () => {
    const run = new RunEvents();
    for (let index = 0; index < 70; index++) {
      run.ok(`task_${index}`, { at: index * 10, end: index * 10 + 5 });
    }
    run.end(1_000);
    expect(deckGraph(deckModel(run.record()))).toEqual({
      notDrawn: "70 functions with 69 edges between them are too many to draw.",
    });
  });

  test.each([
    ["two calls", 2, false],
    ["three calls that all started at once", 3, true],
  ])("is left out for %s", (_, calls, isParallel) => {
    const run = new RunEvents();
    for (let index = 0; index < calls; index++) {
      const at = isParallel ? 0 : index * 100;
      run.ok("task", { at, end: at + 50 });
    }
    run.end(1_000);
    expect(deckGraph(deckModel(run.record()))).toBeUndefined();
  });

  test("draws any run that has one", () => {
    for (const run of [failedRun(), wideRun(30), wideRun(3)]) {
      const graph = deckGraph(deckModel(run));
      if (graph && !("notDrawn" in graph)) {
        expect(graphPicture(graph).svg.length).toBeLessThan(50_000);
      }
    }
  });
});
