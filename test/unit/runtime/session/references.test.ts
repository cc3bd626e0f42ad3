import { expect, test } from "vitest";
import { findFunction } from "../../../../runtime/session/host/references.ts";

/** What `fn` takes from outside, in a cell that has `around` before it. */
function outer(fn: string, around = ""): string[] | undefined {
  const found = findFunction(`(function($0,$x,$i){"use strict";\n${around}use(${fn});\n})`, fn);
  return found?.references.map(({ name, use, members }) =>
    [use === "write" ? "=" : "", [name, ...members].join(".")].join(""),
  );
}

test.each([
  [
    "session names and globals",
    "() => $0.total + Math.max(1, $0.a.b)",
    ["$0.total", "Math.max", "$0.a.b"],
  ],
  ["calls as the rewriter says them", "() => (0,$0.helper)(1)", ["$0.helper"]],
  ["nothing of its own parameters", "({ a, b: { c }, ...d }, [e] = []) => a + c + d + e", []],
  ["defaults and computed keys", "({ [$0.key]: a = $0.value }) => a", ["$0.key", "$0.value"]],
  [
    "nothing of what it declares",
    "() => { const a = 1; let b; class C {} function d() {} return [a, b, C, d] }",
    [],
  ],
  ["a `var` of a block in it", "() => { if (1) { var x = 1 } return x }", []],
  ["a block's name only outside of the block", "() => { { const x = 1; } return x }", ["x"]],
  ["its own name", "function fact(n) { return n ? n * fact(n - 1) : 1 }", []],
  ["`arguments` of its own", "function f() { return arguments }", []],
  ["`arguments` of what is around an arrow function", "() => arguments", ["arguments"]],
  [
    "what it writes",
    "() => { $0.total += 1; $0.count++; ({ a: $0.x, ...$0.y } = {}) }",
    ["=$0.total", "=$0.count", "=$0.x", "=$0.y"],
  ],
  [
    "the object whose property it writes",
    "() => { $0.table.size = 1; $0.list[i] = 2 }",
    ["=$0.table.size", "i", "=$0.list"],
  ],
  [
    "the heads of loops",
    "() => { for (const x of $0.xs) x; for ($0.n of []) ; for (let i = 0; i < $0.m; i++) ; }",
    ["$0.xs", "=$0.n", "$0.m"],
  ],
  [
    "what a catch clause and a switch leave",
    "() => { try {} catch ({ code }) { code } switch ($0.k) { case 1: let y; default: y } }",
    ["$0.k"],
  ],
  [
    "no labels and property names",
    "() => { out: for (;;) { break out } ; return { a: 1, b() {}, [c]: 2 }.a }",
    ["c"],
  ],
  ["shorthand values", "() => ({ a, b: $0.b })", ["a", "$0.b"]],
  [
    "the parts of a class",
    "class extends $0.Base { static s = $0.one; #p = two; [$0.key]() { return this.#p } static { three } }",
    ["$0.Base", "$0.one", "two", "$0.key", "three"],
  ],
  ["templates and tags", "() => $0.tag`a${x}`", ["$0.tag", "x"]],
  ["chains", "() => $0.a?.b?.(c)", ["$0.a.b", "c"]],
])("finds %s", (_, fn, expected) => {
  expect(outer(fn)).toEqual(expected);
});

test("names around the function are told from globals of the same name", () => {
  const fn = "() => crypto";
  const found = findFunction(`(function($0){ function make(crypto) { return ${fn} } })`, fn);
  expect(found?.enclosing.has("crypto")).toBe(true);
  expect(found?.enclosing.has("process")).toBe(false);
});

test("an arrow function that uses the `this` around it is told", () => {
  const usesThis = (fn: string) => findFunction(`use(${fn})`, fn)?.usesThis;
  expect(usesThis("() => this")).toBe(true);
  expect(usesThis("() => ({ a: () => this })")).toBe(true);
  expect(
    usesThis("() => { function f() { return this } class C { a = this; b() { return this } } }"),
  ).toBe(false);
});

test("the same text in a string or as a part of another function is not it", () => {
  const code = `"() => 1"; use(x => () => 1)`;
  expect(findFunction(code, "() => 1")?.start).toBe(code.lastIndexOf("() => 1"));
  expect(findFunction(`"() => 2"`, "() => 2")).toBeUndefined();
});

test("methods are found as they print themselves", () => {
  const method = "async crunch({ n }) { return n + $0.x }";
  expect(findFunction(`use({ ${method} })`, method)).toMatchObject({ isMethod: true, start: 6 });
});
