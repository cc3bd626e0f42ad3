/** Each command as it is used on the screen: with the real session where it asks for values, else the scripted one. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../support/temp-folder.ts";
import { openRepl, openScriptedRepl, type Terminal } from "../support/terminal.ts";

/** Enters something and waits for what stands below it: what was typed is no answer. */
async function enter(terminal: Terminal, text: string, answer: RegExp): Promise<void> {
  terminal.type(`${text}\r`);
  await terminal.see((_, rows) => {
    // A long text goes on in the next row.
    const typed = text.slice(0, 60);
    const at = rows.findLastIndex((row) => /^In \[\d+\]: (.*)/.exec(row)?.[1]?.startsWith(typed));
    expect(at, "the echo's row").not.toBe(-1);
    expect(`\n${rows.slice(at + 1).join("\n")}`).toMatch(answer);
  });
}

function lastPrompt(rows: readonly string[]): string {
  return rows.findLast((row) => /^In \[\d+\]:/.test(row)) ?? "";
}

async function openReal(folder: string): Promise<Terminal> {
  const terminal = openRepl({ folder, columns: 100, rows: 40 });
  await terminal.prompt(1);
  return terminal;
}

test("names: .type, .doc, ?, ??, .source, .vars, .time, .timeit", async () => {
  using folder = tempFolder();
  using terminal = await openReal(folder.path);
  await enter(terminal, "const twice = (n: number) => n * 2", /In \[2\]:/);
  await terminal.idle(2);
  await enter(terminal, ".type twice(2)", /^\nnumber\n/);
  await enter(terminal, ".doc twice", /^\nconst twice: \(n: number\) => number/);
  await enter(terminal, "twice?", /^\nconst twice: /);
  await enter(terminal, "?twice", /^\nconst twice: /);
  await enter(terminal, "twice??", /^\nIn \[1\]:1:7\nconst twice = /);
  await enter(terminal, ".source twice", /^\nIn \[1\]:1:7\n/);
  await enter(terminal, ".vars", /^\ntwice {2}const {2}\[1\]/);
  await enter(terminal, ".time twice(21)", /Out\[2\]: 42[\s\S]*\bms/);
  await enter(terminal, ".timeit twice(21)", /per loop, best/);
  await enter(terminal, ".type nope(", /^\nnot an expression: nope\(\n/);
});

test("calls: .tasks, .task, .deck, .runs, .cancel of one call", async () => {
  using folder = tempFolder();
  using terminal = await openReal(folder.path);
  await enter(
    terminal,
    "const wait = task(async function wait({ ms }: { ms: number }) { await new Promise((f) => setTimeout(f, ms)); return ms; })",
    /In \[2\]:/,
  );
  await enter(terminal, "await wait({ ms: 1 })", /Out\[2\]: 1/);
  await enter(terminal, ".tasks", /t1 +✓ ok +wait\(ms: 1\) +1/);
  await enter(terminal, ".task t1", /input ms: 1[\s\S]*output 1/);
  await enter(terminal, ".task t99", /^\nno call t99 in this session/);
  await enter(terminal, ".deck 2", /^\n✓ wait\(ms: 1\) → 1/);
  await enter(terminal, ".deck 1", /^\nIn \[1\] made no calls/);
  await enter(terminal, ".runs", /✓ ok +In \[2\]/);
  terminal.type("await wait({ ms: 60_000 })\r");
  await terminal.see((text) => expect(text).toMatch(/▸ wait\(ms: 60000\)/));
  await enter(terminal, ".cancel t2", /CANCELLED/);
});

test("cells: .rerun, .edit, .copy, .history, .reset and .restart", async () => {
  using folder = tempFolder();
  using terminal = await openReal(folder.path);
  await enter(terminal, "let n = 1", /In \[2\]:/);
  await enter(terminal, "n += 10", /Out\[2\]: 11/);
  await enter(terminal, ".rerun 2", /Out\[3\]: 21/);
  await enter(terminal, ".rerun 1-2", /Out\[5\]: 11/);
  await enter(terminal, ".rerun 77", /^\nno In \[77\]: cells are 1 to 5\n/);
  await enter(terminal, ".copy 2", /^\ncopied In \[2\], 1 line\n/);
  expect(terminal.raw).toContain(`\x1b]52;c;${Buffer.from("n += 10").toString("base64")}\x07`);
  await enter(terminal, ".history", /^\n1 {2}let n = 1\n2 {2}n \+= 10/);
  await enter(terminal, ".edit 1", /In \[6\]: let n = 1\n/);
  terminal.type("\x03");
  await terminal.prompt(6);
  await enter(terminal, ".restart", /restarted: names are gone/);
  await enter(terminal, ".vars", /^\nno names yet\n/);
  // With the cells the screen is cleared.
  terminal.type(".reset\r");
  await terminal.see((text) => expect(text).toMatch(/^reset: names, cells and decks are gone/));
  await enter(terminal, ".history", /^\nno cell was run yet\n/);
});

test("files: .save as .ts, .ipynb and .html, not over a file without --force, and .load", async () => {
  using folder = tempFolder();
  using terminal = await openReal(folder.path);
  await enter(terminal, "const one = task(function one() { return 1 })", /In \[2\]:/);
  await enter(terminal, "await one()", /Out\[2\]: 1/);
  await enter(terminal, ".save work.ts", /saved 2 cells as work\.ts/);
  await enter(terminal, ".save work.ts", /^\n.*--force/);
  await enter(terminal, ".save work.ts --force", /saved 2 cells as work\.ts/);
  await enter(terminal, ".save work.ipynb", /saved 2 cells as work\.ipynb/);
  await enter(terminal, ".save deck.html", /saved the deck of In \[2\] as deck\.html/);
  await enter(
    terminal,
    ".save no/such/folder.ts",
    /cannot save no\/such\/folder\.ts: no such file or folder/,
  );
  const notebook = JSON.parse(readFileSync(join(folder.path, "work.ipynb"), "utf8"));
  expect([notebook.nbformat, notebook.metadata.kernelspec.name]).toEqual([4, "eagerdeck"]);
  expect(JSON.stringify(notebook.cells[1].outputs)).toContain("text/html");
  expect(readFileSync(join(folder.path, "work.ts"), "utf8")).toMatch(/^\/\/ %% \[1\]\nconst one/);
  expect(existsSync(join(folder.path, "deck.html"))).toBe(true);
  await enter(terminal, ".load work.ipynb", /ran 2 cells of work\.ipynb/);
  writeFileSync(join(folder.path, "bad.ts"), "1\n// %%\nthrow new Error('here')\n// %%\n3\n");
  await enter(terminal, ".load bad.ts", /stopped: cell 2 of 3 of bad\.ts failed/);
  await enter(terminal, ".load none.ts", /cannot load none\.ts: no such file or folder/);
});

test("settings and the rest: .check, .npm, .cd, .set, .theme, .exit", async () => {
  using folder = tempFolder({ "sub/x": "" });
  using terminal = await openReal(folder.path);
  await enter(terminal, ".check off", /^\ncheck: off\n/);
  await enter(terminal, "const s: string = 1; s", /Out\[1\]: 1/);
  await enter(terminal, ".check maybe", /^\n\.check takes off, warn, error\n/);
  await enter(terminal, ".npm", /^\n\.npm takes packages/);
  await enter(terminal, ".cd sub", /^\n.*\/sub \(imports are still looked for in/);
  await enter(terminal, "process.cwd().split('/').at(-1)", /Out\[2\]: 'sub'/);
  await enter(terminal, ".set output 12", /^\noutput: 12\n/);
  await enter(
    terminal,
    "for (let i = 0; i < 400; i++) console.log('row', i)",
    /\.eagerdeck\/output/,
  );
  expect(terminal.text()).not.toContain("row 100\n");
  await enter(terminal, ".set nonsense 1", /knows no nonsense/);
  await enter(terminal, ".set ghost maybe", /ghost takes on, off/);
  await enter(terminal, ".theme none", /^\ntheme: none\n/);
  terminal.type(".exit 7\r");
  expect(await terminal.exited()).toBe(7);
});

describe(".sh", () => {
  test("prints as it goes, says an exit code, and Ctrl-C stops it", async () => {
    using folder = tempFolder();
    using terminal = openScriptedRepl({ folder: folder.path });
    await terminal.prompt(1);
    await enter(terminal, ".sh echo one; sleep 0.2; echo two; exit 3", /^\none\ntwo\n.*3/);
    await enter(terminal, ".sh echo begun; sleep 60", /^\nbegun/);
    terminal.type("\x03");
    await terminal.see((_, rows) => {
      expect(lastPrompt(rows)).toBe("In [1]:");
      expect(rows.at(-1)).toContain("Ctrl-D leave");
    });
    await enter(terminal, "1 + 1", /Out\[1\]: 2/);
  });
});

test("a command that takes long leaves the prompt to others", async () => {
  using folder = tempFolder();
  using terminal = openScriptedRepl({ folder: folder.path });
  await terminal.prompt(1);
  await enter(terminal, ".sh until [ -e go ]; do sleep 0.05; done; echo gone", /\n/);
  await enter(terminal, ".check", /^\ncheck: error\n/);
  await enter(terminal, ".sh touch go", /\ngone\n/);
});

test(".history with a text finds what an earlier session typed", async () => {
  using data = tempFolder();
  const environment = { XDG_DATA_HOME: data.path, EAGERDECK_HISTORY: "on" };
  using first = openScriptedRepl({ environment });
  await first.prompt(1);
  await enter(first, "'Needle'", /Out\[1\]/);
  first.type(".exit\r");
  await first.exited();
  using second = openScriptedRepl({ environment });
  await second.prompt(1);
  // The file is read while the person already types.
  await second.see((_, rows) => {
    if (lastPrompt(rows) === "In [1]:") second.type("\x1b[A");
    expect(lastPrompt(rows)).toBe("In [1]: .exit");
  }, 100);
  second.type("\x15");
  await second.prompt(1);
  await enter(second, "'haystack'", /Out\[1\]/);
  await enter(second, ".history needle", /^\n +'Needle'\n/);
  await enter(second, ".history", /^\n1 {2}'haystack'\nIn/);
});

describe("settings are obeyed:", () => {
  test(".set complete auto opens the popup in a word, off not even behind a dot", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type("al");
    await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [1]: al"));
    terminal.type("\x15");
    await terminal.prompt(1);
    await enter(terminal, ".set complete auto", /complete: auto/);
    terminal.type("al");
    await terminal.see((text) => expect(text).toContain("alphabet"));
    terminal.type("\x07\x15");
    await terminal.prompt(1);
    await enter(terminal, ".set complete off", /complete: off/);
    const before = terminal.raw.length;
    terminal.type("al.");
    await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [1]: al."));
    terminal.type("\x15");
    await terminal.prompt(1);
    // A whole cell takes longer than the answer that nobody asked for would have.
    await enter(terminal, "1 + 1", /Out\[1\]: 2/);
    expect(terminal.raw.slice(before)).not.toContain("alphabet");
  });

  test(".set ghost off suggests nothing", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    await enter(terminal, "'remembered'", /Out\[1\]/);
    terminal.type("'rem");
    await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [2]: 'remembered'"));
    terminal.type("\x15");
    await terminal.prompt(2);
    await enter(terminal, ".set ghost off", /ghost: off/);
    terminal.type("'rem");
    await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [2]: 'rem"));
  });
});

