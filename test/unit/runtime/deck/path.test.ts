import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deckModel } from "../../../../runtime/deck/model.ts";
import { criticalPath, mostAtOnce } from "../../../../runtime/deck/path.ts";
import { RunEvents, START_MS } from "../../../support/run-events.ts";

function calls(run: RunEvents) {
  return [...run.record().calls.values()];
}

const names = (run: RunEvents, ids: ReadonlySet<string>) =>
  calls(run)
    .filter((call) => ids.has(call.id))
    .map((call) => call.name);

describe("the critical path", () => {
  test("goes back from the call that ended last along the values it waited for", () => {
    const run = new RunEvents();
    const quick = run.ok("quick", { end: 10 });
    const slow = run.ok("slow", { end: 500 });
    run.ok("aside", { at: 0, end: 400 });
    run.ok("last", { at: 0, start: 500, end: 600, deps: [quick, slow] });
    const path = criticalPath(calls(run), (id) => id, START_MS + 600);
    expect(names(run, path.ids)).toEqual(["slow", "last"]);
    expect(path.lengthMs).toBe(600);
    expect(path.isApproximate).toBe(false);
  });

  test("follows the order of calls where no value tells, and says that it is a guess", () => {
    const run = new RunEvents();
    run.ok("first", { end: 100 });
    run.ok("second", { at: 120, end: 200 });
    const path = criticalPath(calls(run), (id) => id, START_MS + 200);
    expect(names(run, path.ids)).toEqual(["first", "second"]);
    expect(path.lengthMs).toBe(180);
    expect(path.isApproximate).toBe(true);
  });

  test("ends at the failure, not at what was cancelled because of it", () => {
    const run = new RunEvents();
    const bad = run.call("bad", { at: 10 });
    const other = run.call("other", { at: 0 });
    run.settle(bad, 100, { failed: "no" });
    run.settle(other, 105, { cancelled: "because of bad" });
    expect(names(run, criticalPath(calls(run), (id) => id, START_MS + 105).ids)).toEqual(["bad"]);
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
        const path = criticalPath(
          model.tree.top.map((node) => node.call),
          model.tree.topOf,
          model.endMs,
        );
        expect(path.ids.size).toBeGreaterThan(0);
        expect(path.lengthMs).toBeGreaterThanOrEqual(0);
        expect(path.lengthMs).toBeLessThanOrEqual(model.wallMs);
      }),
    );
  });

  test("of no calls is empty", () => {
    expect(criticalPath([], (id) => id, 0)).toEqual({
      ids: new Set(),
      lengthMs: 0,
      isApproximate: false,
    });
  });
});

describe("most at once", () => {
  test("counts calls that overlap, not those that follow each other", () => {
    const run = new RunEvents();
    run.ok("a", { at: 0, end: 10 });
    run.ok("b", { at: 10, end: 20 });
    run.ok("c", { at: 15, end: 30 });
    run.ok("d", { at: 16, end: 17 });
    expect(mostAtOnce(calls(run), START_MS + 30)).toBe(3);
  });

  test("counts what still runs until now, and nothing that waits", () => {
    const run = new RunEvents();
    run.call("a", { at: 0 });
    run.call("b", { at: 5 });
    run.queue("c", { at: 5 });
    expect(mostAtOnce(calls(run), START_MS + 30)).toBe(2);
  });
});
