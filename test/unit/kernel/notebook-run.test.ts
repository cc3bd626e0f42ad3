import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type NotebookRunOptions, runNotebook } from "../../../kernel/notebook-run.ts";
import {
  type CodeCell,
  emptyNotebook,
  formatNotebook,
  newCell,
  parseNotebook,
} from "../../../runtime/session/notebook-file.ts";
import { ScriptedSession } from "../../support/scripted-session.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** Runs cells of the scripted session's vocabulary; @returns the result and the saved notebook's code cells. */
async function run(
  sources: readonly (string | CodeCell)[],
  options: Partial<NotebookRunOptions> = {},
) {
  const notebook = emptyNotebook();
  notebook.cells.push(newCell("markdown", "# Title"));
  for (const source of sources) {
    notebook.cells.push(typeof source === "string" ? newCell("code", source) : source);
  }
  using folder = tempFolder({ "in.ipynb": formatNotebook(notebook) });
  const output = join(folder.path, "out.ipynb");
  const progress: string[] = [];
  const result = await runNotebook({
    input: join(folder.path, "in.ipynb"),
    output,
    session: new ScriptedSession(),
    onProgress: ({ cell, cells, state }) => progress.push(`${cell}/${cells} ${state}`),
    ...options,
  });
  const saved = parseNotebook(readFileSync(output, "utf8"));
  const cells = saved.cells.filter((cell) => cell.cell_type === "code");
  return { result, saved, cells, progress };
}

describe("what is saved", () => {
  test("text is merged, a value is a result with its count", async () => {
    const { cells, result, progress } = await run([
      '(print("a\\n"), print("b\\n"), warn("c\\n"), 5)',
      "6",
    ]);
    expect(result.ok).toBe(true);
    expect(cells.map(({ execution_count }) => execution_count)).toEqual([1, 2]);
    expect(cells[0]?.outputs).toEqual([
      { output_type: "stream", name: "stdout", text: "a\nb\n" },
      { output_type: "stream", name: "stderr", text: "c\n" },
      {
        output_type: "execute_result",
        data: { "text/plain": "5" },
        metadata: {},
        execution_count: 1,
      },
    ]);
    expect(progress).toEqual(["1/2 started", "1/2 ok", "2/2 started", "2/2 ok"]);
  });

  test("a run's live frames and deck are one output", async () => {
    const { cells, result } = await run(['calls("load", "save")']);
    const decks = cells[0]?.outputs.filter((output) => output.output_type === "display_data") ?? [];
    expect(decks).toHaveLength(1);
    expect(Object.keys(decks[0]?.data ?? {}).sort()).toEqual([
      "text/html",
      "text/markdown",
      "text/plain",
    ]);
    expect(result.runs.map(({ calls }) => [...calls.values()].map(({ name }) => name))).toEqual([
      ["load", "save"],
    ]);
  });

  test("the language and the kernel are named, times as nbclient notes them", async () => {
    const { cells, saved } = await run(["1"]);
    expect(saved.metadata).toMatchObject({
      kernelspec: { name: "eagerdeck", language: "typescript" },
      language_info: { name: "typescript", file_extension: ".ts" },
    });
    expect(Object.keys(cells[0]?.metadata["execution"] ?? {}).sort()).toEqual([
      "iopub.execute_input",
      "iopub.status.busy",
      "iopub.status.idle",
      "shell.execute_reply",
    ]);
  });

  test("a blank cell has neither count nor output", async () => {
    const { cells } = await run(["  ", "1"]);
    expect([cells[0]?.execution_count, cells[0]?.outputs]).toEqual([null, []]);
    expect(cells[1]?.execution_count).toBe(1);
  });
});

describe("a failing cell", () => {
  test("ends the run, is saved as an error, and the cells after it stay as they were", async () => {
    const { cells, result, progress } = await run(["1", 'fail("no")', "3"]);
    expect(result.ok).toBe(false);
    expect(cells[1]?.outputs).toMatchObject([
      { output_type: "error", ename: "TypeError", evalue: "no" },
    ]);
    expect(cells[2]).toMatchObject({ execution_count: null, outputs: [] });
    expect(progress.at(-1)).toBe("2/3 failed");
  });

  test("with keepGoing the others run, and the result is still not ok", async () => {
    const { cells, result } = await run(['fail("no")', "3"], { keepGoing: true });
    expect(result.ok).toBe(false);
    expect(cells[1]?.outputs).toHaveLength(1);
  });

  test("that is tagged raises-exception is no failure", async () => {
    const expected = newCell("code", 'fail("as it should")');
    expected.metadata["tags"] = ["raises-exception"];
    if (expected.cell_type !== "code") throw new Error("a code cell was asked for");
    const { cells, result } = await run([expected, "3"]);
    expect(result.ok).toBe(true);
    expect(cells[0]?.outputs).toMatchObject([{ output_type: "error" }]);
    expect(cells[1]?.outputs).toHaveLength(1);
  });

  test("a user process that dies is an error of its cell", async () => {
    const { cells, result } = await run(['die("SIGKILL")', "2"]);
    expect(result.ok).toBe(false);
    expect(cells[0]?.outputs).toMatchObject([{ output_type: "error", ename: "SessionLost" }]);
  });
});

test("a file that is no notebook is refused before anything runs", async () => {
  using folder = tempFolder({ "in.ipynb": "[]" });
  const session = new ScriptedSession();
  await expect(runNotebook({ input: join(folder.path, "in.ipynb"), session })).rejects.toThrow(
    "not a notebook",
  );
  expect(session.count).toBe(0);
});
