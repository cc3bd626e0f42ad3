import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test, vi } from "vitest";
import { runPiped } from "../support/piped-repl.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { openRepl, type Terminal } from "../support/terminal.ts";

async function run(terminal: Terminal, code: string, n: number): Promise<void> {
  terminal.type(`${code}\r`);
  await terminal.idle(n + 1);
}

test("an awaited task leaves its value and its line", async () => {
  using terminal = openRepl();
  await terminal.prompt(1);
  await run(
    terminal,
    "const addOne = task(function addOne({ x }: { x: number }) { return x + 1 })",
    1,
  );
  await run(terminal, "await addOne({ x: 5 })", 2);
  expect(terminal.text()).toMatch(/✓ addOne\(x: 5\) → 6[^\n]*ms\nOut\[2\]: 6\n/);
});

test("Ctrl-C ends an endless loop, and names are kept", async () => {
  using terminal = openRepl();
  await terminal.prompt(1);
  await run(terminal, "let x = 5", 1);
  terminal.type("while (true) {}\r");
  await terminal.see((text) => expect(text).toContain("cell 2"));
  terminal.type("x + 1");
  await terminal.see((text) => expect(text).toContain("In [3]: x + 1"));
  terminal.type("\x15");
  await terminal.prompt(3);
  terminal.type("\x03");
  await terminal.see((text) => expect(text).toContain("Interrupted"));
  await terminal.idle(3);
  await run(terminal, "x", 3);
  expect(terminal.text()).toContain("Out[3]: 5");
});

test("a user process killed from outside is told, and the next cell works in a new one", async () => {
  using terminal = openRepl();
  await terminal.prompt(1);
  await run(terminal, 'process.kill(process.pid, "SIGKILL")', 1);
  expect(terminal.text()).toContain("the user process is gone");
  await run(terminal, "1 + 1", 2);
  expect(terminal.text()).toContain("Out[2]: 2");
});

test("a type error comes back into the editor with the place of the error", async () => {
  using terminal = openRepl();
  await terminal.prompt(1);
  terminal.type("const s: string = 1\r");
  await terminal.see((text, rows) => {
    expect(text).toContain("error TS2322");
    expect(rows).toContain("In [2]: const s: string = 1");
  });
});

test("Tab completes members while a cell runs", async () => {
  using terminal = openRepl();
  await terminal.prompt(1);
  await run(terminal, "const total = 1", 1);
  terminal.type("await new Promise((f) => setTimeout(f, 20_000))\r");
  await terminal.see((text) => expect(text).toContain("cell 2"));
  terminal.type("total.toFix\t");
  await terminal.see((text) => expect(text).toContain("In [3]: total.toFixed\n"));
  expect(terminal.text()).toContain("cell 2");
});

test("the pipe of the README: the value on stdout, the one-line deck on stderr", async () => {
  const cell =
    "const a = task(function addOne({x}: {x: number}) { return x + 1 }); await a({ x: 5 })\n";
  const result = await runPiped([], cell, { isReal: true });
  expect(result).toMatchObject({ code: 0, stdout: "6\n" });
  expect(result.stderr).toMatch(/^✓ addOne\(x: 5\) → 6[^\n]*\n$/);
});

test("errors have the line in the cell and end with 1", async () => {
  const result = await runPiped([], "1\n// %%\nconst a = 1;\nnull!.x;\n", { isReal: true });
  expect(result.code).toBe(1);
  expect(result.stderr).toContain("In [2]:2:");
});

test("the deck of a failed run links to its page", async () => {
  using folder = tempFolder();
  using terminal = openRepl({ folder: folder.path, environment: { EAGERDECK_HISTORY: "on" } });
  await terminal.prompt(1);
  terminal.type('await task(async function f() { throw new Error("no"); })()\r');
  await terminal.see((text) => expect(text).toMatch(/^\.eagerdeck\/runs\/[\w-]+\/deck\.html$/m));
  await terminal.idle(2);
  const [path = ""] = /^\.eagerdeck\S+$/m.exec(terminal.text()) ?? [];
  expect(terminal.raw).toContain(`\x1b]8;;${pathToFileURL(join(folder.path, path)).href}`);
  await vi.waitFor(() => expect(existsSync(join(folder.path, path))).toBe(true), 5_000);
});