describe("while a cell runs", () => {
  test("what needs no values answers at once; what does waits, and is dropped when the cell fails", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type("wait()\r");
    await terminal.see((text) => expect(text).toContain("cell 1"));
    await enter(terminal, ".check", /check: error/);
    terminal.type(".vars\r");
    terminal.type("1 + 1\r");
    await terminal.see((_, rows) => expect(rows.at(-1)).toContain("queued"));
    terminal.type("\x03");
    await terminal.see((_, rows) => expect(rows.at(-1)).toContain("2 waiting entries dropped"));
    expect(terminal.text()).not.toContain("Out[2]");
  });

  test("what waits behind .rerun is dropped when the cell fails again", async () => {
    using folder = tempFolder();
    const file = join(folder.path, "now");
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    await enter(terminal, 'fail("again")', /TypeError: again/);
    terminal.type(`untilFile(${JSON.stringify(file)})\r`);
    await terminal.see((text) => expect(text).toContain("cell 2"));
    terminal.type(".rerun 1\r");
    terminal.type("1 + 1\r");
    await terminal.see((_, rows) => expect(rows.at(-1)).toContain("2 queued"));
    writeFileSync(file, "");
    await terminal.see((_, rows) => expect(rows.at(-1)).toContain("1 waiting entry dropped"));
    expect(terminal.text()).not.toContain("Out[4]");
  });

  test(".bg frees the prompt, .fg brings the cell back, .cancel stops it", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type('begin("load"), wait()\r');
    await terminal.see((text) => expect(text).toContain("▸ load"));
    await enter(terminal, ".bg", /\[1\] goes on in the background/);
    await enter(terminal, "2 + 2", /Out\[2\]: 4/);
    await enter(terminal, ".fg 1", /In \[1\] is back/);
    await terminal.see((_, rows) => expect(rows.at(-1)).toContain("cell 1"));
    await enter(terminal, ".fg 1", /not in the background/);
    await enter(terminal, ".cancel 1", /Interrupted/);
    await enter(terminal, ".cancel 1", /In \[1\] is not running/);
    await enter(terminal, ".bg", /no cell is running/);
  });
});

