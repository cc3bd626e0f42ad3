import { expect, test } from "vitest";
import {
  CommandError,
  commandNames,
  commandTiming,
  isCommand,
  parseCommand,
  runCommand,
} from "../../../../repl/commands/registry.ts";
import { widthOf } from "../../../../repl/terminal/width.ts";
import { commandContext as context } from "../../../support/command-context.ts";

test("a cell that begins with a dot and a letter is a command, a number is not", () => {
  expect([".help", "  .exit", ".5 + 1", "...xs", "a.b", "."].map(isCommand)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});

test(".check shows and sets the policy, and refuses what it does not know", async () => {
  const used = context();
  expect(await runCommand(".check", used)).toBe("check: error");
  expect(await runCommand(".check warn", used)).toBe("check: warn");
  expect(used.session.check).toBe("warn");
  await expect(runCommand(".check loud", used)).rejects.toThrow(".check takes off, warn, error");
});

test("an unknown command names the nearest one and does nothing", async () => {
  const used = context();
  for (const [typed, meant] of [
    ["exi", "exit"],
    ["chek", "check"],
    ["hlep", "help"],
    ["dek", "deck"],
  ]) {
    await expect(runCommand(`.${typed}`, used)).rejects.toThrow(
      new CommandError(`unknown command .${typed}: did you mean .${meant}?`),
    );
  }
  await expect(runCommand(".zzz", used)).rejects.toThrow("unknown command .zzz: see .help");
  expect(used.said).toEqual([]);
});

test(".exit leaves, .restart restarts", async () => {
  const used = context();
  await runCommand(".exit", used);
  await runCommand(".restart", used);
  expect(used.said).toEqual(["leave", "restart"]);
});

test(".help names every command, and each has help of its own", async () => {
  const help = await runCommand(".help", context());
  for (const { name, summary } of commandNames()) {
    expect(help).toContain(name);
    expect(await runCommand(`.help ${name}`, context())).toContain(summary);
  }
});

test(".type asks the type service and runs nothing", async () => {
  expect(await runCommand(".type 1 + 1", context())).toBe("number");
  await expect(runCommand(".type", context())).rejects.toThrow(".type takes an expression");
  await expect(runCommand(".type 1 +", context())).rejects.toThrow("not an expression");
});

test(".deck says so when there is none", async () => {
  await expect(runCommand(".deck", context())).rejects.toThrow("no calls yet");
  await expect(runCommand(".deck 3", context())).rejects.toThrow("In [3] made no calls");
  await expect(runCommand(".deck x", context())).rejects.toThrow("a cell's number");
});

test("?x, x? and %name are commands, and TypeScript with question marks is none", () => {
  const typed = ["?", "?a.b", "??f", "a?", "a.b[0]??", '%timeit f("x")', "%who"];
  expect(typed.map((code) => Object.values(parseCommand(code) ?? {}).join(" "))).toEqual([
    "help ",
    "doc a.b",
    "source f",
    "doc a",
    "source a.b[0]",
    'timeit f("x")',
    "who ",
  ]);
  for (const code of ["a ? b : c", "x?.y", "a ?? b", "f(x)?\nb : c", "a?\n1 : 2", "5 % 2"]) {
    expect(isCommand(code), code).toBe(false);
  }
});

test("commands that need values wait for the running cell, others do not", () => {
  expect([".vars", "%timeit x", ".load a.ts", ".rerun 1"].map(commandTiming)).toEqual(
    Array(4).fill("queued"),
  );
  expect([".help", "x?", ".tasks", ".restart", ".nonsense"].map(commandTiming)).toEqual(
    Array(5).fill("now"),
  );
});

test(".help fits on one screen of 80 by 24 with the prompt below it", async () => {
  const rows = (await runCommand(".help", context())).split("\n");
  expect(rows.length).toBeLessThanOrEqual(22);
  expect(Math.max(...rows.map(widthOf))).toBeLessThan(80);
});

test(".exit takes a code and refuses what is none", async () => {
  const used = context();
  await runCommand(".exit 3", used);
  await runCommand("%quit", used);
  expect(used.said).toEqual(["leave 3", "leave"]);
  for (const wrong of ["x", "-1", "256", "1.5"]) {
    await expect(runCommand(`.exit ${wrong}`, used)).rejects.toThrow("a code from 0 to 255");
  }
});

test("what only a screen can do says so elsewhere", async () => {
  const used = context();
  await used.execute("1");
  for (const code of [".edit", ".copy", ".bg", ".fg 1", ".cancel 1", ".cancel t1"]) {
    await expect(runCommand(code, used), code).rejects.toThrow("only on the screen");
  }
});
