/**
 * What should not happen to a terminal, and does: hostile text, floods, storms of resizes, processes that die.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../support/temp-folder.ts";
import { openRepl, openScriptedRepl, type Terminal } from "../support/terminal.ts";

function lastPrompt(rows: readonly string[]): string {
  return rows.findLast((row) => /^In \[\d+\]:/.test(row)) ?? "";
}

/** Types and waits for the echo, so that the REPL is known to be alive. */
async function answersKeys(terminal: Terminal, text = "alive"): Promise<void> {
  terminal.type(text);
  await terminal.see((_, rows) => expect(lastPrompt(rows)).toContain(text));
}

describe("hostile text", () => {
  const evil = String.raw`\x1b[2J\x1b[3J\x1b]52;c;aGk=\x07\x1b[?1049h\x00\u202e\ud800\x9b2J`;

  test.each([
    ["printed", `print("${evil}\\n")`],
    ["printed as an error", `warn("${evil}\\n")`],
    ["displayed", `display("${evil}")`],
    ["thrown", `fail("${evil}")`],
    ["in the name of a task", `calls("${evil}")`],
    ["in the name of a running task", `begin("${evil}"), new Promise((f) => setTimeout(f, 400))`],
    ["as the prompt of a question", `ask("${evil}")`],
  ])("%s does nothing to the terminal", async (_, code) => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    const before = terminal.raw.length;
    terminal.type(`${code}\r`);
    await terminal.see((text) => expect(text).toContain(String.raw`\x1b[2J`));
    if (code.startsWith("ask")) terminal.type("answer\r");
    await terminal.idle(2);
    const said = terminal.raw.slice(before);
    for (const sequence of [
      "\x1b[2J",
      "\x1b[3J",
      "\x1b]52",
      "\x1b[?1049h",
      "\0",
      "\u202e",
      "\x9b",
    ]) {
      expect(said).not.toContain(sequence);
    }
  });

  test("pasted loses its escapes, and is text for the rest", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type("\x1b[200~'a\x1b[2Jb\x00'\x1b[201~");
    await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [1]: 'ab'"));
  });
});

describe("floods", () => {
  test("50 kB pasted, and the next key answers", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    const base64 = Buffer.alloc(37_500, 7).toString("base64");
    terminal.type(`\x1b[200~"${base64}\x1b[201~`);
    await terminal.see((_, rows) => expect(lastPrompt(rows)).toContain("BwcH"));
    terminal.type('"!');
    await terminal.see((_, rows) => expect(lastPrompt(rows)).toMatch(/"!$/));
  });

  test("a paste of 5 MB is refused in words and leaves the draft alone", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type("draft");
    await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [1]: draft"));
    terminal.type(`\x1b[200~${"x".repeat(5_000_000)}\x1b[201~`);
    await terminal.see((_, rows) => expect(rows.at(-1)).toContain("over 1 MB is refused"));
    expect(lastPrompt(terminal.rows())).toBe("In [1]: draft");
  });

  test("a printed line of 1 MB does not stop the keys", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type('print("y".repeat(1_000_000) + "\\n")\r');
    await terminal.idle(2);
    await answersKeys(terminal);
  });

  test("10,000 lines come in order, and a key typed meanwhile is there", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type(
      'print(Array.from({ length: 10_000 }, (_, n) => `line ${n}`).join("\\n") + "\\n")\rtyped',
    );
    await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [2]: typed"));
    await terminal.see((text) => expect(text).toContain("line 9999"));
    const numbers = terminal.rows().flatMap((row) => /^line (\d+)$/.exec(row)?.[1] ?? []);
    expect(numbers.map(Number)).toEqual(numbers.map(Number).toSorted((a, b) => a - b));
  });

  test("500 running tasks and 1,000 keys: none is lost", async () => {
    using terminal = openScriptedRepl({ columns: 120, rows: 50 });
    await terminal.prompt(1);
    terminal.type(
      "Array.from({ length: 500 }, (_, n) => begin(`task${n}`)), " +
        'setInterval(() => settle(begin("tick"), 1), 20), wait()\r',
    );
    await terminal.see((text) => expect(text).toMatch(/50\d running/));
    terminal.type("'");
    for (let n = 0; n < 1_000; n++) {
      terminal.type("abcdefghij"[n % 10] ?? "");
      // Faster than anybody types, and never one chunk.
      if (n % 10 === 9) await new Promise((resolve) => setImmediate(resolve));
    }
    terminal.type("'.length\r");
    await terminal.see((text) => expect(text).toContain("1 queued"));
    // The interrupt drops the queue; Up brings its text back.
    terminal.type("\x03");
    await terminal.see((text) => expect(text).toContain("Interrupted"));
    await terminal.prompt(2);
    terminal.type("\x1b[A\r");
    await terminal.see((text) => expect(text).toContain("Out[2]: 1000"));
  }, 60_000);
});

