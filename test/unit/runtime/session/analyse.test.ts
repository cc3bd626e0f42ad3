import { describe, expect, test } from "vitest";
import { analyse, declaredSoFar, parseCell } from "../../../../runtime/session/analyse.ts";

/** `kind name`, with `?` behind what exists for the checker only. */
function names(code: string): string[] {
  return analyse(code).declared.map(
    ({ name, kind, typeOnly }) => `${kind} ${name}${typeOnly ? "?" : ""}`,
  );
}

describe("what a cell declares", () => {
  test.each([
    ["const { a, b: [c = 1, ...d], ...e } = x", ["const a", "const c", "const d", "const e"]],
    ["let a, b = 1; { let hidden }", ["let a", "let b"]],
    [
      "if (1) { var a } for (var b of []) { var c } () => { var hidden }",
      ["var a", "var b", "var c"],
    ],
    [
      "async function* f() {} class C {} abstract class D {} enum E {} const enum F {}",
      ["function f", "class C", "class D", "enum E", "enum F"],
    ],
    ["function f(a: string): void; function f(a: unknown) {}", ["function f"]],
    ["function f(a: string): void;", ["function f?"]],
    [
      "interface A {} type B = 1; declare const c: number; declare function d(): void;",
      ["interface A?", "type B?", "const c?", "function d?"],
    ],
    [
      "namespace N { export type T = 1 } namespace M { export const m = 1 } namespace O { export namespace P { interface Q {} } }",
      ["namespace N?", "namespace M", "namespace O?"],
    ],
    [
      "import a, { b as c, type D } from 'x'; import type E from 'y'; import * as f from 'z'; import g = require('g'); import 'side'",
      ["import a", "import c", "import D?", "import E?", "import f", "import g"],
    ],
    ["export const a = 1; export default class B {} export { a as other }", ["const a", "class B"]],
    ["using a = null; await using b = null;", ["using a", "using b"]],
    [
      "interface Box { x: 1 } class Box {} const Size = 1; type Size = 2;",
      ["class Box", "const Size"],
    ],
    ["declare global { interface X {} } declare module 'm' { const hidden: 1 }", []],
    ["label: for (;;) { break label }", []],
  ])("%s", (code, expected) => {
    expect(analyse(code).errors).toEqual([]);
    expect(names(code)).toEqual(expected);
  });

  test("a value with a type of the same name says so", () => {
    const [size] = analyse("const Size = 1; type Size = 2;").declared;
    expect(size).toEqual({ name: "Size", kind: "const", typeOnly: false, hasType: true });
  });

  test("names like those of Object.prototype are names", () => {
    expect(names("const __proto__ = 1, constructor = 2; let hasOwnProperty")).toEqual([
      "const __proto__",
      "const constructor",
      "let hasOwnProperty",
    ]);
    expect(analyse("__proto__ + toString").mentioned).toEqual(new Set(["__proto__", "toString"]));
  });

  test("own exports, augmentations and JSX are told", () => {
    expect([
      ...analyse("export const { a } = x; const b = 1; export { b as c }; export * as d from 'd'")
        .exported,
    ]).toEqual(["a", "c", "d"]);
    expect(analyse("declare global { interface X {} }").augments).toBe(true);
    expect(analyse("declare module 'x' {}").augments).toBe(true);
    expect(analyse("namespace N {}").augments).toBe(false);
    expect(analyse("const x = <b>hi</b>").isTsx).toBe(true);
    expect(analyse("const x = <T,>(a: T) => a; const y = 1 < 2").isTsx).toBe(false);
    expect(analyse("const re = /<\\/b>/; const cast = <string>x").isTsx).toBe(false);
  });

  test("imports are found wherever they stand", () => {
    expect(
      analyse(
        "import a from './a.ts'; import type B from 'b'; export * from 'c'; const d: import('./d').D = await import(\"e\");",
      ).imports,
    ).toEqual([
      { specifier: "./a.ts", typeOnly: false },
      { specifier: "b", typeOnly: true },
      { specifier: "c", typeOnly: false },
      { specifier: "./d", typeOnly: false },
      { specifier: "e", typeOnly: false },
    ]);
  });

  test("the first line's pragmas and leading comments for the checker are told, later ones are not", () => {
    expect(analyse("// eagerdeck: loops=off check=warn\n1").pragmas).toEqual({
      check: "warn",
      leading: [],
    });
    expect(analyse("// @ts-nocheck\n1").pragmas).toEqual({
      check: "off",
      leading: ["// @ts-nocheck"],
    });
    expect(
      analyse(
        '// hi\n/** @jsxImportSource preact */\n/// <reference types="x" />\n1\n// @ts-nocheck',
      ).pragmas,
    ).toEqual({
      leading: ["/** @jsxImportSource preact */", '/// <reference types="x" />'],
    });
    expect(analyse("1\n// eagerdeck: check=off").pragmas).toEqual({ leading: [] });
  });

  test("text that does not parse declares nothing and says where", () => {
    expect(analyse("const a = 1; const b = ;")).toMatchObject({
      declared: [],
      errors: [{ start: 23, end: 24 }],
    });
    expect([
      ...declaredSoFar("const a = 1;\nexport async function f() {\n  let b: number; class C {"),
    ]).toEqual(["a", "f", "b", "C"]);
  });
});

