import { expect, test } from "vitest";
import { runCommand } from "../../../../repl/commands/registry.ts";
import { parseTiming, timeitCode, timingText } from "../../../../repl/commands/timeit.ts";
import { commandContext } from "../../../support/command-context.ts";

test(".doc gives signature, live value and documentation", async () => {
  const used = commandContext();
  used.session.types.hover = async (code, offset) => ({
    signature: `(property) ${code[offset]}: number`,
    documentation: "Says\x1b[2J.",
    start: 0,
    end: 0,
  });
  used.session.peek = async (path: string) => ({ type: "number", preview: path, properties: [] });
  expect(await runCommand("a.b?", used)).toBe("(property) b: number\n= a.b\n\nSays\\x1b[2J.");
  expect(await runCommand(".doc a.b", used)).toBe(await runCommand("?a.b", used));
  await expect(runCommand(".doc", used)).rejects.toThrow(".doc takes an expression");
});

test(".source shows the declaration and where it is, or that none is known", async () => {
  const used = commandContext();
  await expect(runCommand("f??", used)).rejects.toThrow("no declaration known of f");
  used.session.types.definition = async () => ({
    cell: 3,
    label: "In [3]",
    text: "function f() {}",
    line: 1,
    column: 10,
  });
  expect(await runCommand("f??", used)).toBe("In [3]:1:10\nfunction f() {}");
});

test(".vars lists names with kind, cell, type and value, in columns", async () => {
  const used = commandContext();
  expect(await runCommand(".vars", used)).toBe("no names yet");
  const published = [
    { name: "xs", kind: "const" },
    { name: "Point", kind: "interface" },
  ];
  used.transcript.entered(1, "…");
  used.transcript.settled({ cell: 1, n: 1, status: "ok", published, durationMs: 1 });
  used.session.peek = async (path: string) =>
    path === "xs" ? { type: "Array", preview: "[1, 2]", properties: [] } : undefined;
  expect((await runCommand(".vars", used)).split("\n")).toEqual([
    "Point  interface  [1]",
    "xs     const      [1]  Array  [1, 2]",
  ]);
  expect(await runCommand("%who oi", used)).toBe("Point  interface  [1]");
  expect(await runCommand(".vars zz", used)).toBe("no name contains 'zz'");
});

test(".time runs a cell and counts its calls", async () => {
  const used = commandContext();
  expect(await runCommand(".time calls('a', 'b')", used)).toBe("wall 1 ms · 2 calls");
  expect(await runCommand(".time fail('x')", used)).toBe("wall 1 ms · error");
  expect(used.ran).toEqual(["calls('a', 'b')", "fail('x')"]);
});

test("the code of .timeit measures what waits and what does not, and its answer is read", async () => {
  for (const [expression, isAsync] of [
    ["1 + 1 // a comment", false],
    ["await null", true],
  ] as const) {
    const measure = new Function(`return (async () => ${timeitCode(expression, isAsync, 1)})()`);
    const timing = parseTiming(await measure());
    expect(timing?.batchesMs.length).toBeGreaterThanOrEqual(3);
    expect(timing?.loops).toBeGreaterThan(1);
  }
  expect(parseTiming("nothing")).toBeUndefined();
});

test("a measurement is told in the unit that fits", () => {
  expect(timingText({ loops: 1_000, batchesMs: [0.0012, 0.0014] })).toBe(
    "1.30 µs ± 100 ns per loop, best 1.20 µs (mean ± sd of 2 runs of 1,000 loops)",
  );
  expect(timingText({ loops: 1, batchesMs: [2_000] })).toBe(
    "2.00 s ± 0.00 ns per loop, best 2.00 s (mean ± sd of 1 run of 1 loop)",
  );
});

test(".timeit of what throws says what was thrown", async () => {
  const used = commandContext();
  await expect(runCommand(".timeit 1 +", used)).rejects.toThrow("not an expression: 1 +");
});
