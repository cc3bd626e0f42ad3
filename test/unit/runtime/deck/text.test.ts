import { describe, expect, test } from "vitest";
import { deckRows, liveRows, rowsToText, type Span } from "../../../../runtime/deck/views.ts";
import { columnsOf } from "../../../../runtime/values/escape.ts";
import { failedRun, openRun, trivialRun, wideRun } from "../../../support/deck-runs.ts";
import { RunEvents, START_MS } from "../../../support/run-events.ts";

function deckText(run: Parameters<typeof deckRows>[0], columns: number, rowsMax = 60): string {
  return `\n${rowsToText(deckRows(run, { columns, rowsMax }))}\n`;
}

test("a trivial run is one line per call, indented below its caller", () => {
  expect(deckText(trivialRun(), 100)).toMatchInlineSnapshot(`
    "
    ✓ simple(x: 5) → 12 · 3 ms
      ✓ addOne(x: 5) → 6 · 1 ms
      ✓ double(x: 6) → 12 · 1 ms
    "
  `);
});

describe("a failed run", () => {
  test("120 columns", () => {
    expect(deckText(failedRun(), 120)).toMatchInlineSnapshot(`
      "
      ✕ daily_report(date: "2026-11-22", days: 3)   failed in 14.2 s   7 tasks: 4 ok · 1 cached · 1 cancelled · 1 failed
        ✕ publish failed on attempt 2 of 2 after 2.14 s
          HttpError: 503 Service Unavailable
              at publish (report.ts:41:11)
              at In [7]:12:9
            caused by  Error: connect ECONNREFUSED 10.0.4.17:443
          │ posting to #sales
          Look at it: const t = deck.task("t7"); t.inputs
          Run it again: await t.rerun({ channel: "#sales" })
      ◆ load_config(path: "report.toml")           { region: "eu", days: 3 }   local         3 ms ┃▌                         │
      ✓ fetch_orders(day: "2026-11-20")            [1, 2, 3]                   remote      2.41 s │▐████                     │
      ✓ fetch_orders(day: "2026-11-21")            [4]                         remote ×2   4.87 s ┃▐████████▌                │
      ✓ clean(frames: [1, 2, 3])                   "clean"                     local       1.41 s ┃         ▐██              │
      ✓   dedupe(by: "id")                         3447                        local       420 ms │         ▐▌               │
      ✕ publish(channel: "#sales", image: [1])     HttpError: 503 Service Una… remote ×2   2.14 s ┃                      ████│
      ⊘ archive(to: "cold")                        "sibling publish failed"    local       2.11 s │                      ████│
      "
    `);
  });
  test("100 columns: still a waterfall", () => {
    expect(deckText(failedRun(), 100)).toMatchInlineSnapshot(`
      "
      ✕ daily_report(date: "2026-11-22", days: 3)
        failed in 14.2 s   7 tasks: 4 ok · 1 cached · 1 cancelled · 1 failed
        ✕ publish failed on attempt 2 of 2 after 2.14 s
          HttpError: 503 Service Unavailable
              at publish (report.ts:41:11)
              at In [7]:12:9
            caused by  Error: connect ECONNREFUSED 10.0.4.17:443
          │ posting to #sales
          Look at it: const t = deck.task("t7"); t.inputs
          Run it again: await t.rerun({ channel: "#sales" })
      ◆ load_config(path: "report.toml")  { region: "eu", days… local         3 ms ┃▌                    │
      ✓ fetch_orders(day: "2026-11-20")   [1, 2, 3]             remote      2.41 s │████                 │
      ✓ fetch_orders(day: "2026-11-21")   [4]                   remote ×2   4.87 s ┃███████▌             │
      ✓ clean(frames: [1, 2, 3])          "clean"               local       1.41 s ┃       ▐██           │
      ✓   dedupe(by: "id")                3447                  local       420 ms │       ▐▌            │
      ✕ publish(channel: "#sales", image… HttpError: 503 Servi… remote ×2   2.14 s ┃                 ▐███│
      ⊘ archive(to: "cold")               "sibling publish fai… local       2.11 s │                 ▐███│
      "
    `);
  });
  test("80 columns: no waterfall", () => {
    expect(deckText(failedRun(), 80)).toMatchInlineSnapshot(`
      "
      ✕ daily_report(date: "2026-11-22", days: 3)
        failed in 14.2 s   7 tasks: 4 ok · 1 cached · 1 cancelled · 1 failed
        ✕ publish failed on attempt 2 of 2 after 2.14 s
          HttpError: 503 Service Unavailable
              at publish (report.ts:41:11)
              at In [7]:12:9
            caused by  Error: connect ECONNREFUSED 10.0.4.17:443
          │ posting to #sales
          Look at it: const t = deck.task("t7"); t.inputs
          Run it again: await t.rerun({ channel: "#sales" })
      ◆ load_config(path: "report.toml")    { region: "eu", days: … local         3 ms
      ✓ fetch_orders(day: "2026-11-20")     [1, 2, 3]               remote      2.41 s
      ✓ fetch_orders(day: "2026-11-21")     [4]                     remote ×2   4.87 s
      ✓ clean(frames: [1, 2, 3])            "clean"                 local       1.41 s
      ✓   dedupe(by: "id")                  3447                    local       420 ms
      ✕ publish(channel: "#sales", image: … HttpError: 503 Service… remote ×2   2.14 s
      ⊘ archive(to: "cold")                 "sibling publish faile… local       2.11 s
      "
    `);
  });
  test("60 columns: nor where", () => {
    expect(deckText(failedRun(), 60)).toMatchInlineSnapshot(`
      "
      ✕ daily_report(date: "2026-11-22", days: 3)
        failed in 14.2 s
        7 tasks: 4 ok · 1 cached · 1 cancelled · 1 failed
        ✕ publish failed on attempt 2 of 2 after 2.14 s
          HttpError: 503 Service Unavailable
              at publish (report.ts:41:11)
              at In [7]:12:9
            caused by  Error: connect ECONNREFUSED 10.0.4.17:443
          │ posting to #sales
          Look at it: const t = deck.task("t7"); t.inputs
          Run it again: await t.rerun({ channel: "#sales" })
      ◆ load_config(path: "report.to… { region: "eu", da…     3 ms
      ✓ fetch_orders(day: "2026-11-2… [1, 2, 3]             2.41 s
      ✓ fetch_orders(day: "2026-11-2… [4]                   4.87 s
      ✓ clean(frames: [1, 2, 3])      "clean"               1.41 s
      ✓   dedupe(by: "id")            3447                  420 ms
      ✕ publish(channel: "#sales", i… HttpError: 503 Ser…   2.14 s
      ⊘ archive(to: "cold")           "sibling publish f…   2.11 s
      "
    `);
  });
});

