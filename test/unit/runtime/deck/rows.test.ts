import { describe, expect, test } from "vitest";
import { chooseRows, foldRows, type TreeRow } from "../../../../runtime/deck/rows.ts";
import { callTree } from "../../../../runtime/deck/tree.ts";
import { RunEvents, START_MS } from "../../../support/run-events.ts";

function shown(rows: readonly TreeRow[]): string[] {
  return rows.map((row) => {
    const indent = "  ".repeat(row.depth);
    return row.kind === "fold"
      ? `${indent}${row.name} × ${row.nodes.length}`
      : `${indent}${row.node.call.name} ${row.node.call.state}`;
  });
}

const rowsOf = (run: RunEvents) => foldRows(callTree(run.record()));

describe("folding", () => {
  test("nine siblings of a name are nine rows, ten are one", () => {
    for (const [calls, rows] of [
      [9, 9],
      [10, 1],
      [500, 1],
    ] as const) {
      const run = new RunEvents();
      for (let index = 0; index < calls; index++) run.ok("fetch");
      expect(rowsOf(run)).toHaveLength(rows);
    }
  });

  test("calls of one name under different callers are not siblings", () => {
    const run = new RunEvents();
    for (let index = 0; index < 12; index++) {
      const parent = run.call(`caller${index}`);
      run.ok("fetch", { parent });
      run.settle(parent, 1, { output: 0 });
    }
    expect(rowsOf(run)).toHaveLength(24);
  });

  test("five failures of folded calls keep rows of their own, below and indented", () => {
    const run = new RunEvents();
    for (let index = 0; index < 20; index++) {
      const call = run.call("fetch");
      run.settle(call, 1, index % 2 === 0 ? { failed: `no ${index}` } : { output: index });
    }
    expect(shown(rowsOf(run))).toEqual(["fetch × 20", ...Array(5).fill("  fetch failed")]);
  });
});

describe("choosing", () => {
  const crowd = () => {
    const run = new RunEvents();
    const root = run.call("root");
    for (let index = 0; index < 100; index++) run.ok(`old${index}`, { parent: root, end: 10 });
    const mid = run.call("mid", { parent: root, at: 3_000 });
    const deep = run.call("deep", { parent: mid, at: 3_000 });
    run.settle(deep, 3_100, { failed: "no" });
    run.call("running", { parent: root, at: 4_000 });
    for (let index = 0; index < 50; index++)
      run.queue(`later${index}`, { parent: root, at: 5_000 });
    run.ok("recent", { parent: root, at: 8_000, end: 9_000 });
    return run;
  };

  test("all rows stand when there is room for them", () => {
    const rows = rowsOf(crowd());
    expect(chooseRows(rows, rows.length, START_MS)).toEqual({ rows, left: "" });
  });

  test("failed, running and just settled calls come first, below their callers and in order of call", () => {
    const { rows, left } = chooseRows(rowsOf(crowd()), 5, START_MS + 10_000);
    expect(shown(rows)).toEqual(["mid running", "  deep failed", "running running", "recent ok"]);
    expect(left).toBe("50 queued, 100 done");
  });

  test("no more rows than asked for, whatever number", () => {
    const all = rowsOf(crowd());
    for (let rowsMax = 0; rowsMax < all.length; rowsMax++) {
      const { rows } = chooseRows(all, rowsMax, START_MS + 10_000);
      expect(rows.length + 1).toBeLessThanOrEqual(Math.max(1, rowsMax));
      expect(all.filter((row) => rows.includes(row))).toEqual(rows);
    }
  });
});

describe("the tree", () => {
  test("of one root call with children has its children as top rows", () => {
    const run = new RunEvents();
    const root = run.call("root");
    run.ok("child", { parent: root });
    expect(shown(rowsOf(run))).toEqual(["child ok"]);
  });

  test("of one call alone has that call as its row", () => {
    const run = new RunEvents();
    run.ok("only");
    expect(shown(rowsOf(run))).toEqual(["only ok"]);
  });

  test("keeps calls whose caller is unknown, or is no caller at all", () => {
    const run = new RunEvents();
    run.ok("orphan", { parent: "t99" });
    run.ok("own", { id: "t50", parent: "t50" });
    expect(shown(rowsOf(run)).sort()).toEqual(["orphan ok", "own ok"]);
  });
});
