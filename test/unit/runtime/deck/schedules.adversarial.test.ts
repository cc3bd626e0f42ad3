/** Whatever order and overlap calls have: every picture is drawn, bounded, and the critical path fits the run. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { serialCalls } from "../../../../runtime/deck/advice.ts";
import { deckGraph } from "../../../../runtime/deck/graph.ts";
import { graphPicture } from "../../../../runtime/deck/graph-layout.ts";
import { runSpans } from "../../../../runtime/deck/lanes.ts";
import { deckModel } from "../../../../runtime/deck/model.ts";
import { foldRows } from "../../../../runtime/deck/rows.ts";
import { concurrencySvg } from "../../../../runtime/deck/svg.ts";
import { timelineSvg } from "../../../../runtime/deck/timeline-svg.ts";
import { RunEvents } from "../../../support/run-events.ts";

const call = fc.record({
  name: fc.constantFrom("fetch", "clean", "train"),
  entity: fc.constantFrom("task" as const, "map" as const, "group" as const, "eager" as const),
  at: fc.nat(400),
  queued: fc.option(fc.nat(50), { nil: undefined }),
  runs: fc.option(fc.nat(300), { nil: undefined }),
  outcome: fc.constantFrom("ok", "cached", "failed", "cancelled"),
  deps: fc.array(fc.nat(30), { maxLength: 4 }),
  parent: fc.option(fc.nat(30), { nil: undefined }),
  line: fc.nat(2),
});

type Planned = typeof call extends fc.Arbitrary<infer T> ? T : never;

/** A stream may be broken: values of later calls, calls that never start, ends before starts. */
function runOf(schedule: readonly Planned[]): RunEvents {
  const run = new RunEvents();
  const ids: string[] = [];
  for (const { name, entity, at, queued, runs, outcome, deps, parent, line } of schedule) {
    const above = parent === undefined ? undefined : ids[parent];
    const id = run.queue(name, {
      at,
      entity,
      deps: deps.map((index) => `t${index + 1}`),
      inputs: { at },
      source: { file: "a.ts", line, column: 1 },
      ...(above !== undefined && { parent: above }),
    });
    ids.push(id);
    if (queued !== undefined) run.attempt(id, 1, at + queued);
    if (runs === undefined) continue;
    const end = at + (queued ?? 0) + runs;
    if (outcome === "failed") run.settle(id, end, { failed: "no" });
    else if (outcome === "cancelled") run.settle(id, end, { cancelled: "no" });
    else run.settle(id, end, { output: at, cached: outcome === "cached" });
  }
  run.end(1_000);
  return run;
}

test("any schedule has a model, rows, pictures and advice", () => {
  fc.assert(
    fc.property(fc.array(call, { minLength: 1, maxLength: 30 }), (schedule) => {
      const model = deckModel(runOf(schedule).record());
      expect(foldRows(model.tree).length).toBeGreaterThan(0);
      expect(serialCalls(model).length).toBeLessThanOrEqual(3);
      for (const id of model.critical) expect(model.tree.topOf(id)).toBe(id);
      const spans = runSpans(model.tree, model.endMs);
      const drawn = [
        concurrencySvg(spans, model),
        timelineSvg({ spans, failedAt: [model.startMs], fillOf: () => "#1f6fd6" }, model).svg,
      ];
      const graph = deckGraph(model);
      if (graph !== undefined && !("notDrawn" in graph)) {
        const keys = new Set(graph.nodes.map(({ key }) => key));
        for (const { from, to } of graph.edges) {
          expect(keys.has(from) && keys.has(to) && from !== to).toBe(true);
        }
        drawn.push(graphPicture(graph).svg);
      }
      for (const svg of drawn) {
        expect(svg.length).toBeLessThanOrEqual(50_000);
        expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      }
    }),
  );
});
