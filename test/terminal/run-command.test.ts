/** `eagerdeck run` in a terminal: the tree while it runs, and what is left of it afterwards. Runs `dist/`. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { distFolder } from "../support/dist.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";
import { openCommand, Terminal, type TerminalOptions } from "../support/terminal.ts";

// A step ends when the test has opened its gate.
const FLOW = `import { existsSync } from "node:fs";
import { eager, task, z } from "eagerdeck";
const gate = async (name) => {
  while (!existsSync(name)) await new Promise((resolve) => setTimeout(resolve, 20));
};
const step = task({ inputs: { n: z.int(), at: z.string() }, output: z.int() }, async function step({ n, at }, { log }) {
  console.log("begun " + n);
  log("logged", n);
  await gate(at);
  return n;
});
export const flow = eager({ inputs: { n: z.int(), at: z.string() }, output: z.int() }, async function flow({ n, at }) {
  const all = Promise.all(Array.from({ length: n }, (_, i) => step({ n: i, at })));
  await gate(at + ".half");
  process.stdout.write("half a line");
  await all;
  process.stdout.write(", and the rest\\n");
  return n;
});
export const fails = eager({ inputs: { at: z.string() } }, async function fails({ at }) {
  await step({ n: 1, at });
  throw new RangeError("after all");
});
export const blocks = task({ inputs: {} }, function blocks() {
  console.log("blocked");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
`;
let folder: TempFolder;
beforeAll(() => {
  folder = tempFolder({ "package.json": "{}", "flow.ts": FLOW });
});
afterAll(() => folder[Symbol.dispose]());

const run = (args: readonly string[], options: TerminalOptions = {}) =>
  openCommand(["run", "flow.ts", ...args], { folder: folder.path, columns: 80, ...options });
/** How often a row begins like that. */
const count = (rows: readonly string[], start: string) =>
  rows.filter((row) => row.startsWith(start)).length;

test("the tree is drawn in its place below what is printed, and the deck comes at the end", async () => {
  using terminal = run(["flow", "--n", "2", "--at", "open-1"]);
  await terminal.see((text) => expect(text).toMatch(/▸ flow.*\n▸ step.*\n▸ step/));
  folder.write("open-1.half", "");
  await terminal.see((_, rows) => {
    expect(rows.slice(-4)).toEqual([
      "half a line",
      expect.stringMatching(/^▸ flow\(n: 2, at: "open-1"\) +2 running +\d\.\d+ s$/),
      expect.stringMatching(/^▸ step\(n: 0, at: "open-1"\) +\d\.\d+ s$/),
      expect.stringMatching(/^▸ step\(n: 1, at: "open-1"\) +\d\.\d+ s$/),
    ]);
  });
  folder.write("open-1", "");
  expect(await terminal.exited()).toBe(0);
  await terminal.see((text, rows) => {
    expect(rows.slice(0, 6)).toEqual([
      ...["begun 0", "logged 0", "begun 1", "logged 1"],
      ...["half a line, and the rest", "2"],
    ]);
    expect(rows[6]).toMatch(/^✓ flow\(n: 2, at: "open-1"\) +in .* 2 tasks: 2 ok$/);
    expect(count(rows, "✓ flow")).toBe(1);
    expect(text).not.toContain("▸");
  });
  expect(terminal.raw).not.toContain("\x1b[?25l");
});

test("a failure leaves its deck and nothing of the tree, exit code 1", async () => {
  using terminal = run(["fails", "--at", "open-2"]);
  await terminal.see((text) => expect(text).toMatch(/▸ fails.*\n▸ step/));
  folder.write("open-2", "");
  expect(await terminal.exited()).toBe(1);
  await terminal.see((text, rows) => {
    expect(text).toContain("RangeError: after all");
    expect(count(rows, "✕ fails")).toBeGreaterThan(0);
    expect(text).not.toContain("▸");
  });
});

test("Ctrl-C leaves the deck, exit code 130; pressed again also of one that blocks its thread", async () => {
  using terminal = run(["flow", "--n", "1", "--at", "never"]);
  await terminal.see((text) => expect(text).toMatch(/▸ flow.*\n▸ step/));
  terminal.type("\x03");
  expect(await terminal.exited()).toBe(130);
  await terminal.see((text, rows) => {
    expect(count(rows, "⊘ flow")).toBe(1);
    expect(text).not.toContain("▸");
  });
  using stubborn = run(["blocks"]);
  await stubborn.see((text) => expect(text).toMatch(/blocked\n▸ blocks/));
  const pressing = setInterval(() => stubborn.type("\x03"), 250);
  try {
    expect(await stubborn.exited()).toBe(130);
  } finally {
    clearInterval(pressing);
  }
  await stubborn.see((text) => {
    expect(text).toMatch(/[⊘✕] blocks/);
    expect(text).not.toContain("▸");
  });
});

