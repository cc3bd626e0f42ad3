import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";
import { openScriptedRepl, Terminal } from "../support/terminal.ts";

const CTRL_X_E = "\x18\x05";
const CTRL_O = "\x0f";
const CTRL_Z = "\x1a";

/** A program of a few shell lines. */
function script(folder: TempFolder, lines: string): string {
  return `sh ${folder.write("program.sh", lines)}`;
}

function openWith(folder: TempFolder, environment: Readonly<Record<string, string>>) {
  mkdirSync(join(folder.path, "tmp"));
  return openScriptedRepl({
    environment: { TMPDIR: join(folder.path, "tmp"), VISUAL: undefined, ...environment },
  });
}

test("Ctrl-X Ctrl-E opens the cell in an editor of its own, and takes what was made of it", async () => {
  using folder = tempFolder();
  const seen = join(folder.path, "seen");
  const EDITOR = script(
    folder,
    `cp "$1" ${seen}; ls -ld "$1" >> ${seen}; printf '1 +\\r\\n  41\\r\\n' > "$1"`,
  );
  using terminal = openWith(folder, { EDITOR });
  await terminal.prompt(1);
  terminal.type(`const a = 1${CTRL_X_E}`);
  await terminal.see((_, rows) =>
    expect(rows.slice(-3, -1)).toEqual(["In [1]: 1 +", "   ...:   41"]),
  );
  expect(readFileSync(seen, "utf8")).toMatch(/^const a = 1\n-rw-------.*\/cell\.ts\n$/);
  // Nothing of it stays, and one undo brings the draft back.
  const left = readdirSync(join(folder.path, "tmp"));
  expect(left.filter((name) => name !== "node-compile-cache")).toEqual([]);
  terminal.type("\x1f");
  await terminal.see((_, rows) => expect(rows.at(-2)).toBe("In [1]: const a = 1"));
  terminal.type("\x1b\r");
  await terminal.idle(2);
});

test("while an editor is open keys are its own, Ctrl-C too, and the cell goes on", async () => {
  using folder = tempFolder();
  const EDITOR = script(
    folder,
    'trap "echo interrupted" INT; echo open; until [ "$line" = end ]; do read line; echo "read $line"; done',
  );
  using terminal = openWith(folder, { EDITOR });
  await terminal.prompt(1);
  terminal.type("wait()\r");
  await terminal.prompt(2);
  terminal.type(`draft${CTRL_X_E}`);
  await terminal.see((text) => expect(text).toContain("open"));
  terminal.type("\x03");
  await terminal.see((text) => expect(text).toContain("interrupted"));
  for (const word of ["one", "two", "three", "four"]) {
    terminal.type(`${word}\n`);
    await terminal.see((_, rows) => expect(rows).toContain(`read ${word}`));
  }
  terminal.type("end\n");
  await terminal.see((_, rows) => {
    expect(rows.at(-2)).toBe("In [2]: draft");
    expect(rows.at(-1)).toContain("Ctrl-C interrupt");
  });
});

test("a cell that ends while the editor is open prints its block after the return", async () => {
  using folder = tempFolder();
  const flag = join(folder.path, "flag");
  const EDITOR = script(folder, `echo open; while [ ! -e ${flag} ]; do sleep 0.05; done`);
  using terminal = openWith(folder, { EDITOR });
  await terminal.prompt(1);
  terminal.type(`untilFile(${JSON.stringify(`${flag}.cell`)})\r`);
  await terminal.prompt(2);
  terminal.type(`draft${CTRL_X_E}`);
  await terminal.see((text) => expect(text).toContain("open"));
  folder.write("flag.cell", "");
  folder.write("flag", "");
  await terminal.see((_, rows) => {
    expect(rows.filter((row) => row === "Out[1]: 'found'")).toHaveLength(1);
    expect(rows.indexOf("open")).toBeLessThan(rows.indexOf("Out[1]: 'found'"));
    expect(rows.at(-2)).toBe("In [2]: draft");
  });
});

test("an editor is a command line: with options, and with what only a shell understands", async () => {
  using folder = tempFolder();
  const program = folder.write("my editor.sh", 'echo "$MARK $1" > "$2"');
  using terminal = openWith(folder, { EDITOR: `MARK='a  b' sh "${program}" --wait` });
  await terminal.prompt(1);
  terminal.type(CTRL_X_E);
  await terminal.see((_, rows) => expect(rows.at(-2)).toBe("In [1]: a  b --wait"));
});

test.each([
  ["fails", "echo changed > $1; exit 3", "ended with 3: the text stays as it was"],
  ["changes nothing", "true", ""],
])("an editor that %s leaves the draft", async (_, lines, notice) => {
  using folder = tempFolder();
  using terminal = openWith(folder, { EDITOR: script(folder, lines) });
  await terminal.prompt(1);
  terminal.type(`draft${CTRL_X_E}`);
  await terminal.see((text) => expect(text).toContain(notice));
  terminal.type("!");
  await terminal.see((_, rows) => expect(rows.at(-2)).toBe("In [1]: draft!"));
});

