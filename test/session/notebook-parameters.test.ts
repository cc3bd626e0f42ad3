/** `eagerdeck notebook run` with parameters, as a person calls it: real session, real checker. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type CodeCell, parseNotebook } from "../../runtime/session/notebook-file.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const cli = resolve("dist/cli/main.js");
const SCRIPT = `// %% tags=["parameters"]
type Mode = "fast" | "slow";
let mode: Mode = "fast"; // which one
const { n }: { n: number } = { n: 1 };
let free = 1;
// %%
[mode, n, free]
`;

let folder: TempFolder;
beforeEach(() => {
  folder = tempFolder({ "in.ts": SCRIPT, "p.json": '{ "n": 7, "mode": "slow" }' });
  onTestFinished(() => folder[Symbol.dispose]());
});

async function notebookRun(
  args: readonly string[],
  onLine?: (kill: (signal: "SIGINT") => void) => void,
) {
  const child = spawn(process.execPath, [cli, "notebook", "run", ...args], {
    cwd: folder.path,
    env: { ...process.env, EAGERDECK_HISTORY: "off" },
  });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
    onLine?.((signal) => child.kill(signal));
  });
  child.stdout.resume();
  try {
    const [code] = await once(child, "close");
    return { code, stderr };
  } finally {
    child.kill("SIGKILL");
  }
}

function saved(name = "out.ipynb"): readonly CodeCell[] {
  const { cells } = parseNotebook(readFileSync(join(folder.path, name), "utf8"));
  return cells.filter((cell) => cell.cell_type === "code");
}

const plainText = (cell: CodeCell | undefined) =>
  cell?.outputs.flatMap((output) =>
    output.output_type === "execute_result" ? [output.data["text/plain"]] : [],
  );

test("values of options and of a file reach the cells, the options first", async () => {
  const { code, stderr } = await notebookRun([
    ...["in.ts", "out.ipynb", "-p", "n", "-5", "-p", 'free={"a":[null]}', "-f", "p.json"],
  ]);
  expect(code, stderr).toBe(0);
  const cells = saved();
  expect(cells[1]?.source).toBe(
    '// Parameters\nlet n: ({ n: number })["n"] = -5;\nlet mode: Mode = "slow";\nlet free = { a: [null] };',
  );
  expect(plainText(cells[2])).toEqual(["[ 'slow', -5, { a: [ null ] } ]"]);
  expect(cells.map(({ execution_count }) => execution_count)).toEqual([1, 2, 3]);
});

test("a run of its own output replaces the injected cell, also in place", async () => {
  await notebookRun(["in.ts", "out.ipynb", "-p", "n", "1"]);
  expect((await notebookRun(["out.ipynb", "out.ipynb", "-p", "n", "2"])).code).toBe(0);
  expect(saved()).toHaveLength(3);
  expect(plainText(saved()[2])).toEqual(["[ 'fast', 2, 1 ]"]);
});

describe("a value of a wrong type", () => {
  test.each([
    [
      "mode",
      "quick",
      "In [2]:2:5 error TS2322: Type '\"quick\"' is not assignable to type 'Mode'.",
    ],
    ["n", "five", "In [2]:2:5 error TS2322: Type 'string' is not assignable to type 'number'."],
  ])("%s = %s is refused where it stands, and what ran is saved", async (name, value, error) => {
    const { code, stderr } = await notebookRun(["in.ts", "out.ipynb", "-p", name, value]);
    expect(code).toBe(1);
    expect(stderr).toContain(error);
    const [parameters, injected, last] = saved();
    expect(parameters?.execution_count).toBe(1);
    expect(injected?.outputs).toMatchObject([{ output_type: "error", ename: "TypeScriptError" }]);
    expect(Object.keys(injected?.metadata["execution"] ?? {})).toContain("iopub.status.idle");
    expect(last?.outputs).toEqual([]);
  });

  test("fails the run with --keep-going too, whose other cells are run", async () => {
    const args = ["in.ts", "-o", "out.ipynb", "-p", "n", "five", "--keep-going"];
    expect((await notebookRun(args)).code).toBe(1);
    expect(plainText(saved()[2])).toEqual(["[ 'fast', 1, 1 ]"]);
  });
});

test("what the person may not have meant is a warning", async () => {
  folder.write("plain.ts", "// %%\n1 + 1\n");
  const { code, stderr } = await notebookRun(["plain.ts", "out.ipynb", "-p", "x", "1"]);
  expect(code).toBe(0);
  expect(stderr).toContain('eagerdeck: warning: no code cell is tagged "parameters"');
  expect(saved().map(({ source }) => source)).toEqual(["// Parameters\nlet x = 1;", "1 + 1"]);
});

test.each([
  [["in.ts", "-p", "my-name", "1"], '"my-name" is no name of a variable'],
  [["in.ts", "-p", "n"], "-p n needs a value: -p n 10"],
  [["in.ts", "-p", "n", "1", "-p", "n", "2"], 'parameter "n" is given twice'],
  [["in.ts", "-f", "none.json"], "no such file: none.json"],
  [["in.ts", "-f", "in.ts"], "-f: in.ts is not JSON"],
  [["in.ts", "out.ipynb", "-o", "b.ipynb"], "the output is given twice: out.ipynb and -o b.ipynb"],
  [["in.ts", "none/out.ipynb"], "none/out.ipynb: no such folder: none"],
  [["in.ts", "out.txt"], "out.txt is no notebook's name"],
  [["in.ts", "out.ipynb", "more.ipynb"], "too many arguments"],
  [["in.ts", "--parametre", "x=1"], "unknown option '--parametre'"],
])("%j is refused in one sentence before anything runs, exit code 2", async (args, why) => {
  const { code, stderr } = await notebookRun(args);
  expect(stderr).toContain(`eagerdeck: ${why}`);
  expect(stderr.match(/\n/g)).toHaveLength(1);
  expect(code).toBe(2);
  expect(existsSync(join(folder.path, "out.ipynb"))).toBe(false);
});

test("an output that cannot be written is one sentence, exit code 1; the deck is written all the same", async () => {
  folder.write(
    "marker.ipynb",
    JSON.stringify({
      cells: [
        {
          cell_type: "code",
          id: "a",
          metadata: {},
          source: "1\n// %% 2",
          outputs: [],
          execution_count: null,
        },
      ],
      metadata: {},
      nbformat: 4,
      nbformat_minor: 5,
    }),
  );
  const { code, stderr } = await notebookRun(["marker.ipynb", "out.ts", "--deck", "deck.html"]);
  expect(code).toBe(1);
  expect(stderr).toContain("eagerdeck: out.ts could not be written: cell 1 contains a line");
  expect(existsSync(join(folder.path, "deck.html"))).toBe(true);
});

test("Ctrl-C ends the cell and saves what there is, exit code 130", async () => {
  folder.write("loop.ts", "// %%\n1 + 1\n// %%\nconsole.log('on'); while (true) {}\n// %%\n3\n");
  let pressed = false;
  const { code } = await notebookRun(["loop.ts", "out.ipynb", "--keep-going"], (kill) => {
    if (!pressed) kill("SIGINT"); // once the first cell has been reported
    pressed = true;
  });
  expect(code).toBe(130);
  const [first, , last] = saved();
  expect(plainText(first)).toEqual(["2"]);
  expect(last?.outputs).toEqual([]);
});
