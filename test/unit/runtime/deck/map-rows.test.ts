/** A map is one row with counts, whatever its size; a group is a row with a name alone. */
import { describe, expect, test } from "vitest";
import { foldRows, sizeOf, stateOf } from "../../../../runtime/deck/rows.ts";
import { callTree } from "../../../../runtime/deck/tree.ts";
import { deckBundle, liveBundle } from "../../../../runtime/deck/views.ts";
import { errorOf } from "../../../support/deck-runs.ts";
import { htmlText } from "../../../support/html-text.ts";
import { RunEvents, START_MS } from "../../../support/run-events.ts";

/** A map over three inputs, the second fails, inside a root with one more call. */
function mapRun({ isRoot = false } = {}): RunEvents {
  const run = new RunEvents();
  const root = isRoot ? undefined : run.call("root");
  const map = run.call("map score", {
    entity: "map",
    inputs: { items: [1, 2, 3] },
    ...(root !== undefined && { parent: root }),
  });
  for (let item = 0; item < 3; item++) {
    const call = run.call("score", { parent: map, at: item, inputs: { item } });
    if (item === 1) run.settle(call, 50, { failed: errorOf("Error", "no score") });
    else run.settle(call, 50 + item, { output: item * 100 });
  }
  run.settle(map, 1_500, { output: [0, undefined, 200] });
  if (root !== undefined) {
    run.ok("other", { parent: root, at: 1_500, end: 1_600 });
    run.settle(root, 1_600, { output: 1 });
  }
  run.end(1_600);
  return run;
}

const rowsOf = (run: RunEvents) =>
  foldRows(callTree(run.record())).map((row) =>
    row.kind === "fold"
      ? `${row.depth} ${row.name} × ${sizeOf(row)} ${stateOf(row)}`
      : `${row.depth} ${row.node.call.name} ${stateOf(row)}`,
  );

describe("a map", () => {
  test("is one row with its own state, its failures below it", () => {
    expect(rowsOf(mapRun())).toEqual(["0 map score × 3 ok", "1 score failed", "0 other ok"]);
  });

  test("that is the whole run has its calls in one row, however few", () => {
    expect(rowsOf(mapRun({ isRoot: true }))).toEqual(["0 score × 3 failed", "1 score failed"]);
  });

  test("of calls that have no record yet is as large as it says", () => {
    const run = new RunEvents();
    const map = run.call("map score", { entity: "map" });
    run.call("other");
    run.events.push({
      kind: "call-progress",
      runId: run.runId,
      at: START_MS,
      id: map,
      done: 0,
      total: 1_200,
    });
    expect(rowsOf(run)).toEqual(["0 map score × 1200 running", "0 other running"]);
  });

  test.each([
    { isRoot: false, row: "map score × 1,200" },
    { isRoot: true, row: "score × 1,200" },
  ])("counts the calls that it has still to make as queued: $row", async ({ isRoot, row }) => {
    const run = new RunEvents();
    const root = isRoot ? undefined : run.call("root");
    const map = run.call("map score", {
      entity: "map",
      ...(root !== undefined && { parent: root }),
    });
    const first = run.call("score", { parent: map });
    run.call("score", { parent: map });
    run.settle(first, 50, { output: 1 });
    const progress = { kind: "call-progress", runId: run.runId, id: map } as const;
    run.events.push({ ...progress, at: START_MS + 50, done: 1, total: 1_200 });
    const live = await liveBundle(run.record(), START_MS + 100);
    const counts = "1 ok · 1 running · 1,198 queued";
    expect(live["text/plain"]).toContain(`${row}   ${counts}`);
    expect(htmlText(live["text/html"] as string)).toContain(`${row} \u00a0 ${counts}`);

    run.settle(map, 200, { cancelled: true });
    run.end(200, "interrupted");
    expect((await deckBundle(run.record()))["text/plain"]).not.toContain("queued");
  });

  test("is in every form a row with its counts, and unfolds to what it came to", async () => {
    const bundle = await deckBundle(mapRun().record());
    const html = htmlText(bundle["text/html"] as string);
    expect(html).toContain("✓ ok map score × 3");
    expect(html).toContain("2 ok · 1 failed");
    expect(html).toContain("out [0, undefined, 200]");
    expect(html).toContain("✓ ok score(item: 2) → 200");
    expect(bundle["text/markdown"]).toContain("**map score** × 3 | 2 ok · 1 failed");
    expect(bundle["text/plain"]).toMatch(/✓ map score × 3 +2 ok · 1 failed/);
    const live = await liveBundle(mapRun().record(), START_MS + 1_700);
    expect(htmlText(live["text/html"] as string)).toMatch(/map score × 3\s+2 ok · 1 failed/);
  });
});

test("calls of a map that are done and have no record any more are not told as queued", () => {
  const run = new RunEvents();
  const map = run.call("map score", { entity: "map" });
  run.call("score", { parent: map });
  run.call("other");
  const progress = { kind: "call-progress", runId: run.runId, id: map } as const;
  run.events.push({ ...progress, at: START_MS, done: 1_000, total: 1_200 });
  const [row] = foldRows(callTree(run.record()));
  expect(row?.kind === "fold" && row.counts.get("queued")).toBe(199);
});

test("a group is a row with a name and no inputs, its calls below it", async () => {
  const run = new RunEvents();
  const root = run.call("root");
  const group = run.call("load", { parent: root, entity: "group" });
  run.ok("fetch", { parent: group, end: 1_000, output: 1 });
  run.settle(group, 1_100, { output: 1 });
  run.ok("other", { parent: root, end: 5 });
  run.settle(root, 1_200, { output: 1 });
  run.end(1_200);
  expect(rowsOf(run)).toEqual(["0 load ok", "1 fetch ok", "0 other ok"]);
  const bundle = await deckBundle(run.record());
  for (const form of [htmlText(bundle["text/html"] as string), bundle["text/plain"] as string]) {
    expect(form).toContain("load ");
    expect(form).not.toContain("load(");
  }
});