test("ten siblings of one name share a row, with their failures below it", () => {
  expect(deckText(wideRun(24), 100)).toMatchInlineSnapshot(`
    "
    ! build_index(site: "docs")
      finished with failures in 2.90 s   24 tasks: 19 ok · 4 cached · 1 failed
      → 24
      ! fetch_page HttpError: 429 (url: "/docs/5") handled
    ◆ embed(url: "/docs/0")                  "page 0"                    20 ms │▌                      │
    ✕ fetch_page × 21                        1 failed · 3 cached · 1…   597 ms ┃████▌                  │
    ✕   fetch_page(url: "/docs/5")           HttpError: 429             205 ms │█▌                     │
    ✓ embed(url: "/docs/10")                 "page 10"                  390 ms │▐███                   │
    ✓ embed(url: "/docs/20")                 "page 20"                  360 ms │ ▐██▌                  │
    "
  `);
});

test("more than 50 calls are told per function", () => {
  expect(deckText(wideRun(60), 100)).toMatchInlineSnapshot(`
    "
    ! build_index(site: "docs")
      finished with failures in 6.50 s   60 tasks: 49 ok · 8 cached · 3 failed
      → 60
      ! fetch_page × 3 HttpError: 429 (url: "/docs/5") handled
    ✓ embed × 6   5 ok · 1 cached   median 300 ms · p95 390 ms   ▃         ▆█                     1.67 s
    ✕ fetch_page × 54   44 ok · 7 cached · 3 failed   median 189 ms · p95 404 ms   ▁▂▁▃▂▄▄▄▆▇▅█   11.0 s
    "
  `);
});

