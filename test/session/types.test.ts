import { expect, test, vi } from "vitest";
import { preludeNames } from "../../runtime/session/client/types/prelude.ts";
import { openChecker } from "../support/checker.ts";

test("a wrong type is found at its line and column, and nothing else is", async () => {
  await using checker = openChecker();
  expect(
    await checker.errors('const ok = 1;\n\n  const wrong: string = 1;\nconst fine = "a";'),
  ).toEqual(["3:9 TS2322 Type 'number' is not assignable to type 'string'."]);
});

test("columns count UTF-16 units, lines end as in the cell", async () => {
  await using checker = openChecker();
  expect(
    await checker.errors(
      'const a = "😀"; const b: string = 1;\r\nconst c: string = 2;\rconst d: string = 3;',
    ),
  ).toEqual([
    "1:23 TS2322 Type 'number' is not assignable to type 'string'.",
    "2:7 TS2322 Type 'number' is not assignable to type 'string'.",
    "3:7 TS2322 Type 'number' is not assignable to type 'string'.",
  ]);
});

test("a line separator inside a string moves no position", async () => {
  await using checker = openChecker();
  expect(
    await checker.errors('const a = "\u2028"; const b: string = 1;\nconst c: string = 2;'),
  ).toEqual([
    "1:22 TS2322 Type 'number' is not assignable to type 'string'.",
    "2:7 TS2322 Type 'number' is not assignable to type 'string'.",
  ]);
});

test("an assignment to a variable of an earlier cell is legal and typed", async () => {
  await using checker = openChecker();
  await checker.ran("let total = 1; function addTo(x: number) { total += x; return total }");
  expect(await checker.ran("total = 100; addTo(5)")).toEqual([]);
  expect(await checker.errors('total = "a"')).toEqual([
    "1:1 TS2322 Type 'string' is not assignable to type 'number'.",
  ]);
});

test("an earlier constant cannot be assigned, and widens where it is copied", async () => {
  await using checker = openChecker();
  await checker.ran("const limit = 3;");
  expect(await checker.ran("let next = limit; next = 4;")).toEqual([]);
  expect(await checker.errors("limit = 4")).toEqual([
    "1:1 TS2588 Cannot assign to 'limit' because it is a constant.",
  ]);
});

test("a redeclaration replaces the type, for later cells only", async () => {
  await using checker = openChecker();
  await checker.ran("const row = { id: 1 }; function idOf() { return row.id }");
  await checker.ran('const row = "text"');
  expect(
    await checker.ran("const length: number = row.length; const id: number = idOf();"),
  ).toEqual([]);
  expect(await checker.errors("row.id")).toEqual([
    "1:5 TS2339 Property 'id' does not exist on type '\"text\"'.",
  ]);
});

test("interfaces, aliases, enums, generic classes and namespaces cross cells", async () => {
  await using checker = openChecker();
  await checker.ran("interface Row { id: number }\ntype Rows = Row[];");
  await checker.ran(
    "enum Color { Red, Blue }\nclass Box<T extends Row> { constructor(readonly item: T) {} }",
  );
  await checker.ran(
    "namespace Shapes { export interface Point { x: number } export const origin: Point = { x: 0 } }",
  );
  expect(
    await checker.ran(
      "const rows: Rows = [{ id: 1 }]; const box: Box<Row> = new Box(rows[0]!); const color: Color = Color.Red;\nconst p: Shapes.Point = Shapes.origin;",
    ),
  ).toEqual([]);
  expect(
    await checker.errors("const bad: Row = { id: box.item }; const c: Color = Color.Green;"),
  ).toEqual([
    "1:20 TS2322 Type 'Row' is not assignable to type 'number'.",
    "1:59 TS2339 Property 'Green' does not exist on type 'typeof Color'.",
  ]);
});

test("a message names a type of another cell as the person wrote it", async () => {
  await using checker = openChecker();
  await checker.ran("interface Row { id: number }");
  await checker.ran("const make = (): Row => ({ id: 1 });");
  const [error] = await checker.errors("const n: number = make();");
  expect(error).toBe("1:7 TS2322 Type 'Row' is not assignable to type 'number'.");
});

