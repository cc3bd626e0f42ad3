import { expect, test } from "vitest";
import * as api from "../../../../../../runtime/index.ts";
import { analyse } from "../../../../../../runtime/session/analyse.ts";
import { SessionDocuments } from "../../../../../../runtime/session/client/types/documents.ts";
import {
  preludeNames,
  preludeText,
} from "../../../../../../runtime/session/client/types/prelude.ts";

/** Runs cells one after the other, all of whose values are published. */
function after(...cells: string[]): SessionDocuments {
  const documents = new SessionDocuments();
  for (const [index, code] of cells.entries()) {
    documents.compose(index + 1, code);
    const names = analyse(code).declared.filter(({ typeOnly }) => !typeOnly);
    documents.published(index + 1, code, names);
  }
  return documents;
}

const fileNames = (documents: SessionDocuments) =>
  documents.live().map(({ fileName }) => fileName.replace("__eagerdeck_", ""));

test("a document is one header line, the cell, one footer line", () => {
  const documents = after(
    "let total = 1; function addTo(x: number) { return total += x }",
    "const limit = 3; interface Row {}",
  );
  expect(
    documents.compose(3, "total = limit;\nexport const a = addTo(1), { b } = {} as Row;\nlet c"),
  ).toMatchObject({
    fileName: "__eagerdeck_c3.ts",
    linesBefore: 1,
    providers: new Set([1, 2]),
    text: [
      'import { addTo } from "./__eagerdeck_c1"; import { Row, limit } from "./__eagerdeck_c2"; declare let total: typeof import("./__eagerdeck_c1").total;',
      "total = limit;",
      "export const a = addTo(1), { b } = {} as Row;",
      "let c",
      ";export {c};",
    ].join("\n"),
  });
});

test("D2: leading comments for the checker are repeated above the header, and counted", () => {
  const documents = after("const a = 1");
  const document = documents.compose(2, '/// <reference types="x" />\n/** @jsx h */\na');
  expect(document.linesBefore).toBe(3);
  expect(document.text.split("\n").slice(0, 4)).toEqual([
    '/// <reference types="x" />',
    "/** @jsx h */",
    'import { a } from "./__eagerdeck_c1";',
    '/// <reference types="x" />',
  ]);
});

test("a name that the cell declares itself is not brought", () => {
  const documents = after("const a = 1, b = 2");
  expect(documents.compose(2, "const a = b").text).toBe(
    'import { b } from "./__eagerdeck_c1";\nconst a = b\n;export {a};',
  );
});

test("D1: an older document keeps the names it was bound to", () => {
  const documents = after("const a = 1", "const b = a", "const a = 'x'");
  expect(documents.compose(4, "a; b").text.split("\n", 1)).toEqual([
    'import { b } from "./__eagerdeck_c2"; import { a } from "./__eagerdeck_c3";',
  ]);
  expect(documents.live().find(({ fileName }) => fileName === "__eagerdeck_c2.ts")?.text).toContain(
    'from "./__eagerdeck_c1"',
  );
});

test("what provides no live name, directly or through headers, is let go", () => {
  const documents = after("const a = 1", "const b = 1", "const c = a", "const a = 2");
  expect(fileNames(documents)).toEqual(["c0.ts", "c1.ts", "c2.ts", "c3.ts", "c4.ts"]);
  documents.published(5, "const c = 5", [{ name: "c" }]);
  expect(fileNames(documents)).toEqual(["c0.ts", "c2.ts", "c4.ts", "c5.ts"]);
});

test("a thousand replacements of one name leave a bounded number of documents", () => {
  const documents = new SessionDocuments();
  for (let cell = 1; cell <= 1_000; cell++) {
    documents.compose(cell, `const a = ${cell}`);
    // Every second one is refused.
    if (cell % 2 === 0) documents.published(cell, `const a = ${cell}`, [{ name: "a" }]);
  }
  expect(documents.live().length).toBeLessThan(40);
});

test("documents stay few when fifty names are redeclared five thousand times, and each is told once", () => {
  const documents = new SessionDocuments();
  const told: string[] = [];
  for (let cell = 1; cell <= 5_000; cell++) {
    const name = `v${cell % 50}`;
    const code = `let ${name} = 1; function f${cell % 7}() {}`;
    documents.published(cell, code, [{ name }, { name: `f${cell % 7}` }]);
    told.push(...documents.takeLetGo());
    expect(documents.live().length).toBeLessThan(60);
  }
  expect(new Set(told).size).toBe(told.length);
  expect(told.length + documents.live().length).toBe(5_001);
  expect(documents.visits).toBeLessThan(5_000 * 6);
});

test("a chain is kept while its end has a name, and goes with it at once", () => {
  const documents = new SessionDocuments();
  documents.published(1, "const a = 1", [{ name: "a" }]);
  for (let cell = 2; cell <= 40; cell++) {
    const [name, other] = cell % 2 === 0 ? ["b", "a"] : ["a", "b"];
    documents.published(cell, `const ${name} = [${other}]`, [{ name }]);
  }
  expect(documents.live()).toHaveLength(41);
  documents.published(200, "const a = 1, b = 2", [{ name: "a" }, { name: "b" }]);
  expect(fileNames(documents)).toEqual(["c0.ts", "c200.ts"]);
});

