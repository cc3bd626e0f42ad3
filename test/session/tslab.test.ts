/**
 * Where tslab is right we say the same; where it is wrong, both answers stand here.
 * @module
 */
import { expect, test } from "vitest";
import { Tslab } from "../bench/tslab.ts";
import { openSession, type TestSession } from "../support/session.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Cells whose last value is a number or a truth value: tslab hands back text without quotes. */
const alike: readonly string[] = [
  "const a1 = 20 %% a1 * 2 + 2",
  "let a2 = 1 %% a2 += 4 %% a2",
  "const { x: a3, ...r3 } = { x: 1, y: 2 } %% a3 + r3.y",
  "const [a4, b4 = 5] = [1] as number[] %% a4 + b4",
  "function f5(n: number): number { return n < 2 ? 1 : n * f5(n - 1) } %% f5(5)",
  "class A6 { #v = 3; get v() { return this.#v } } %% new A6().v",
  "class A7 { constructor(public n: number) {} } %% class B7 extends A7 { twice() { return this.n * 2 } } %% new B7(4).twice()",
  "enum E8 { A = 3, B } %% E8.B",
  "await Promise.resolve(9)",
  "const v10 = await new Promise<number>((r) => setTimeout(() => r(10), 1)) %% v10",
  "import * as path from 'path' %% path.join('a', 'b').length",
  "import { sep } from 'path' %% sep.length",
  "interface I13 { n: number } %% const i13: I13 = { n: 13 } %% i13.n",
  "type T14 = { n: number } %% ({ n: 14 } as T14).n",
  "function* g15() { yield 1; yield 2 } %% [...g15()].length",
  "let s16 = 0; for (const i of [1, 2, 3]) s16 += i; %% s16",
  "const f17 = async (n: number) => n + 1 %% await f17(16)",
  "let n18 = 0; try { throw new Error('x') } catch { n18 = 18 } %% n18",
  "const m19 = new Map([['k', 19]]) %% m19.get('k')",
  "const o20 = { a: { b: 20 } } %% o20?.a?.b",
  "namespace N21 { export const v = 21 } %% N21.v",
  "const k22 = 1 %% const k22 = 22 %% k22",
  "function f23() { return 1 } %% function f23() { return 23 } %% f23()",
  "const g24 = <T,>(x: T): T => x %% g24(24)",
  "let n25 = 1; const bump25 = () => ++n25 %% bump25() %% n25",
  "let a26 = 1; let b26 = 2 %% [a26, b26] = [b26, a26] %% a26",
  "class S27 { static n = 1 } const up27 = () => { S27.n++ } %% up27(); S27.n",
  "const Set = 28 %% Set",
  "let a29: any; ({ a29 } = { a29: 29 }) %% a29",
  "(() => { const x = 1; { const x = 2 } return x })()",
];

/** Cells, what they give here, and what tslab says. */
const wrongThere: readonly (readonly [cells: string, ours: string, tslab: string])[] = [
  [
    "let total = 1; function addTo(x: number) { total += x; return total } %% total = 100 %% addTo(5)",
    "105",
    "6",
  ],
  ["let n2 = 1; const see2 = () => n2 %% n2 = 7 %% see2()", "7", "1"],
  ["let n3 = 1; const see3 = () => n3 %% let n3 = 2 %% see3()", "2", "1"],
  [
    "function one4() { return two4() } function two4() { return 1 } %% function two4() { return 2 } %% one4()",
    "2",
    "1",
  ],
  ["let sum = 0; for await (const x of [1, 2]) sum += x; %% sum", "3", "! Cannot find name 'sum'."],
  ["const w6 = 1; throw new Error('half') %% w6", "1", "! Cannot find name 'w6'."],
  ["if (true) { var v7 = 8 } %% v7", "8", "! Cannot find name 'v7'."],
  ["export const shared8 = 17 %% shared8", "17", "! Cannot find name 'shared8'."],
  ["var v9 = 1 %% var v9; v9", "1", "undefined"],
  ["this === undefined", "true", "false"],
  [
    "using u11 = { n: 18, [Symbol.dispose]() {} }; u11.n",
    "18",
    "! Unexpected keyword or identifier.",
  ],
];

async function ours(s: TestSession, cells: string): Promise<string> {
  let said = "";
  for (const code of cells.split(" %% ")) {
    const { error, value } = await s.run(code, { stopOnError: false });
    said = error ? `! ${error.message}` : String(value?.["text/plain"] ?? "undefined");
  }
  return said;
}

async function theirs(tslab: Tslab, cells: string): Promise<string> {
  let answer = "";
  for (const code of cells.split(" %% ")) {
    const { ok, said } = await tslab.ask("execute", code);
    // Its diagnostics come with their format string and place in front; the first one tells enough.
    const problem = said.split("\n")[0]?.replace(/^%s%d:%d - %s {2}\d+ \d+ /, "");
    answer = ok ? said || "undefined" : `! ${problem}`;
  }
  return answer;
}

test("what tslab does right gives the same here, and what it does wrong does not", async () => {
  using folder = tempFolder();
  const tslab = new Tslab(folder.path);
  try {
    await using s = openSession();
    const different: object[] = [];
    for (const cells of alike) {
      const both = { cells, ours: await ours(s, cells), tslab: await theirs(tslab, cells) };
      if (both.ours !== both.tslab || both.ours.startsWith("!")) different.push(both);
    }
    expect(different).toEqual([]);
    const found: (readonly [string, string, string])[] = [];
    for (const [cells] of wrongThere)
      found.push([cells, await ours(s, cells), await theirs(tslab, cells)]);
    expect(found).toEqual(wrongThere);
  } finally {
    await tslab.kill();
  }
}, 90_000);

test("a notebook that uses tslab is checked and runs where tslab is not installed, also by require", async () => {
  await using s = openSession({ check: "error" });
  const cells = [
    `import * as tslab from "tslab"; import { type Display, newDisplay } from "tslab";
     const progress: Display = newDisplay(); progress.text("1"); progress.html("<b>2</b>");
     tslab.display.raw("image/png", Buffer.from("iVBORw0KGgo=", "base64"));`,
    `const { display: shown, versions } = require("tslab"); shown.markdown("*3*"); versions.node === process.version`,
    `(await import("tslab")).versions.tslab.split(".").length`,
  ];
  const values = [];
  for (const cell of cells) values.push(await s.value(cell));
  expect(values).toEqual([undefined, "true", "3"]);
  const shown = s.events.filter((event) => event.kind === "display");
  expect(shown.map(({ bundle, update }) => [update, bundle])).toEqual([
    [false, { "text/plain": "1" }],
    [true, { "text/html": "<b>2</b>", "text/plain": "2" }],
    [false, { "image/png": "iVBORw0KGgo=", "text/plain": "PNG image · 8 B" }],
    [false, { "text/markdown": "*3*", "text/plain": "*3*" }],
  ]);
  expect((await s.run("tslab.display.htm('x')")).error?.message).toContain("'html'");
});
