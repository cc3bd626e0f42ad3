/**
 * Every rendering there is, for tests of what viewers do to them: sizes, states, kinds of values, user decks.
 * @module
 */
import { deckBundle, liveBundle, sessionBundle } from "../../runtime/deck/views.ts";
import type { RunRecord } from "../../runtime/events/record-shape.ts";
import { contentBundle } from "../../runtime/workflow/deck-content.ts";
import { errorOf, failedRun, openRun, trivialRun, wideRun } from "./deck-runs.ts";
import { RunEvents, START_MS } from "./run-events.ts";

/** One pixel. */
export const GIF = "R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw==";

/** A value of each kind that previews tell apart. */
const VALUES: readonly unknown[] = [
  ...[
    undefined,
    null,
    true,
    0,
    -0,
    Number.NaN,
    12n,
    "",
    "text",
    "<b>&\"'</b>",
    "a\nb",
    Symbol("x"),
  ],
  ...[
    "x".repeat(9_000),
    () => 1,
    class Invoice {},
    new Date(START_MS),
    new Date(Number.NaN),
    /re/g,
  ],
  ...[
    new URL("https://user:pass@example.com/?token=abc"),
    [1, 2, 3],
    Array.from({ length: 400 }, (_, n) => n),
  ],
  Array.from({ length: 30 }, (_, n) => ({ id: n, name: `row ${n}`, price: n / 7, left: null })),
  ...[new Float64Array([1, 2, Number.NaN]), new Uint8Array(400), Buffer.from(GIF, "base64")],
  ...[
    new Map([["USD", 1.08]]),
    new Set([1, 2]),
    { region: "eu", deep: { er: { still: { more: [1] } } } },
  ],
  ...[
    errorOf("HttpError", "503", errorOf("Error", "refused")),
    new AggregateError([new Error("a")], "all"),
  ],
  ...[
    Promise.resolve(1),
    new WeakRef({}),
    new Proxy({}, {}),
    (function* () {})(),
    new ReadableStream(),
  ],
  { "image/svg+xml": '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>' },
  { [Symbol.for("Jupyter.display")]: () => ({ "text/html": "<b>hook</b>", "text/plain": "hook" }) },
];

/** Each value as input and as output, each end a call can have. */
function everythingRun(): RunRecord {
  const run = new RunEvents({ linkedTo: "r0-1", git: "3f2a91c + changes", backend: "local" });
  const root = run.call("everything", { entity: "eager" });
  for (const [index, value] of VALUES.entries()) {
    const call = run.call(`value_${index}`, { parent: root, inputs: { value }, at: index });
    run.settle(call, index + 5, { output: value, cached: index % 5 === 0 });
  }
  const cancelled = run.call("cancelled", { parent: root, at: 40, where: "thread" });
  const queued = run.queue("queued", { parent: root, at: 41 });
  const retried = run.call("retried", { parent: root, at: 42, where: "remote", deps: [cancelled] });
  run.attemptFailed(retried, 1, 50, errorOf("Error", "first"), 60);
  run.attempt(retried, 2, 60);
  run.log(retried, "a line\nand another\n");
  run.events.push({
    kind: "call-progress",
    runId: run.runId,
    at: START_MS + 61,
    id: queued,
    done: 12,
    total: 40,
  });
  run.events.push({
    kind: "call-linked",
    runId: run.runId,
    at: START_MS + 61,
    id: retried,
    executionId: "a7k2x9",
    url: "https://console.example.com/a7k2x9",
  });
  run.settle(
    retried,
    80,
    { failed: errorOf("HttpError", "503") },
    { cache: { outcome: "miss", reason: "inputs changed" } },
  );
  run.settle(cancelled, 81, { cancelled: "sibling failed" });
  run.settle(root, 90, { failed: errorOf("HttpError", "503"), root: retried });
  addDecks(run, VALUES, root);
  run.events.push({ kind: "later", runId: run.runId } as never); // of a newer version
  run.end(100, "failed");
  return run.record();
}

/** A deck for each of `contents`, made as `Deck(name, content)` makes it. */
export function addDecks(run: RunEvents, contents: readonly unknown[], id?: string): void {
  for (const [index, content] of contents.entries()) {
    run.events.push({
      kind: "deck-added",
      runId: run.runId,
      at: START_MS + 50,
      name: `deck ${index}`,
      mode: "append",
      bundle: contentBundle(content),
      ...(id !== undefined && { id }),
    });
  }
}

/** Name → HTML of it. */
export async function everyRendering(): Promise<Map<string, string>> {
  const { run: open, nowMs } = openRun();
  const all = new Map<string, string>();
  const runs = new Map<string, RunRecord>([
    ["trivial", trivialRun()],
    ["failed", failedRun()],
    ["open", open],
    ["everything", everythingRun()],
    ...[0, 1, 12, 50, 51, 2_000, 10_000].map((calls): [string, RunRecord] => [
      `${calls} calls`,
      wideRun(calls),
    ]),
  ]);
  for (const [name, run] of runs) {
    all.set(
      name,
      (await deckBundle(run, { file: ".eagerdeck/runs/r/deck.html" }))["text/html"] as string,
    );
    all.set(`${name}, live`, (await liveBundle(run, nowMs))["text/html"] as string);
  }
  all.set(
    "session",
    (await sessionBundle([...runs.values()], { title: "all.ipynb" }))["text/html"] as string,
  );
  return all;
}
