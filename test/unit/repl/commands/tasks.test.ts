import { expect, test } from "vitest";
import { runCommand } from "../../../../repl/commands/registry.ts";
import { widthOf } from "../../../../repl/terminal/width.ts";
import { commandContext } from "../../../support/command-context.ts";

test(".tasks lists the calls of the newest run, or of a cell", async () => {
  const used = commandContext();
  await expect(runCommand(".tasks", used)).rejects.toThrow("no calls yet");
  await used.execute("calls('fetch', 'parse')");
  await used.execute("1");
  const rows = (await runCommand(".tasks", used)).split("\n");
  expect(rows[0]).toBe("In [1] · 2 ok");
  expect(rows[1]).toMatch(/^t1 {2}✓ ok +fetch\(\) +5 +local +\S+ ms$/);
  expect(await runCommand(".tasks 1", used)).toContain("t2");
  await expect(runCommand(".tasks 2", used)).rejects.toThrow("In [2] made no calls");
});

test(".tasks of very many calls is bounded, and counts the rest; no row is wider than the screen", async () => {
  const used = commandContext({ columns: 50 });
  const names = Array.from({ length: 300 }, (_, n) => `'task ${n} ${"x".repeat(90)}'`);
  await used.execute(`calls(${names.join(", ")})`);
  const rows = (await runCommand(".tasks", used)).split("\n");
  expect(rows).toHaveLength(102);
  expect(rows.at(-1)).toContain("… 200 more");
  expect(Math.max(...rows.map(widthOf))).toBeLessThan(50);
});

test(".task tells all of a call, with the lines to copy", async () => {
  const used = commandContext();
  await used.execute("calls('fetch')");
  const text = await runCommand(".task t1", used);
  expect(text).toContain("✓ fetch()");
  expect(text).toContain("output 5");
  expect(text).toContain('Look at it: const t = decks[1].task("t1"); t.inputs');
  expect(text).toContain("Run it again: await t.rerun()");
  await expect(runCommand(".task", used)).rejects.toThrow(".task takes the id of a call");
  await expect(runCommand(".task t9", used)).rejects.toThrow("no call t9 in this session");
});

test("escape sequences in names of tasks are shown, not obeyed", async () => {
  const used = commandContext();
  await used.execute(String.raw`calls('\x1b]0;title\x07')`);
  for (const command of [".tasks", ".task t1", ".runs"]) {
    expect(await runCommand(command, used)).not.toMatch(/\p{Cc}(?<!\n)/u);
  }
});

test(".runs lists what made calls, and says where older ones are", async () => {
  const used = commandContext();
  expect(await runCommand(".runs", used)).toContain("no calls yet");
  await used.execute("calls('a')");
  await used.execute("1");
  const rows = (await runCommand(".runs", used)).split("\n");
  expect(rows).toHaveLength(2);
  // Up to its last column, on a screen of 80.
  expect(rows[0]).toMatch(/In \[1\] .* 1 call .*Z$/);
  expect(rows[1]).toContain("eagerdeck runs");
});

test(".deck refuses what it does not know", async () => {
  const used = commandContext();
  await used.execute("calls('a')");
  expect(await runCommand(".deck 1", used)).toBe("deck of In [1]");
  await expect(runCommand(".deck --opne", used)).rejects.toThrow(
    "no flag --opne: .deck [n] [--open]",
  );
  await expect(runCommand(".deck 1 2", used)).rejects.toThrow("too many words");
});
