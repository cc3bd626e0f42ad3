import { readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommand } from "../../../../repl/commands/registry.ts";
import { cellsOfFile, parseNotebook } from "../../../../runtime/session/notebook-file.ts";
import { commandContext } from "../../../support/command-context.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

test("a script saved from a session is what it ran, and loads again", async () => {
  using folder = tempFolder();
  const used = commandContext({ folder: folder.path });
  for (const code of ["1 + 1", "fail('no')", "[\n  3,\n]"]) await used.execute(code);
  expect(await runCommand(".save a.ts", used)).toBe("saved 2 cells as a.ts");
  expect(readFileSync(join(folder.path, "a.ts"), "utf8")).toBe(
    "// %% [1]\n1 + 1\n\n// %% [3]\n[\n  3,\n]\n",
  );
  used.ran.splice(0);
  expect(await runCommand(".load a.ts", used)).toBe("ran 2 cells of a.ts");
  expect(used.ran).toEqual(["1 + 1", "[\n  3,\n]"]);
});

test("--all saves a failed cell as comments, every line of it", async () => {
  using folder = tempFolder();
  const used = commandContext({ folder: folder.path });
  await used.execute("fail(\n'no')");
  await expect(runCommand(".save a.ts", used)).rejects.toThrow("no cell ended well");
  await runCommand(".save a.ts --all", used);
  expect(readFileSync(join(folder.path, "a.ts"), "utf8")).toBe(
    "// %% [1] error\n// fail(\n// 'no')\n",
  );
});

test("a saved notebook has counts, output, values and errors, and is read back", async () => {
  using folder = tempFolder();
  const used = commandContext({ folder: folder.path });
  for (const code of ["(print('out\\n'), warn('err\\n'), 5)", "display('shown')", "fail('no')"]) {
    await used.execute(code);
  }
  expect(await runCommand(".save a.ipynb --all", used)).toBe("saved 3 cells as a.ipynb");
  const notebook = parseNotebook(readFileSync(join(folder.path, "a.ipynb"), "utf8"));
  expect(notebook.metadata["kernelspec"]).toMatchObject({ name: "eagerdeck" });
  const [first, second, third] = notebook.cells;
  expect(first).toMatchObject({
    execution_count: 1,
    outputs: [
      { output_type: "stream", name: "stdout", text: "out\n" },
      { output_type: "stream", name: "stderr", text: "err\n" },
      { output_type: "execute_result", execution_count: 1, data: { "text/plain": "5" } },
    ],
  });
  expect(second).toMatchObject({ outputs: [{ output_type: "display_data" }] });
  expect(third).toMatchObject({ outputs: [{ output_type: "error", ename: "TypeError" }] });
});

test("a deck is saved as a page", async () => {
  using folder = tempFolder();
  const used = commandContext({ folder: folder.path });
  await expect(runCommand(".save a.html", used)).rejects.toThrow("no calls yet");
  await used.execute("calls('fetch')");
  expect(await runCommand(".save a.html", used)).toBe("saved the deck of In [1] as a.html");
  expect(readFileSync(join(folder.path, "a.html"), "utf8")).toContain("fetch");
});

test("nothing is written over without --force, and nothing is left beside a file", async () => {
  using folder = tempFolder({ "a.ts": "mine" });
  symlinkSync("nowhere", join(folder.path, "link.ts"));
  const used = commandContext({ folder: folder.path });
  await used.execute("1");
  await expect(runCommand(".save a.ts", used)).rejects.toThrow("a.ts is there already; --force");
  await expect(runCommand(".save link.ts", used)).rejects.toThrow("is there already");
  expect(readFileSync(join(folder.path, "a.ts"), "utf8")).toBe("mine");
  await runCommand(".save a.ts --force", used);
  expect(readFileSync(join(folder.path, "a.ts"), "utf8")).toContain("// %% [1]");
  expect(readdirSync(folder.path).sort()).toEqual(["a.ts", "link.ts"]);
});

test(".save says what is wrong: the name, the flag, the place", async () => {
  using folder = tempFolder({ "sub.ts/x": "" });
  const used = commandContext({ folder: folder.path });
  await expect(runCommand(".save a.ts", used)).rejects.toThrow("no cell was run yet");
  await used.execute("1");
  for (const [command, problem] of [
    [".save", ".save takes a file"],
    [".save a.ts b.ts", "quotes around blanks"],
    [".save a.py", ".save writes .ts, .ipynb and .html"],
    [".save a.ts --al", "no flag --al"],
    [".save sub.ts --force", "sub.ts is a folder"],
    [".save none/a.ts", "cannot save none/a.ts: no such file or folder"],
    [".save sub.ts/x/a.ts", "cannot save sub.ts/x/a.ts: a part of the path is no folder"],
  ] as const) {
    await expect(runCommand(command, used), command).rejects.toThrow(problem);
  }
});

