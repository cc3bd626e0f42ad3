import { expect, test } from "vitest";
import { findCulprit, losesClass } from "../../../../../runtime/workflow/thread/copyable.ts";

class Point {
  x = 1;
}

test.each([
  ["a function", () => 1, "v", "a function"],
  ["a symbol in an array", { list: [1, Symbol("s")] }, "v.list[1]", "a symbol"],
  ["a promise behind a strange key", { "a b": Promise.resolve() }, 'v["a b"]', "a Promise"],
  ["a value of a Map", new Map([["k", { f() {} }]]), 'v.get("k").f', "a function"],
  ["an instance, whose copy had no methods", new Point(), "v", "a Point"],
  ["a Proxy", { p: new Proxy({}, {}) }, "v.p", "a Proxy"],
  ["a WeakMap", new WeakMap(), "v", "a WeakMap"],
])("%s is named by its path", (_, value, path, what) => {
  expect(findCulprit(value, "v")).toEqual({ path, what });
});

test.each([
  [{ a: [1, "x", null, undefined, 3n] }],
  [new Map([[1, new Set([new Date(0), /x/])]])],
  [new Float64Array(3)],
  [Buffer.from("x")],
  [new RangeError("x")],
  [Object.create(null)],
  [new SharedArrayBuffer(4)],
])("%o can be copied", (value) => {
  expect(findCulprit(value, "v")).toBeUndefined();
  expect(losesClass(value)).toBe(false);
});

test("a circle ends", () => {
  const circle: Record<string, unknown> = { f: () => 1 };
  circle["self"] = circle;
  expect(findCulprit(circle, "v")).toEqual({ path: "v.f", what: "a function" });
});
