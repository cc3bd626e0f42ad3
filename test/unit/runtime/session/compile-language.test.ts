import { expect, test } from "vitest";
import { compileCell } from "../../../../runtime/session/host/compile.ts";
import { SessionScope } from "../../../../runtime/session/host/scope.ts";
import { runCells } from "../../../support/compiled-cells.ts";

function problem(source: string): string | undefined {
  const compiled = compileCell(source, new SessionScope(), () => 1);
  return compiled.ok ? undefined : compiled.problems[0]?.message;
}

// Each row: what it shows, cells before, the cell whose value is looked at, its value.
test.each<[string, string[], string, unknown]>([
  ["a definite let", [], "let x!: number; x = 4; x", 4],
  ["let without a value resets", ["let x = 1"], "let x; x", undefined],
  ["var without a value keeps", ["let x = 1"], "var x; x", 1],
  [
    "names from const and let",
    [],
    "const f = () => 1; let G = class {}; [f.name, G.name]",
    ["f", "G"],
  ],
  [
    "names from defaults in patterns",
    [],
    "const { f = () => 1, g: [h = class {}] = [] } = {} as any; [f.name, h.name]",
    ["f", "h"],
  ],
  [
    "names from assignments with ||=, &&=, ??=",
    ["let a: any, b: any = 1, c: any"],
    "a ||= () => 1; b &&= () => 2; c ??= function () {}; [a.name, b.name, c.name]",
    ["a", "b", "c"],
  ],
  [
    "names from defaults of assigned patterns",
    ["let a: any, b: any"],
    "[a = () => 1] = [] as any; ({ b = class {} } = {} as any); [a.name, b.name]",
    ["a", "b"],
  ],
  ["+= names nothing", ["let a: any = ''"], "a += () => 1; a", "() => 1"],
  [
    "a later declarator reads an earlier one",
    [],
    "const a = 1, b = a + 1, { c = b + 1 } = {} as any; [a, b, c]",
    [1, 2, 3],
  ],
  [
    "var in every kind of block",
    [],
    "try { var a = 1 } catch { } finally { var b = 2 } switch (1) { case 1: var c = 3 } l: { var d = 4 } if (0) var e = 1; else var f = 5; do var g = 6; while (0); [a, b, c, d, e, f, g]",
    [1, 2, 3, 4, undefined, 5, 6],
  ],
  [
    "var in loop heads",
    [],
    "for (var i = 0, j = 10; i < 2; i++, j--); for (var k in { p: 1 }); for (var v of [7]); for (var m; false;); [i, j, k, v, m]",
    [2, 8, "p", 7, undefined],
  ],
  [
    "a var that nothing reached exists",
    [],
    "if (false) { var never = 1 } typeof never + String(never)",
    "undefinedundefined",
  ],
  [
    "a var of a function is its own",
    ["var own = 1"],
    "(() => { var own = 2; return own })() + own",
    3,
  ],
  ["a function in a block stays in it", [], "{ function inner() {} } typeof inner", "undefined"],
  [
    "generators and async functions",
    [],
    "function* g() { yield* [1, 2] } async function a() { return 3 } async function* b() { yield 4 } const out = []; for await (const x of b()) out.push(x); [...g(), await a(), ...out]",
    [1, 2, 3, 4],
  ],
  [
    "a function assigned in its own cell",
    [],
    "function f() { return 1 } f = (() => 2) as any; f()",
    2,
  ],
  [
    "a function calls itself as redefined",
    [
      "function f(n: number): any { return n ? f(n - 1) : 'old' }",
      "const old = f; function f() { return 'new' }",
    ],
    "old(1)",
    "new",
  ],
  [
    "a class sees itself inside its body",
    ["class C { static me = () => C }; const old = C", "class C {}"],
    "old.me() === old",
    true,
  ],
  [
    "a class expression's own name is its own",
    ["const K = 'outer'"],
    "const E = class K { me() { return K } }; typeof new E().me() + K",
    "functionouter",
  ],
  [
    "an abstract class and an overloaded method",
    [],
    "abstract class A { abstract m(): number; n(x: 1): 1; n(x: any) { return x } } class B extends A { m() { return this.n(1) } } new B().m()",
    1,
  ],
  [
    "fields: declared, computed, static, arrow",
    ["const k = 'key', base = 5"],
    "class F { declare d: number; [k] = base; static s = base + 1; a = () => base } const f = new F() as any; [Object.keys(f), f.key, F.s, f.a()]",
    [["key", "a"], 5, 6, 5],
  ],
  [
    "a static block with its own var",
    ["var s = 'session'"],
    "class B { static r: any; static { var s = 'own'; this.r = s } } [B.r, s]",
    ["own", "session"],
  ],
  [
    "extends an expression and super",
    ["const mix = (C: any) => class extends C { m() { return 1 } }; class Base {}"],
    "class D extends mix(Base) { m() { return super.m() + 1 } } new D().m()",
    2,
  ],
  [
    "new.target, getters and setters",
    ["let g = 0"],
    "class T { t = new.target; get v() { return g } set v(x) { g = x } } const t = new T(); t.v = 4; [t.t, t.v, g]",
    [undefined, 4, 4],
  ],
  [
    "method and property names are not names",
    ["const m = 1, p = 2"],
    "class A { m() { return m } p = p } [new A().m(), new A().p, { m: 3 }.m, { p() { return p } }.p()]",
    [1, 2, 3, 2],
  ],
  [
    "an enum is merged in its cell, not with an older one",
    ["enum E { Old = 9 }"],
    "enum E { A = 1 } enum E { B = 2 } Object.keys(E)",
    ["1", "2", "A", "B"],
  ],
  [
    "a const enum, and an enum over an older one's member",
    ["const enum A { X = 3 }; const n = 4"],
    "enum B { Y = A.X, Z = n, 'q-r' = 5 } [B.Y, B.Z, B['q-r'], B[3]]",
    [3, 4, 5, "Y"],
  ],
  [
    "namespaces merge in their cell, also with a function",
    [],
    "function N() { return 'f' } namespace N { export const a = 1 } namespace N { export const b = a + 1 } [N(), N.a, N.b]",
    ["f", 1, 2],
  ],
  [
    "enums in parts see each other's members",
    ["const A = 'session'"],
    "enum E { A = 2 } enum E { B = A * 2 } [E.B, A]",
    [4, "session"],
  ],
  [
    "an alias of a deeper member within a namespace",
    ["namespace N { export namespace In { export const v = 7 } }"],
    "namespace M { import n = N.In; export const w = n.v } M.w",
    7,
  ],
  ["an exported alias", ["namespace N { export const v = 8 }"], "export import n = N; n.v", 8],
  [
    "a default of a pattern reads an earlier name of the pattern, a function in it the session",
    ["let a = 'older'"],
    "let { a, b = a + 1, f = () => a } = { a: 1 } as any; const [p, q = p] = [b]; a = 9; [b, f(), p, q]",
    [2, 9, 2, 2],
  ],
  [
    "a namespace's let is live, its functions see each other",
    ["const out = 10"],
    "namespace N { export let x = 1; export function f() { x++; return g() + x } function g() { return out } } [N.f(), N.x]",
    [12, 2],
  ],
  [
    "a namespace of types publishes nothing",
    [],
    "namespace T { export interface I { a: 1 } export type U = I } declare namespace W { const q: number } [typeof T, typeof W]",
    ["undefined", "undefined"],
  ],
  [
    "an alias of a namespace's member",
    ["namespace N { export namespace In { export const v = 5 } }"],
    "import A = N.In; A.v",
    5,
  ],
  [
    "an alias of a global's member",
    [],
    "import F = Intl.NumberFormat; new F('en').format(1000)",
    "1,000",
  ],
  [
    "an alias of a type is nothing",
    ["namespace N { export interface I { a: 1 } }"],
    "import I = N.I; const x: I = { a: 1 }; x.a",
    1,
  ],
  [
    "an alias within a namespace",
    ["namespace N { export const v = 6 }"],
    "namespace M { import n = N; export const w = n.v } M.w",
    6,
  ],
  [
    "declarations of types are nothing",
    ["const T = 'value'"],
    "interface T { a: 1 } type U = T; declare const D: number; declare function F(): void; declare class G {} [T, typeof D, typeof F, typeof G]",
    ["value", "undefined", "undefined", "undefined"],
  ],
  [
    "a type of a value's name in its cell",
    [],
    "const Size = { s: 1 } as const; type Size = keyof typeof Size; interface Box { b: Size } Size.s",
    1,
  ],
  [
    "export of names, of a function, of a class",
    ["const a = 1"],
    "export { a }; export function f() { return a } export class C { v = a } [f(), new C().v]",
    [1, 1],
  ],
  [
    "export default of a named function",
    [],
    "export default function named() { return 2 }\nnamed()",
    2,
  ],
  [
    "export default of an anonymous class",
    [],
    "export default class { static v = 3 }",
    expect.objectContaining({ v: 3 }),
  ],
  ["export =", [], "export = { e: 1 }", { e: 1 }],
  [
    "using at the top is disposed at the end and no session name",
    [
      "const log: string[] = []",
      "using r = { [Symbol.dispose]() { log.push('disposed') }, v: 1 }; log.push(`body ${r.v}`)",
    ],
    "[log, typeof r]",
    [["body 1", "disposed"], "undefined"],
  ],
  [
    "await using",
    [
      "const log: string[] = []",
      "await using r = { async [Symbol.asyncDispose]() { log.push('async') } }",
    ],
    "log",
    ["async"],
  ],
  [
    "using in a loop head",
    ["const log: string[] = []"],
    "for (using r of [{ [Symbol.dispose]() { log.push('x') } }]) log.push('in'); log",
    ["in", "x"],
  ],
  [
    "new, member, optional member, call of a member",
    ["class K { v = 1; m() { return this.v } }; const k = new K(), none: any = null"],
    "[new K().v, k.m(), k?.m(), none?.m(), none?.[k.v]]",
    [1, 1, 1, undefined, undefined],
  ],
  [
    "no callee gets the scope as this",
    ["function who(this: any) { return this }"],
    "[who(), who?.(), (who)(), who!(), (who as any)(), who<any>(), who``, (who as any)``]",
    Array(8).fill(undefined),
  ],
  [
    "typeof of names, also in parentheses",
    ["let known = 1"],
    "[typeof known, typeof (known), typeof nobody, typeof (nobody), typeof (nobody as any)]",
    ["number", "number", "undefined", "undefined", "undefined"],
  ],
  [
    "all assignment operators",
    ["let a: any = 8"],
    "a += 2; a -= 1; a *= 4; a /= 2; a %= 10; a **= 2; a <<= 2; a >>= 1; a >>>= 1; a &= 63; a |= 1; a ^= 2; a &&= a + 1; a ??= 0; a",
    4,
  ],
  [
    "updates through assertions",
    ["let a: any = 1"],
    "(a as number)++; a!++; (a) += 1; (<any>a) = a + 1; a",
    5,
  ],
  [
    "patterns with member targets, holes and rests",
    ["const o: any = {}; let r: any, t: any"],
    "[o.a, , o['b'], ...r] = [1, 2, 3, 4]; ({ x: o.c, ...t } = { x: 5, y: 6 } as any); [o, r, t]",
    [{ a: 1, b: 3, c: 5 }, [4], { y: 6 }],
  ],
  [
    "loop heads that assign",
    ["let k: any, o: any = {}, z: any"],
    "for (k in { p: 1 }); for (o.x of [2]); for ([z = 3] of [[]] as any); [k, o, z]",
    ["p", { x: 2 }, 3],
  ],
  [
    "parameter defaults see parameters and the session",
    ["const s = 1, a = 100"],
    "const f = (a: number, b = a + s, { c = b + a } = {} as any) => [a, b, c]; f(2)",
    [2, 3, 5],
  ],
  [
    "the body's var does not reach its defaults",
    ["var v = 'session'"],
    "function f(read = () => v) { var v = 'own'; return read() + v } f()",
    "sessionown",
  ],
  [
    "catch with a pattern and without",
    ["const e = 1"],
    "let r; try { throw { m: 2 } } catch ({ m }) { r = m } try { throw 0 } catch { r = [r, e] } r",
    [2, 1],
  ],
  ["labels are no names", ["const out = 1"], "out: for (;;) { for (;;) break out } out", 1],
  [
    "let of a loop is fresh for each round",
    ["let i = 'session'"],
    "const fs = []; for (let i = 0; i < 2; i++) fs.push(() => i); [fs.map((f) => f()), i]",
    [[0, 1], "session"],
  ],
  [
    "top-level await everywhere",
    ["const p = (x: any) => Promise.resolve(x)"],
    "const { a = await p(1) } = {} as any; if (await p(true)) { var b = await p(2) } class C { [await p('k')] = 3 } [a, b, Object.keys(new C())[0], `${await p(4)}`, await (await p(p(5)))]",
    [1, 2, "k", "4", 5],
  ],
  [
    "arguments outside a function",
    [],
    "let r; try { arguments } catch (e) { r = String(e) } r",
    "ReferenceError: arguments is not defined",
  ],
  [
    "arguments in arrows of functions and in methods",
    [],
    "function f(..._: any[]) { return (() => arguments.length)() } class M { m(..._: any[]) { return arguments.length } } [f(1, 2), new M().m(1)]",
    [2, 1],
  ],
  [
    "contextual keywords as names",
    [
      "const async = 1, of = [2], type = 3, as = 4, from = 5, get = 6, using = 7, declare = 8, namespace = 9",
    ],
    "const r = []; for (const x of of) r.push(x); [async, ...r, type, as, from, get, using, declare, namespace]",
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  ],
  [
    "names with letters of any script, and escaped ones",
    ["const größe = 1, 数 = 2, \\u0061b = 3"],
    "[größe, 数, ab, \\u0061b, ((x = \\u0061b) => x)()]",
    [1, 2, 3, 3, 3],
  ],
  [
    "names of Object.prototype",
    ["const toString = 1, hasOwnProperty = 2, valueOf = 3"],
    "[toString, hasOwnProperty, valueOf]",
    [1, 2, 3],
  ],
  [
    "shorthand of every kind",
    ["const a = 1, __proto__ = 2, arr = [3]"],
    "const l = 4; [{ a, l }, Object.keys({ __proto__ }), { ...arr }]",
    [{ a: 1, l: 4 }, ["__proto__"], { 0: 3 }],
  ],
  [
    "a template with names in a tag and within",
    ["const t = (s: any, ...v: any[]) => s.join('_') + v.join(), a = 1"],
    "t`${a}x${`${a}`}`",
    "_x_1,1",
  ],
  [
    "regular expressions and divisions",
    ["let g = 2, i = 4"],
    "[i / g / 1, /a/g.test('a'), i++ / g]",
    [2, true, 2],
  ],
  [
    "spread in calls, arrays and new",
    ["const xs = [1, 2]; class P { c; constructor(...a: any[]) { this.c = a.length } }"],
    "[Math.max(...xs), [...xs, 3].length, new P(...xs).c]",
    [2, 3, 2],
  ],
  [
    "a generator's yield of a name",
    ["let y = 1"],
    "[...(function* () { const got: any = yield y; y = got ?? 5 })(), y]",
    [1, 5],
  ],
  [
    "parameter properties, index signatures, satisfies, assertions",
    ["const v = 1"],
    "class P { [k: string]: any; constructor(private a = v, readonly b: number = v + 1) {} } const p = new P() satisfies P; [(p as any).a, p.b!, <number>p.b]",
    [1, 2, 2],
  ],
  [
    "import types and typeof types are not reads",
    [],
    "let x: typeof nobody | import('./gone.ts').T | undefined; x",
    undefined,
  ],
  ["a comment behind the last expression", ["const f = () => 3"], "f() // done", 3],
  [
    "lines that rely on semicolons being put in",
    ["let a = 1; const f = () => 5"],
    "a\n++a\nf()\nconst b = a\n;[b].length\nif (a) f()\nelse f()\nlet c = f\n`x`\nc",
    5,
  ],
  [
    "CRLF, a byte order mark and a paragraph separator",
    ["const a = 1"],
    "\uFEFFconst s = '\u2029'\r\na + s.length\r\n",
    2,
  ],
  [
    "a last statement that is no expression has no value",
    ["let a = 1"],
    "a; if (a) { a }",
    undefined,
  ],
  [
    "a value that is a promise stays one",
    [],
    "const p = Promise.resolve(1); [p] ",
    [expect.any(Promise)],
  ],
  ["an object literal in parentheses, a function, a class", [], "({ a: 1 })", { a: 1 }],
  [
    "a session name of a global keeps the global for others",
    ["const Map = 'mine'"],
    "[Map, globalThis.Map === Object.getPrototypeOf(new globalThis.Map()).constructor]",
    ["mine", true],
  ],
  [
    "a default calls a function of its own pattern",
    ["let a = 'older'"],
    "const { a, f = () => a, b = f(), ['x' + f()]: c = f() + 1 } = { a: 1 } as any; [a, b, c]",
    [1, 1, 2],
  ],
  [
    "a default calls a function that reads an element before it, of a new name",
    [],
    "let [fresh, twice = (() => fresh * 2)(), { length = [fresh, twice].length } = 'abc' as any] = [2]; [fresh, twice, length]",
    [2, 4, 3],
  ],
  [
    "a pattern assigned among arguments",
    [
      "let a: any, b: any; const f = (...x: any[]) => x.length; class K { n; constructor(...x: any[]) { this.n = x.length } }",
    ],
    "[f([1], { a } = { a: 4 }), new K({ x: 1 }, [b] = [5]).n, f([1], ...[a = a + 1] = [6]), f([1], ([b = 7] = [])), a, b]",
    [2, 2, 2, 2, 6, 7],
  ],
  ["typeof arguments outside a function", [], "typeof arguments", "undefined"],
  [
    "halves of surrogate pairs in strings, templates, patterns and comments",
    ["const a = '!'"],
    "[...'\ud83d\ude00', '\ud800' + a, `\udc01${a}`, '\ud800x'.replace(/\ud800/, a), '\ue000'] // \ud800",
    ["😀", "\ud800!", "\udc01!", "!x", "\ue000"],
  ],
  ["half a surrogate pair given to eval", ["const a = 1"], "eval('a + `\ud800`')", "1\ud800"],
  [
    "a property that the global object got meanwhile",
    [],
    "const all = globalThis as any; all.madeMeanwhile = 1; madeMeanwhile += 1; const seen = all.madeMeanwhile; delete all.madeMeanwhile; seen",
    2,
  ],
  [
    "a compound condition on one line without braces",
    ["let a = 0; const f = () => ++a"],
    "for (const x of [1, 2]) if (x > 1) f(); else a += 10; while (a < 13) f(); do f(); while (a < 15); a",
    15,
  ],
])("language: %s", async (_, before, source, expected) => {
  const values = await runCells(...before, source);
  for (const value of values.slice(0, -1)) expect(value).not.toBeInstanceOf(Error);
  expect(values.at(-1)).toEqual(expected);
});

