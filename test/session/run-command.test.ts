import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const cli = resolve("dist/cli/main.js");
let folder: TempFolder;

beforeAll(() => {
  folder = tempFolder({
    "flow.ts": [
      'import { task, z } from "eagerdeck";',
      "export const sig = task(function sig({ a, b = 2 }: { a: number; b?: number }) { return a * b; });",
      "export const str = task(function str({ s }: { s: string }) { return s; });",
      "export const ref = task({ inputs: { x: z.int().min(3), deck: z.string().optional() } }, function ref({ deck }) { return deck; });",
      "export const exits = task(function exits() { process.exit(5); });",
      'export const hang = task(function hang() { console.log("begun"); return new Promise(() => {}); });',
      'export const spin = task(function spin() { console.log("begun"); for (;;); });',
    ].join("\n"),
    "loop.ts": 'console.log("begun"); while (true) {}',
    "never.ts": 'console.log("begun"); await new Promise(() => {})',
    "syntax.ts": "const x: = 3",
    "text.md": "# no notebook",
    "folder/empty": "",
  });
});
afterAll(() => folder[Symbol.dispose]());

test("a task without schemas is called whatever the tsconfig says of import paths", async () => {
  using strict = tempFolder({
    "tsconfig.json": JSON.stringify({
      compilerOptions: {
        module: "nodenext",
        target: "esnext",
        strict: true,
        rewriteRelativeImportExtensions: true,
        allowImportingTsExtensions: true,
      },
    }),
    "sub/g.ts":
      'import { task } from "eagerdeck";\nexport const g = task(function g({ n }: { n: number }) { return n + 1; });',
  });
  const { status, stdout } = spawnSync(
    process.execPath,
    [cli, "run", "sub/g.ts", "g", "--n", "4"],
    { cwd: strict.path, encoding: "utf8" },
  );
  expect([status, stdout.trim()]).toEqual([0, "5"]);
});

/** Runs the command to its end, in the folder; `signal` is sent when it has printed. */
async function eagerdeck(args: readonly string[], signal?: NodeJS.Signals) {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: folder.path,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
    if (signal) child.kill(signal);
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  try {
    const [code] = await once(child, "close");
    return { code, stdout, stderr };
  } finally {
    child.kill("SIGKILL");
  }
}

test.each([
  [["run", "flow.ts", "sig"], "eagerdeck: sig needs --a\n"],
  [
    ["run", "flow.ts", "sig", "--a", "x"],
    "eagerdeck: --a: Type 'string' is not assignable to type 'number'.\n",
  ],
  [["run", "flow.ts", "sig", "--a", "1", "--c", "2"], "eagerdeck: sig has no input '--c'\n"],
  [
    ["run", "flow.ts", "ref", "--x", "1"],
    "eagerdeck: ref: x: Too small: expected number to be >=3\n",
  ],
  [
    ["run", "flow.ts", "sgi"],
    "eagerdeck: flow.ts exports no workflow 'sgi'. Did you mean 'sig'?\n",
  ],
  [["run", "none.ts", "x"], "eagerdeck: no such file: none.ts\n"],
  [["run", "folder", "x"], "eagerdeck: folder is a folder; give a .ts file\n"],
  [
    ["run", "flow.ts", "sig", "--a", "1", "--deck", "folder"],
    "eagerdeck: --deck: folder is a folder; give a file\n",
  ],
  [
    ["notebook", "run", "text.md"],
    "eagerdeck: text.md is no notebook; give an .ipynb file, or a .ts script with // %% cells\n",
  ],
  [["notebook", "run", "folder"], "eagerdeck: folder is a folder; give an .ipynb file\n"],
])("%j is refused in one sentence, exit code 2", async (args, stderr) => {
  expect(await eagerdeck(args)).toEqual({ code: 2, stdout: "", stderr });
});

test("a number given to a text input without schema stays text", async () => {
  const { code, stdout } = await eagerdeck(["run", "flow.ts", "str", "--s", "5"]);
  expect([code, stdout]).toEqual([0, "'5'\n"]);
});

test("an input that has the name of an option goes behind --", async () => {
  const { code, stdout } = await eagerdeck([
    "run",
    "flow.ts",
    "ref",
    "--x",
    "5",
    "--",
    "--deck",
    "d",
  ]);
  expect([code, stdout, existsSync(`${folder.path}/d`)]).toEqual([0, "'d'\n", false]);
});

test("process.exit(n) in a workflow is the command's exit code", async () => {
  expect((await eagerdeck(["run", "flow.ts", "exits"])).code).toBe(5);
});

test("a file that does not parse is shown with its place and nothing of ours", async () => {
  const { code, stderr } = await eagerdeck(["run", "syntax.ts", "x"]);
  expect([code, stderr.includes("syntax.ts:1:10"), stderr.includes("expression")]).toEqual([
    1,
    true,
    false,
  ]);
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)(
  "%s ends a file that never finishes loading, and a workflow that never ends",
  async (signal, code) => {
    for (const args of [
      ["loop.ts", "x"],
      ["never.ts", "x"],
      ["flow.ts", "hang"],
      ["flow.ts", "spin"],
    ]) {
      expect((await eagerdeck(["run", ...args], signal)).code).toBe(code);
    }
  },
);

test("--json ends with 1 when a cell failed or left a rejection", async () => {
  expect((await eagerdeck(["repl", "--json", "-e", "throw 1"])).code).toBe(1);
  expect((await eagerdeck(["repl", "--json", "-e", "Promise.reject(1)"])).code).toBe(1);
});

test("--help behind a workflow tells its inputs as flags, and without one how the command goes", async () => {
  const ref = await eagerdeck(["run", "flow.ts", "ref", "--help"]);
  expect(ref).toMatchObject({ code: 0, stderr: "" });
  expect(ref.stdout).toContain("flow.ts ref --x <integer> [--deck <string>]\n");
  const remote = await eagerdeck(["run", "--remote", "flow.ts", "ref", "--project", "p", "-h"]);
  expect(remote).toEqual(ref);
  const general = await eagerdeck(["run", "--help"]);
  expect([general.code, general.stdout]).toEqual([
    0,
    expect.stringMatching(/^Usage: eagerdeck run \[options\] <file> <workflow> \[inputs\.\.\.\]\n/),
  ]);
  expect(await eagerdeck(["run", "flow.ts"])).toMatchObject({
    ...{ code: 2, stdout: "" },
    stderr: "eagerdeck: missing required argument 'workflow' (see --help)\n",
  });
});
