/** Commands that ask the real session: types, declarations, values, files. */
import { expect, test } from "vitest";
import { startPiped } from "../support/piped-repl.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Runs cells in a folder of their own, with the real session. */
async function ran(folder: string, ...cells: readonly string[]) {
  const repl = startPiped(["--keep-going"], { isReal: true, folder });
  repl.stdin.end(cells.join("\n// %%\n"));
  return await repl.ended;
}

test("names are asked for their type, documentation, declaration and value", async () => {
  using folder = tempFolder();
  const result = await ran(
    folder.path,
    "/** Doubles. */\nfunction twice(n: number) { return n * 2 }\nconst xs = [1, 2]",
    ".type twice(2)",
    "twice?",
    "twice??",
    "%who xs",
  );
  expect(result).toEqual({
    code: 0,
    stderr: "",
    stdout: [
      "number",
      "function twice(n: number): number",
      "= [Function twice]",
      "",
      "Doubles.",
      "In [1]:2:10",
      "function twice(n: number) { return n * 2 }",
      "xs  const  [1]  Array  [1, 2]",
      "",
    ].join("\n"),
  });
});

test(".timeit measures in the user process, and takes no number of a cell", async () => {
  using folder = tempFolder();
  const result = await ran(
    folder.path,
    "const f = () => 1",
    ".timeit f()",
    "nope",
    ".history -n 9",
  );
  expect(result.stdout).toMatch(/^[\d.]+ [nµm]s ± [\d.e-]+ [nµm]s per loop, best .*\n/);
  expect(result.stdout).toMatch(/\n1 {2}const f = \(\) => 1\n2 {2}nope\n$/);
});

test(".cd moves the cells as well, and a saved session loads again", async () => {
  using folder = tempFolder({ "sub/x": "" });
  const result = await ran(
    folder.path,
    "const a = 20",
    "a + 1",
    ".cd sub",
    ".save all.ts",
    ".load all.ts",
    "process.cwd().endsWith('sub')",
  );
  expect(result.stderr).toBe("");
  expect(result.stdout.split("\n").slice(2)).toEqual([
    "saved 2 cells as all.ts",
    "21",
    "ran 2 cells of all.ts",
    "true",
    "",
  ]);
});