test.each([
  "c = 2",
  "c += 1",
  "c++",
  "--c",
  "[c] = [2]",
  "({ c } = { c: 2 })",
  "({ x: c = 1 } = {} as any)",
  "[...c] = []",
  "for (c of [2]);",
  "for (c in { a: 1 });",
  "c &&= 2",
  "(() => { c = 2 })()",
])("a const is not assigned by %s, in its cell and in later ones", async (source) => {
  const refused = new TypeError("Assignment to constant variable 'c'.");
  expect((await runCells("const c: any = 1", source, "c")).slice(1)).toEqual([refused, 1]);
  expect((await runCells(`const c: any = 1; ${source}`))[0]).toEqual(refused);
});

test("a const is left alone by an assignment that does not come about", async () => {
  expect(await runCells("const c = 1", "c ??= 2; c ||= 3; c")).toEqual([undefined, 1]);
});

test.each([
  ["let a = 1; let a = 2", /already been declared/],
  ["return 1", /return/i],
  ["break", /break/i],
  ["with (a) b", /with/i],
  ["let a = 1; delete a", /delet/i],
  ["const a", /const|initializ/i],
  ["super.x", /super/i],
  ["010", /octal|legacy/i],
  ["new.target", /new\.target/i],
  ["await = 1", /./],
])("%s is refused", (source, message) => {
  expect(problem(source)).toMatch(message);
});

