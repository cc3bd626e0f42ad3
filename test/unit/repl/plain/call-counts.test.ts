import { expect, test } from "vitest";
import { CallCounts } from "../../../../repl/plain/call-counts.ts";
import type { RuntimeEvent } from "../../../../runtime/events/events.ts";

const at = { runId: "r1", at: 0 };
const created = (id: string): RuntimeEvent => ({
  ...at,
  kind: "call-created",
  id,
  name: "load",
  entity: "task",
  seq: 1,
  version: "",
  where: "local",
  deps: [],
  inputs: [],
});
const failed = (id: string): RuntimeEvent => ({ ...at, kind: "call-settled", id, state: "failed" });

test("nothing is said before 15 seconds, then what changed, then nothing until it changes", () => {
  const counts = new CallCounts(1_000);
  for (let n = 1; n <= 12; n++) counts.apply(4, created(`t${n}`));
  counts.apply(4, failed("t3"));
  expect(counts.due(15_999)).toEqual([]);
  expect(counts.due(16_000)).toEqual(["cell 4: 12 calls, 1 failed"]);
  expect(counts.due(31_000)).toEqual([]);
  counts.apply(4, failed("t4"));
  expect(counts.due(45_999)).toEqual([]);
  expect(counts.due(46_000)).toEqual(["cell 4: 12 calls, 2 failed"]);
});

test("cells are counted apart, and one that has ended is not spoken of", () => {
  const counts = new CallCounts(0);
  counts.apply(1, created("t1"));
  counts.apply(2, created("t2"));
  counts.apply(2, created("t3"));
  counts.ended(1);
  expect(counts.due(15_000)).toEqual(["cell 2: 2 calls, 0 failed"]);
});

test("a cell without calls is silent", () => {
  const counts = new CallCounts(0);
  counts.apply(1, { ...at, kind: "log", stream: "stdout", text: "a\n" });
  expect(counts.due(60_000)).toEqual([]);
});
