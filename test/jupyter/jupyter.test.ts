import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import {
  type Cell,
  codeCells,
  type Output,
  requireVenv,
  result,
  runPython,
} from "../support/jupyter.ts";
import { tempFolder } from "../support/temp-folder.ts";

beforeAll(requireVenv);

function executed(notebook: string, ...flags: string[]): readonly Cell[] {
  using home = tempFolder();
  const out = join(home.path, "out.ipynb");
  const { status, stderr } = runPython("execute.py", [notebook, out, ...flags], home.path);
  expect(stderr).not.toContain("Traceback");
  expect(status).toBe(0);
  return codeCells(out);
}

test("nbclient executes notebook 1: each cell has its value and its deck in three forms", () => {
  const cells = executed("notebooks/01-eager-workflows.ipynb");
  expect(cells.map(result).slice(0, -1)).toEqual([
    "6",
    "12",
    "-1",
    "10",
    "[ -1, 100, 12 ]",
    "30",
    "12",
    "12",
    "-1",
  ]);
  for (const cell of cells.slice(0, -1)) {
    const deck = cell.outputs.find(({ output_type }) => output_type === "display_data");
    expect(Object.keys(deck?.data ?? {}).sort()).toEqual([
      "text/html",
      "text/markdown",
      "text/plain",
    ]);
  }
  const summary = cells.at(-1)?.outputs[0]?.data ?? {};
  expect(Object.keys(summary).sort()).toEqual(["text/html", "text/markdown", "text/plain"]);
  expect(summary["text/plain"]).toContain("nestedEagerWorkflow");
});

test("the stored notebook holds the values that executing it gives", () => {
  const stored = codeCells("notebooks/01-eager-workflows.ipynb");
  const values = (cells: readonly Cell[]) => cells.slice(0, -1).map(result); // the last is a deck, with times
  expect(values(stored)).toEqual(values(executed("notebooks/01-eager-workflows.ipynb")));
  expect(stored.at(-1)?.outputs[0]?.data?.["text/html"]).toContain("nestedEagerWorkflow");
});

/** What does not change from one execution to the next: values and errors, and which cells have a deck. */
const lasting = (cell: Cell) =>
  cell.outputs.map(({ output_type, ename, data }) => {
    if (output_type === "execute_result") return data?.["text/html"] === undefined && result(cell);
    return ename ?? output_type;
  });

test.each(
  readdirSync("notebooks").filter((name) => name.endsWith(".ipynb") && !name.startsWith("01")),
)("%s gives what it has stored", (name) => {
  const stored = codeCells(`notebooks/${name}`);
  const again = executed(`notebooks/${name}`);
  expect(again.map(lasting)).toEqual(stored.map(lasting));
  expect(stored.at(-1)?.outputs[0]?.data?.["text/html"]).toContain("session");
});

test("a throwing cell is saved as an error output with its line in the cell", () => {
  using folder = tempFolder();
  const cell = (source: string) => ({
    cell_type: "code",
    id: `c${source.length}`,
    metadata: {},
    execution_count: null,
    outputs: [],
    source,
  });
  const notebook = folder.write(
    "throws.ipynb",
    JSON.stringify({
      cells: [
        cell("const a = 1;\nconst b: any = undefined;\nb.rows"),
        cell("const n: number = 'text'"),
        cell("a + 1"),
      ],
      metadata: { kernelspec: { name: "eagerdeck", display_name: "x", language: "typescript" } },
      nbformat: 4,
      nbformat_minor: 5,
    }),
  );
  const [thrown, typeError, after] = executed(notebook, "--allow-errors");
  const plain = (output: Output | undefined) =>
    output?.traceback && String(output.traceback).replaceAll(/\u001b\[[0-9;]*m/g, "");
  expect(thrown?.outputs).toHaveLength(1);
  expect(thrown?.outputs[0]?.ename).toBe("TypeError");
  expect(plain(thrown?.outputs[0])).toContain("In [1]:3:3");
  expect(plain(thrown?.outputs[0])).toContain("❯ 3 │ b.rows");
  expect(typeError?.outputs[0]?.ename).toBe("TypeScriptError");
  expect(plain(typeError?.outputs[0])).toContain("In [2]:1:7 error TS2322");
  expect(after && result(after)).toBe("2");
});

test("jupyter_client: a loop is interrupted with its state kept, completion answers meanwhile, a killed process is replaced", () => {
  using home = tempFolder();
  const { status, stdout, stderr } = runPython("interrupt.py", [home.path], home.path);
  expect(stderr).not.toContain("Traceback");
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    interrupted: "Interrupted",
    kept: ["42"],
    completed_first: true,
    matches: ["toFixed"],
    slept: "ok",
    died: "SessionLost",
    alive_again: ["2"],
    other_process: true,
    restarted: ["TypeScriptError", 1],
  });
});

test("addTo: the assigned value counts here, where the baseline kernel tslab works on a copy", () => {
  using home = tempFolder();
  const tslab = resolve("node_modules/tslab/bin/tslab");
  home.write(
    "data/kernels/tslab/kernel.json",
    JSON.stringify({
      argv: [process.execPath, tslab, "kernel", "--config-path", "{connection_file}"],
      display_name: "tslab",
      language: "typescript",
    }),
  );
  const cells = [
    "let total = 1; function addTo(x: number) { total += x; return total }",
    "total = 100; addTo(5)",
  ];
  const [ours, theirs] = ["eagerdeck", "tslab"].map((kernel) => {
    const { status, stdout, stderr } = runPython("cells.py", [kernel, ...cells], home.path);
    expect([status, stderr]).toEqual([0, ""]);
    return JSON.parse(stdout);
  });
  expect(ours).toEqual([null, "105"]);
  expect(theirs).toEqual([null, "6"]);
});