test("only names that were really published exist, types come with their cell", async () => {
  await using checker = openChecker();
  await checker.ran("const first = 1; interface Kept {} throw new Error(); const second = 2;", [
    "first",
  ]);
  expect(await checker.errors("const k: Kept = {}; first; second;")).toEqual([
    "1:28 TS2304 Cannot find name 'second'.",
  ]);
});

test("a cell that was refused leaves nothing behind", async () => {
  await using checker = openChecker();
  await checker.ran("const n = 1;");
  await checker.errors("const n: string = 5; interface Ghost { a: 1 }");
  expect(await checker.errors("const m: number = n; let g: Ghost;")).toEqual([
    "1:29 TS2304 Cannot find name 'Ghost'.",
  ]);
});

test("after a reset no name is left but the prelude, which can be redeclared", async () => {
  await using checker = openChecker();
  await checker.ran("const deck = 5; const own = 1;");
  expect(await checker.ran("const n: number = deck;")).toEqual([]);
  checker.service.reset();
  expect(await checker.errors("deck.failed; own;")).toEqual([
    "1:14 TS2304 Cannot find name 'own'.",
  ]);
});

test("the prelude itself has no errors and every name of it has a type", async () => {
  await using checker = openChecker();
  expect(await checker.errors(preludeNames.map((name) => `void ${name};`).join("\n"))).toEqual([]);
  const known = preludeNames.filter((name) => name !== "_" && name !== "_error");
  const errors = await checker.errors(known.map((name) => `{ const no: 5 = ${name}; }`).join("\n"));
  expect(errors).toHaveLength(known.length);
});

test("a task's inputs and output are typed in the cells after it", async () => {
  await using checker = openChecker();
  expect(
    await checker.ran("const load = task(async ({ n }: { n: number }) => ({ rows: [n] }));"),
  ).toEqual([]);
  expect(await checker.ran("const { rows } = await load({ n: 1 });")).toEqual([]);
  expect(await checker.errors('rows.push("a"); load({ n: "b" });')).toEqual([
    "1:11 TS2345 Argument of type 'string' is not assignable to parameter of type 'number'.",
    "1:24 TS2322 Type 'string' is not assignable to type 'number | Promise<number>'.",
  ]);
});

test("eagerdeck and tslab resolve in a folder without packages, and Node's globals are known", async () => {
  await using checker = openChecker();
  expect(
    await checker.errors(
      'import { task, z } from "eagerdeck"; import * as tslab from "tslab"; import fs from "node:fs";\n' +
        'task; z.string(); tslab.display.html("a"); fs.readFileSync("a");\n' +
        'process.cwd(); Buffer.from("a"); console.log(setTimeout(() => {}, 1)); new AbortController(); fetch("a");',
    ),
  ).toEqual([]);
  expect(await checker.errors("document.title")).toHaveLength(1);
});

test("top-level await, destructuring, var in blocks, own exports and `using` are all as in a module", async () => {
  await using checker = openChecker();
  expect(
    await checker.ran(
      "export const a = await Promise.resolve(1);\nconst { b, ...rest } = { b: 1, c: 2 };\nif (a) { var deep = 1 }\nexport default function main() {}\nexport { b as renamed };",
    ),
  ).toEqual([]);
  expect(await checker.errors("const n: number = a + b + rest.c + deep!; main();")).toEqual([]);
  await checker.ran("using handle = { [Symbol.dispose]() {} };");
  expect(await checker.errors("handle")).toEqual(["1:1 TS2304 Cannot find name 'handle'."]);
});

test("an unknown name that the user process published may be anything", async () => {
  await using checker = openChecker();
  checker.service.published(90, "made elsewhere (", [{ name: "made", kind: "var" }]);
  expect(await checker.errors("const n: number = made.whatever; made = 1;")).toEqual([]);
});