describe("whether a cell is finished", () => {
  test.each([
    "",
    "  \n",
    "// only a comment",
    "a",
    "a +\nb",
    'const a = /"/',
    "const a = /[(]/",
    "f(')')",
    "`${'}'}`",
    "'a' // (",
    "if (a) {}",
    "x = <b>(</b>",
    "const f = () => {}",
    "await f()",
    "'it\\\n works'",
    "<T,>(a: T) => a",
    "export default 1",
    "declare function f(): void",
    "type A = { b: 1 }",
    "@dec class A {}",
    "{ a: 1 }",
  ])("complete: %j", (code) => {
    expect(parseCell(code)).toEqual({ status: "complete" });
  });

  test.each([
    ["function f() {", "  "],
    ["if (x) {\n  a()\n", "  "],
    ["  if (x) {", "    "],
    ["const a = [1,", ""],
    ["f(", "  "],
    ["f(// one", "  "],
    ["const a = ", ""],
    ["a +", ""],
    ["a.", ""],
    ["a?.", ""],
    ["x =>", "  "],
    ["if (a)", ""],
    ["for (;;)", ""],
    ["do x()", ""],
    ["try {} ", ""],
    ["`abc\n   ${", ""],
    ["  `abc", ""],
    ["/* abc", ""],
    ["'abc\\", ""],
    ["interface A {", "  "],
    ["import { a } from", ""],
    ["import('x'", ""],
    ["const x: Array<", ""],
    ["<div>\n  <p>a</p>", "  "],
    ["a ? b", ""],
    ["@dec", ""],
    ["function f(): void", ""],
    ["class A {\n\tx = 1", "\t"],
    ["export", ""],
    ["new", ""],
    ["async function", ""],
    ["const {a, b", ""],
  ])("incomplete: %j", (code, indent) => {
    expect(parseCell(code)).toEqual({ status: "incomplete", indent });
  });

  test.each([
    ["}", 0],
    ["f(1))", 4],
    ["'abc", 0],
    ["f('it", 2],
    ["const a = /ab", 10],
    ["else", 0],
    ["a b", 1],
    ["const {a}", 6],
    ["return", 0],
    ["let a; let a", 4],
    ["f(a: number)", 3],
    ["a ? b, c", 5],
    ["`a` }", 4],
    ["if (a) } else {", 7],
    ["f(1 2", 4],
    ["1 +* 2\n(", 3],
    ["break", 0],
    ["'😀' 😀 (", 5],
    ["import a from 'x", 14],
  ])("invalid: %j at %i", (code, offset) => {
    expect(parseCell(code)).toEqual({ status: "invalid", offset, message: expect.any(String) });
  });

  test.each([
    [
      "function\nf<\nT extends\nobject\n>(\na: T,\nb?: string,\n...rest: unknown[]\n): Promise<\nT\n> {\nreturn a\n}",
    ],
    [
      "const f = async (\n  a: number,\n  b?: string,\n  { c, d }: { c: 1; d: 2 } = make(1),\n  ...rest: unknown[]\n): Promise<\n  Row[]\n> => {\n  return [a];\n};",
    ],
    [
      "const run = eager(\n  async <T,>(\n    { x }: {\n      x: T;\n    },\n    y: number,\n  ) => {\n    return x;\n  },\n);",
    ],
    ["const page = `\n  <b>${\n  name\n  }</b> (\n  ${other}\n`;"],
    [
      'const view = <div className="a"\n  id="b">\n  {items.map((i) => (\n    <b key={i}>x</b>\n  ))}\n  text\n</div>;',
    ],
    ["try {\n  await a(\n    1,\n  );\n} catch {\n  b\n  ?.c(\n  );\n}"],
    ["type A = {\n  [K in\n  keyof B]?:\n  B[K] extends\n  infer U ?\n  U :\n  never;\n};"],
    ["switch (\n  a\n) {\n  case 1:\n    b;\n  default:\n    c;\n}"],
    [
      "const o = {\n  a: 1,\n  get b() {\n    return /[(]\\//;\n  },\n  async *c(\n    d: string,\n  ) {},\n  ...e,\n};",
    ],
    [
      "class A<\n  T\n> extends B<\n  T\n> {\n  #p: Map<\n    string, T\n  > = new Map();\n  m(\n    a?: T,\n  ): void {}\n}",
    ],
  ])("every line of a statement but the last leaves it unfinished: %j", (code) => {
    const lines = code.split("\n");
    for (let count = 1; count < lines.length; count++) {
      const text = lines.slice(0, count).join("\n");
      expect(parseCell(text).status, text).toBe("incomplete");
    }
    expect(parseCell(code)).toEqual({ status: "complete" });
  });
});

