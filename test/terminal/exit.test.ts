import { expect, test } from "vitest";
import { openScriptedRepl } from "../support/terminal.ts";

// What must be off again when the shell gets the terminal back: paste mode, hidden cursor, synchronized update.
function expectRestored(raw: string) {
  expect(raw.lastIndexOf("\x1b[?2004l")).toBeGreaterThan(raw.lastIndexOf("\x1b[?2004h"));
  expect(raw.lastIndexOf("\x1b[?25h")).toBeGreaterThan(raw.lastIndexOf("\x1b[?25l"));
  expect(raw.lastIndexOf("\x1b[?2026l")).toBeGreaterThan(raw.lastIndexOf("\x1b[?2026h"));
}

test("Ctrl-D at the empty prompt leaves with 0 and gives the terminal back", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type("\x04");
  expect(await terminal.exited()).toBe(0);
  expectRestored(terminal.raw);
});

test(".exit right after output loses none of it, and nothing of the live region stays", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type('print("last words\\n")\r');
  terminal.type(".exit\r");
  expect(await terminal.exited()).toBe(0);
  await terminal.see((text) => {
    expect(text).toContain("last words");
    expect(text).not.toContain("Ctrl-D leave");
  });
});

test("Ctrl-C twice at the empty prompt leaves, once does not", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type("\x03");
  await terminal.see((text) => expect(text).toContain("Ctrl-C again, or Ctrl-D, leaves"));
  await terminal.see((text) => {
    if (text.includes("Ctrl-C again")) terminal.type("\x03");
    expect(text).not.toContain("Ctrl-C again");
  }, 250);
  expect(await terminal.exited()).toBe(0);
});

test("a Ctrl-C that cleared text, or came before other keys, is not the first of the two", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type("\x03");
  await terminal.see((text) => expect(text).toContain("Ctrl-C again, or Ctrl-D, leaves"));
  terminal.type("a");
  await terminal.see((text) => expect(text).toMatch(/In \[1\]: a/));
  terminal.type("\x7f");
  await terminal.see((text) => expect(text).not.toMatch(/In \[1\]: a/));
  // Pressed until it is no part of the press before.
  await terminal.see((text) => {
    if (!text.includes("Ctrl-C again")) terminal.type("\x03");
    expect(text).toContain("Ctrl-C again, or Ctrl-D, leaves");
  }, 250);
});

test("with a running cell Ctrl-D asks; no stays, Ctrl-D again leaves", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type("wait()\r");
  await terminal.see((text) => expect(text).toContain("cell 1"));
  terminal.type("\x04");
  await terminal.see((text) => expect(text).toContain("1 cell still runs. Leave? [y/N]"));
  terminal.type("n");
  await terminal.see((text) => expect(text).not.toContain("Leave?"));
  terminal.type("\x04");
  await terminal.see((text) => expect(text).toContain("Leave? [y/N]"));
  terminal.type("\x04");
  expect(await terminal.exited()).toBe(0);
  await terminal.see((text) => expect(text).toContain("Interrupted"));
});

test("process.exit(7) in a cell ends the REPL with 7", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type("exit(7)\r");
  expect(await terminal.exited()).toBe(7);
  expect(terminal.text()).not.toContain("SessionLost");
});

test.each([
  ["SIGTERM", 143],
  ["SIGHUP", 129],
])("%s ends with %i and gives the terminal back", async (signal, code) => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.kill(signal);
  expect(await terminal.exited()).toBe(code);
  expectRestored(terminal.raw);
});

test("SIGINT from outside is a Ctrl-C", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type("wait()\r");
  await terminal.see((text) => expect(text).toContain("cell 1"));
  terminal.kill("SIGINT");
  await terminal.see((text) => expect(text).toContain("Interrupted"));
  await terminal.prompt(2);
});

test("-i stays after the cells of -e", async () => {
  using terminal = openScriptedRepl({ args: ["-i", "-e", "20 + 1"] });
  await terminal.see((text) => expect(text).toContain("Out[1]: 21"));
  terminal.type("1 + 1\r");
  await terminal.see((text) => expect(text).toContain("Out[2]: 2"));
});

test("NO_COLOR leaves no colour", async () => {
  using terminal = openScriptedRepl({ environment: { NO_COLOR: "1" } });
  await terminal.prompt(1);
  terminal.type('fail("x")\r');
  await terminal.idle(2);
  // Ink ends its frames with a reset now and then; what sets a colour is a number other than 0.
  expect(terminal.raw).not.toMatch(/\u001b\[[1-9][\d;]*m/);
});

test.each([
  ["an exception that nobody caught", 'setTimeout(() => { throw new Error("a bug of ours") }, 0)'],
  ["a rejection that nobody handles", 'void Promise.reject(new Error("a bug of ours"))'],
])("%s leaves with 70, its stack and the version, and gives the terminal back", async (_, cell) => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type(`${cell}\r`);
  expect(await terminal.exited()).toBe(70);
  await terminal.see((text) => {
    expect(text).toMatch(/eagerdeck \d+\.\d+\.\d+: an error of ours, please report it/);
    expect(text).toContain("Error: a bug of ours\n    at ");
  });
  expectRestored(terminal.raw);
});