test(".load says what is wrong with a file", async () => {
  using folder = tempFolder({ "bad.ipynb": "{", "old.ipynb": '{"nbformat":3}', "empty.ts": "\n" });
  writeFileSync(join(folder.path, "latin.ts"), Buffer.from([0x61, 0xe9, 0x62]));
  const used = commandContext({ folder: folder.path });
  for (const [command, problem] of [
    [".load", ".load takes a file"],
    [".load none.ts", "cannot load none.ts: no such file or folder"],
    [".load .", "cannot load .: it is a folder"],
    [".load latin.ts", "it is no UTF-8 text"],
    [".load bad.ipynb", "not a notebook: it is not JSON"],
    [".load old.ipynb", "only format 4 can be read"],
  ] as const) {
    await expect(runCommand(command, used), command).rejects.toThrow(problem);
  }
  expect(await runCommand(".load empty.ts", used)).toBe("no cells in empty.ts");
  expect(used.ran).toEqual([]);
});

test(".load stops at the first cell that fails, and says which", async () => {
  using folder = tempFolder({ "my file.ts": "1\n// %%\nfail('no')\n// %%\n3\n" });
  const used = commandContext({ folder: folder.path });
  await expect(runCommand('.load "my file.ts"', used)).rejects.toThrow(
    "stopped: cell 2 of 3 of my file.ts failed",
  );
  expect(used.ran).toEqual(["1", "fail('no')"]);
});

test("of a notebook the code cells are run, of a script those that are no text", async () => {
  using folder = tempFolder();
  const cells = [
    { cell_type: "markdown", metadata: {}, source: "# title" },
    { cell_type: "code", metadata: {}, source: ["a\n", "b"], outputs: [], execution_count: null },
    { cell_type: "code", metadata: {}, source: " ", outputs: [], execution_count: null },
  ];
  const notebook = { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 };
  const file = folder.write("a.ipynb", JSON.stringify(notebook));
  expect(await cellsOfFile(file)).toEqual(["a\nb"]);
  const script = folder.write("a.ts", "0\n// %% [markdown]\n// title\n// %% [3]\n1\n");
  expect(await cellsOfFile(script)).toEqual(["0", "1"]);
});

test(".cd moves commands, goes back, and returns with a new user process", async () => {
  using folder = tempFolder({ "sub/in.ts": "7" });
  const used = commandContext({ folder: folder.path });
  await expect(runCommand(".cd -", used)).rejects.toThrow("no folder to go back to");
  await expect(runCommand(".cd none", used)).rejects.toThrow("cannot go to none: no such");
  await expect(runCommand(".cd sub/in.ts", used)).rejects.toThrow("is no folder");
  expect(await runCommand(".cd sub", used)).toContain(join(folder.path, "sub"));
  await runCommand(".load in.ts", used);
  expect(used.ran).toEqual(["7"]);
  expect(await runCommand(".cd -", used)).toBe(folder.path);
  await runCommand(".cd sub", used);
  await used.session.restart();
  expect(await runCommand(".cd", used)).toBe(folder.path);
});

test(".sh gives output and exit code of the shell, in the folder", async () => {
  using folder = tempFolder({ here: "" });
  const used = commandContext({ folder: folder.path });
  expect(await runCommand(".sh ls", used)).toBe("here");
  await expect(runCommand(".sh echo out; exit 3", used)).rejects.toThrow("out\nexit code 3");
  expect(await runCommand(".sh printf '\\033[2Jx'", used)).toBe("\\x1b[2Jx");
});

test(".sh is ended with all that it started when it is interrupted", async () => {
  using folder = tempFolder();
  const stop = new AbortController();
  const used = {
    ...commandContext({ folder: folder.path }),
    signal: stop.signal,
    say: (_stream: string, text: string) => {
      if (text.includes("begun")) stop.abort();
    },
  };
  await expect(runCommand(".sh echo begun; sleep 1000 | cat", used)).rejects.toThrow(
    /ended by|exit code/,
  );
});

test(".set lists, changes and refuses; .theme is one of its keys", async () => {
  const used = commandContext();
  const heard: number[] = [];
  used.state.settings.onChange(({ output }) => heard.push(output));
  const rows = (await runCommand(".set", used)).split("\n");
  expect(rows[0]).toContain("output");
  expect(rows.filter((row) => row.length > 79)).toEqual([]);
  expect(await runCommand(".set output 200", used)).toBe("output: 200");
  expect(heard).toEqual([200]);
  expect(await runCommand(".theme light", used)).toBe("theme: light");
  for (const [command, problem] of [
    [".set outptu 3", "did you mean output?"],
    [".set output many", "a whole number from 10"],
    [".set output 1", "a whole number from 10"],
    [".set complete always", "complete takes off, dot, auto, not 'always'"],
    [".theme neon", "theme takes auto, dark, light, none, not 'neon'"],
  ] as const) {
    await expect(runCommand(command, used), command).rejects.toThrow(problem);
  }
  expect(used.state.settings.values).toMatchObject({ output: 200, theme: "light" });
});
