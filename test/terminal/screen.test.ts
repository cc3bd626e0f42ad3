import { expect, test } from "vitest";
import { openScriptedRepl } from "../support/terminal.ts";

test("a cell leaves its source, output, deck and value in the scrollback, and the next prompt below", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type('print("hello\\n"), calls("load", "clean")\r');
  await terminal.idle(2);
  const rows = terminal.rows();
  expect(rows.slice(0, 2)).toEqual(['In [1]: print("hello\\n"), calls("load", "clean")', "hello"]);
  expect(rows.findIndex((row) => row.includes("load"))).toBeLessThan(rows.indexOf("Out[1]: 2"));
  expect(rows.at(-2)).toBe("In [2]:");
  expect(rows.at(-1)).toContain("Ctrl-D leave");
});

test("keys typed before the first frame are not lost, echoed twice or run early", async () => {
  using terminal = openScriptedRepl();
  terminal.type("1 + 1");
  await terminal.see((_, rows) => expect(rows).toContain("In [1]: 1 + 1"));
  terminal.type("\r");
  await terminal.see((_, rows) => expect(rows).toContain("Out[1]: 2"));
  expect(terminal.text().match(/1 \+ 1/g)).toHaveLength(1);
});

test("a paste of several lines is inserted and waits", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type("\x1b[200~[\r\n  1,\r\n]\r\n\x1b[201~");
  await terminal.see((_, rows) =>
    expect(rows.slice(0, 4)).toEqual(["In [1]: [", "   ...:   1,", "   ...: ]", "   ...:"]),
  );
  terminal.type("\x1b\r");
  await terminal.see((_, rows) => expect(rows).toContain("Out[1]: [ 1 ]"));
});

test("the real cursor stands where the next character goes", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type("日本ab\x1b[D");
  await terminal.see((_, rows) => {
    expect(rows).toContain("In [1]: 日本ab");
    expect(terminal.cursor()).toEqual({ x: 13, y: rows.indexOf("In [1]: 日本ab") });
  });
});

test("while a cell runs its calls show, unfinished output has its row, and keys answer", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type('begin("download"), print("page 17"), wait()\r');
  await terminal.see((text) => {
    expect(text).toContain("▸");
    expect(text).toContain("download");
  });
  terminal.type("typed meanwhile");
  await terminal.see((_, rows) => {
    expect(rows.at(-3)).toBe("page 17");
    expect(rows.at(-2)).toBe("In [2]: typed meanwhile");
    expect(rows.at(-1)).toContain("Ctrl-C interrupt");
  });
});

test("Ctrl-C clears the text first, then interrupts, and Up brings the text back", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type("wait()\r");
  await terminal.see((text) => expect(text).toContain("cell 1"));
  terminal.type("precious");
  await terminal.see((text) => expect(text).toContain("precious"));
  terminal.type("\x03");
  await terminal.prompt(2);
  expect(terminal.text()).not.toContain("Interrupted");
  terminal.type("\x03");
  await terminal.see((text) => expect(text).toContain("Interrupted"));
  terminal.type("\x1b[A");
  await terminal.see((_, rows) => expect(rows).toContain("In [2]: precious"));
});

test("a cell that does not stop is killed by the third press, and the next cell works", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type("stubborn()\r");
  await terminal.see((text) => expect(text).toContain("cell 1"));
  terminal.type("\x03");
  await terminal.see((text) => expect(text).toContain("Ctrl-C again to force"));
  // The ladder has its own times: presses before them do not count, so pressing on climbs it.
  await terminal.see((text) => {
    if (!text.includes("it was killed")) terminal.type("\x03");
    expect(text).toContain("it was killed by an interrupt");
  }, 250);
  await terminal.prompt(2);
  terminal.type("1 + 1\r");
  await terminal.see((text) => expect(text).toContain("Out[2]: 2"));
});

test("cells typed while one runs wait for it, in order", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type('print("first\\n"), new Promise((f) => setTimeout(f, 300))\r');
  await terminal.see((text) => expect(text).toContain("first\n"));
  terminal.type("1 + 1\r");
  terminal.type("2 + 2\r");
  await terminal.see((text) =>
    expect(text).toMatch(/Out\[2\]: 2[\s\S]*In \[3\]: 2 \+ 2\n[\s\S]*Out\[3\]: 4/),
  );
  await terminal.prompt(4);
});

