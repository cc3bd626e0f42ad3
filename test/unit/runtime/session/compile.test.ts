import { expect, test } from "vitest";
import { compileCell } from "../../../../runtime/session/host/compile.ts";
import { SessionScope } from "../../../../runtime/session/host/scope.ts";
import { runCells } from "../../../support/compiled-cells.ts";

test("a function sees assignments that later cells make to the names it uses", async () => {
  const [, value] = await runCells(
    "let total = 1; function addTo(x: number) { total += x; return total }",
    "total = 100; addTo(5)",
  );
  expect(value).toBe(105);
});

test("an old function sees a redeclared name, whatever kind it had and has", async () => {
  const values = await runCells(
    "const limit = 1; const read = () => limit",
    "let limit = 2; read()",
    "function limit() { return 3 } typeof read()",
    "class limit {} String(read()).slice(0, 11)",
    "var limit = 5; read()",
    "enum limit { A = 'a' } (read() as any).A",
  );
  expect(values.slice(1)).toEqual([2, "function", "class limit", 5, "a"]);
});

test.each([
  [
    "object pattern with default, rename and rest",
    "const { a, b: c = 2, ...r } = { a: 1, d: 4 } as any; [a, c, r]",
    [1, 2, { d: 4 }],
  ],
  [
    "array pattern with hole and rest",
    "let [x, , y = 3, ...z] = [1, 2, undefined, 4, 5]; [x, y, z]",
    [1, 3, [4, 5]],
  ],
  ["var in a nested block", "{ var deep = 7 } deep", 7],
  ["var in a loop head", "for (var i = 0; i < 3; i++); i", 3],
  ["var of for-of with a pattern", "for (var { k } of [{ k: 1 }, { k: 2 }]); k", 2],
  ["var without value keeps the old one", "var v = 1; var v; v", 1],
  ["var after an if without braces", "if (true) var w = 4; w", 4],
  ["a var pattern after a line without semicolon", "var q = 1\nvar [p] = [q]\np", 1],
  ["function hoisting", "const early = late(); function late() { return 'late' } early", "late"],
  [
    "overloads",
    "function over(x: string): string; function over(x: any) { return x } over('o')",
    "o",
  ],
  ["enum with computed member", "enum E { A = 1, B = A * 2 } E.B", 2],
  ["namespace", "namespace N { export const x = 1; export const y = x + 1 } N.y", 2],
  [
    "private members and statics",
    "class P { #x = 1; static y = 2; get() { return this.#x + P.y } } new P().get()",
    3,
  ],
  [
    "labels",
    "outer: for (const a of [1, 2]) { for (const b of [1, 2]) { if (b === 2) continue outer } } 'done'",
    "done",
  ],
  ["shorthand properties", "const s = 1, t = 2; ({ s, t })", { s: 1, t: 2 }],
  [
    "destructuring assignment",
    "let d1 = 0, d2 = 0; ({ d1, d2 = 5 } = { d1: 1 } as any); [d1, d2]",
    [1, 5],
  ],
  ["swap", "let m = 1, n = 2; [m, n] = [n, m]; [m, n]", [2, 1]],
  [
    "parameter default that reads a session name",
    "const base = 10; function f(x = base) { return x } f()",
    10,
  ],
  [
    "a local that shadows a session name",
    "const sh = 1; const f2 = (sh: number) => sh * 2; [f2(4), sh]",
    [8, 1],
  ],
  [
    "catch parameter",
    "const e = 'outer'; let got; try { throw 'inner' } catch (e) { got = e } [e, got]",
    ["outer", "inner"],
  ],
  [
    "optional call and chain",
    "const o: any = undefined; [o?.x, o?.(), o?.[0]]",
    [undefined, undefined, undefined],
  ],
  [
    "tagged template",
    "const tag = (p: any, ...v: any[]) => p.raw.join('|') + v; const nine = 9; tag`a${nine}b`",
    "a|b9",
  ],
  ["non-null and as", "const nn: any = { f: () => 1 }; nn!.f() + (nn as any).f()", 2],
  ["top-level await", "const aw = await Promise.resolve(3); aw + (await Promise.resolve(4))", 7],
  [
    "for await",
    "const seen: number[] = []; for await (const x of [Promise.resolve(1), 2]) seen.push(x); seen",
    [1, 2],
  ],
  ["export is accepted", "export const ex = 1; export function exf() { return ex } exf()", 1],
  ["export default is the value", "export default { a: 1 }", { a: 1 }],
  ["typeof of an unknown name", "typeof nobodyDeclaredThis", "undefined"],
  ["a name called constructor", "const constructor = 5; constructor", 5],
  [
    "a name called __proto__",
    "const __proto__ = 6; [__proto__, { __proto__ }.hasOwnProperty('__proto__')]",
    [6, true],
  ],
  ["names like ours", "const $0 = 1, $x = 2, $i = 3, $p1 = 4; $0 + $x + $i + $p1", 10],
  ["shebang", "#!/usr/bin/env node\n1 + 1", 2],
  ["a directive alone is a string", "'use strict'", "use strict"],
  ["this is undefined", "this", undefined],
  ["using", "let log = ''; { using r = { [Symbol.dispose]() { log += 'x' } } } log", "x"],
  ["satisfies", "const sat = { a: 1 } satisfies Record<string, number>; sat.a", 1],
  ["generic call", "const id = <T,>(x: T) => x; id<number>(3)", 3],
  ["missing semicolons before a call", "const one = 1\nconst fn = () => one\nfn()", 1],
  [
    "a switch",
    "const sw = 2; let r2; switch (sw) { case 1: r2 = 'a'; break; case 2: { const r3 = 'b'; r2 = r3 } } r2",
    "b",
  ],
  ["a getter in an object", "const g = 3; ({ get g() { return g } }).g", 3],
  ["arguments in a function", "function args() { return arguments.length } (args as any)(1, 2)", 2],
  ["computed keys", "const key = 'k'; ({ [key]: 1 })", { k: 1 }],
  [
    "class extends a session class",
    "class Base { x = 1 } class Derived extends Base { y = super.toString.length + this.x } new Derived().y",
    1,
  ],
  ["update and compound assignment", "let up = 1; up++; ++up; up **= 2; up ||= 5; up", 9],
  ["delete and in", "const del: any = { a: 1 }; delete del.a; 'a' in del", false],
  ["sequence and comma", "let c1 = 0; (c1++, c1 + 1)", 2],
  ["empty cell", "", undefined],
  ["comment only", "// nothing\n/* at all */", undefined],
  ["declaration has no value", "const novalue = 1", undefined],
])("%s", async (_, source, expected) => {
  const [value] = await runCells(source);
  expect(value).toEqual(expected);
});