test("the live tree shows what runs, for how long, and counts the rest", () => {
  const { run, nowMs } = openRun();
  const text = (columns: number, rowsMax: number) =>
    `\n${rowsToText(liveRows(run, { columns, rowsMax, nowMs }))}\n`;
  expect(text(100, 40)).toMatchInlineSnapshot(`
    "
    ▸ daily_report(days: 3)                                         9 ok · 6 running · 1 queued   5.90 s
    ✓ load_config(path: "report.toml") → 0                                                          3 ms
    ▸ fetch_orders × 12   7 ok · 5 running
    ▸ clean(frames: [1, 2])                                                                       900 ms
      ✓ dedupe(by: "id") → ""                                                                     400 ms
      … normalise(to: "EUR")
    "
  `);
  expect(text(60, 4)).toMatchInlineSnapshot(`
    "
    ▸ daily_report(days:…   9 ok · 6 running · 1 queued   5.90 s
    ▸ fetch_orders × 12   7 ok · 5 running
    ▸ clean(frames: [1, 2])                               900 ms
    … 1 queued, 2 done
    "
  `);
});

test("a call that waits for its next attempt says what the last one failed of, and when it goes on", () => {
  const run = new RunEvents();
  const call = run.call("flaky", { at: 0 });
  const base = { runId: run.runId, at: 100, id: call };
  run.events.push({
    ...base,
    kind: "attempt-failed",
    attempt: 1,
    error: { line: "Error: reset", kind: "error" },
    retryAt: 1_000,
  });
  const rows = rowsToText(liveRows(run.record(), { columns: 100, rowsMax: 10, nowMs: 500 }));
  // The only call of a run needs no header, which would say the same.
  expect(rows).not.toContain("\n");
  expect(rows).toMatch(/▸ flaky\(\)\s+attempt 1: Error: reset, next at \d\d:\d\d:\d\d/);
});

test("several root calls are named after their cell", () => {
  const run = new RunEvents();
  for (const x of [1, 2, 3, 4])
    run.ok("addOne", { inputs: { x }, at: x, end: x + 1, output: x + 1 });
  run.end(10);
  expect(deckText(run.record(), 80)).toMatchInlineSnapshot(`
    "
    ✓ In [7] (4 calls)   in 10 ms   4 tasks: 4 ok
    ✓ addOne(x: 1)                              2                               1 ms
    ✓ addOne(x: 2)                              3                               1 ms
    ✓ addOne(x: 3)                              4                               1 ms
    ✓ addOne(x: 4)                              5                               1 ms
    "
  `);
});

test("a run without calls has no rows", () => {
  const run = new RunEvents().record();
  expect(deckRows(run, { columns: 80, rowsMax: 10 })).toEqual([]);
  expect(liveRows(run, { columns: 80, rowsMax: 10, nowMs: START_MS })).toEqual([]);
});

test("rows keep to the columns and to the number they are given, whatever the run", () => {
  const wide = new RunEvents();
  const root = wide.call("レポートを作る".repeat(9), { inputs: { 名前: "値".repeat(40) } });
  for (let index = 0; index < 30; index++) {
    wide.ok(`タスク${index}`, {
      parent: root,
      at: index,
      end: index + 9,
      output: "結果".repeat(30),
    });
  }
  const runs = [trivialRun(), failedRun(), wideRun(24), wideRun(60), openRun().run, wide.record()];
  for (const run of runs) {
    for (const columns of [20, 40, 69, 70, 99, 100, 200]) {
      for (const rowsMax of [1, 2, 7, 60]) {
        const decks = deckRows(run, { columns, rowsMax });
        const lives = liveRows(run, { columns, rowsMax, nowMs: START_MS + 60_000 });
        expect(decks.length).toBeLessThanOrEqual(rowsMax);
        expect(lives.length).toBeLessThanOrEqual(rowsMax);
        for (const text of rowsToText([...decks, ...lives]).split("\n")) {
          // Lines to copy are the exception: half a statement is worth nothing.
          if (text.startsWith("    Look at it: ") || text.startsWith("    Run it again: "))
            continue;
          expect(columnsOf(text), `${columns} columns: ${text}`).toBeLessThanOrEqual(columns);
        }
      }
    }
  }
});

test("no row has a line break or an escape in it", () => {
  const run = new RunEvents({ title: "a\nb" });
  run.ok("evil\u001b[31m\n\u202ename", {
    inputs: { "k\ney": "v\nalue" },
    end: 2_000,
    output: "\n",
  });
  run.call("other\r");
  run.end(3_000);
  const spans: readonly Span[] = deckRows(run.record(), { columns: 200, rowsMax: 60 }).flat();
  for (const span of spans) expect(span.text).not.toMatch(/[\p{Cc}\p{Bidi_C}]/u);
});
