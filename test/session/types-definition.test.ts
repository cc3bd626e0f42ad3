/** Where names lead: to cells, files and declarations of packages. */
import { basename } from "node:path";
import { expect, test } from "vitest";
import { type Checker, openChecker } from "../support/checker.ts";

/** Where the name at the `|` is declared: `In 2 3:7`, `own.ts 1:14`, `here 1:7`. */
async function leads({ service }: Checker, marked: string): Promise<string | undefined> {
  const offset = marked.indexOf("|");
  const code = marked.slice(0, offset) + marked.slice(offset + 1);
  const found = await service.definition(code, offset);
  if (!found) return undefined;
  const { cell, file, line, column } = found;
  const place = cell === undefined ? (file === undefined ? "here" : basename(file)) : `In ${cell}`;
  return `${place} ${line}:${column}`;
}

test("a name of an earlier cell leads to the cell that declares it now", async () => {
  await using checker = openChecker();
  await checker.ran(
    "const limit = 3;\nlet total = 1;\n  function add(x: number) { return total += x }",
  );
  await checker.ran(
    "/// <reference types='node' />\ninterface Row { id: number }\nclass Box { size = 1 }",
  );
  await checker.ran("const next = add(limit);");
  expect(await leads(checker, "lim|it")).toBe("In 1 1:7");
  expect(await leads(checker, "total| + 1")).toBe("In 1 2:5");
  expect(await leads(checker, "limit; total; x = total|")).toBe("In 1 2:5");
  expect(await leads(checker, "ad|d(1)")).toBe("In 1 3:12");
  expect(await leads(checker, "let r: Ro|w")).toBe("In 2 2:11");
  expect(await leads(checker, "new Box().si|ze")).toBe("In 2 3:13");
  expect(await leads(checker, "next|")).toBe("In 3 1:7");
  await checker.ran("\n\nconst limit = 'x';");
  expect(await leads(checker, "lim|it")).toBe("In 4 3:7");
});

test("what the text declares itself is found in it, first of all", async () => {
  await using checker = openChecker();
  await checker.ran("const a = 1;");
  expect(await leads(checker, "const a = 2;\na|;")).toBe("here 1:7");
  expect(await leads(checker, "[1].map((a) => a| + 1)")).toBe("here 1:10");
});

test("imports lead into local files, those of earlier cells too, and to declarations of packages", async () => {
  await using checker = openChecker({ "own.ts": "\nexport const settings = { depth: 1 };" });
  await checker.ran("import { settings } from './own.ts'; import { readFileSync } from 'node:fs';");
  expect(await leads(checker, "settings|")).toBe("own.ts 2:14");
  expect(await leads(checker, "settings.de|pth")).toBe("own.ts 2:27");
  expect(await leads(checker, "import { settings as s } from './own.ts'; s|")).toBe("own.ts 2:14");
  expect(await leads(checker, "readFile|Sync")).toMatch(/^fs\.d\.ts \d+:\d+$/);
});

test("where nothing is declared nothing is said", async () => {
  await using checker = openChecker();
  for (const text of ["1 + |1", "nobody|", "'te|xt'", "deck|", "|"]) {
    expect(await leads(checker, text), text).toBeUndefined();
  }
  expect(await checker.service.definition("x".repeat(300_000), 5)).toBeUndefined();
});

test("the whole declaration comes along, from cells, local files and packages", async () => {
  await using checker = openChecker({
    "own.ts":
      "// before\n/** Adds. */\nexport function add(\n  a: number,\n) {\n  return a;\n}\nexport const other = 1;",
  });
  await checker.ran("import { add } from './own.ts';");
  await checker.ran(
    "const a = 1; const total = task(async ({ x }: { x: number }) => {\n  return x;\n});",
  );
  const text = async (code: string) => (await checker.service.definition(code, code.length))?.text;
  expect(await text("add")).toBe("export function add(\n  a: number,\n) {\n  return a;\n}");
  expect(await text("total")).toMatch(
    /total = task\(async \(\{ x \}: \{ x: number \}\) => \{\n {2}return x;\n\}\)/,
  );
  await checker.ran("const bare = {\n  deep: 1,\n}");
  expect(await text("bare")).toBe("const bare = {\n  deep: 1,\n}");
  expect(await text("[].flatMap")).toContain("flatMap<U");
});
