/** Operators, brackets and dots are no tokens of a source map, and V8 reports them. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSession } from "../support/session.ts";

let s: ReturnType<typeof openSession>;
beforeAll(async () => {
  s = openSession();
  await s.run("let big: any = 1n; const none: any = {}");
});
afterAll(() => s[Symbol.asyncDispose]());

/** `‸` stands before the place that the error has to name. */
test.each([
  "(1n as any) ‸+ 1",
  "big   ‸*   (2 as any)",
  "Symbol() ‸+ ''",
  "null‸[Symbol.iterator]",
  "none.a.‸b",
  "none\n  .‸f()",
  "const n: number = 1, u = (n as any).foo.‸bar",
  "(big as any) ‸instanceof 5",
  "undefined as any ‸in 5",
  "const {‸q} = null as any",
  "for (const a of ‸5 as any);",
  "\tconst wide = '😀😀', s: string = none.‸f()",
  "if (true) {\r\n  none.x.y ‸= 1\r\n}",
  "class A { static {\n    const x: any = null; x.‸y } }",
  "`a ${none.x.‸y} b`",
  "throw ‸new Error('x')",
  "[1, 2].map((x: any): any => x.y.‸z)",
  "/* before */ none /* in\nbetween */ .a.‸b",
])("%j is blamed at its place", async (marked) => {
  const offset = marked.indexOf("‸");
  const before = marked.slice(0, offset).split(/\r\n|\n/);
  const { error } = await s.run(marked.replace("‸", ""));
  expect(error?.frames[0]).toMatchObject({
    line: before.length,
    column: (before.at(-1) ?? "").length + 1,
  });
});

test.each([
  ["a line separator", "const sep = 1;\u2028none.x.y", 1, 23],
  ["a lone carriage return", "const cr = 1;\rnone.x.y", 2, 8],
  ["a separator within a string", 'const inside = "\u2028"; none.x.y', 1, 28],
  ["a separator within a template, then a line", "const text = `\u2028${1}`;\nnone.x.y", 2, 8],
])("%s moves no position", async (_, code, line, column) => {
  const { error } = await s.run(code);
  expect(error?.frames[0]).toMatchObject({ line, column });
});