test("cells entered while the user process starts wait for it", async () => {
  using terminal = openScriptedRepl({ args: ["--slow-start"] });
  await terminal.see((text) => expect(text).toContain("starting…"));
  terminal.type("1 + 1\r");
  await terminal.see((text) => expect(text).toContain("1 queued"));
  await terminal.see((text) => expect(text).toContain("Out[1]: 2"));
});

test("a failed cell drops the queue and says so", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type("wait()\r");
  await terminal.see((text) => expect(text).toContain("cell 1"));
  terminal.type("2\r");
  terminal.type("3\r");
  await terminal.see((text) => expect(text).toContain("2 queued"));
  terminal.type("\x03");
  await terminal.see((text) => expect(text).toContain("2 queued cells dropped"));
  await terminal.prompt(2);
});

test("the death of the user process is told, and the next cell works", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type('die("ended by SIGKILL")\r');
  await terminal.see((text) =>
    expect(text).toContain("the user process is gone: ended by SIGKILL"),
  );
  terminal.type("1 + 1\r");
  await terminal.see((text) => expect(text).toContain("Out[2]: 2"));
});

test("a cell the checker refused comes back, with the cursor on the error", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type("refuse(1, 8)\r");
  await terminal.see((_, rows) => {
    expect(rows).toContain("In [2]: refuse(1, 8)");
    expect(terminal.cursor().x).toBe(8 + 7);
  });
});

test("Tab completes: a common beginning, then the popup, then the chosen one", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type("al\t");
  await terminal.see((text) => {
    expect(text).toContain("In [1]: alpha\n");
    expect(text).toContain("alphabet  function  () => string");
  });
  terminal.type("\x1b[B\x1b[B\r");
  await terminal.see((text) => {
    expect(text).toContain("In [1]: alphabet\n");
    expect(text).not.toContain("() => string");
  });
});

test("a thousand lines arrive in order, each once", async () => {
  using terminal = openScriptedRepl({ rows: 30 });
  await terminal.prompt(1);
  terminal.type("Array.from({ length: 1000 }, (_, i) => print(`line ${i}\\n`)).length\r");
  await terminal.see((text) => expect(text).toContain("Out[1]: 1000"));
  const lines = terminal.rows().filter((row) => row.startsWith("line "));
  expect(lines).toEqual(Array.from({ length: 1_000 }, (_, index) => `line ${index}`));
});

test("names, output and values cannot touch the terminal", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type(
    'print("a\\x1b[2J\\x1b]52;c;aGk=\\x07\\x1b[?1049hb\\n"), calls("t\\x1b[2J"), "\\u202e"\r',
  );
  await terminal.see((text) => {
    expect(text).toContain("a\\x1b[2J\\x1b]52;c;aGk=\\x07\\x1b[?1049hb\n");
    expect(text).toContain("Out[1]: '\\u202e'");
  });
  expect(terminal.raw).not.toContain("\x1b[2J");
  expect(terminal.raw).not.toContain("\x1b[?1049h");
  expect(terminal.raw).not.toContain("\x1b]52");
});

test("resizing down to three rows and up again keeps what was typed", async () => {
  using terminal = openScriptedRepl({ columns: 100, rows: 30 });
  await terminal.prompt(1);
  terminal.type("1 + 40");
  await terminal.see((_, rows) => expect(rows).toContain("In [1]: 1 + 40"));
  for (const [columns, rows] of [
    [60, 20],
    [40, 10],
    [30, 3],
    [90, 28],
  ] as const) {
    terminal.resize(columns, rows);
  }
  terminal.type("0\r");
  await terminal.see((text) => expect(text).toContain("Out[1]: 401"));
  await terminal.prompt(2);
});

test("Ctrl-L paints the screen anew", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type('print("above\\n")\r');
  await terminal.idle(2);
  terminal.type("kept\x0c");
  await terminal.see((_, rows) => {
    expect(rows.at(-2)).toBe("In [2]: kept");
    expect(rows).not.toContain("above");
  });
});