test("ten thousand cells of new names never walk the session", () => {
  const documents = new SessionDocuments();
  for (let cell = 1; cell <= 10_000; cell++) {
    const code = `const v${cell} = ${cell === 1 ? 0 : `v${cell - 1}`}; function f${cell}() {}`;
    documents.published(cell, code, [{ name: `v${cell}` }, { name: `f${cell}` }]);
    expect(documents.takeLetGo()).toEqual([]);
  }
  expect(documents.live()).toHaveLength(10_001);
  expect(documents.visits).toBeLessThan(20_000);
});

test("D3: values that were not published are not names, types are", () => {
  const documents = new SessionDocuments();
  const code = "const a = 1, b = 2; type T = 1; import { C } from './c.ts'; using d = null;";
  documents.published(1, code, [{ name: "a" }, { name: "d" }, { name: "made" }]);
  const own = [...documents.names.keys()].filter((name) => !preludeNames.includes(name));
  expect(own).toEqual(["a", "T", "C", "made"]);
  expect(documents.compose(2, "made").text.split("\n", 1)).toEqual(["declare let made: any;"]);
});

test("a closure lists providers before those that need them, each once", () => {
  const documents = after("const a = 1", "const b = a", "const c = a + b");
  const document = documents.compose(4, "a + b + c + Number(deck)");
  expect(
    documents.closure(document).map(({ fileName }) => fileName.replace("__eagerdeck_", "")),
  ).toEqual(["c0.ts", "c1.ts", "c2.ts", "c3.ts", "c4.ts"]);
});

test("a draft brings what it mentions but those names it declares, finished or not", () => {
  const documents = after("const a = 1", "let b = 2");
  const finished = documents.draft("const a = 2; b");
  expect(finished.text).not.toMatch(/\ba\b.*from/);
  expect(finished.text).toContain('typeof import("./__eagerdeck_c2").b');
  expect(documents.draft("if (x) { const a = ").text).not.toMatch(/import \{ a \}/);
  expect(documents.draft("<p>{a}</p>").fileName).toBe("__eagerdeck_c3.tsx");
});

test("a draft is the next cell's document: sent as it stands, it is the same text", () => {
  const documents = after("const b = 1; let a = 2", "function f() {}");
  const draft = documents.draft("const c = f() + b + a;");
  expect(documents.compose(3, "const c = f() + b + a;")).toEqual(draft);
  expect(documents.draft("c").fileName).toBe("__eagerdeck_c4.ts");
});

test("while typing a header only grows, and a cell has none of what was typed and taken back", () => {
  const documents = after("const r = 1, row = 2");
  const header = (text: string) => text.split("\n", 1)[0];
  expect(header(documents.draft("r").text)).toBe('import { r } from "./__eagerdeck_c1";');
  expect(header(documents.draft("row").text)).toBe('import { r, row } from "./__eagerdeck_c1";');
  expect(header(documents.draft("").text)).toBe('import { r, row } from "./__eagerdeck_c1";');
  expect(header(documents.compose(2, "row").text)).toBe('import { row } from "./__eagerdeck_c1";');
});

test("a draft that mentioned hundreds of names begins anew", () => {
  const names = Array.from({ length: 300 }, (_, n) => `v${n}`);
  const documents = after(`const ${names.map((name) => `${name} = 1`).join(", ")};`);
  documents.draft(names.join());
  expect(documents.draft("v1").text.split("\n", 1)).toEqual([
    'import { v1 } from "./__eagerdeck_c1";',
  ]);
});

test("after a reset only the prelude is left", () => {
  const documents = after("const a = 1; declare global {}", "const deck = 5");
  documents.reset();
  expect([...documents.names.keys()]).toEqual([...preludeNames]);
  expect(documents.compose(3, "deck; a").text.split("\n", 1)).toEqual([
    'import { deck } from "./__eagerdeck_c0";',
  ]);
  expect(fileNames(documents)).toEqual(["c0.ts", "c3.ts"]);
});

test("the prelude parses, exports what it promises and has every public value of the API", () => {
  const { errors, exported } = analyse(preludeText);
  expect(errors).toEqual([]);
  expect([...exported]).toEqual(expect.arrayContaining([...preludeNames]));
  expect([...preludeNames]).toEqual(expect.arrayContaining(Object.keys(api)));
});

test("a cell that is read ahead sees what the running one declares, and has the same text on its turn", () => {
  const documents = after("let total = 'a'");
  const running = "let total = 1; interface Row {} using gone = null";
  documents.compose(2, running);
  const ahead = documents.compose(3, "total; gone; ({}) as Row", { cell: 2, code: running });
  expect(ahead.text).toContain('import { Row } from "./__eagerdeck_c2"');
  expect(ahead.text).toContain('declare let total: typeof import("./__eagerdeck_c2").total;');
  expect(ahead.text).not.toContain("gone }");
  documents.published(2, running, [{ name: "total" }]);
  expect(documents.compose(3, "total; gone; ({}) as Row").text).toBe(ahead.text);
});
