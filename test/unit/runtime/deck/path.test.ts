import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deckModel } from "../../../../runtime/deck/model.ts";
import { criticalPath, orderOnly, waitsOf } from "../../../../runtime/deck/path.ts";
import { callTree } from "../../../../runtime/deck/tree.ts";
import { RunEvents, START_MS } from "../../../support/run-events.ts";

const pathOf = (run: RunEvents, nowMs: number) => {
  const tree = callTree(run.record());
  const top = tree.top.map((node) => node.call);
  return criticalPath(top, waitsOf(tree), START_MS + nowMs);
};

const names = (run: RunEvents, ids: readonly string[]) =>
  ids.map((id) => run.record().calls.get(id)?.name);

describe("the critical path", () => {
  test("goes back from the call that ended last along the values it waited for", () => {
    const run = new RunEvents();
    const quick = run.ok("quick", { end: 10 });
    const slow = run.ok("slow", { end: 500 });
    run.ok("aside", { at: 0, end: 400 });
    run.ok("last", { at: 0, start: 500, end: 600, deps: [quick, slow] });
    const path = pathOf(run, 600);
    expect(names(run, path.steps)).toEqual(["slow", "last"]);
    expect(path.lengthMs).toBe(600);
    expect(path.isApproximate).toBe(false);
  });

  test("follows the order of calls where no value tells, and says that it is a guess", () => {
    const run = new RunEvents();
    run.ok("first", { end: 100 });
    run.ok("second", { at: 120, end: 200 });
    const path = pathOf(run, 200);
    expect(names(run, path.steps)).toEqual(["first", "second"]);
    expect(path.lengthMs).toBe(180);
    expect(path.isApproximate).toBe(true);
  });

  test("ends at the failure, not at what was cancelled because of it", () => {
    const run = new RunEvents();
    const bad = run.call("bad", { at: 10 });
    const other = run.call("other", { at: 0 });
    run.settle(bad, 100, { failed: "no" });
    run.settle(other, 105, { cancelled: "because of bad" });
    expect(names(run, pathOf(run, 105).steps)).toEqual(["bad"]);
  });

  test("is never longer than the run, whatever the schedule", () => {
    const call = fc.record({
      at: fc.nat(50),
      queued: fc.nat(20),
      runs: fc.nat(50),
      isOpen: fc.boolean(),
      deps: fc.array(fc.nat(30), { maxLength: 4 }),
      parent: fc.option(fc.nat(30), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 30 }), (schedule) => {
        const run = new RunEvents();
        const ids: string[] = [];
        let endMs = 0;
        for (const { at, queued, runs, isOpen, deps, parent } of schedule) {
          // Any earlier or later call, itself too: a stream may be broken.
          const known = deps.map((index) => `t${index + 1}`);
          const above = parent === undefined ? undefined : ids[parent];
          const id = run.call("task", {
            at,
            start: at + queued,
            deps: known,
            ...(above !== undefined && { parent: above }),
          });
          ids.push(id);
          endMs = Math.max(endMs, at + queued + runs);
          if (!isOpen) run.settle(id, at + queued + runs, { output: 1 });
        }
        run.end(endMs);
        const model = deckModel(run.record());
        const top = model.tree.top.map((node) => node.call);
        const path = criticalPath(top, model.waits, model.endMs);
        expect(path.steps.length).toBeGreaterThan(0);
        expect(path.lengthMs).toBeGreaterThanOrEqual(0);
        expect(path.lengthMs).toBeLessThanOrEqual(model.wallMs);
      }),
    );
  });

  test("of no calls is empty", () => {
    expect(criticalPath([], new Map(), 0)).toEqual({
      steps: [],
      lengthMs: 0,
      isApproximate: false,
    });
  });
});

describe("what a call waited for", () => {
  test("by value counts for the top row, whatever call below it took the value", () => {
    const run = new RunEvents();
    const root = run.call("root");
    const load = run.ok("load", { parent: root, end: 10 });
    const part = run.call("part", { parent: root, at: 10, entity: "group" });
    run.ok("inner", { parent: part, at: 10, end: 20, deps: [load] });
    run.settle(part, 20, { output: 1 });
    const waits = waitsOf(callTree(run.record()));
    expect(waits.get(part)?.byValue.map((call) => call.name)).toEqual(["load"]);
  });

  test("by order is the sibling that settled last before the call was created", () => {
    const run = new RunEvents();
    run.ok("early", { end: 10 });
    run.ok("late", { end: 90 });
    run.ok("later", { end: 101 });
    const last = run.ok("last", { at: 100, end: 200 });
    expect(waitsOf(callTree(run.record())).get(last)?.byOrder?.name).toBe("late");
  });

  test("by order is never a call that was created later, also when no time passes", () => {
    const run = new RunEvents();
    const first = run.ok("first", { end: 0 });
    const second = run.ok("second", { end: 0 });
    const waits = waitsOf(callTree(run.record()));
    expect(waits.get(first)?.byOrder).toBeUndefined();
    expect(waits.get(second)?.byOrder?.name).toBe("first");
  });

  test("by order says nothing where a value came from a call that ended as late", () => {
    const run = new RunEvents();
    const quick = run.ok("quick", { end: 10 });
    const slow = run.ok("slow", { end: 50 });
    const byQuick = run.ok("byQuick", { at: 60, end: 70, deps: [quick] });
    const bySlow = run.ok("bySlow", { at: 60, end: 70, deps: [slow] });
    const waits = waitsOf(callTree(run.record()));
    const order = (id: string) => {
      const wait = waits.get(id);
      return wait && orderOnly(wait, START_MS + 100)?.name;
    };
    expect(order(byQuick)).toBe("slow");
    expect(order(bySlow)).toBeUndefined();
  });
});
