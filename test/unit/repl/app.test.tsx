import { render } from "ink-testing-library";
import { afterEach, expect, test } from "vitest";
import { App } from "../../../repl/app.tsx";
import { emptyEditor } from "../../../repl/editor/state.ts";
import { TreeRows } from "../../../repl/live/tree.tsx";
import { type Snapshot, Store } from "../../../repl/state/store.ts";
import { createStyle } from "../../../repl/terminal/style.ts";
import type { CallRecord, RunRecord } from "../../../runtime/events/record-shape.ts";

const mounted: { unmount(): void }[] = [];
afterEach(() => {
  for (const instance of mounted.splice(0)) instance.unmount();
});

function show(
  change: Partial<Snapshot>,
  options: { run?: RunRecord; hasColor?: boolean; isAscii?: boolean } = {},
): string {
  const store = new Store({ columns: 100, rows: 30 }, 0);
  store.update((snapshot) => ({ ...snapshot, phase: "ready", ...change }));
  const style = createStyle({
    hasColor: options.hasColor ?? false,
    isAscii: options.isAscii ?? false,
  });
  const instance = render(
    <App
      store={store}
      frame={{ style, treeRows: new TreeRows(), hasGhost: () => false, run: () => options.run }}
      onPress={() => undefined}
      onMount={() => undefined}
    />,
  );
  mounted.push(instance);
  return instance.lastFrame() ?? "";
}

function editor(text: string) {
  return { ...emptyEditor, text, cursor: text.length };
}

function runOf(count: number): RunRecord {
  const call = (index: number): CallRecord => ({
    id: `t${index}`,
    seq: index,
    runId: "r1",
    name: `step${index}`,
    entity: "task",
    version: "1",
    where: "local",
    deps: [],
    inputs: [],
    state: "running",
    createdAt: 0,
    startedAt: 0,
    attempts: [{ n: 1, startedAt: 0 }],
    log: { lines: 0, tail: [] },
    awaited: true,
  });
  const calls = Array.from({ length: count }, (_, index) => call(index + 1));
  return {
    id: "r1",
    title: "In [1]",
    state: "running",
    startedAt: 0,
    calls: new Map(calls.map((record) => [record.id, record])),
    versions: { eagerdeck: "0", node: "0" },
    backend: "local",
    logLines: 0,
    unknownEvents: 0,
    version: 1,
  };
}

test("idle: the prompt and the status row", () => {
  expect(show({})).toBe("In [1]:\nlocal · Ctrl-D leave · .help");
});

test("a cell of several lines, numbered as it will be", () => {
  expect(show({ nextCount: 12, editor: editor("f(\n  1") })).toBe(
    "In [12]: f(\n    ...:   1\nlocal · Ctrl-D leave · .help",
  );
});

test("a running cell: its calls, its unfinished line, the prompt, what waits", () => {
  const foreground = { cell: 1, n: 1, startedAtMs: 0, runId: "r1", tail: "50 %" };
  const frame = show({ foreground, queued: 2, nextCount: 4, nowMs: 5_000 }, { run: runOf(2) });
  const rows = frame.split("\n");
  expect(rows.filter((row) => row.includes("step"))).toHaveLength(2);
  expect(rows.slice(-3)).toEqual([
    "50 %",
    "In [4]:",
    "local · cell 1 · 5 s · 2 queued · Ctrl-C interrupt · .help",
  ]);
});

test("nothing of the tree shows in the first 150 ms", () => {
  const foreground = { cell: 1, n: 1, startedAtMs: 0, runId: "r1", tail: "" };
  expect(show({ foreground, nowMs: 149 }, { run: runOf(2) })).not.toContain("step");
});

test("five hundred calls take twelve rows", () => {
  const foreground = { cell: 1, n: 1, startedAtMs: 0, runId: "r1", tail: "" };
  const frame = show({ foreground, nowMs: 5_000 }, { run: runOf(500) });
  expect(frame.split("\n").length).toBeLessThanOrEqual(12 + 2);
});

test("the popup shows name, kind and type, aligned below the word", () => {
  const items = [
    { name: "alpha", kind: "variable", detail: "number" },
    { name: "al", kind: "method", detail: "(method) X.al(): void" },
  ] as const;
  const popup = { start: 2, tailLength: 0, all: items, items, chosen: 0 };
  expect(show({ editor: { ...editor("x.al"), popup } })).toBe(
    [
      "In [1]: x.al",
      "         ❯alpha  variable  number",
      "          al     method  X.al(): void",
      "local · Ctrl-D leave · .help",
    ].join("\n"),
  );
});

test("the status row names the cluster where calls run", () => {
  expect(show({ defaultRemote: "flytesnacks/development" })).toBe(
    "In [1]:\nflytesnacks/development · Ctrl-D leave · .help",
  );
  expect(show({ defaultRemote: "flytesnacks/development", phase: "starting" })).toContain(
    "starting…",
  );
});

test("a question and a notice take the status row", () => {
  expect(show({ question: "Leave? [y/N]" })).toBe("In [1]:\nLeave? [y/N]");
  expect(show({ notice: { text: "a\x1b[2J", level: "info" } })).toBe("In [1]:\na\\x1b[2J");
});

test("with colours the words are the same, without glyphs the glyphs are words", () => {
  expect(show({}, { hasColor: true })).toMatch(/^\u001b\[32mIn \[1\]: /);
  const frame = show(
    {
      foreground: { cell: 1, startedAtMs: 0, runId: "r1", tail: "" },
      nowMs: 5_000,
    },
    { run: runOf(1), isAscii: true },
  );
  expect(frame).toMatch(/^\p{ASCII}*$/u);
  expect(frame).toContain("> ");
});

test("leaving shows nothing", () => {
  expect(show({ phase: "leaving", editor: editor("typed") }).trim()).toBe("");
});
