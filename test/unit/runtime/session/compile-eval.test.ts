import { expect, test } from "vitest";
import { runCells } from "../../../support/compiled-cells.ts";

test.each([
  ["a session name is read", "let a = 1", "eval('a + 1')", 2],
  ["a session name is assigned", "let a = 1", "eval('a = 5'); a", 5],
  ["a name of the same cell", "0", "const b = 2; eval('b * 2')", 4],
  [
    "locals are seen and win",
    "const x = 'session'",
    "((x: string) => eval('x'))('local')",
    "local",
  ],
  ["a local is assigned", "0", "(() => { let l = 1; eval('l = 7'); return l })()", 7],
  [
    "locals of all enclosing blocks",
    "0",
    "(() => { const p = 1; { const q = 2; return eval('p + q') } })()",
    3,
  ],
  ["a local of the text wins", "const n = 'session'", "eval('const n = 1; n')", 1],
  [
    "a function of the text sees the session later",
    "let v = 1",
    "const f = eval('() => v'); v = 9; f()",
    9,
  ],
  [
    "arguments of the function around it",
    "0",
    "(function (..._: number[]) { return eval('arguments.length') })(1, 2)",
    2,
  ],
  [
    "this of the function around it",
    "0",
    "(function (this: any) { return eval('this.k') }).call({ k: 3 })",
    3,
  ],
  [
    "a var of the text stays in it, as in every module",
    "0",
    "eval('var inner = 1; inner'); typeof inner",
    "undefined",
  ],
  ["what is no text is its own value", "0", "const o = { z: 1 }; eval(o as any) === o", true],
  ["no argument", "0", "(eval as any)()", undefined],
  ["the value of the last statement", "0", "eval('1; if (true) { 2 }')", 2],
  ["eval within eval", "const d = 4", "eval('eval(\"d + 1\")')", 5],
  [
    "a call keeps this away from the scope",
    "function who(this: any) { return this }",
    "eval('who()')",
    undefined,
  ],
  ["typeof of a name nobody declared", "0", "eval('typeof nobody')", "undefined"],
  [
    "indirect eval is the engine's own",
    "const only = 1",
    "[(0, eval)('typeof only'), eval?.('typeof only')]",
    ["undefined", "undefined"],
  ],
  [
    "an eval of the user's own object",
    "const mine = { eval: (s: string) => s + '!' }",
    "mine.eval('a')",
    "a!",
  ],
  ["names like ours", "const $x = 1, $0 = 2", "const $i = 3; eval('$x + $0 + $i')", 6],
  [
    "further arguments are evaluated",
    "let k = 0",
    "(eval as any)('1', k++); (globalThis as any).eval === eval && k",
    1,
  ],
  ["text that spreads is left alone", "const parts = ['1 + 1']", "eval(...(parts as [string]))", 2],
])("direct eval: %s", async (_, before, source, expected) => {
  const [, value] = await runCells(before, source);
  expect(value).toEqual(expected);
});

test("a mistake in the text is a SyntaxError when it runs, one that can be caught", async () => {
  const [value] = await runCells(
    "let got: any; try { eval('1 +') } catch (e) { got = e }; [got instanceof SyntaxError, got.message]",
  );
  expect(value).toEqual([true, "Unexpected end of input"]);
});

test("an unknown name is a ReferenceError, and appears when a later cell declares it", async () => {
  const values = await runCells(
    "const read = eval('() => later')",
    "read()",
    "const later = 3",
    "read()",
  );
  expect(values.slice(1)).toEqual([new ReferenceError("later is not defined"), undefined, 3]);
});

test("an old function evaluates names of a segment that was opened after it", async () => {
  const many = Array.from({ length: 1_200 }, (_, i) => `let n${i} = ${i};`).join("\n");
  const [, , value] = await runCells(
    "const run = (s: string) => eval(s)",
    many,
    "run('n1199 + 1')",
  );
  expect(value).toBe(1_200);
});

test("a const of the session keeps its value when evaluated text assigns it", async () => {
  const [, refused, after] = await runCells("const c = 1", "eval('c = 2')", "c");
  expect(refused).toEqual(new TypeError("Assignment to constant variable 'c'."));
  expect(after).toBe(1);
});
