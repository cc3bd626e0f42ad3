import { expect, test } from "vitest";
import { sessionModel } from "../../../../runtime/deck/session-deck.ts";
import { sessionBundle } from "../../../../runtime/deck/views.ts";
import type { RunRecord } from "../../../../runtime/events/record-shape.ts";
import { errorOf, failedRun, trivialRun } from "../../../support/deck-runs.ts";
import { htmlText } from "../../../support/html-text.ts";
import { RunEvents, START_MS } from "../../../support/run-events.ts";

interface Cell {
  readonly n: number;
  readonly cellId?: string;
  /** Seconds after the start of the session. */
  readonly at: number;
  readonly lasts?: number;
  readonly fails?: string;
}

function cellRun({ n, cellId, at, lasts = 1, fails }: Cell): RunRecord {
  const run = new RunEvents({
    runId: `run-${n}`,
    n,
    cell: n,
    at: START_MS + at * 1_000,
    firstCall: n * 10,
    ...(cellId !== undefined && { cellId }),
  });
  const call = run.call(`step${n}`, { at: at * 1_000, inputs: { n } });
  const end = (at + lasts) * 1_000;
  if (fails === undefined) run.settle(call, end, { output: n });
  else run.settle(call, end, { failed: errorOf("Error", fails) });
  run.end(end, fails === undefined ? "ok" : "failed");
  return run.record();
}

test("each cell counts once, with its newest run", () => {
  const session = sessionModel(
    [
      cellRun({ n: 1, cellId: "a", at: 0 }),
      cellRun({ n: 2, cellId: "b", at: 10 }),
      cellRun({ n: 3, cellId: "a", at: 20 }),
    ],
    "report.ipynb",
  );
  expect(session.cells.map(({ label, earlier }) => [label, earlier])).toEqual([
    ["In [2]", 0],
    ["In [3]", 1],
  ]);
});

test("without cell ids each execution count is a cell of its own", () => {
  const runs = [cellRun({ n: 1, cellId: "x", at: 0 }), cellRun({ n: 2, cellId: "y", at: 1 })];
  const bare = runs.map((run) => {
    const { cellId: _, ...rest } = run;
    return rest;
  });
  expect(sessionModel(bare, "terminal").cells).toHaveLength(2);
});

test("the session looks like the worst of its newest runs", () => {
  const good = cellRun({ n: 3, cellId: "a", at: 20 });
  const bad = cellRun({ n: 1, cellId: "a", at: 0, fails: "no" });
  expect(sessionModel([bad, good], "s").state).toBe("ok");
  expect(sessionModel([good, cellRun({ n: 4, cellId: "b", at: 30, fails: "no" })], "s").state).toBe(
    "failed",
  );
});

test("failures that a later run of the cell fixed come after those still open, and say where", () => {
  const session = sessionModel(
    [
      cellRun({ n: 1, cellId: "a", at: 0, fails: "first try" }),
      cellRun({ n: 2, cellId: "b", at: 10, fails: "still open" }),
      cellRun({ n: 3, cellId: "a", at: 20 }),
    ],
    "report.ipynb",
  );
  expect(session.errors.map(({ label, fixedIn }) => [label, fixedIn])).toEqual([
    ["In [2]", undefined],
    ["In [1]", "In [3]"],
  ]);
});

test("the axis holds busy time only: the hour between two cells is cut out", () => {
  const session = sessionModel(
    [
      cellRun({ n: 1, cellId: "a", at: 0, lasts: 1 }),
      cellRun({ n: 2, cellId: "b", at: 3_600, lasts: 3 }),
    ],
    "report.ipynb",
  );
  expect(session.busyMs).toBe(4_000);
  expect(session.cells.map((cell) => cell.extent)).toEqual([
    { from: 0, to: 0.25 },
    { from: 0.25, to: 1 },
  ]);
});

test("runs at the same time share the axis", () => {
  const session = sessionModel(
    [
      cellRun({ n: 1, cellId: "a", at: 0, lasts: 4 }),
      cellRun({ n: 2, cellId: "b", at: 2, lasts: 2 }),
    ],
    "report.ipynb",
  );
  expect(session.busyMs).toBe(4_000);
  expect(session.cells.map((cell) => cell.extent)).toEqual([
    { from: 0, to: 1 },
    { from: 0.5, to: 1 },
  ]);
});

test("all forms tell cells, values, counts and failures", async () => {
  const runs = [cellRun({ n: 5, cellId: "e", at: -60 }), trivialRun(), failedRun()];
  const [first, simple, failed] = runs;
  if (!first || !simple || !failed) throw new Error("three runs");
  const bundle = await sessionBundle([first, { ...simple, id: "s", cellId: "s", n: 6 }, failed], {
    title: "report.ipynb",
  });
  expect(`\n${bundle["text/plain"]}\n`).toMatchInlineSnapshot(`
    "
    ✕ report.ipynb
      3 cells · 10 tasks · 15.2 s busy · 13.0 s task time · 10 % from the cache · 1 failure
      In [7]
      ✕ publish failed on attempt 2 of 2 after 2.14 s
        HttpError: 503 Service Unavailable
            at publish (report.ts:41:11)
            at In [7]:12:9
          caused by  Error: connect ECONNREFUSED 10.0.4.17:443
        │ posting to #sales
        Look at it: const t = deck.task("t7"); t.inputs
        Run it again: await t.rerun({ channel: "#sales" })
    ✓ In [5] step5 → 5                                                                     1 ok   1.00 s
    ✓ In [6] simple → 12                                                                   2 ok     3 ms
    ✕ In [7] daily_report                              4 ok · 1 cached · 1 cancelled · 1 failed   14.2 s
    "
  `);
  for (const form of [htmlText(bundle["text/html"] as string), bundle["text/markdown"] as string]) {
    for (const text of ["report.ipynb", "In", "step5", "daily", "503 Service Unavailable", "t7"]) {
      expect(form).toContain(text);
    }
  }
});

test("before the first call the summary says so, in each form", async () => {
  for (const runs of [[], [new RunEvents().record()]]) {
    const bundle = await sessionBundle(runs, { title: "empty.ipynb" });
    expect(htmlText(bundle["text/html"] as string)).toBe("no calls yet");
    expect(bundle["text/markdown"]).toContain("no calls yet");
    expect(bundle["text/plain"]).toBe("no calls yet");
  }
});