test("a dotted namespace is published by its first name, and its parts see each other", async () => {
  const [, value] = await runCells(
    "const x = 'outer'; namespace A.B { export const x = 1; export const y = () => B.x + A.B.x }",
    "[A.B.x, A.B.y(), x]",
  );
  expect(value).toEqual([1, 2, "outer"]);
});

test("functions and classes get the name of the variable they are assigned to", async () => {
  const [value] = await runCells(
    "var f = () => 1; let g = class {}; const h = function () {}; g = class {}; [f.name, g.name, h.name]",
  );
  expect(value).toEqual(["f", "g", "h"]);
});

test("a const of an earlier cell cannot be reassigned, and can be redeclared", async () => {
  const [, refused, redeclared] = await runCells("const c = 1", "c = 2", "const c = 3; c");
  expect(refused).toEqual(new TypeError("Assignment to constant variable 'c'."));
  expect(redeclared).toBe(3);
});

test("assigning to a name that no cell declared is a ReferenceError and creates nothing", async () => {
  const [refused, after] = await runCells("stray = 1", "typeof stray");
  expect(refused).toEqual(new ReferenceError("stray is not defined"));
  expect(after).toBe("undefined");
});

test("a function may use a name that only a later cell declares", async () => {
  const [, early, , late] = await runCells(
    "const use = () => later",
    "use()",
    "const later = 4",
    "use()",
  );
  expect(early).toEqual(new ReferenceError("later is not defined"));
  expect(late).toBe(4);
});

test("a failing declaration loses neither the old value nor what came before it", async () => {
  const values = await runCells(
    "const kept = 'old'",
    "const before = 1; const kept = (() => { throw new Error('no') })(); const after = 2",
    "[kept, before, typeof after]",
  );
  expect(values[2]).toEqual(["old", 1, "undefined"]);
});

test("shadowing a global does not touch the global object", async () => {
  const [value] = await runCells("const URL = 'mine'; [URL, typeof globalThis.URL]");
  expect(value).toEqual(["mine", "function"]);
});

test("names beyond the first segment are read, written and redeclared like the others", async () => {
  const many = Array.from({ length: 1_200 }, (_, i) => `let n${i} = ${i};`).join("\n");
  const [, value] = await runCells(
    many,
    "n1199 += 1; const sum = () => n0 + n600 + n1199; n600 = 1; sum()",
  );
  expect(value).toBe(0 + 1 + 1_200);
});

test("a task made of an anonymous function is named after its variable", () => {
  const scope = new SessionScope();
  scope.publish("task", "var", true);
  const compiled = compileCell("const addOne = task(async ({ x }) => x + 1)", scope, () => 1);
  expect(compiled.ok && compiled.code).toContain(
    '({ "addOne": async ({ x }) => x + 1 }["addOne"])',
  );
});

test("every loop begins with an interrupt check", () => {
  const scope = new SessionScope();
  const compiled = compileCell(
    "while (true); for (;;) ; do {} while (1); for (const k in {}) k",
    scope,
    () => 1,
  );
  const checks = compiled.ok ? compiled.code.match(/\$x\.interrupted\(\)/g) : [];
  expect(checks).toHaveLength(4);
});

test("a position of the compiled code maps to its token in the cell", () => {
  const source =
    "const a: number = 1;\n  const b = () => { throw new Error('x' as string) };\nb();";
  const scope = new SessionScope();
  const compiled = compileCell(source, scope, () => scope.segments.length);
  if (!compiled.ok) throw new Error("does not compile");
  const lines = compiled.code.split("\n");
  const line = lines.findIndex((text) => text.includes("new Error"));
  const column = (lines[line] ?? "").indexOf("new Error");
  expect(compiled.locate(line + 1, column + 1)).toEqual({ line: 2, column: 27 });
});

test("a syntax error names its place in UTF-16 units, also behind an emoji", () => {
  const scope = new SessionScope();
  const compiled = compileCell("const s = '😀'; const q = ;", scope, () => 1);
  expect(compiled.ok ? [] : compiled.problems.map(({ start }) => start)).toEqual([26]);
});