test("imports come first, in order, each with what it names", () => {
  const source = [
    "const first = 1;",
    "import def, { a, b as c, type T, 'd-e' as f } from 'one';",
    "import * as ns from 'two';",
    "import 'three';",
    "import data from './d.json' with { type: 'json' };",
    "import type { U } from 'four';",
    "import { type V } from 'five';",
    "import r = require('six');",
    "import type s = require('seven');",
  ].join("\n");
  const compiled = compileCell(source, new SessionScope(), () => 1);
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message);
  const found = compiled.code.replaceAll(/\s+/g, " ");
  const order = ["one", "two", "three", "./d.json", "six", "first = 1"].map((text) =>
    found.indexOf(text),
  );
  expect(order).toEqual(order.toSorted((x, y) => x - y));
  expect(order).not.toContain(-1);
  expect(found).not.toMatch(/four|five|seven/);
  expect(found).toContain(
    'bind({ "def": "default", "a": "a", "c": "b", "f": "d-e" }, () => import("one"))',
  );
  expect(found).toContain('bind({ "ns": "*" }, () => import("two"))');
  expect(found).toContain('bind({}, () => import("three"))');
  expect(found).toMatch(/import\("\.\/d\.json", \{ with: \{ type: "json" \} \}\)/);
  expect(compiled.declared.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
    "const first",
    ...["def", "a", "c", "f", "ns", "data", "r"].map((name) => `import ${name}`),
  ]);
});

test("a dynamic import, import.meta and an await of them are rewritten in place", () => {
  const compiled = compileCell(
    "const at = './a.ts'; const m = await import(at, { with: {} }); import.meta.url",
    new SessionScope(),
    () => 1,
  );
  expect(compiled.ok && compiled.code).toMatch(/\$x\.live\(await import\(\$0\.at/);
  expect(compiled.ok && compiled.code).toContain("$x.meta.url");
});
