import { expect, test } from "vitest";
import { deckMarkdown, fence, markdownText } from "../../../../runtime/deck/markdown.ts";
import { failedRun, trivialRun, wideRun } from "../../../support/deck-runs.ts";
import { RunEvents } from "../../../support/run-events.ts";

test("a trivial run is a list, one call a line", () => {
  expect(`\n${deckMarkdown(trivialRun())}\n`).toMatchInlineSnapshot(`
    "
    - ✓ ok **simple**(x: 5) → 12 · 3 ms
      - ✓ ok **addOne**(x: 5) → 6 · 1 ms
      - ✓ ok **double**(x: 6) → 12 · 1 ms
    "
  `);
});

test("a failed run is complete: state, failure, lines to copy, table", () => {
  expect(`\n${deckMarkdown(failedRun())}\n`).toMatchInlineSnapshot(`
    "
    **✕ failed** daily\\_report(date: "2026-11-22", days: 3) · 14.2 s · 7 tasks: 4 ok, 1 cached, 1 cancelled, 1 failed

    task time 12.0 s · most at once 2 · critical path 8.71 s

    ✕ **publish** failed on attempt 2 of 2 after 2.14 s

    \`\`\`text
    HttpError: 503 Service Unavailable
        at publish (report.ts:41:11)
        at In [7]:12:9
      caused by  Error: connect ECONNREFUSED 10.0.4.17:443
    │ posting to #sales
    \`\`\`

    \`\`\`text
    const t = deck.task("t7"); t.inputs
    await t.rerun({ channel: "#sales" })
    \`\`\`

    | State | Task | Output | Where | Tries | Time |
    | --- | --- | --- | --- | ---: | ---: |
    | ◆ cached | **load\\_config**(path: "report.toml") | { region: "eu", days: 3 } | local | 1 | 3 ms |
    | ✓ ok | **fetch\\_orders**(day: "2026-11-20") | \\[1, 2, 3\\] | remote | 1 | 2.41 s |
    | ✓ ok | **fetch\\_orders**(day: "2026-11-21") | \\[4\\] | remote | 2 | 4.87 s |
    | ✓ ok | **clean**(frames: \\[1, 2, 3\\]) | "clean" | local | 1 | 1.41 s |
    | ✓ ok | └ **dedupe**(by: "id") | 3447 | local | 1 | 420 ms |
    | ✕ failed | **publish**(channel: "\\#sales", image: \\[1\\]) | HttpError: 503 Service Unavailable | remote | 2 | 2.14 s |
    | ⊘ cancelled | **archive**(to: "cold") | "sibling publish failed" | local | 1 | 2.11 s |

    Values: t3 fetch\\_orders after t2; t4 fetch\\_orders after t2; t5 clean after t3, t4
    "
  `);
});

test("many calls are a table of functions", () => {
  expect(`\n${deckMarkdown(wideRun(60))}\n`).toMatchInlineSnapshot(`
    "
    **! finished with failures** build\\_index(site: "docs") · 6.50 s · 60 tasks: 49 ok, 8 cached, 3 failed

    → 60

    task time 12.7 s · parallel speed-up 2.0× · most at once 25 · critical path 983 ms

    3 failures, 1 distinct, all handled by the workflow

    | Count | Task | Message | First inputs |
    | ---: | --- | --- | --- |
    | 3 | fetch\\_page | HttpError: 429 | url: "/docs/5" |

    | Task | Calls | Median | p95 | Total |
    | --- | --- | ---: | ---: | ---: |
    | **embed** × 6 | 5 ok · 1 cached | 300 ms | 390 ms | 1.67 s |
    | **fetch\\_page** × 54 | 44 ok · 7 cached · 3 failed | 189 ms | 404 ms | 11.0 s |
    "
  `);
});

test("nothing in a value begins a tag, a column, code or a formula", () => {
  expect(markdownText("<b> | `x` $y$ *z* _w_ [l](u) # a & b ~~c~~ \\")).toBe(
    "&lt;b> \\| \\`x\\` \\$y\\$ \\*z\\* \\_w\\_ \\[l\\](u) \\# a &amp; b \\~\\~c\\~\\~ \\\\",
  );
});

test("a fence is longer than any fence in it", () => {
  expect(fence("plain")).toBe("```text\nplain\n```");
  expect(fence("a ```` b")).toBe("`````text\na ```` b\n`````");
});

test("a table keeps its columns, whatever its cells hold", () => {
  const run = new RunEvents();
  for (const text of ["a | b", "a\\| b", "line\nbreak", "|||", "`|`"]) {
    run.ok(text, { inputs: { text }, output: text });
  }
  run.end(2_000);
  const rows = deckMarkdown(run.record())
    .split("\n")
    .filter((line) => line.startsWith("| "));
  expect(rows).toHaveLength(7);
  for (const row of rows) {
    // A pipe after an even number of backslashes ends a cell.
    const pipes = [...row.matchAll(/\\*\|/g)].filter(([match]) => match.length % 2 === 1);
    expect(pipes).toHaveLength(5);
  }
});