describe("text that could end the process", () => {
  test.each([
    ["parentheses", "(".repeat(20_000)],
    ["type arguments", `type A = ${"A<".repeat(20_000)}1${">".repeat(20_000)}`],
    ["arrows", `${"a=>".repeat(60_000)}1`],
    ["else if", `if(a){}${"else if(a){}".repeat(60_000)}`],
    ["conditionals", `${"a?1:".repeat(60_000)}1`],
  ])("%s nested thousands of levels deep are refused", (_, code) => {
    expect(parseCell(code)).toEqual({ status: "invalid", offset: 0, message: "nested too deeply" });
    expect(analyse(code)).toMatchObject({
      declared: [],
      errors: [{ message: "nested too deeply" }],
    });
  });

  test("long or deep text that the parser can take is taken", () => {
    const sum = `const total = ${"1 + ".repeat(50_000)}1;`;
    expect(parseCell(sum)).toEqual({ status: "complete" });
    expect(names(`${sum} ${"(".repeat(1_500)}1${")".repeat(1_500)}`)).toEqual(["const total"]);
    expect(parseCell(`const s = "${"(".repeat(20_000)}";`)).toEqual({ status: "complete" });
    expect(parseCell(`f(\`${"x".repeat(20_000)}\uD800`)).toEqual({
      status: "incomplete",
      indent: "",
    });
  });

  test("over 16 MB is refused with advice", () => {
    expect(parseCell(" ".repeat(16 * 1024 * 1024 + 1))).toMatchObject({
      status: "invalid",
      message: expect.stringContaining("read it"),
    });
  });
});
