import { expect, test } from "vitest";
import { isVariableName, variablesOf } from "../../../../../runtime/session/client/variables.ts";

test.each([
  ["let x: number = 5", { x: "number" }],
  ["const a = 1, b: string = 'b'", { a: undefined, b: "string" }],
  ["export let x: Mode = 'fast'; type Mode = 'fast' | 'slow'", { x: "Mode" }],
  ["let x!: number;", { x: "number" }],
  ["var x: number; var x = 1", { x: "number" }],
  ["let f: <T>(x: T) => T = (x) => x", { f: "<T>(x: T) => T" }],
  ["let x = <number>5", { x: undefined }],
  // What only looks like a declaration.
  [
    "// let x: string\n/* let y: string */ let z: Array</* a > b */ number> = []",
    {
      z: "Array</* a > b */ number>",
    },
  ],
  [
    "const s = 'let x: number = 5'; { let inner: string } function f() { let g: number }",
    {
      s: undefined,
    },
  ],
  ["const el = <b title='let x: number'>text</b>", { el: undefined }],
  // Patterns: the type of a part is a part of the type.
  ["const { a, b: c }: Options = load()", { a: '(Options)["a"]', c: '(Options)["b"]' }],
  [
    "const { 'my-key': a, [1]: b, [k()]: c }: T = v",
    {
      a: '(T)["my-key"]',
      b: "(T)[1]",
      c: undefined,
    },
  ],
  ["const { a = 1 }: { a?: number } = {}", { a: 'Exclude<({ a?: number })["a"], undefined>' }],
  ["const [a, , [b], ...rest]: T = v", { a: "(T)[0]", b: "((T)[2])[0]", rest: undefined }],
  ["const { a, ...rest } = v", { a: undefined, rest: undefined }],
  ["let a: string\n, b\n: \n// why\nnumber | null = null", { a: "string", b: "number | null" }],
  ["let 名: '😀' | \"\\u{1F600}\" = '😀'", { 名: "'😀' | \"\\u{1F600}\"" }],
  ["", {}],
])("%j declares %j", (code, expected) => {
  expect(Object.fromEntries(variablesOf(code) ?? [])).toEqual(expected);
});

test("a text that does not parse declares nothing that is known", () => {
  expect(variablesOf("let x: number = ")).toBeUndefined();
  expect(variablesOf(`let x = ${"(".repeat(20_000)}`)).toBeUndefined();
});

test.each(["x", "$", "_1", "名", "async", "of", "type", "constructor", "__proto__"])(
  "%s is a name",
  (name) => expect(isVariableName(name)).toBe(true),
);

test.each([
  ...["", "1x", "my-name", "a.b", "a b", " x", "x ", "x\n", "x = 1; y", "{ x }", "x: number"],
  ...["let", "class", "await", "yield", "null", "eval", "enum", "x//", "x/**/", "'x'"],
])("%j is no name", (name) => {
  expect(isVariableName(name)).toBe(false);
});
