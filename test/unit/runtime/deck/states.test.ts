/** What the head of a deck, its failures and its lines to copy say, for each way a run can end. */
import { describe, expect, test } from "vitest";
import {
  deckBundle,
  deckRows,
  isTrivial,
  liveBundle,
  rowsToText,
} from "../../../../runtime/deck/views.ts";
import type { RunRecord } from "../../../../runtime/events/record-shape.ts";
import { preview } from "../../../../runtime/values/preview.ts";
import { errorOf, failedRun, openRun, trivialRun } from "../../../support/deck-runs.ts";
import { htmlText } from "../../../support/html-text.ts";
import { RunEvents } from "../../../support/run-events.ts";

/** All three forms of a deck as one text each. */
async function forms(run: RunRecord): Promise<string[]> {
  const bundle = await deckBundle(run);
  return [
    htmlText(bundle["text/html"] as string),
    // Escapes are for the renderer of Markdown, not for the reader.
    (bundle["text/markdown"] as string).replaceAll(/\\([\\`*_[\]|$~#])/g, "$1"),
    bundle["text/plain"] as string,
  ];
}

async function expectInAllForms(run: RunRecord, ...texts: string[]): Promise<void> {
  for (const form of await forms(run)) {
    for (const text of texts) expect(form).toContain(text);
  }
}

async function expectInNoForm(run: RunRecord, ...texts: string[]): Promise<void> {
  for (const form of await forms(run)) {
    for (const text of texts) expect(form).not.toContain(text);
  }
}

describe("a trivial run", () => {
  test("has at most three quick calls without any trouble", () => {
    expect(isTrivial(trivialRun())).toBe(true);
  });

  test("a fourth call makes a deck of it", () => {
    const run = new RunEvents();
    for (const x of [1, 2, 3, 4]) run.ok("addOne", { inputs: { x } });
    run.end(1);
    expect(isTrivial(run.record())).toBe(false);
  });

  test("a second on the clock makes a deck of it", () => {
    const run = new RunEvents();
    run.ok("slow", { end: 1_000 });
    run.end(1_000);
    expect(isTrivial(run.record())).toBe(false);
  });

  test("a second attempt makes a deck of it", () => {
    const run = new RunEvents();
    const call = run.call("flaky");
    run.attemptFailed(call, 1, 1, errorOf("Error", "once"), 2);
    run.attempt(call, 2, 2);
    run.settle(call, 3, { output: 1 });
    run.end(3);
    expect(isTrivial(run.record())).toBe(false);
  });

  test("a call that nobody awaited makes a deck of it", () => {
    const run = new RunEvents();
    const root = run.call("report");
    const child = run.ok("notify", { parent: root, end: 1 });
    run.settle(root, 2, { output: 1 }, { unawaited: [child] });
    run.end(2);
    expect(isTrivial(run.record())).toBe(false);
  });

  test("an error of the cell after its calls makes a deck of it", () => {
    const run = new RunEvents();
    run.ok("addOne");
    run.end(1, "failed", preview(errorOf("TypeError", "x is not a function")));
    expect(isTrivial(run.record())).toBe(false);
  });

  test("a run that goes on, or made no call, is not one", () => {
    const open = new RunEvents();
    open.ok("addOne");
    expect(isTrivial(open.record())).toBe(false);
    const none = new RunEvents();
    none.end(1);
    expect(isTrivial(none.record())).toBe(false);
  });
});

describe("a failure that nothing dealt with", () => {
  test("is told first: what failed, why, and two lines to copy", async () => {
    await expectInAllForms(
      failedRun(),
      "failed on attempt 2 of 2 after 2.14 s",
      "HttpError: 503 Service Unavailable",
      "at publish (report.ts:41:11)",
      "caused by  Error: connect ECONNREFUSED 10.0.4.17:443",
      "posting to #sales",
      'const t = deck.task("t7"); t.inputs',
      'await t.rerun({ channel: "#sales" })',
    );
    for (const form of await forms(failedRun())) {
      expect(form.indexOf("HttpError: 503")).toBeLessThan(form.indexOf("load_config"));
    }
  });

  test("outside a session there are no lines to copy: nothing could run them", async () => {
    await expectInNoForm(failedRun({ isStandalone: true }), "deck.task", "rerun");
  });

  test("a call that failed because of another names it and has no panel of its own", async () => {
    const run = new RunEvents();
    const root = run.call("report");
    const middle = run.call("middle", { parent: root });
    const bad = run.call("bad", { parent: middle });
    const error = errorOf("RangeError", "no such page");
    run.settle(bad, 1, { failed: error });
    run.settle(middle, 2, { failed: error, root: bad });
    run.settle(root, 3, { failed: error, root: bad });
    run.end(4, "failed");
    await expectInAllForms(run.record(), "failed because of t3");
    for (const form of await forms(run.record()))
      expect(form.split("Look at it").length).toBeLessThan(3);
  });

  test("three have panels, the others are counted", async () => {
    const run = new RunEvents();
    const root = run.call("report");
    for (let index = 0; index < 9; index++) {
      const call = run.call(`task${index}`, { parent: root });
      run.settle(call, 1, { failed: errorOf("Error", `broken ${index}`) });
    }
    run.settle(root, 2, { failed: errorOf("Error", "broken 0"), root: "t2" });
    run.end(3, "failed");
    await expectInAllForms(run.record(), "… 6 more failures", "broken 2");
  });

  test("the cell that threw after good calls is named as the one at fault", async () => {
    const run = new RunEvents();
    run.ok("addOne", { inputs: { x: 1 }, output: 2 });
    run.end(5, "failed", preview(errorOf("TypeError", "x is not a function")));
    await expectInAllForms(
      run.record(),
      "the cell failed after its calls",
      "TypeError: x is not a function",
      "at In [7]:12:9",
    );
    await expectInNoForm(run.record(), "deck.task");
  });

  test("one that nobody awaited is not taken for handled, although the run went on", async () => {
    const run = new RunEvents();
    const root = run.call("report");
    const lost = run.call("notify", { parent: root, inputs: { to: "x" } });
    run.settle(lost, 1, { failed: errorOf("Error", "no route") });
    run.settle(root, 2, { output: 1 }, { unawaited: [lost] });
    run.end(3);
    await expectInAllForms(run.record(), "failed after 1 ms, and nobody awaited it", "no route");
  });
});

describe("the argument of rerun is something to start changing", () => {
  const rerunOf = (inputs: Record<string, unknown>) => {
    const run = new RunEvents();
    run.settle(run.call("bad", { inputs }), 1, { failed: errorOf("Error", "bad") });
    run.end(2, "failed");
    const text = rowsToText(deckRows(run.record(), { columns: 200, rowsMax: 60 }));
    return /await t\.rerun\(.*\)/.exec(text)?.[0];
  };

  test("the first input that can be written as JavaScript, as JavaScript", () => {
    expect(rerunOf({ frame: [1], day: "2026-11-20", n: 1 })).toBe(
      'await t.rerun({ day: "2026-11-20" })',
    );
    expect(rerunOf({ x: 0 })).toBe("await t.rerun({ x: 0 })");
    expect(rerunOf({ "is-ready": false })).toBe('await t.rerun({ "is-ready": false })');
    expect(rerunOf({ text: 'a"b\n' })).toBe('await t.rerun({ text: "a\\"b\\n" })');
  });

  test("never one that is cut or redacted: the call would run with a value it never had", () => {
    expect(rerunOf({ text: "x".repeat(100) })).toBe("await t.rerun()");
    expect(rerunOf({ password: "hunter2hunter2" })).toBe("await t.rerun()");
    expect(rerunOf({ frame: [1], n: 12n })).toBe("await t.rerun()");
    expect(rerunOf({})).toBe("await t.rerun()");
  });
});

describe("failures the workflow dealt with", () => {
  const handled = () => {
    const run = new RunEvents();
    const root = run.call("crawl", { inputs: { site: "docs" } });
    for (const [index, message] of ["429 at 10.0.0.1", "429 at 10.0.0.2", "gone"].entries()) {
      const call = run.call("fetch", { parent: root, inputs: { url: `/docs/${index}` } });
      run.settle(call, 1, { failed: errorOf("HttpError", message) });
    }
    run.settle(root, 2, { output: 0 });
    run.end(3);
    return run.record();
  };

  test("end a run well, but are not hidden", async () => {
    await expectInAllForms(handled(), "finished with failures", "→ 0", "HttpError: gone");
  });

  test("are told once per kind: digits in messages do not make another", async () => {
    const [html = "", markdown = "", text = ""] = await forms(handled());
    for (const form of [html, markdown]) {
      expect(form).toContain("3 failures, 2 distinct, all handled by the workflow");
    }
    expect(text).toContain("fetch × 2 HttpError: 429 at 10.0.0.1");
  });

  test("one that went up through a caller and was caught above it counts as handled", async () => {
    const run = new RunEvents();
    const root = run.call("outer");
    const middle = run.call("middle", { parent: root });
    const bad = run.call("bad", { parent: middle });
    run.settle(bad, 1, { failed: errorOf("Error", "deep") });
    run.settle(middle, 2, { failed: errorOf("Error", "deep"), root: bad });
    run.settle(root, 3, { output: "caught" });
    run.end(4);
    await expectInAllForms(run.record(), "finished with failures", "handled");
    await expectInNoForm(run.record(), "Look at it");
  });
});

test("the first word of a deck is what became of the run, with its glyph", async () => {
  for (const [state, words] of [
    ["ok", "✓ ok"],
    ["failed", "✕ failed"],
    ["interrupted", "⊘ interrupted"],
    ["killed", "✕ killed"],
  ] as const) {
    const run = new RunEvents();
    for (let index = 0; index < 4; index++) run.ok("addOne", { output: index });
    run.end(9, state);
    const [html = "", markdown = "", text = ""] = await forms(run.record());
    expect(html.startsWith(words)).toBe(true);
    expect(markdown.startsWith(`**${words}**`)).toBe(true);
    expect(text.startsWith(`${words.slice(0, 1)} In [7]`)).toBe(true);
  }
});

describe("a run that was stopped", () => {
  const stopped = (state: "interrupted" | "killed", error?: string, isStandalone = false) => {
    const run = new RunEvents({ isStandalone });
    const root = run.call("report", { inputs: { days: 3 } });
    run.ok("fetch", { parent: root, at: 10, end: 900, output: [1, 2, 3] });
    run.call("clean", { parent: root, at: 910 });
    run.queue("publish", { parent: root, at: 920 });
    run.end(5_900, state, error === undefined ? undefined : { line: error, kind: "string" });
    return run.record();
  };

  test("by an interrupt: when, and what was still open", async () => {
    await expectInAllForms(
      stopped("interrupted"),
      "interrupted",
      "5.90 s",
      "[1, 2, 3]",
      "cancelled",
    );
    await expectInNoForm(stopped("interrupted"), "running", "queued");
  });

  test("has the line that goes on from there, where there is a cell to run again", async () => {
    await expectInAllForms(stopped("interrupted"), "Go on:", "await deck.resume()");
    await expectInAllForms(stopped("killed"), "Go on:", "await runs()[0].resume()");
    await expectInNoForm(stopped("interrupted", undefined, true), "Go on", "resume");
  });

  test("by the end of its process: how that ended", async () => {
    await expectInAllForms(
      stopped("killed", "user process ended with SIGKILL"),
      "killed",
      "user process ended with SIGKILL",
      "[1, 2, 3]",
    );
  });
});

test("a run that outlives its cell says how many calls still run", async () => {
  const { run } = openRun();
  const [html = "", markdown = "", text = ""] = await forms(run);
  for (const form of [html, markdown, text]) expect(form).toContain("7 still running");
});

test("the live picture bears the moment it was taken, in each form", async () => {
  const { run, nowMs } = openRun();
  const bundle = await liveBundle(run, nowMs);
  for (const form of [
    htmlText(bundle["text/html"] as string),
    bundle["text/markdown"] as string,
    bundle["text/plain"] as string,
  ]) {
    expect(form).toMatch(/as of \d\d:\d\d:\d\d/);
    expect(form).toContain("▸ ");
    expect(form).toContain("5.90 s");
  }
});

test("nothing in the live picture unfolds: the next frame would close it", async () => {
  const { run, nowMs } = openRun();
  expect((await liveBundle(run, nowMs))["text/html"]).not.toContain("<details");
});

test("bundles hold HTML, Markdown and text, nothing else", async () => {
  const kinds = ["text/html", "text/markdown", "text/plain"];
  const { run, nowMs } = openRun();
  expect(Object.keys(await deckBundle(failedRun()))).toEqual(kinds);
  expect(Object.keys(await deckBundle(trivialRun()))).toEqual(kinds);
  expect(Object.keys(await deckBundle(new RunEvents().record()))).toEqual(kinds);
  expect(Object.keys(await liveBundle(run, nowMs))).toEqual(kinds);
});
