/** Which mode the terminal and the environment choose, and what of them shows in the text. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runPiped } from "../support/piped-repl.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { openScriptedRepl, Terminal } from "../support/terminal.ts";

const scripted = fileURLToPath(new URL("../support/scripted-repl.ts", import.meta.url));

/** The command line of a shell in the terminal. */
function shell(line: string, setting = ""): Terminal {
  const command = `${setting} "${process.execPath}" "${scripted}" ${line}`;
  return new Terminal(["-c", command], { program: "/bin/sh" });
}

test.each(["TERM=dumb", "CI=true", "INK_SCREEN_READER=1"])(
  "%s gives line mode, without a screen to control",
  async (setting) => {
    using terminal = shell("", setting);
    await terminal.see((text) => expect(text).toContain("In [1]:"));
    terminal.type("1 + 1\r");
    await terminal.see((text) => expect(text).toContain("Out[1]: 2\nIn [2]:"));
    terminal.type("\x04");
    expect(await terminal.exited()).toBe(0);
    expect(terminal.raw).not.toContain("\x1b[?2004h");
  },
);

test("a terminal for stdin and a file for stdout: lines are asked for, and values go to the file", async () => {
  using folder = tempFolder();
  const file = join(folder.path, "out");
  using terminal = shell(`> "${file}"`);
  await terminal.see((text) => expect(text).toContain("In [1]:"));
  terminal.type("1 + 1\r");
  await terminal.see((text) => expect(text).toContain("In [2]:"));
  terminal.type("\x04");
  expect(await terminal.exited()).toBe(0);
  expect(readFileSync(file, "utf8")).toBe("Out[1]: 2\n");
});

test("a file for stdin and a terminal for stdout: its cells run", async () => {
  using folder = tempFolder();
  const file = join(folder.path, "in");
  writeFileSync(file, "1 + 1\n");
  using terminal = shell(`< "${file}"`);
  expect(await terminal.exited()).toBe(0);
  await terminal.see((_, rows) => expect(rows).toEqual(["2"]));
});

test("a cell of -e in a terminal has no labels; -i stays for more", async () => {
  using terminal = openScriptedRepl({ args: ["--plain", "-i", "-e", "20 + 1"] });
  await terminal.see((text) => expect(text).toContain("21\nIn [2]:"));
  terminal.type("6 * 7\r");
  await terminal.see((text) => expect(text).toContain("Out[2]: 42\nIn [3]:"));
});

test("--plain: what comes by itself stands below the line that is being typed, which is shown again", async () => {
  using folder = tempFolder();
  const file = join(folder.path, "now");
  using terminal = openScriptedRepl({ args: ["--plain"], columns: 40 });
  await terminal.see((text) => expect(text).toContain("In [1]:"));
  terminal.type(`untilFile(${JSON.stringify(file)}).then(() => uncaught("late")) && 1\r`);
  await terminal.see((text) => expect(text).toContain("Out[1]: 1\nIn [2]:"));
  const typed = "a".repeat(60);
  terminal.type(typed);
  await terminal.see((text) =>
    expect(text).toContain(`In [2]: ${"a".repeat(32)}\n${"a".repeat(28)}`),
  );
  writeFileSync(file, "");
  await terminal.see((text) =>
    expect(text).toContain(
      `Out[1]: 1\nIn [2]: ${"a".repeat(32)}\n${"a".repeat(28)}\nuncaught Error: late\nIn [2]: aaa`,
    ),
  );
});

test("glyphs are ASCII with EAGERDECK_ASCII=1, and words for a screen reader", async () => {
  const deck = async (environment: Readonly<Record<string, string>>) => {
    using terminal = openScriptedRepl({
      args: ["-e", 'calls("load")'],
      environment: { NO_COLOR: "1", ...environment },
    });
    expect(await terminal.exited()).toBe(0);
    return terminal.text();
  };
  expect(await deck({})).toMatch(/^✓ load\(\) → /m);
  expect(await deck({ EAGERDECK_ASCII: "1" })).toMatch(/^ok load\(\) -> /m);
  expect(await deck({ INK_SCREEN_READER: "1" })).toMatch(/^ok load\(\) gives /m);
});

test("lines with CRLF and a byte order mark are those of a cell like any other", async () => {
  expect(await runPiped([], "\ufeff1\r\n// %%\r\n`a\r\nb`\r\n")).toEqual({
    code: 0,
    stdout: "1\n'a\\nb'\n",
    stderr: "",
  });
});

test("a line of 20 MB is answered like any other cell", async () => {
  const result = await runPiped([], `"${"x".repeat(20_000_000)}".length`);
  expect(result).toEqual({ code: 0, stdout: "20000000\n", stderr: "" });
});