test("an editor that does not exist is told, and the draft stays", async () => {
  using folder = tempFolder();
  using terminal = openWith(folder, { EDITOR: "no-such-editor" });
  await terminal.prompt(1);
  terminal.type(`draft${CTRL_X_E}`);
  await terminal.see((text) =>
    expect(text).toContain("no-such-editor was not found; $VISUAL or $EDITOR names the program"),
  );
  expect(terminal.rows().at(-2)).toBe("In [1]: draft");
});

test("Ctrl-O shows what was shortened whole in the pager, which may close early", async () => {
  using folder = tempFolder();
  const seen = join(folder.path, "seen");
  const PAGER = script(folder, `head -n 60 > ${seen}; echo paged`);
  using terminal = openWith(folder, { PAGER });
  await terminal.prompt(1);
  terminal.type(CTRL_O);
  await terminal.see((text) => expect(text).toContain("nothing has been shortened"));
  terminal.type("Array.from({ length: 90 }, (_, i) => 'x'.repeat(70) + i)\r");
  await terminal.see((text) => expect(text).toContain("… 52 more lines, Ctrl-O"));
  terminal.type(CTRL_O);
  await terminal.see((text) => expect(text).toContain("paged"));
  await terminal.idle(2);
  const lines = readFileSync(seen, "utf8").split("\n");
  expect(lines).toHaveLength(61);
  expect(lines[59]).toContain("x58'");
  terminal.type("1 + 1\r");
  await terminal.see((_, rows) => expect(rows).toContain("Out[2]: 2"));
});

test("a resize while the pager has the terminal is honoured when it returns", async () => {
  using folder = tempFolder();
  const flag = join(folder.path, "flag");
  const EDITOR = script(folder, `echo open; while [ ! -e ${flag} ]; do sleep 0.05; done`);
  using terminal = openWith(folder, { EDITOR });
  await terminal.prompt(1);
  terminal.type(`draft${CTRL_X_E}`);
  await terminal.see((text) => expect(text).toContain("open"));
  terminal.resize(40, 12);
  folder.write("flag", "");
  await terminal.see((_, rows) => {
    expect(rows.at(-2)).toBe("In [1]: draft");
    expect(rows.at(-1)?.length).toBeLessThan(40);
  });
  terminal.type("!");
  await terminal.see((_, rows) => {
    expect(rows.at(-2)).toBe("In [1]: draft!");
    expect(rows.filter((row) => row.startsWith("In [1]:"))).toHaveLength(1);
  });
});

test("Ctrl-Z gives the terminal to the shell, fg brings it back with the draft", async () => {
  using folder = tempFolder();
  const repl = `${process.execPath} ${join(import.meta.dirname, "../support/scripted-repl.ts")}`;
  using terminal = new Terminal(["--norc", "-i"], {
    program: "bash",
    environment: { PS1: "shell> ", TMPDIR: folder.path },
  });
  await terminal.see((text) => expect(text).toContain("shell>"));
  terminal.type(`${repl}\r`);
  await terminal.prompt(1);
  terminal.type("print('before'), wait()\r");
  await terminal.prompt(2);
  terminal.type(`draft${CTRL_Z}`);
  await terminal.see((text) => expect(text).toContain("Stopped"));
  terminal.type("echo shell-$((40 + 2))\r");
  await terminal.see((_, rows) => expect(rows).toContain("shell-42"));
  terminal.resize(60, 20);
  terminal.type("fg\r");
  await terminal.see((_, rows) => expect(rows.at(-2)).toBe("In [2]: draft"));
  terminal.type("\x1b[200~ pasted\x1b[201~");
  await terminal.see((_, rows) => expect(rows.at(-2)).toBe("In [2]: draft pasted"));
  terminal.type("\x03\x03");
  await terminal.see((text) => expect(text).toContain("interrupt"));
});

test("where no shell waits, Ctrl-Z changes nothing", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type(`draft${CTRL_Z}`);
  terminal.type("!");
  await terminal.see((_, rows) => expect(rows.at(-2)).toBe("In [1]: draft!"));
});

test("a REPL that is ended while an editor is open ends the editor too", async () => {
  using folder = tempFolder();
  const pid = join(folder.path, "pid");
  const EDITOR = script(folder, `echo $$ > ${pid}; echo open; while :; do sleep 0.05; done`);
  using terminal = openWith(folder, { EDITOR });
  await terminal.prompt(1);
  terminal.type(`draft${CTRL_X_E}`);
  await terminal.see((text) => expect(text).toContain("open"));
  process.kill(terminal.pid, "SIGTERM");
  expect(await terminal.exited()).toBe(143);
  const editor = Number(readFileSync(pid, "utf8"));
  await vi.waitFor(() => expect(isRunning(editor)).toBe(false));
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