test("a window that is small has room for all that is drawn, and one that becomes another keeps nothing of it", async () => {
  using terminal = run(["flow", "--n", "9", "--at", "open-3"], { columns: 60, rows: 8 });
  folder.write("open-3.half", "");
  await terminal.see((text, rows) => {
    expect(rows.slice(-7)[0]).toBe("half a line");
    expect(text).toMatch(/▸ flow\(.*\n(?:▸ step\(.*\n)+… \d running$/);
  });
  terminal.resize(60, 40);
  await terminal.see((_, rows) => expect(count(rows, "▸ step")).toBe(9));
  terminal.resize(34, 40);
  await terminal.see((_, rows) => {
    expect(rows[18]).toBe("half a line");
    expect(rows.slice(19).map((row) => row.slice(0, 6))).toEqual([
      "▸ flow",
      ...Array.from({ length: 9 }, () => "▸ step"),
    ]);
  });
  folder.write("open-3", "");
  expect(await terminal.exited()).toBe(0);
  await terminal.see((text, rows) => {
    const printed = Array.from({ length: 9 }, (_, n) => [`begun ${n}`, `logged ${n}`]).flat();
    expect(rows.slice(0, 20)).toEqual([...printed, "half a line, and the rest", "9"]);
    expect(text).not.toContain("▸");
  });
});

test("Ctrl-Z gives the terminal to the shell without the tree, and fg draws it below what is there by then", async () => {
  using shell = new Terminal(["-i"], {
    ...{ program: "/bin/sh", folder: folder.path, columns: 200 },
    environment: { PS1: "shell> ", ENV: undefined },
  });
  await shell.see((text) => expect(text).toBe("shell>"));
  shell.type(
    `"${process.execPath}" "${distFolder}/cli/main.js" run flow.ts flow --n 1 --at open-5\r`,
  );
  await shell.see((text) => expect(text).toMatch(/▸ flow.*\n▸ step/));
  shell.type("\x1a");
  await shell.see((text, rows) => {
    expect(rows.at(-1)).toBe("shell>");
    expect(text).not.toContain("▸");
  });
  shell.type("echo bet''ween\r");
  await shell.see((text) => expect(text).toMatch(/\nbetween\nshell>$/));
  shell.type("fg\r");
  await shell.see((text) => expect(text).toMatch(/\nbetween\nshell> fg\n.*\n▸ flow.*\n▸ step.*$/));
  for (const gate of ["open-5.half", "open-5"]) folder.write(gate, "");
  await shell.see((text, rows) => {
    expect(rows.at(-1)).toBe("shell>");
    expect(text).toMatch(/\nbetween\nshell> fg\n.*\nhalf a line, and the rest\n1\n✓ flow/);
    expect(text).not.toContain("▸");
  });
});

test.each([{ NO_COLOR: "1" }, { TERM: "dumb" }])(
  "with %j lines follow each other, and nothing is drawn anew",
  async (environment) => {
    using terminal = run(["flow", "--n", "2", "--at", "open-1"], { environment });
    expect(await terminal.exited()).toBe(0);
    await terminal.see((text) => expect(text).toMatch(/begun 0\nlogged 0\n/));
    expect(terminal.raw).not.toContain("\x1b");
  },
);

test("what is piped on is what the program and its value say, whatever the screen shows", async () => {
  const command = `"${process.execPath}" "${distFolder}/cli/main.js" run flow.ts flow --n 1 --at open-4`;
  using terminal = new Terminal(["-c", `${command} > piped`], {
    ...{ program: "/bin/sh", folder: folder.path },
  });
  await terminal.see((text) => expect(text).toMatch(/^logged 0\n▸ flow.*\n▸ step/));
  for (const gate of ["open-4.half", "open-4"]) folder.write(gate, "");
  expect(await terminal.exited()).toBe(0);
  const piped = readFileSync(`${folder.path}/piped`, "utf8");
  expect(piped).toBe("begun 0\nhalf a line, and the rest\n1\n");
  await terminal.see((text) => expect(text).toMatch(/^logged 0\n✓ flow/));
});
