/** The person's project around the cells: tsconfig, local files, packages, and what changes on disk. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openChecker } from "../support/checker.ts";

const LOOSE = "function f(a) { return a } const n: number = null;";

test("without a tsconfig cells are strict", async () => {
  await using checker = openChecker();
  expect(await checker.errors(LOOSE)).toEqual([
    "1:12 TS7006 Parameter 'a' implicitly has an 'any' type.",
    "1:34 TS2322 Type 'null' is not assignable to type 'number'.",
  ]);
});

test("the nearest tsconfig decides how strict cells are, also from a parent folder", async () => {
  await using loose = openChecker({
    "tsconfig.json": '{ "compilerOptions": { "strict": false } }',
  });
  expect(await loose.errors(LOOSE)).toEqual([]);
  await using strict = openChecker(
    {
      "tsconfig.json":
        '{ "compilerOptions": { "strict": true, "noUncheckedIndexedAccess": true } }',
      "notebooks/a.txt": "",
    },
    "notebooks",
  );
  expect(await strict.errors("const xs = [1]; const x: number = xs[0];")).toEqual([
    "1:23 TS2322 Type 'number | undefined' is not assignable to type 'number'.\n  Type 'undefined' is not assignable to type 'number'.",
  ]);
});

test("options for building a project find no errors in cells", async () => {
  await using checker = openChecker({
    "tsconfig.json": `{
      // a comment
      "compilerOptions": { "strict": true, "composite": true, "incremental": true, "declaration": true, "declarationMap": true,
        "isolatedDeclarations": true, "isolatedModules": true, "verbatimModuleSyntax": true, "erasableSyntaxOnly": true,
        "noUnusedLocals": true, "noUnusedParameters": true, "rootDir": "src", "outDir": "out", "module": "commonjs", "target": "es2022" },
      "include": ["src"], "exclude": ["**/*"], "files": ["src/a.ts"], "references": [{ "path": "./other" }]
    }`,
    "src/a.ts": "export interface Row { id: number }\nexport const make = (): Row => ({ id: 1 });",
    "other/tsconfig.json": '{ "compilerOptions": { "composite": true } }',
  });
  expect(
    await checker.ran(
      'import { make, Row } from "./src/a.ts"; enum E { A } function f(x: number) {} const row: Row = make();',
    ),
  ).toEqual([]);
  expect(await checker.ran("const again: Row = row; await 1;")).toEqual([]);
  expect(await checker.errors("row.id = 'a'")).toEqual([
    "1:1 TS2322 Type 'string' is not assignable to type 'number'.",
  ]);
});

test("an unreadable tsconfig is told once, cells are checked with the defaults", async () => {
  await using checker = openChecker({ "tsconfig.json": '{ "extends": "./gone.json" }' });
  expect(await checker.errors("const n: number = null;")).toHaveLength(1);
  expect(await checker.errors("const n: number = null;")).toHaveLength(1);
  expect(checker.notices).toEqual([expect.stringContaining("tsconfig.json cannot be read")]);
});

test("a tsconfig that changes is used from the next cell on", async () => {
  await using checker = openChecker({
    "tsconfig.json": '{ "extends": "./base.json" }',
    "base.json": '{ "compilerOptions": { "strict": true } }',
  });
  expect(await checker.errors("const n: number = null;")).toHaveLength(1);
  checker.write("base.json", '{ "compilerOptions": { "strict": false } }');
  expect(await checker.errors("const n: number = null;")).toEqual([]);
});

test("`paths`, inherited or not, lead where the project says", async () => {
  await using checker = openChecker(
    {
      "base.json":
        '{ "compilerOptions": { "paths": { "@lib/*": ["./lib/*"], "only": ["./lib/one.ts"] } } }',
      "notebooks/tsconfig.json":
        '{ "extends": "../base.json", "compilerOptions": { "strict": true } }',
      "lib/one.ts": "export const one = 1;",
    },
    "notebooks",
  );
  expect(
    await checker.ran(
      'import { one } from "@lib/one"; import * as only from "only"; import { task } from "eagerdeck";',
    ),
  ).toEqual([]);
  expect(
    await checker.errors("const text: string = one; const t: string = only.one;"),
  ).toHaveLength(2);
  checker.write("lib/one.ts", 'export const one = "text";');
  expect(await checker.errors("const text: string = one; const t: string = only.one;")).toEqual([]);
});

test("a local file that changed, or that it imports, is read again before the next check", async () => {
  await using checker = openChecker({
    "rows.ts": 'export * from "./deep/row.js";',
    "deep/row.ts": "export interface Row { id: number }\nexport const row: Row = { id: 1 };",
  });
  await checker.ran('import { row, Row } from "./rows.ts";');
  expect(await checker.errors("const id: number = row.id;")).toEqual([]);
  checker.write(
    "deep/row.ts",
    "export interface Row { id: string }\nexport const row: Row = { id: 'a' };",
  );
  expect(await checker.errors("const id: number = row.id;")).toEqual([
    "1:7 TS2322 Type 'string' is not assignable to type 'number'.",
  ]);
  checker.write(
    "deep/row.ts",
    "export interface Row { id: number }\nexport const row: Row = { id: 1 };",
  );
  expect(await checker.errors("const id: number = row.id;")).toEqual([]);
});

test("a local file that is created or deleted is noticed", async () => {
  await using checker = openChecker();
  const cell = 'import { a } from "./later"; const n: number = a;';
  expect(await checker.errors(cell)).toEqual([
    expect.stringContaining("TS2307 Cannot find module './later'"),
  ]);
  checker.write("later.ts", "export const a = 1;");
  expect(await checker.errors(cell)).toEqual([]);
  rmSync(join(checker.folder, "later.ts"));
  expect(await checker.errors(cell)).toHaveLength(1);
  checker.write("later.ts", 'export const a = "text";');
  expect(await checker.errors(cell)).toEqual([expect.stringContaining("TS2322")]);
});

test("a package that is installed, replaced or removed is noticed", async () => {
  await using checker = openChecker({ "package.json": "{}" });
  const cell = 'import { n } from "pack"; const own: number = n;';
  const install = (version: string, type: string) => {
    checker.write(
      "node_modules/pack/package.json",
      `{ "name": "pack", "version": "${version}", "types": "index.d.ts" }`,
    );
    checker.write("node_modules/pack/index.d.ts", `export const n: ${type};`);
  };
  expect(await checker.errors(cell)).toEqual([expect.stringContaining("TS2307")]);
  install("1.0.0", "number");
  expect(await checker.errors(cell)).toEqual([]);
  install("1.0.10", "string");
  expect(await checker.errors(cell)).toEqual([expect.stringContaining("TS2322")]);
  rmSync(join(checker.folder, "node_modules"), { recursive: true });
  expect(await checker.errors(cell)).toEqual([expect.stringContaining("TS2307")]);
});

test("types of the project's own @types come before ours, and a folder name may hold anything", async () => {
  await using checker = openChecker(
    {
      "my notes (ä) #1%20/tsconfig.json": '{ "compilerOptions": { "types": ["extra"] } }',
      "my notes (ä) #1%20/node_modules/@types/extra/index.d.ts": "declare const extra: number;",
      "my notes (ä) #1%20/wf.ts": "export const x = 1;",
    },
    "my notes (ä) #1%20",
  );
  await checker.ran('import { x } from "./wf.ts"; let y = 1;');
  expect(
    await checker.errors("const s: string = extra; process.cwd(); const t: string = x; y = 's';"),
  ).toEqual([
    "1:7 TS2322 Type 'number' is not assignable to type 'string'.",
    "1:47 TS2322 Type 'number' is not assignable to type 'string'.",
    "1:62 TS2322 Type 'string' is not assignable to type 'number'.",
  ]);
});

test("CommonJS imports and type imports keep their names in later cells", async () => {
  await using checker = openChecker({
    "types.ts": "export interface Row { id: number }\nexport class Table {}",
  });
  await checker.ran(
    'import path = require("node:path"); import type { Row } from "./types.ts"; import { type Table } from "./types.ts";',
  );
  expect(await checker.errors("path.join('a'); let r: Row = { id: 1 }; let t: Table;")).toEqual([]);
  expect(await checker.errors("new Table()")).toEqual([
    "1:5 TS1361 'Table' cannot be used as a value because it was imported using 'import type'.",
  ]);
});

test("a folder that vanishes leaves the service silent, not broken", async () => {
  await using checker = openChecker({ "sub/a.ts": "" }, "sub");
  await checker.errors("1");
  rmSync(join(checker.folder, "sub"), { recursive: true });
  expect(await checker.errors("const a: string = 1;")).toHaveLength(1);
  mkdirSync(join(checker.folder, "sub"));
  expect(await checker.errors("const a: string = 1;")).toHaveLength(1);
});
