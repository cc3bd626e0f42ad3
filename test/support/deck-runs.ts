/**
 * Runs that several tests of the deck look at.
 * @module
 */
import type { RunRecord } from "../../runtime/events/record-shape.ts";
import { RunEvents, START_MS } from "./run-events.ts";

/** An error that reads the same on every machine. */
export function errorOf(name: string, message: string, cause?: unknown): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  Object.defineProperty(error, "name", { value: name });
  error.stack = `${name}: ${message}\n    at publish (report.ts:41:11)\n    at In [7]:12:9`;
  return error;
}

/** Three calls, done at once: `simple(5)` of the first notebook. */
export function trivialRun(): RunRecord {
  const run = new RunEvents();
  const simple = run.call("simple", { inputs: { x: 5 }, entity: "eager" });
  run.ok("addOne", { parent: simple, inputs: { x: 5 }, end: 1, output: 6 });
  run.ok("double", { parent: simple, inputs: { x: 6 }, at: 1, end: 2, output: 12 });
  run.settle(simple, 3, { output: 12 });
  run.end(3);
  return run.record();
}

/** Cached, remote, retried, nested, failed, cancelled: all there is in one run. */
export function failedRun({ isStandalone = false } = {}): RunRecord {
  const run = new RunEvents({ isStandalone });
  const root = run.call("daily_report", { inputs: { date: "2026-11-22", days: 3 } });
  const config = run.call("load_config", { parent: root, inputs: { path: "report.toml" } });
  run.settle(config, 3, { output: { region: "eu", days: 3 }, cached: true });
  const orders = ["2026-11-20", "2026-11-21"].map((day) =>
    run.call("fetch_orders", {
      parent: root,
      inputs: { day },
      at: 20,
      start: 310,
      where: "remote",
      deps: [config],
    }),
  );
  const [first = "", second = ""] = orders;
  run.settle(first, 2_720, { output: [1, 2, 3] });
  run.attemptFailed(second, 1, 2_600, errorOf("HttpError", "502 Bad Gateway"), 2_650);
  run.attempt(second, 2, 2_650);
  run.log(second, "asking again");
  run.settle(second, 5_180, { output: [4] });
  const clean = run.call("clean", {
    parent: root,
    inputs: { frames: [1, 2, 3] },
    at: 5_200,
    deps: orders,
    source: { file: "report.ts", line: 12, column: 9 },
  });
  run.ok("dedupe", { parent: clean, inputs: { by: "id" }, at: 5_210, end: 5_630, output: 3447 });
  run.settle(clean, 6_610, { output: "clean" });
  const publish = run.call("publish", {
    parent: root,
    inputs: { channel: "#sales", image: [1] },
    at: 12_060,
    where: "remote",
  });
  const unavailable = errorOf(
    "HttpError",
    "503 Service Unavailable",
    errorOf("Error", "connect ECONNREFUSED 10.0.4.17:443"),
  );
  run.attemptFailed(publish, 1, 12_700, unavailable, 12_750);
  run.attempt(publish, 2, 12_750);
  run.log(publish, "posting to #sales");
  const archive = run.call("archive", { parent: root, at: 12_100, inputs: { to: "cold" } });
  run.settle(publish, 14_200, { failed: unavailable });
  run.settle(archive, 14_210, { cancelled: "sibling publish failed" });
  run.settle(root, 14_220, { failed: unavailable, root: publish });
  run.end(14_225, "failed");
  return run.record();
}

/** `calls` quick calls of three functions under one root, every 23rd of `fetch_page` failed and handled. */
export function wideRun(calls: number, { name = "fetch_page" } = {}): RunRecord {
  const run = new RunEvents();
  if (calls > 0) {
    const root = run.call("build_index", { inputs: { site: "docs" } });
    for (let index = 0; index < calls; index++) {
      const at = Math.floor(index / 8) * 100;
      const call = run.call(index % 10 === 0 ? "embed" : name, {
        parent: root,
        at,
        inputs: { url: `/docs/${index}` },
      });
      const end = at + 20 + ((index * 37) % 400);
      if (index % 23 === 5) run.settle(call, end, { failed: errorOf("HttpError", "429") });
      else run.settle(call, end, { output: `page ${index}`, cached: index % 7 === 0 });
    }
    run.settle(root, calls * 100 + 500, { output: calls });
    run.end(calls * 100 + 500);
  }
  return run.record();
}

/** A run in the middle, and the moment it is looked at. */
export function openRun(): { readonly run: RunRecord; readonly nowMs: number } {
  const run = new RunEvents();
  const root = run.call("daily_report", { inputs: { days: 3 } });
  run.ok("load_config", { parent: root, end: 3, inputs: { path: "report.toml" }, output: 0 });
  for (let day = 0; day < 12; day++) {
    const call = run.call("fetch_orders", { parent: root, at: 10, inputs: { day } });
    if (day < 7) run.settle(call, 2_000 + day * 100, { output: day });
  }
  const clean = run.call("clean", { parent: root, at: 5_000, inputs: { frames: [1, 2] } });
  run.ok("dedupe", { parent: clean, at: 5_000, end: 5_400, inputs: { by: "id" }, output: "" });
  run.queue("normalise", { parent: clean, at: 5_500, inputs: { to: "EUR" } });
  return { run: run.record(), nowMs: START_MS + 5_900 };
}
