import { expect, test } from "vitest";
import { pauseMs, RETRY } from "../../../../runtime/flyte/retry.ts";

const pauses = (random: () => number) =>
  Array.from({ length: 9 }, (_, attempt) => pauseMs({ ...RETRY, random }, attempt));

test("pauses double up to five seconds", () => {
  expect(pauses(() => 1)).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
});

test("each is anything from nothing to that", () => {
  expect(pauses(() => 0)).toEqual(Array.from({ length: 9 }, () => 0));
  expect(pauses(() => 0.5)[3]).toBe(400);
});
