/** The checker's child: death, restart, cancelling, closing. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test, vi } from "vitest";
import { startTypeService } from "../../runtime/session/client/types/service.ts";
import { type Checker, openChecker } from "../support/checker.ts";
import { isAlive } from "../support/processes.ts";
import { tempFolder } from "../support/temp-folder.ts";

const WRONG = "const wrong: string = 1;";

/** The child's process id once it runs. */
async function pidOf(checker: { readonly service: { readonly pid: number | undefined } }) {
  return await vi.waitFor(
    () => {
      const { pid } = checker.service;
      if (pid === undefined) throw new Error("not started yet");
      return pid;
    },
    { timeout: 10_000 },
  );
}

test("a child that is killed is replaced, and names of earlier cells are still known", async () => {
  await using checker = openChecker();
  await checker.ran("const first = 1; interface Row { id: number }");
  const pid = await pidOf(checker);
  process.kill(pid, "SIGKILL");
  expect(await checker.errors("const row: Row = { id: first }; const s: string = first;")).toEqual([
    "1:39 TS2322 Type 'number' is not assignable to type 'string'.",
  ]);
  expect(await pidOf(checker)).not.toBe(pid);
  expect((await checker.complete("fir|")).items.map(({ name }) => name)).toEqual(["first"]);
  expect(checker.notices).toEqual([]);
});

/** Takes long enough to be in flight when the child dies. */
const LARGE = Array.from({ length: 4_000 }, (_, n) => `const v${n}: number = ${n};`).join("\n");

/** Kills the child that comes after `last`; @returns its process id. */
async function killNext(checker: Checker, last?: number): Promise<number> {
  return await vi.waitFor(
    () => {
      const { pid } = checker.service;
      if (pid === undefined || pid === last) throw new Error("the next child has not started yet");
      process.kill(pid, "SIGKILL");
      return pid;
    },
    { timeout: 15_000 },
  );
}

test("a check that is in flight when the child dies is answered by the next child", async () => {
  await using checker = openChecker();
  await checker.errors("1");
  const answer = checker.errors(`${LARGE}\n${WRONG}`);
  await killNext(checker);
  expect(await answer).toHaveLength(1);
});

test("S2: a text that was in flight at two deaths is not sent again, others are", async () => {
  await using checker = openChecker();
  await checker.errors("1");
  const poison = { cell: 50, code: LARGE };
  const answer = checker.service.check(poison);
  const first = await killNext(checker);
  const second = await killNext(checker, first);
  expect(await answer).toBeUndefined();
  expect(await checker.service.check(poison)).toBeUndefined();
  expect(await checker.errors(WRONG)).toHaveLength(1);
  expect(await pidOf(checker)).not.toBe(second);
});

test("three deaths within a minute end the service with one notice, session names still complete", async () => {
  await using checker = openChecker();
  await checker.ran("const first = 1;");
  let last: number | undefined;
  for (let deaths = 0; deaths < 3; deaths++) last = await killNext(checker, last);
  await vi.waitFor(() => expect(checker.notices).toHaveLength(1), { timeout: 10_000 });
  expect(checker.notices[0]).toContain("cells run unchecked from now on");
  expect(await checker.service.check({ cell: 99, code: WRONG })).toBeUndefined();
  expect((await checker.complete("fir|")).items).toEqual([{ name: "first", kind: "constant" }]);
  expect((await checker.complete("x.fir|")).items).toEqual([]);
  expect(await checker.service.hover("first", 1)).toBeUndefined();
  expect(checker.notices).toHaveLength(1);
});

test("an aborted check answers at once and disturbs no later one", async () => {
  await using checker = openChecker();
  const stop = new AbortController();
  const pending = checker.service.check({ cell: 70, code: WRONG }, stop.signal);
  stop.abort();
  expect(await pending).toBeUndefined();
  expect(
    await checker.service.check({ cell: 71, code: WRONG }, AbortSignal.abort()),
  ).toBeUndefined();
  expect(await checker.errors(WRONG)).toHaveLength(1);
  expect(checker.notices).toEqual([]);
});

test("closing leaves no process, at any moment, and pending checks settle", async () => {
  const checker = openChecker();
  await checker.errors("1");
  const pid = await pidOf(checker);
  const pending = checker.service.check({ cell: 70, code: WRONG });
  await checker[Symbol.asyncDispose]();
  expect(isAlive(pid)).toBe(false);
  expect(await pending).toBeUndefined();
  expect(await checker.service.check({ cell: 71, code: WRONG })).toBeUndefined();
  await checker.service.close();
  using folder = tempFolder();
  const early = startTypeService({ folder: folder.path, onNotice: () => {} });
  await early.close();
  expect(early.pid).toBeUndefined();
});

test("a folder that does not exist gives one notice and unchecked cells", async () => {
  using folder = tempFolder();
  const notices: string[] = [];
  const service = startTypeService({
    folder: `${folder.path}/nowhere`,
    onNotice: (text) => notices.push(text),
  });
  expect(await service.check({ cell: 1, code: WRONG })).toBeUndefined();
  expect(notices).toHaveLength(1);
  await service.close();
});

test("text that is too deep or too long is no reason to die", async () => {
  await using checker = openChecker();
  const deep = `${"(".repeat(20_000)}1${")".repeat(20_000)}`;
  await checker.service.complete(deep, 100);
  expect((await checker.service.complete("x".repeat(300_000), 5)).items).toEqual([]);
  expect(await checker.errors(WRONG)).toHaveLength(1);
});

test("when the front end is killed, its checker ends too", async () => {
  using folder = tempFolder();
  const module = new URL("../../runtime/session/client/types/service.ts", import.meta.url).href;
  const script = `
    const { startTypeService } = await import(${JSON.stringify(module)});
    const service = startTypeService({ folder: ${JSON.stringify(folder.path)}, onNotice: () => {} });
    await service.check({ cell: 1, code: "1" });
    console.log(service.pid);`;
  const front = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = await once(front.stdout, "data");
  const pid = Number(String(said));
  expect(isAlive(pid)).toBe(true);
  front.kill("SIGKILL");
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 10_000 });
});
