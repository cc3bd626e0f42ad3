import { expect, test } from "vitest";
import { preludeNames, preludeText } from "../../runtime/session/client/types/prelude.ts";
import { openSession } from "../support/session.ts";

test("every name that the checker takes for granted exists in the user process", async () => {
  await using open = openSession();
  const { status, error } = await open.run(preludeNames.map((name) => `void ${name};`).join("\n"));
  expect(error).toBeUndefined();
  expect(status).toBe("ok");
});

test("display has the forms that the checker knows, and no others", async () => {
  const typed = /^interface Display \{([\s\S]*?)\n\}/m.exec(preludeText)?.[1] ?? "";
  const forms = [...typed.matchAll(/^ {2}(\w+)\(/gm)].map(([, name]) => name);
  await using open = openSession();
  expect(await open.value("Object.keys(display).sort().join()")).toBe(`'${forms.sort().join()}'`);
});

test("threads have Duration as cells do, and say what to import for the others", async () => {
  await using open = openSession();
  await open.run(`const long = task({ thread: true }, function long() { return String(Duration.ofSeconds(90)); });
const kept = task({ thread: true }, function kept() { return FlyteFile.from("a.csv").name; });`);
  expect(await open.value("(await long()) === String(Duration.ofSeconds(90))")).toBe("true");
  const { error } = await open.run("await kept()");
  expect(error?.message).toContain('import { FlyteFile } from "eagerdeck"');
  await open.run('import { FlyteFile } from "eagerdeck";');
  expect(await open.value("await kept()")).toBe("'a.csv'");
});

test("a name of the package is the one that an import gives", async () => {
  await using open = openSession();
  await open.run("const lent = [FlyteRemote, Config, FlyteFile, FlyteError, Duration];");
  await open.run('import * as eagerdeck from "eagerdeck";');
  const same = "lent.every((one) => eagerdeck[one.name] === one)";
  expect(await open.value(same)).toBe("true");
});

test("the checker knows what a run has left on a cluster, and how to ask for it", async () => {
  await using open = openSession({ check: "error" });
  const remote = "new FlyteRemote({ config: Config.auto() })";
  const { status } = await open.run(`async () => {
  const run = runs()[0];
  const rows: { phase: string; url: string }[] = await run.executions({ remote: ${remote} });
  return rows.length + (await run.cancel()).ended + (await deck.cancel({ remote: ${remote} })).notEnded.length;
}`);
  expect(status).toBe("ok");
  const { error } = await open.run("async () => await runs()[0].cancel({ cluster: 1 })");
  expect(error?.message).toContain("'cluster' does not exist");
});