test("hostile names and texts are checked like others", async () => {
  await using checker = openChecker();
  await checker.ran(
    "const __proto__ = 1, constructor = 2, $0 = 3, toString = 4, as = 5, from = 6, type = 7;",
  );
  expect(
    await checker.errors(
      "const sum: number = __proto__ + constructor + $0 + toString + as + from + type;",
    ),
  ).toEqual([]);
  expect(await checker.errors("")).toEqual([]);
  expect(await checker.errors("\uFEFF#!/usr/bin/env node\nconst a: string = 1; '\uD800'")).toEqual([
    "2:7 TS2322 Type 'number' is not assignable to type 'string'.",
  ]);
  expect(await checker.errors("const x: string = 1 // no line break behind this")).toHaveLength(1);
});

test("`@ts-nocheck` and `@ts-expect-error` mean what they mean in a file", async () => {
  await using checker = openChecker();
  expect(await checker.errors("// @ts-nocheck\nconst a: string = 1;")).toEqual([]);
  expect(await checker.errors("// @ts-expect-error\nconst a: string = 1;")).toEqual([]);
});

test("`declare global` of a cell holds for later cells that mention nothing of it", async () => {
  await using checker = openChecker();
  await checker.ran("declare global { interface Array<T> { second(): T } }");
  await checker.ran("const unrelated = 1;");
  expect(await checker.errors("const n: number = [1, 2].second();")).toEqual([]);
});

test("a cell of JSX is checked as such, its names are plain session names", async () => {
  await using checker = openChecker({
    "node_modules/react/package.json":
      '{ "name": "react", "version": "1.0.0", "types": "index.d.ts" }',
    "node_modules/react/index.d.ts": "export {};",
    "node_modules/react/jsx-runtime.d.ts":
      "export namespace JSX { interface Element { tag: string } interface IntrinsicElements { b: { id?: string; children?: string } } }\nexport function jsx(): JSX.Element; export function jsxs(): JSX.Element;",
  });
  expect(await checker.ran('const view = <b id="x">hi</b>;')).toEqual([]);
  expect(await checker.errors("const tag: string = view.tag; const bad = <b id={1} />;")).toEqual([
    "1:46 TS2322 Type 'number' is not assignable to type 'string'.",
  ]);
});

test("names redeclared sixty times are those of the newest cell", async () => {
  await using checker = openChecker();
  await checker.ran("let v0 = 0;");
  for (let n = 1; n <= 60; n++)
    await checker.ran(`const v${n % 5} = ${n}; function f() { return v${n % 5} }`);
  expect(await checker.errors("const text: string = f(); const n: number = v0 + v4;")).toEqual([
    "1:7 TS2322 Type 'number' is not assignable to type 'string'.",
  ]);
});

test("completes members, bare names with their kinds, and inside an unclosed block", async () => {
  await using checker = openChecker();
  await checker.ran(
    "const user = { name: 'a', visits: 3 }; function userOf(id: number) { return user } let users = [user];",
  );
  const members = await checker.complete("user.|");
  expect(members).toMatchObject({ start: 5, end: 5 });
  expect(members.items.map(({ name }) => name)).toEqual(["name", "visits"]);
  const bare = await checker.complete("await use|");
  expect(bare).toMatchObject({
    start: 6,
    end: 9,
    items: [
      { name: "user", kind: "constant" },
      { name: "userOf", kind: "function" },
      { name: "users", kind: "variable" },
    ],
  });
  const inside = await checker.complete(
    "function f() {\n  if (true) {\n    const n = user.vi|sits",
  );
  expect(inside.items).toMatchObject([
    { name: "visits", kind: "property", detail: expect.stringContaining("number") },
  ]);
  expect(inside.end - inside.start).toBe("visits".length);
});

test("completion prefers what begins as typed, but for case, and never shows our documents", async () => {
  await using checker = openChecker();
  await checker.ran("const Url = 1, urlList = [1];");
  const { items } = await checker.complete("url|");
  expect(items[0]?.name).toBe("urlList");
  expect(items.map(({ name }) => name)).toContain("Url");
  const guess = await checker.complete("urlL|");
  expect(guess.items.map(({ name }) => name)).toEqual(["urlList"]);
  const all = await checker.complete("|");
  expect(all.items.length).toBeLessThanOrEqual(500);
  expect(all.items.slice(0, 40).map(({ name }) => name)).toContain("urlList");
  const modules = await checker.complete('import {} from "./|"');
  expect(modules.items.filter(({ name }) => name.includes("__eagerdeck"))).toEqual([]);
});

