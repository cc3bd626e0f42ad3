import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { distFolder } from "../support/dist.ts";
import { runPiped, startPiped } from "../support/piped-repl.ts";
import { tempFolder } from "../support/temp-folder.ts";

describe("cells from a pipe, -e or a file", () => {
  test("output and values go to stdout, decks and errors to stderr", async () => {
    const result = await runPiped([], 'print("out\\n"), warn("err\\n"), calls("load"), 42\n');
    expect(result.code).toBe(0);
    expect(result.stdout).toBe("out\n42\n");
    expect(result.stderr).toMatch(/^err\n[^\n]*load[^\n]*\n$/);
  });

  test("cells are split at // %%, and the first failure stops", async () => {
    const result = await runPiped([], '1\n// %%\nfail("no")\n// %%\n3\n');
    expect(result).toEqual({ code: 1, stdout: "1\n", stderr: "TypeError: no\n" });
  });

  test("--keep-going runs them all and still ends with 1", async () => {
    const result = await runPiped(["--keep-going"], '1\n// %%\nfail("no")\n// %%\n3\n');
    expect(result).toEqual({ code: 1, stdout: "1\n3\n", stderr: "TypeError: no\n" });
  });

  test("a piped cell runs once its end is seen", async () => {
    const repl = startPiped([]);
    repl.stdin.write("1 + 1\n// %%\n");
    await vi.waitFor(() => expect(repl.output().stdout).toBe("2\n"), { timeout: 10_000 });
    repl.stdin.end("2 + 2");
    expect(await repl.ended).toMatchObject({ code: 0, stdout: "2\n4\n" });
  });

  test("-e runs text, a file runs its cells, and neither reads stdin", async () => {
    const folder = await mkdtemp(join(tmpdir(), "eagerdeck-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    writeFileSync(join(folder, "cells.ts"), "// %% [1]\n5\n// %% [2]\n6\n");
    expect(await runPiped(["-e", "20 + 1"], "ignored")).toMatchObject({ code: 0, stdout: "21\n" });
    expect(await runPiped([join(folder, "cells.ts")])).toMatchObject({ code: 0, stdout: "5\n6\n" });
  });

  test("of a notebook the code cells are run", async () => {
    const folder = await mkdtemp(join(tmpdir(), "eagerdeck-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const code = { cell_type: "code", metadata: {}, outputs: [], execution_count: null };
    const cells = [
      { ...code, source: ["5\n", "+ 1"] },
      { cell_type: "markdown", metadata: {}, source: "# title" },
      { ...code, source: "7" },
    ];
    const file = join(folder, "cells.ipynb");
    writeFileSync(file, JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }));
    expect(await runPiped([file])).toEqual({ code: 0, stdout: "6\n7\n", stderr: "" });
    writeFileSync(file, "{");
    expect(await runPiped([file])).toMatchObject({
      code: 2,
      stderr: `cannot read ${file}: not a notebook: it is not JSON\n`,
    });
  });

  test("--quiet leaves values and errors", async () => {
    const result = await runPiped(["--quiet"], 'calls("load")\n// %%\nfail("no")\n');
    expect(result).toEqual({ code: 1, stdout: "1\n", stderr: "TypeError: no\n" });
  });

  test("no input is no cell", async () => {
    expect(await runPiped([], "")).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("commands run, an unknown one is a failure", async () => {
    expect(await runPiped([], ".check\n")).toMatchObject({ code: 0, stdout: "check: error\n" });
    expect(await runPiped([], ".chek\n")).toMatchObject({
      code: 1,
      stderr: "unknown command .chek: did you mean .check?\n",
    });
  });

  test("a command whose cell fails has failed", async () => {
    const cells =
      'globalThis.fails = !globalThis.fails, globalThis.fails || fail("no")\n// %%\n.rerun 1';
    expect(await runPiped([], cells)).toMatchObject({ code: 1, stderr: "TypeError: no\n" });
  });

  test("an error of a missing file, a folder, a notebook, bytes that are no text: one sentence and 2", async () => {
    expect(await runPiped(["missing.ts"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "cannot read missing.ts: no such file\n",
    });
    expect(await runPiped(["test"])).toMatchObject({
      code: 2,
      stderr: "cannot read test: it is a folder\n",
    });
    expect(await runPiped(["a.ipynb"])).toMatchObject({
      code: 2,
      stderr: "cannot read a.ipynb: no such file\n",
    });
    expect(await runPiped([], new Uint8Array([0x31, 0xff, 0xfe]))).toEqual({
      code: 2,
      stdout: "",
      stderr: "the input is no UTF-8 text\n",
    });
  });
});

describe("how it ends", () => {
  test("process.exit(n) in a cell ends with n and no error", async () => {
    expect(await runPiped([], 'print("bye\\n"), exit(7)\n// %%\n2')).toEqual({
      code: 7,
      stdout: "bye\n",
      stderr: "",
    });
  });

  test("a user process that dies ends with 3 and the reason", async () => {
    const result = await runPiped([], 'die("ended by SIGKILL")\n// %%\n2');
    expect(result.code).toBe(3);
    expect(result.stderr).toContain("the user process is gone: ended by SIGKILL");
  });

  test("SIGINT interrupts the cell and ends with 130", async () => {
    const repl = startPiped(["-e", 'print("on\\n"), wait()\n// %%\n2']);
    await vi.waitFor(() => expect(repl.output().stdout).toBe("on\n"), { timeout: 10_000 });
    repl.signal("SIGINT");
    expect(await repl.ended).toMatchObject({ code: 130, stdout: "on\n" });
  });

  test("a user process that cannot start ends with 3 and the reason", async () => {
    using folder = tempFolder();
    const preload = join(folder.path, "preload.cjs");
    // Whoever has a channel to a parent is a child of ours.
    writeFileSync(preload, "if (process.send) process.exit(9);\n");
    const result = await runPiped([], "1\n// %%\n2", {
      isReal: true,
      folder: folder.path,
      environment: { NODE_OPTIONS: `--require=${preload}` },
    });
    expect(result).toMatchObject({ code: 3, stdout: "" });
    expect(result.stderr).toContain("it ended with exit code 9");
  });

  test("a working folder that is gone is told, with 2", async () => {
    const folder = mkdtempSync(join(tmpdir(), "eagerdeck-"));
    const main = join(distFolder, "cli/main.js");
    const script = `rmdir "$PWD"; exec "${process.execPath}" "${main}" repl -e 1`;
    const { status, stderr } = spawnSync("/bin/sh", ["-c", script], {
      cwd: folder,
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: "eagerdeck: the working folder is gone; change to one that exists\n",
    });
  });

  test("while it waits for input SIGINT ends it with 130, SIGTERM with 143, SIGHUP with 129", async () => {
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
      ["SIGHUP", 129],
    ] as const) {
      const repl = startPiped([]);
      repl.stdin.write('print("on\\n")\n// %%\n');
      await vi.waitFor(() => expect(repl.output().stdout).toBe("on\n"), { timeout: 10_000 });
      repl.signal(signal);
      expect(await repl.ended).toMatchObject({ code });
    }
  });

  test("a reader that has seen enough ends it with 141, without a word", async () => {
    const repl = startPiped([
      "-e",
      'print("one\\n"), new Promise((f) => setInterval(() => print("more\\n"), 10).unref())',
    ]);
    await vi.waitFor(() => expect(repl.output().stdout).toContain("one\n"), { timeout: 10_000 });
    repl.closeOutput();
    expect(await repl.ended).toMatchObject({ code: 141, stderr: "" });
  });
});

describe("line mode", () => {
  test("continuation prompts, values with their number, errors that stop nothing", async () => {
    const result = await runPiped(["--plain"], '[1,\n2]\nfail("no")\n3\n');
    expect(result.code).toBe(0);
    expect(result.stdout).toBe("Out[1]: [ 1, 2 ]\nOut[3]: 3\n");
    expect(result.stderr).toContain("In [1]: ... ");
    expect(result.stderr).toContain("TypeError: no\n");
  });

  test("text that is cut off at the end of the input is parsed and refused", async () => {
    const result = await runPiped(["--plain"], "[1,\n");
    expect(result.stderr).toContain("SyntaxError");
  });

  test(".exit leaves", async () => {
    const repl = startPiped(["--plain"]);
    repl.stdin.write(".exit\n");
    expect(await repl.ended).toMatchObject({ code: 0 });
  });
});

describe("JSON lines", () => {
  async function converse(requests: readonly unknown[]) {
    const lines = requests.map((request) =>
      typeof request === "string" ? request : JSON.stringify(request),
    );
    const { stdout, code } = await runPiped(["--json"], `${lines.join("\n")}\n`);
    const answers = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return { answers, code };
  }

  test("a cell is told from its start to its end, with the id it was sent with", async () => {
    const { answers, code } = await converse([
      { type: "execute", id: "a", code: 'print("out\\n"), calls("load")' },
    ]);
    expect(code).toBe(0);
    const own = answers.filter(({ id }) => id === "a");
    expect(own.map(({ type }) => type)).toEqual([
      "cell-started",
      "stream",
      ...Array.from({ length: 5 }, () => "event"),
      "result",
      "cell-ended",
    ]);
    expect(own[1]).toMatchObject({ v: 1, cell: 1, stream: "stdout", text: "out\n" });
    expect(own.at(-2)).toMatchObject({ data: { "text/plain": "1" } });
    expect(own.at(-1)).toMatchObject({ n: 1, status: "ok" });
    expect(answers.map(({ type }) => type)).toContain("ready");
  });

  test("an error is data, and the next cell runs", async () => {
    const { answers } = await converse([{ type: "execute", id: 1, code: 'fail("no")' }]);
    expect(answers.find(({ type }) => type === "error")).toMatchObject({
      id: 1,
      error: { name: "TypeError", message: "no" },
    });
  });

  test("a bad line is answered, with its id where it has one", async () => {
    const { answers } = await converse([
      "{",
      "[]",
      { type: "nope", id: 7 },
      { type: "execute", id: 8 },
    ]);
    const bad = answers.filter(({ type }) => type === "bad-request");
    expect(bad.map(({ id }) => id)).toEqual([undefined, undefined, 7, 8]);
    expect(bad[3]?.["problem"]).toBe("`code` must be a string");
  });

  test("complete, interrupt and restart are answered; exit ends", async () => {
    const { answers, code } = await converse([
      { type: "complete", id: 1, code: "al" },
      { type: "interrupt", id: 2 },
      { type: "restart", id: 3 },
      { type: "exit", id: 4 },
    ]);
    expect(code).toBe(0);
    expect(answers.find(({ type }) => type === "completions")).toMatchObject({ id: 1, start: 0 });
    expect(answers.find(({ type }) => type === "interrupted")).toMatchObject({
      id: 2,
      result: "done",
    });
    expect(answers.find(({ type }) => type === "exiting")).toMatchObject({ id: 4 });
  });
});
