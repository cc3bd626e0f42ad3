import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  mostAtOnce,
  packLanes,
  type RunSpan,
  runningSteps,
  runSpans,
} from "../../../../runtime/deck/lanes.ts";
import { callTree } from "../../../../runtime/deck/tree.ts";
import { RunEvents, START_MS } from "../../../support/run-events.ts";

const spansOf = (run: RunEvents, nowMs: number): RunSpan[] =>
  runSpans(callTree(run.record()), START_MS + nowMs);

const most = (run: RunEvents, nowMs: number) => mostAtOnce(runningSteps(spansOf(run, nowMs)));

const span = fc
  .record({ startMs: fc.nat(100), durationMs: fc.nat(30) })
  .map(({ startMs, durationMs }) => ({ startMs, endMs: startMs + durationMs }));
const schedule = fc
  .array(span, { maxLength: 60 })
  .map((spans) => spans.sort((a, b) => a.startMs - b.startMs));

describe("most at once", () => {
  test("counts calls that overlap, not those that follow each other", () => {
    const run = new RunEvents();
    run.ok("a", { at: 0, end: 10 });
    run.ok("b", { at: 10, end: 20 });
    run.ok("c", { at: 15, end: 30 });
    run.ok("d", { at: 16, end: 17 });
    expect(most(run, 30)).toBe(3);
  });

  test("counts what still runs until now, and nothing that waits", () => {
    const run = new RunEvents();
    run.call("a", { at: 0 });
    run.call("b", { at: 5 });
    run.queue("c", { at: 5 });
    expect(most(run, 30)).toBe(2);
  });

  test("counts no call that waits for its children", () => {
    const run = new RunEvents();
    run.ok("other", { end: 20 });
    const parent = run.call("parent");
    run.ok("child", { parent, end: 20 });
    run.settle(parent, 20, { output: 1 });
    expect(most(run, 20)).toBe(2);
  });

  test("is what a count at every moment finds, whatever the schedule", () => {
    fc.assert(
      fc.property(schedule, (spans) => {
        const at = (ms: number) =>
          spans.filter(({ startMs, endMs }) => startMs <= ms && ms < endMs).length;
        const counted = Array.from({ length: 131 }, (_, ms) => at(ms));
        const steps = runningSteps(spans);
        expect(mostAtOnce(steps)).toBe(Math.max(...counted));
        for (const { atMs, running } of steps) expect(running).toBe(at(atMs));
      }),
    );
  });
});

describe("lanes", () => {
  test("never hold two calls at once, and are as few as can be, whatever the schedule", () => {
    fc.assert(
      fc.property(schedule, (spans) => {
        const lanes = packLanes(spans, Number.POSITIVE_INFINITY);
        const busyUntil: number[] = [];
        for (const [index, { startMs, endMs }] of spans.entries()) {
          const lane = lanes?.laneOf[index] ?? -1;
          expect(busyUntil[lane] ?? 0).toBeLessThanOrEqual(startMs);
          busyUntil[lane] = endMs;
        }
        expect(lanes?.count).toBe(busyUntil.length);
        const lasting = spans.filter(({ startMs, endMs }) => endMs > startMs);
        expect(packLanes(lasting, Number.POSITIVE_INFINITY)?.count).toBe(
          mostAtOnce(runningSteps(lasting)),
        );
      }),
    );
  });

  test("are the first that is free", () => {
    const spans = [
      { startMs: 0, endMs: 10 },
      { startMs: 0, endMs: 5 },
      { startMs: 6, endMs: 8 },
      { startMs: 10, endMs: 12 },
    ];
    expect(packLanes(spans, 2)?.laneOf).toEqual([0, 1, 1, 0]);
  });

  test("are given up when there would be too many", () => {
    expect(packLanes(new Array(161).fill({ startMs: 0, endMs: 1 }), 160)).toBeUndefined();
  });
});
