import { expect, test } from "vitest";
import {
  type CommandContext,
  CommandError,
  commandNames,
  isCommand,
  runCommand,
} from "../../../../repl/commands/registry.ts";
import { ScriptedSession } from "../../../support/scripted-session.ts";

function context(): CommandContext & { readonly said: string[] } {
  const said: string[] = [];
  return {
    said,
    session: new ScriptedSession(),
    leave: () => void said.push("leave"),
    restart: async () => void said.push("restart"),
    run: () => undefined,
    deckText: () => "",
  };
}

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