test("a held Ctrl-C interrupts and neither climbs nor leaves", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type("stubborn()\r");
  await terminal.see((text) => expect(text).toContain("cell 1"));
  // A keyboard repeats a held key every 30 ms or so.
  for (let n = 0; n < 60; n++) {
    terminal.type("\x03");
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  await terminal.see((_, rows) => expect(rows.at(-1)).toContain("Ctrl-C again"));
  expect(terminal.text()).not.toContain("it was killed");
  await answersKeys(terminal);
});

test("a live tree survives resizes to three sizes and a storm down to 3 rows", async () => {
  using terminal = openScriptedRepl({ columns: 120, rows: 40 });
  await terminal.prompt(1);
  terminal.type('begin("load"), begin("clean"), print("half a line"), wait()\r');
  await terminal.see((text) => expect(text).toContain("clean"));
  for (const [columns, rows] of [
    [60, 15],
    [160, 50],
    [80, 24],
  ] as const) {
    terminal.resize(columns, rows);
    await terminal.see((_, shown) => {
      expect(shown.at(-1)).toContain("Ctrl-C interrupt");
      expect(lastPrompt(shown)).toBe("In [2]:");
    });
  }
  for (let size = 24; size >= 3; size--) terminal.resize(20 + size, size);
  await answersKeys(terminal, "tiny");
  terminal.resize(100, 30);
  await terminal.see((text, rows) => {
    expect(lastPrompt(rows)).toBe("In [2]: tiny");
    expect(text.slice(-600)).toContain("clean");
  });
});

test("wide characters at the edge neither tear the row nor move the cursor away", async () => {
  using terminal = openScriptedRepl({ columns: 30, rows: 12 });
  await terminal.prompt(1);
  terminal.type("'日本語日本語日本語日本語👩‍👩‍👧e\u0301");
  await terminal.see((_, rows) => {
    expect(lastPrompt(rows)).toMatch(/^In \[1\]: ‹/);
    expect(lastPrompt(rows)).toContain("e\u0301");
  });
  expect(terminal.cursor().x).toBeLessThan(30);
  terminal.type("\x01");
  await terminal.see((_, rows) => expect(lastPrompt(rows)).toMatch(/^In \[1\]: '日本語.*›$/));
});

test("output right before .exit is all there", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type('print("a\\n".repeat(500) + "last line\\n")\r.exit\r');
  expect(await terminal.exited()).toBe(0);
  expect(terminal.text()).toContain("last line");
});

describe("the real user process", () => {
  /** Pids of the user processes of the terminal's REPL. */
  function children(terminal: Terminal): number[] {
    return readdirSync("/proc").flatMap((name) => {
      try {
        const [, parent = ""] =
          /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, "utf8")) ?? [];
        const isHost = readFileSync(`/proc/${name}/cmdline`, "utf8").includes("session/host/main");
        return Number(parent) === terminal.pid && isHost ? [Number(name)] : [];
      } catch {
        // It ended while we looked.
        return [];
      }
    });
  }

  test("killed while it is idle, runs and is idle again: each time it is said once and the next cell works", async () => {
    using folder = tempFolder();
    using terminal = openRepl({ folder: folder.path });
    await terminal.prompt(1);
    terminal.type("1 + 1\r");
    await terminal.see((text) => expect(text).toContain("Out[1]: 2"));
    await terminal.idle(2);
    for (const pid of children(terminal)) process.kill(pid, "SIGKILL");
    await terminal.see((text) => expect(text).toContain("the user process is gone"));
    terminal.type("await new Promise(() => {})\r");
    await terminal.see((text) => expect(text).toContain("cell 2"));
    for (const pid of children(terminal)) process.kill(pid, "SIGKILL");
    await terminal.see((text) => expect(text).toContain("SessionLost"));
    terminal.type("2 + 2\r");
    await terminal.see((text) => expect(text).toContain("Out[3]: 4"));
    expect(terminal.text().match(/SIGKILL/g)).toHaveLength(2);
  });

  test("100 MB of output end, and the prompt answers", async () => {
    using folder = tempFolder();
    using terminal = openRepl({ folder: folder.path });
    await terminal.prompt(1);
    terminal.type(
      'for (let n = 0; n < 100; n++) process.stdout.write(("x".repeat(99) + "\\n").repeat(10_000)); "end"\r',
    );
    await terminal.see((text) => expect(text).toContain("Out[1]"), 100);
    await answersKeys(terminal);
  }, 90_000);
});