test(".help fits a screen of 80 × 24, with every command; an unknown name is not run", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type(".help\r");
  await terminal.see((_, rows) => {
    const help = rows.slice(rows.indexOf("In [1]: .help"), rows.lastIndexOf("In [1]:"));
    expect(help.length).toBeGreaterThan(15);
    // Below it stand the prompt, the status row and the row that a terminal keeps free.
    expect(help.length).toBeLessThanOrEqual(24 - 3);
    expect(Math.max(...help.map((row) => row.length))).toBeLessThan(80);
  });
  await enter(terminal, ".help timeit", /^\n\.timeit expr {2}runs an expression/);
  await enter(terminal, "?", /^\ncells +tasks\n/);
  await enter(terminal, ".taks", /^\nunknown command \.taks: did you mean \.tasks\?/);
});

test("Tab completes commands, calls, paths and settings", async () => {
  using folder = tempFolder({ "notebook.ts": "1", "apps/page.ts": "1" });
  using terminal = openScriptedRepl({ folder: folder.path });
  await terminal.prompt(1);
  terminal.type(".tim\t");
  await terminal.see((text) => expect(text).toContain(".timeit"));
  terminal.type("\x07\x15");
  await terminal.prompt(1);
  terminal.type(".load note\t");
  await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [1]: .load notebook.ts"));
  terminal.type("\x15.load ap\t");
  await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [1]: .load apps/"));
  terminal.type("\t");
  await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [1]: .load apps/page.ts"));
  terminal.type("\x15");
  await terminal.prompt(1);
  await enter(terminal, 'calls("load")', /Out\[1\]/);
  terminal.type(".task \t");
  await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [2]: .task t1"));
  terminal.type("\x15.set gh\t");
  await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [2]: .set ghost"));
});
