import { expect, test } from "vitest";
import { Parents } from "../../../kernel/parents.ts";

function parent(msg_id: number) {
  return {
    header: { msg_id: String(msg_id), msg_type: "execute_request", session: "s" },
    silent: false,
  };
}

test("the newest thousand cells that have ended are remembered", () => {
  const parents = new Parents();
  for (let cell = 1; cell <= 1_500; cell++) {
    parents.add(cell, parent(cell));
    parents.started(cell);
    parents.finished(cell);
  }
  expect([500, 501, 1_500].map((cell) => parents.of(cell)?.header.msg_id)).toEqual([
    undefined,
    "501",
    "1500",
  ]);
});

test("cells that wait are remembered however many they are, also between the end of one and the start of the next", () => {
  const parents = new Parents();
  for (let cell = 1; cell <= 3_000; cell++) parents.add(cell, parent(cell));
  parents.started(1);
  parents.finished(1);
  parents.add(3_001, parent(3_001));
  expect(parents.of(2)?.header.msg_id).toBe("2");
  for (let cell = 2; cell <= 3_000; cell++) parents.aborted(cell);
  parents.add(3_002, parent(3_002));
  expect([parents.of(2), parents.of(3_001)?.header.msg_id]).toEqual([undefined, "3001"]);
});

test("what no cell caused goes to the oldest that runs, else to the one that ended last", () => {
  const parents = new Parents();
  expect(parents.fallback).toBeUndefined();
  for (const cell of [1, 2, 3]) {
    parents.add(cell, parent(cell));
    parents.started(cell);
  }
  expect(parents.fallback).toBe(1);
  parents.finished(1);
  expect(parents.fallback).toBe(2);
  parents.finished(3);
  parents.finished(2);
  expect([parents.fallback, parents.someRuns]).toEqual([2, false]);
});
