import { expect, test } from "vitest";
import { runCommand } from "../../../../repl/commands/registry.ts";
import { commandContext } from "../../../support/command-context.ts";

test(".rerun runs the cells that were chosen before any of them ran", async () => {
  const used = commandContext();
  for (const code of ["1", "2", "3"]) await used.execute(code);
  used.ran.splice(0);
  await runCommand(".rerun 2-9", used);
  expect(used.ran).toEqual(["2", "3"]);
});

test(".rerun stops where a cell fails this time", async () => {
  const used = commandContext();
  for (const code of ["1", "fail('x')", "3"]) await used.execute(code);
  used.ran.splice(0);
  await expect(runCommand(".rerun 1-3", used)).rejects.toThrow("In [2] did not end well");
  expect(used.ran).toEqual(["1", "fail('x')"]);
});

test(".rerun says what is wrong with its numbers", async () => {
  const used = commandContext();
  await expect(runCommand(".rerun 1", used)).rejects.toThrow("no In [1]: no cell was run yet");
  await used.execute("1");
  for (const [command, problem] of [
    [".rerun", ".rerun takes cells' numbers"],
    [".rerun x", ".rerun takes cells' numbers"],
    [".rerun 3-1", "the first number is the greater one"],
    [".rerun 7", "no In [7]: cells are 1 to 1"],
  ] as const) {
    await expect(runCommand(command, used), command).rejects.toThrow(problem);
  }
});

test(".edit and .copy hand over the source as it was typed", async () => {
  const edited: string[] = [];
  const copied: string[] = [];
  const used = {
    ...commandContext(),
    edit: (text: string) => void edited.push(text),
    copy: (text: string) => void copied.push(text),
  };
  await used.execute("[\n1]");
  await used.execute("2");
  await runCommand(".edit [1]", used);
  await runCommand(".edit", used);
  expect(edited).toEqual(["[\n1]", "2"]);
  expect(await runCommand(".copy 1", used)).toBe("copied In [1], 2 lines");
  expect(copied).toEqual(["[\n1]"]);
  await expect(runCommand(".edit 0", used)).rejects.toThrow("takes a cell's number");
});

test(".cancel takes a cell or a call, .fg a cell alone", async () => {
  const asked: (number | string)[] = [];
  const used = {
    ...commandContext(),
    cancel: (target: number | string) => `cancelled ${asked.push(target)}`,
    foreground: (n: number) => `back ${n}`,
  };
  await runCommand(".cancel 3", used);
  await runCommand(".cancel t11", used);
  expect(asked).toEqual([3, "t11"]);
  expect(await runCommand(".fg 4", used)).toBe("back 4");
  await expect(runCommand(".fg", used)).rejects.toThrow(".fg takes a cell's number: .fg 3");
  await expect(runCommand(".cancel t", used)).rejects.toThrow("or .cancel t11");
});

test(".reset forgets the cells that ended", async () => {
  const used = commandContext();
  await used.execute("1");
  await runCommand(".reset", used);
  expect(used.said).toEqual(["restart"]);
  await expect(runCommand(".rerun 1", used)).rejects.toThrow("no cell was run yet");
});

test(".history shows this session's cells, long ones cut, hostile text escaped", async () => {
  const used = commandContext();
  expect(await runCommand(".history", used)).toBe("no cell was run yet");
  for (const code of ["'\x1b[2J'", "[\n1,\n2,\n3,\n4,\n5\n]"]) await used.execute(code);
  const rows = (await runCommand(".history", used)).split("\n");
  expect(rows).toEqual([
    "1  '\\x1b[2J'",
    "2  [",
    ...["1,", "2,", "3,", "4,"].map((line) => `   ${line}`),
    "   … 2 more lines",
  ]);
  expect(await runCommand(".history -n 1", used)).toBe(rows.slice(1).join("\n"));
  await expect(runCommand(".history -n 0", used)).rejects.toThrow("takes a number, 1 or more");
});

test(".history with a text looks through earlier sessions too, newest last, each text once", async () => {
  const earlier = ["'Fetch'", "'other'", "'fetch 2'", "'Fetch'"];
  const used = { ...commandContext(), earlier: () => earlier };
  for (const code of ["'fetch 2'", "'none'"]) await used.execute(code);
  const found = (command: string) => runCommand(command, used);
  expect(await found(".history")).toBe("1  'fetch 2'\n2  'none'");
  expect(await found(".history fetch")).toBe("   'Fetch'\n1  'fetch 2'");
  expect(await found(".history Fetch")).toBe("  'Fetch'");
  expect(await found(".history -n 1 fetch")).toBe("1  'fetch 2'");
  expect(await found(".history *")).toBe("nothing with '*'");
});
