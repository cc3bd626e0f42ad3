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

test(".history shows the newest session's numbers bare, long cells cut, hostile text escaped", async () => {
  const used = commandContext();
  used.session.history = async () => [
    { session: 1, n: 9, source: "old", startedAt: 0 },
    { session: 2, n: 1, source: "\x1b[2J", startedAt: 0 },
    { session: 2, n: 2, source: "a\nb\nc\nd\ne\nf\ng", startedAt: 0 },
  ];
  expect((await runCommand(".history", used)).split("\n")).toEqual([
    "1/9  old",
    "  1  \\x1b[2J",
    "  2  a",
    ...["b", "c", "d", "e"].map((line) => `     ${line}`),
    "     … 2 more lines",
  ]);
  await expect(runCommand(".history -n 0", used)).rejects.toThrow("takes a number, 1 or more");
});
