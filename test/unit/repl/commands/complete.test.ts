import { expect, test } from "vitest";
import { completeCommand } from "../../../../repl/commands/complete.ts";
import { openPopup } from "../../../../repl/editor/complete.ts";
import { commandContext, type TestedContext } from "../../../support/command-context.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

/** What would stand in the editor for each item that it offers. */
async function completed(text: string, context: TestedContext) {
  const found = await completeCommand(text, text.length, context);
  if (found === undefined) return undefined;
  const offered = openPopup(found, { text, cursor: text.length })?.items ?? [];
  return offered.map(
    ({ name, insert }) => text.slice(0, found.start) + (insert ?? name) + text.slice(found.end),
  );
}

test("names of commands complete behind a dot and behind a percent sign", async () => {
  const used = commandContext();
  expect(await completed(".ti", used)).toEqual([".time", ".timeit"]);
  expect(await completed("  %ti", used)).toEqual(["  %time", "  %timeit"]);
  expect((await completed(".", used))?.length).toBeGreaterThan(20);
  expect(await completed(".zzz", used)).toEqual([]);
});

test("TypeScript, also that of a command's argument, is left to the type service", async () => {
  const used = commandContext();
  for (const text of ["const a", "1.", ".type xs.ma", "xs?"]) {
    expect(await completed(text, used), text).toBeUndefined();
  }
});

test("cells complete by number, calls by id, failed or not", async () => {
  const used = commandContext();
  await used.execute("1 + 1");
  await used.execute("calls('a', 'b')");
  expect(await completed(".edit ", used)).toEqual([".edit 2", ".edit 1"]);
  expect(await completed(".rerun 1", used)).toEqual([".rerun 1"]);
  expect(await completed(".tasks ", used)).toEqual([".tasks 2"]);
  expect(await completed(".task t", used)).toEqual([".task t1", ".task t2"]);
});

test("what is offered is called what it is", async () => {
  using folder = tempFolder({ "a.ts": "", "apps/x.ts": "" });
  const used = commandContext({ folder: folder.path });
  await used.execute("calls('a')");
  const kinds = async (text: string) => {
    const found = await completeCommand(text, text.length, used);
    return found?.items.map(({ name, kind }) => `${name} ${kind}`.trim());
  };
  expect(await kinds(".rerun ")).toEqual(["1 cell"]);
  expect(await kinds(".task ")).toEqual(["t1 call"]);
  expect(await kinds(".load ")).toEqual(["apps/ folder", "a.ts file"]);
  expect(await kinds(".set gh")).toEqual(["ghost setting"]);
  expect(await kinds(".set ghost ")).toEqual(["on", "off"]);
});

test("settings complete by key and by what each takes", async () => {
  const used = commandContext();
  expect(await completed(".set th", used)).toEqual([".set theme"]);
  expect(await completed(".set complete ", used)).toEqual([
    ".set complete off",
    ".set complete dot",
    ".set complete auto",
  ]);
  expect(await completed(".theme d", used)).toEqual([".theme dark"]);
  expect(await completed(".check w", used)).toEqual([".check warn"]);
  expect(await completed(".save --f", used)).toEqual([".save --force"]);
});

test("paths complete from the folder of commands: folders first, blanks in quotes", async () => {
  using folder = tempFolder({ "a b.ts": "", "a.txt": "", "apps/x.ts": "", ".hidden.ts": "" });
  const used = commandContext({ folder: folder.path });
  expect(await completed(".load a", used)).toEqual([".load apps/"]);
  expect(await completed(".load ", used)).toEqual([".load apps/", '.load "a b.ts"']);
  expect(await completed('.load "a', used)).toEqual(['.load "apps/', '.load "a b.ts"']);
  expect(await completed(".load apps/", used)).toEqual([".load apps/x.ts"]);
  expect(await completed(".load .h", used)).toEqual([".load .hidden.ts"]);
  expect(await completed(".cd ", used)).toEqual([".cd apps/"]);
  expect(await completed(".load none/", used)).toEqual([]);
  expect(await completed(".sh cat a.", used)).toEqual([".sh cat a.txt"]);
});

test(".remote completes its flag, the file behind it, and off", async () => {
  using folder = tempFolder({ "config.yaml": "", "data.csv": "", "flytekit.config": "" });
  const used = commandContext({ folder: folder.path });
  expect(await completed(".remote ", used)).toEqual([".remote off"]);
  expect(await completed(".remote p/d --", used)).toEqual([".remote p/d --config"]);
  expect(await completed(".remote p/d --config ", used)).toEqual([
    ".remote p/d --config config.yaml",
    ".remote p/d --config flytekit.config",
  ]);
});
