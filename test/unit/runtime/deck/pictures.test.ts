/** The sections with pictures: when they are there, whether they are open, what they say without the picture. */
import { describe, expect, test } from "vitest";
import { deckForms } from "../../../../runtime/deck/html/fit.ts";
import { picturesOf } from "../../../../runtime/deck/html/pictures.tsx";
import { deckModel } from "../../../../runtime/deck/model.ts";
import { deckBundle, deckPage, liveBundle } from "../../../../runtime/deck/views.ts";
import type { RunRecord } from "../../../../runtime/events/record-shape.ts";
import { failedRun, wideRun } from "../../../support/deck-runs.ts";
import { htmlTags, htmlText } from "../../../support/html-text.ts";
import { RunEvents, START_MS } from "../../../support/run-events.ts";

const htmlOf = async (run: RunRecord) => (await deckBundle(run))["text/html"] as string;

/** Each image with its text, and the SVG in it. */
function images(html: string): { alt: string; svg: string }[] {
  return htmlTags(html)
    .filter(({ name }) => name === "img")
    .map(({ attributes }) => {
      const [head, base64 = ""] = (attributes.get("src") ?? "").split(",");
      expect(head).toBe("data:image/svg+xml;base64");
      return { alt: attributes.get("alt") ?? "", svg: Buffer.from(base64, "base64").toString() };
    });
}

/** The heads of all sections: `▾ Tasks` is open. */
function sections(html: string): string[] {
  return [
    ...html.matchAll(/<details (open="" )?style="margin:12px[^>]*><summary[^>]*>([A-Z]\w+) /g),
  ].map(([, open, title]) => `${open ? "▾" : "▸"} ${title}`);
}

/** Calls that follow each other, or all at once. */
function calls(count: number, { isParallel = false, isDistinct = true } = {}): RunRecord {
  const run = new RunEvents();
  const root = run.call("root");
  for (let index = 0; index < count; index++) {
    const at = isParallel ? 0 : index * 100;
    const name = isDistinct ? `task_${index}` : "task";
    run.ok(name, { parent: root, at, end: at + 99, inputs: { index } });
  }
  run.settle(root, count * 100 + 1_000, { output: 1 });
  run.end(count * 100 + 1_000);
  return run.record();
}

describe("the sections of a deck", () => {
  test.each<[what: string, run: RunRecord, heads: string[]]>([
    ["a failed run", failedRun(), ["▾ Errors", "▾ Tasks", "▸ Concurrency", "▾ Graph", "▸ Run"]],
    ["two calls after each other", calls(2), ["▾ Tasks", "▸ Run"]],
    ["three calls after each other", calls(3), ["▾ Tasks", "▾ Graph", "▸ Run"]],
    ["three calls at once", calls(3, { isParallel: true }), ["▾ Tasks", "▸ Concurrency", "▸ Run"]],
    ["fifty calls after each other", calls(50), ["▾ Tasks", "▾ Graph", "▸ Run"]],
    [
      "fifty-one calls at once",
      calls(51, { isParallel: true }),
      ["▾ Tasks", "▾ Timeline", "▸ Run"],
    ],
    ["more functions than a graph holds", calls(70), ["▾ Tasks", "▸ Graph", "▸ Run"]],
  ])("of %s", async (_, run, heads) => {
    expect(sections(await htmlOf(run))).toEqual(heads);
  });

  test("are in a page too, never in a live tree", async () => {
    const page = await deckPage(failedRun());
    expect(page.match(/<img alt="[^"]+" src="data:image\/svg/g)).toHaveLength(2);
    // A slash would belong to the unquoted class before it.
    expect(page.match(/<img [^>]*[^/]>/g)).toHaveLength(2);
    const live = await liveBundle(failedRun(), START_MS + 20_000);
    expect(images(live["text/html"] as string)).toEqual([]);
  });
});

describe("a picture says in words", () => {
  test("how many calls ran, and what waited for what", async () => {
    expect(images(await htmlOf(failedRun())).map(({ alt }) => alt)).toEqual([
      "Calls running over 14.2 s, at most 2 at once",
      "Graph of calls: t2 load_config; t3 fetch_orders after t2; t4 fetch_orders after t2; " +
        "t5 clean after t3, t4; t7 publish after t5 in time; t8 archive after t5 in time",
    ]);
  });

  test("when calls failed", async () => {
    const [timeline] = images(await htmlOf(wideRun(60)));
    expect(timeline?.alt).toBe(
      "Calls running over 6.50 s, at most 25 at once; then one bar per call packed into lanes; " +
        "3 failures at +205 ms, +556 ms, +907 ms",
    );
  });

  test("its axis beside it, not in it", async () => {
    const html = await htmlOf(wideRun(60));
    expect(htmlText(html)).toContain("0 ms 1.63 s 3.25 s 4.88 s 6.50 s");
    expect(images(html)[0]?.svg).not.toContain("<text");
  });

  test("what is too large to draw", async () => {
    expect(htmlText(await htmlOf(calls(70)))).toContain(
      "Graph 70 functions with 69 edges between them are too many to draw.",
    );
  });
});

test("a deck that is too large leaves out bodies of good rows, rows, timeline, graph, in this order", () => {
  const model = deckModel(failedRun());
  const forms = [...deckForms(model, picturesOf(model), "decks/run-1/deck.html")];
  expect(
    forms.map(({ detail, rows, pictures, remarks }) => [
      detail,
      rows,
      Object.keys(pictures).join(" "),
      remarks.length,
    ]),
  ).toEqual([
    ["all", "calls", "time graph", 0],
    ["failed", "calls", "time graph", 2],
    ["failed", "functions", "time graph", 3],
    ["failed", "functions", "graph", 4],
    ["failed", "functions", "", 5],
    ["none", "functions", "", 5],
    ["none", "functions", "", 6],
  ]);
  expect(forms.at(-1)?.remarks).toEqual([
    "Calls of one function share a row: the deck would be larger than 200 kB.",
    "No concurrency is drawn: the deck would be larger than 200 kB.",
    "No graph is drawn: the deck would be larger than 200 kB.",
    "No row unfolds: the deck would be larger than 200 kB.",
    "Only 10 functions have a row: the deck would be larger than 200 kB.",
    "All of it is in decks/run-1/deck.html",
  ]);
});

test("rows that are too large to list share a row per function, and the deck says so", async () => {
  const run = new RunEvents();
  const root = run.call("root");
  const inputs = Object.fromEntries(
    Array.from({ length: 4 }, (_, index) => [`${"<&".repeat(50)}${index}`, "<".repeat(60)]),
  );
  for (let index = 0; index < 50; index++) {
    const name = `${"<".repeat(110)}${index}`;
    run.ok(name, { parent: root, at: index, end: 1_000, inputs, output: "<&>".repeat(30) });
  }
  run.settle(root, 2_000, { output: 1 });
  run.end(2_000);
  const html = await htmlOf(run.record());
  expect(html.length).toBeLessThanOrEqual(202_000);
  expect(htmlText(html)).toContain(
    "Calls of one function share a row: the deck would be larger than 200 kB.",
  );
});
