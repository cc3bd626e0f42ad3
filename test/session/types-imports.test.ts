/** Names that would have to be imported, on request. */
import { expect, test } from "vitest";
import { type Checker, openChecker } from "../support/checker.ts";

/** What is offered at the end of the text, as `name: the cell with the item taken`. */
async function offered({ service }: Checker, code: string): Promise<string[]> {
  const found = await service.complete(code, code.length, undefined, { autoImport: true });
  return found.items.flatMap(({ name, insert, edit }) => {
    if (!edit) return [];
    const taken = code.slice(0, found.start) + (insert ?? name) + code.slice(found.end);
    return [`${name}: ${taken.slice(0, edit.offset)}${edit.text}${taken.slice(edit.offset)}`];
  });
}

test("exports of local files are offered with their import, and only on request", async () => {
  await using checker = openChecker({
    "own.ts": "export function uniqueHelper(a: number) { return a }",
    "lib/deep.ts": "export default class UniqueDefault {}; export interface UniqueRow { id: 1 }",
    "node_modules/none.ts": "export const uniqueNothing = 1;",
  });
  await checker.ran("const uniqueCell = 1;");
  await checker.ran("const other = uniqueCell;");
  expect(await offered(checker, "1;\nuniqueH")).toEqual([
    'uniqueHelper: import { uniqueHelper } from "./own.ts";\n1;\nuniqueHelper',
  ]);
  expect(await offered(checker, "uniqueC")).toEqual([]);
  expect(await offered(checker, "let row: UniqueR")).toEqual([
    'UniqueRow: import { UniqueRow } from "./lib/deep.ts";\nlet row: UniqueRow',
  ]);
  expect(await offered(checker, "new UniqueDef")).toEqual([
    'UniqueDefault: import UniqueDefault from "./lib/deep.ts";\nnew UniqueDefault',
  ]);
  expect((await checker.complete("uniqueH|")).items).toEqual([]);
  const code = 'import { uniqueHelper } from "./own.ts";\nconst x: string = uniqueHelper(1)';
  expect(await checker.errors(code)).toEqual([
    "2:7 TS2322 Type 'number' is not assignable to type 'string'.",
  ]);
});

test("exports of Node's modules are offered without a package of their types", async () => {
  await using checker = openChecker();
  expect(await offered(checker, "readFileSy")).toEqual([
    'readFileSync: import { readFileSync } from "node:fs";\nreadFileSync',
  ]);
  expect(await offered(checker, "#!/usr/bin/env x\n// @ts-check\nreadFileSy")).toEqual([
    'readFileSync: #!/usr/bin/env x\n// @ts-check\nimport { readFileSync } from "node:fs";\nreadFileSync',
  ]);
  expect(await offered(checker, "let now: EventEmit")).toContainEqual(
    expect.stringMatching(/^EventEmitter: import \{ EventEmitter \} from "node:events";/),
  );
  expect(await offered(checker, "let now: readFileSy")).toEqual([]);
  for (const place of ["'readFileSy", "x.readFileSy", ""]) {
    expect(await offered(checker, place), place).toEqual([]);
  }
});

test("a name that a cell has already, or that the text declares, is not offered for import", async () => {
  await using checker = openChecker({ "own.ts": "export const uniqueHelper = 1;" });
  await checker.ran("const uniqueHelper = 2, readFileSync = 1;");
  expect(await offered(checker, "uniqueH")).toEqual([]);
  expect(await offered(checker, "readFileS")).toEqual([]);
  expect(await offered(checker, "const join = 1; joi")).not.toContainEqual(
    expect.stringMatching(/^join:/),
  );
});