test("what is being typed declares its own names first", async () => {
  await using checker = openChecker();
  await checker.ran("const value = 1;");
  const { items } = await checker.complete('const value = "text"; value.toUpp|');
  expect(items.map(({ name }) => name)).toEqual(["toUpperCase"]);
  const unfinished = await checker.complete('{\nconst value = "text"; if (value.toUpp|');
  expect(unfinished.items.map(({ name }) => name)).toEqual(["toUpperCase"]);
});

test("hover tells the type and the documentation of a session name", async () => {
  await using checker = openChecker();
  await checker.ran("/** Adds **one**. */\nfunction addOne(x: number) { return x + 1 }");
  expect(await checker.service.hover("const y = addOne(1)", 12)).toEqual({
    signature: "function addOne(x: number): number",
    documentation: "Adds **one**.",
    start: 10,
    end: 16,
  });
  expect(await checker.service.hover("const y = 1", 3)).toBeUndefined();
});

test("signature help marks the parameter at the cursor", async () => {
  await using checker = openChecker();
  await checker.ran("function scale(a: number, a2: number) { return a * a2 }");
  const help = await checker.service.signature("scale(1, ", 9);
  expect(help?.label).toBe("scale(a: number, a2: number): number");
  const { start = 0, end = 0 } = help?.activeParameter ?? {};
  expect(help?.label.slice(start, end)).toBe("a2: number");
  expect(await checker.service.signature("1 + 1", 5)).toBeUndefined();
});

test("answers to concurrent questions belong to their texts", async () => {
  await using checker = openChecker();
  await checker.ran("const a = { alpha: 1 }, b = { beta: 1 };");
  const texts = ["a.|", "b.|", "a.al|", "b.be|"];
  const answers = await Promise.all(texts.map((text) => checker.complete(text)));
  expect(answers.map(({ items }) => items[0]?.name)).toEqual(["alpha", "beta", "alpha", "beta"]);
});

test("session names complete where values or types may stand, with the cell they are from", async () => {
  await using checker = openChecker();
  const names = [{ name: "tally", kind: "const" }];
  checker.service.published(1, "const tally = 1; interface Talk {}", names, "In [7]");
  expect((await checker.complete("1 + Tal|")).items).toEqual([
    { name: "Talk", kind: "interface", detail: "In [7]" },
    { name: "tally", kind: "constant", detail: "In [7]" },
  ]);
  // Wait for the server's own list: it knows what may stand where.
  await checker.errors("1");
  await vi.waitFor(
    async () => {
      expect((await checker.complete("let x: tal|")).items).toEqual([
        { name: "Talk", kind: "interface", detail: "In [7]" },
      ]);
    },
    { timeout: 10_000 },
  );
  for (const place of ["'tal|'", "// tal|", "`a ${1} tal|`", "x.tal|", "/* tal|"]) {
    expect((await checker.complete(place)).items).toEqual([]);
  }
  expect((await checker.complete("`a ${tally + tal|")).items).toHaveLength(2);
});

test("a list is not asked again while its word grows, and forgets nothing that changed meanwhile", async () => {
  await using checker = openChecker();
  await checker.ran("const user = { name: 'a', nick: 'b', visits: 3 };");
  const names = async (marked: string) =>
    (await checker.complete(marked)).items.map(({ name, detail }) => `${name} ${detail}`);
  expect(await names("user.n|")).toEqual([
    "name (property) name: string",
    "nick (property) nick: string",
  ]);
  expect(await names("user.ni|")).toEqual(["nick (property) nick: string"]);
  await checker.ran("const user = { nil: 1 };");
  expect(await names("user.ni|")).toEqual(["nil (property) nil: number"]);
  expect(await names("user.|")).toHaveLength(1);
});
