/**
 * All that an error tells, not only its first line: frames, causes, members, the lines around it.
 * @module
 */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { CellError } from "../../runtime/session/cell-error.ts";
import { errorTrees, type Tree, typeErrors } from "../support/battery/error-trees.ts";
import { openSession, type TestSession } from "../support/session.ts";

/** An error as the rows write it; cells are counted from the row's first. */
function told(error: CellError, before: number, indent = ""): string[] {
  const counted = (text: string) =>
    text.replaceAll(/In \[(\d+)\]/g, (_, n: string) => `In [${Number(n) - before}]`);
  const headline = error.thrown === undefined ? `${error.name}: ${error.message}` : error.message;
  return [
    counted(`${indent}${headline}`),
    ...error.frames.map(({ function: name, file, line, column }) =>
      counted(`${indent}  at ${name ? `${name} ` : ""}${file}:${line}:${column}`),
    ),
    ...(error.codeFrame?.split("\n") ?? []).map((line) => `${indent}  | ${line}`),
    ...(error.cause ? told(error.cause, before, `${indent}  cause `) : []),
    ...(error.errors ?? []).flatMap((member) => told(member, before, `${indent}  member `)),
  ];
}

async function treeOf(s: TestSession, cells: Tree["cells"]): Promise<readonly string[]> {
  let tree: readonly string[] = [];
  let before: number | undefined;
  for (const code of cells) {
    const { error, n = 0 } = await s.run(code);
    before ??= n - 1;
    tree = error ? told(error, before) : ["no error"];
  }
  return tree;
}

describe("an error tells", () => {
  let s: TestSession;
  beforeAll(() => {
    s = openSession();
  });
  afterAll(() => s[Symbol.asyncDispose]());

  for (const { about, cells, tells } of errorTrees) {
    test(about, async () => expect(await treeOf(s, cells)).toEqual(tells));
  }
});

test("a type error has its code, line and column, and the cell does not run", async () => {
  await using s = openSession({ check: "error" });
  const wrong: object[] = [];
  for (const [code, expected] of typeErrors) {
    const { error } = await s.run(code);
    const found = (error?.diagnostics ?? []).map(
      ({ code: number, line, column, endLine, endColumn }) =>
        `TS${number} ${line}:${column}-${endLine === line ? "" : `${endLine}:`}${endColumn}`,
    );
    if (found.join(", ") !== expected) wrong.push({ code, expected, found: found.join(", ") });
  }
  expect(wrong).toEqual([]);
  const after = await s.run("typeof neverRan", { check: "off" });
  expect(after.value).toEqual({ "text/plain": "'undefined'" });
}, 60_000);

test.each([
  ["void Promise.reject(new Error('late one'))", ["Error: late one", "  at In [1]:1:21"]],
  [
    "setTimeout(() => {\n  throw new Error('late two');\n}, 1); 0",
    ["Error: late two", "  at In [1]:2:9"],
  ],
  [
    "void (async () => {\n  await null;\n  null.late;\n})()",
    ["TypeError: Cannot read properties of null (reading 'late')", "  at In [1]:3:8"],
  ],
])("what fails after its cell is told with its place: %j", async (code, expected) => {
  await using s = openSession();
  expect((await s.run(code)).error).toBeUndefined();
  const late = await vi.waitFor(
    () => {
      const found = s.events.find((item) => item.kind === "uncaught");
      if (!found) throw new Error("nothing was told yet");
      return found;
    },
    { timeout: 10_000 },
  );
  expect(late.cell).toBe(1);
  expect(told(late.error, 0).slice(0, 2)).toEqual(expected);
  expect(await s.value("1 + 1")).toBe("2");
});
