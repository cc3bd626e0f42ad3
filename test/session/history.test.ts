/** What a session remembers of its runs: rerun, resume, restart, crash, another session in the same folder. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test, vi } from "vitest";
import { openSession, type TestSession } from "../support/session.ts";
import { tempFolder } from "../support/temp-folder.ts";

const TASKS = `
let isUp = false;
var calls = [];
const load = task(async ({ day }: { day: string }) => { calls.push("load"); return { day, rows: [1, 2, 3] }; });
const publish = task(({ channel, n }: { channel: string; n: number }) => {
  calls.push("publish");
  if (!isUp) throw new Error("503");
  return channel + ": " + n;
});
const daily = eager(async ({ day }: { day: string }) => {
  const { rows } = await load({ day });
  return await publish({ channel: "#sales", n: rows.length });
});`;

/** Fails once: `publish` is call t3, `load` t2. */
async function failed(s: TestSession): Promise<void> {
  await s.run(TASKS);
  const settled = await s.run('const report = await daily({ day: "2026-11-26" }); report');
  expect(settled.error?.message).toContain("503");
}

/** Rows of calls in the history by now. */
function callsWritten(folder: string): number {
  const database = new DatabaseSync(join(folder, ".eagerdeck/history.db"), { readOnly: true });
  try {
    return Number(database.prepare("SELECT count(*) AS n FROM calls").get()?.["n"]);
  } finally {
    database.close();
  }
}

test("a failed call is looked at, its task mended, called again, and the cell resumed", async () => {
  await using s = openSession();
  await failed(s);
  expect(await s.value('const t = deck.task("t3"); t.inputs')).toBe("{ channel: '#sales', n: 3 }");
  expect(await s.value("String(t.error.cause)")).toBe("'Error: 503'");
  expect(
    await s.value("[t.attempts.length, t.source?.file, deck.failed.map((call) => call.id)]"),
  ).toBe("[ 1, 'In [1]', [ 't1', 't3' ] ]");
  await s.run("isUp = true; calls = []");
  expect(await s.value('await t.rerun({ channel: "#dev" })')).toBe("'#dev: 3'");
  expect(await s.value("[deck.title, deck.state]")).toBe("[ 't3 again', 'ok' ]");
  expect(await s.value("await decks[2].resume()")).toBe("'#sales: 3'");
  // load was not called again; publish had failed.
  expect(await s.value("calls")).toBe("[ 'publish', 'publish' ]");
  expect(
    await s.value("deck.tasks('load').map((call) => [call.state, call.output.rows.length])"),
  ).toBe("[ [ 'cached', 3 ] ]");
  expect(await s.value("report")).toBe("'#sales: 3'"); // what the cell declares is declared
  expect(await s.value("[decks[2].state, runs().length]")).toBe("[ 'ok', 3 ]");
});

test("a call whose inputs are others is made again when a cell is resumed, and the deck says why", async () => {
  await using s = openSession();
  await failed(s);
  await s.run("isUp = true; calls = []");
  await s.run(
    TASKS.replace("day, rows: [1, 2, 3]", "day, rows: [1]").replace(
      "let isUp = false",
      "isUp = true",
    ),
  );
  expect(await s.value("await deck.resume()")).toBe("'#sales: 3'"); // load is reused, as it was
  const reasons = s.events.flatMap((item) =>
    item.kind === "event" && item.event.kind === "call-settled" && item.event.cache
      ? [item.event.cache.reason]
      : [],
  );
  expect(reasons).toEqual([
    "reused from t2; its function has changed since",
    "not reused: t3 was failed",
    "not reused: t1 was failed",
  ]);
});

test("what was changed after the run is reused as it was, and made again with other inputs", async () => {
  await using s = openSession();
  await s.run(`let fail = true; var pulls = 0;
const load = task({ name: "load" }, async (_: object) => [1]);
const sum = task({ name: "sum" }, async ({ list }: { list: number[] }) => { pulls++; const total = list.reduce((a, b) => a + b, 0); list.push(7); return total; });
let given = [1];`);
  await s.run(
    `const a = await load({}); a.push(2); const t = await sum({ list: given }); if (fail) throw new Error("later"); [a, t, pulls]`,
  );
  expect(await s.value("fail = false; given = [1]; await decks[2].resume()")).toBe(
    "[ [ 1, 2 ], 1, 1 ]",
  );
  expect(await s.value("given = [1, 7]; await decks[2].resume()")).toBe("[ [ 1, 2 ], 8, 2 ]");
});

test("of several attempts of a workflow the last one lends its calls", async () => {
  await using s = openSession();
  await s.run(`let fail = true; var made: string[] = [];
const step = task({ name: "step" }, async ({ n }: { n: number }) => { made.push("step" + n); return "step" + n; });
const flow = eager({ name: "flow", retries: { count: 1, backoff: 1 } }, async (_: object, ctx) => {
  const value = await step({ n: 0 });
  await step({ n: ctx.attempt });
  if (ctx.attempt === 1 || fail) throw new Error("not yet");
  return value;
});`);
  await s.run("await flow({})");
  expect(await s.value("fail = false; made = []; await deck.resume()")).toBe("'step0'");
  // Attempt 1 finds step0 and makes step1 anew; attempt 2 finds both.
  expect(await s.value("made")).toBe("[ 'step1' ]");
});

test("another session in the folder knows the runs, and resumes one", async () => {
  using folder = tempFolder();
  {
    await using first = openSession({ folder: folder.path });
    await failed(first);
  }
  await using s = openSession({ folder: folder.path });
  expect(await s.value("deck")).toBe("no calls yet");
  expect(await s.value("String(runs()[0])")).toBe("'[object Object]'");
  expect(await s.value("runs().map((run) => [run.title, run.state])")).toBe(
    "[ [ 'In [2]', 'failed' ] ]",
  );
  expect(await s.value('runs()[0].task("t3").inputs')).toBe("{ channel: '#sales', n: 3 }");
  expect(await s.value('runs()[0].task("t2").output.rows')).toBe("[ 1, 2, 3 ]");
  await expect(s.value('deck.task("t3")')).rejects.toThrow(
    'no call t3 in this session; runs() lists its runs and earlier ones: runs()[1].task("t1")',
  );
  await expect(s.value('runs()[0].task("t3").rerun()')).rejects.toThrow(
    "there is no task publish in this session: run the cell that defines it first",
  );
  await s.run(TASKS.replace("isUp = false", "isUp = true"));
  expect(await s.value("await runs()[0].resume()")).toBe("'#sales: 3'");
  expect(await s.value("calls")).toBe("[ 'publish' ]");
  expect(await s.value("runs().length")).toBe("2");
});

test("a user process killed in the middle of a run leaves it as killed, and the next one resumes it", async () => {
  await using s = openSession();
  await s.run("const quick = task({ name: 'quick' }, async ({ n }: { n: number }) => n * 2);");
  await s.run(
    "const slow = task({ name: 'slow' }, async (_: object) => { await new Promise((r) => setTimeout(r, 600_000)); });",
  );
  const pid = Number(await s.value("process.pid"));
  const cell = s.session.execute({ code: "const a = await quick({ n: 21 }); await slow({}); a" });
  await vi.waitFor(
    () =>
      expect(
        s.events.some(
          (item) =>
            item.kind === "event" &&
            item.event.kind === "attempt-started" &&
            item.event.id === "t2",
        ),
      ).toBe(true),
    { timeout: 20_000 },
  );
  await vi.waitFor(() => expect(callsWritten(s.folder)).toBe(2), { timeout: 20_000 });
  process.kill(pid, "SIGKILL");
  expect((await cell.settled).status).toBe("error");
  await s.run(
    "const quick = task({ name: 'quick' }, async ({ n }: { n: number }) => { throw new Error('called again'); });",
  );
  await s.run("const slow = task({ name: 'slow' }, async (_: object) => undefined);");
  expect(await s.value("[deck.state, deck.task('t1').output, deck.task('t2').state]")).toBe(
    "[ 'killed', 42, 'cancelled' ]",
  );
  expect(await s.value("await deck.resume()")).toBe("42");
  // Numbers of calls go on.
  expect(await s.value("deck.tasks('slow').map((call) => call.id)")).toBe("[ 't4' ]");
});

test("several sessions that begin at once in a fresh folder all keep their history", async () => {
  using folder = tempFolder();
  const sessions = Array.from({ length: 4 }, () => openSession({ folder: folder.path }));
  try {
    await Promise.all(
      sessions.map((s) => s.run("await task({ name: 'one' }, (_: object) => 1)({})")),
    );
    await vi.waitFor(() => expect(callsWritten(folder.path)).toBe(4), { timeout: 20_000 });
    expect(sessions.flatMap((s) => s.events.filter((item) => item.kind === "notice"))).toEqual([]);
  } finally {
    await Promise.all(sessions.map((s) => s.session.close({ graceMs: 200 })));
  }
});

test("an interrupt ends a resumed cell, also in a loop", async () => {
  await using s = openSession();
  await s.run("let spin = false; const one = task({ name: 'one' }, async (_: object) => 1);");
  await s.run("await one({}); while (spin) {} await one({}); if (!spin) throw new Error('no')");
  await s.run("spin = true");
  const cell = s.session.execute({ code: "await deck.resume()" });
  await cell.started;
  await vi.waitFor(
    () =>
      expect(
        s.events.some(
          (item) =>
            item.kind === "event" &&
            item.event.kind === "call-settled" &&
            item.event.state === "cached",
        ),
      ).toBe(true),
    { timeout: 20_000 },
  );
  await s.session.interrupt("cooperate");
  expect((await cell.settled).status).toBe("interrupted");
  expect(await s.value("1 + 1")).toBe("2");
});

test("a session that ends leaves one whole file", async () => {
  using folder = tempFolder();
  {
    await using s = openSession({ folder: folder.path });
    await failed(s);
  }
  expect(readdirSync(join(folder.path, ".eagerdeck")).sort()).toEqual([".gitignore", "history.db"]);
  expect(callsWritten(folder.path)).toBe(3);
});

test("without calls nothing is made; switched off nothing is kept, and everything else works", async () => {
  await using s = openSession();
  await s.run("console.log(1); deck; runs()");
  expect(readdirSync(s.folder)).toEqual([]);
  vi.stubEnv("EAGERDECK_HISTORY", "off");
  try {
    await using off = openSession();
    await failed(off);
    await off.run("isUp = true");
    expect(await off.value("await deck.resume()")).toBe("'#sales: 3'");
    expect(readdirSync(off.folder)).toEqual([]);
  } finally {
    vi.unstubAllEnvs();
  }
});

test("a full disk costs a notice, and no cell", async (context) => {
  using folder = tempFolder();
  const disk = join(folder.path, "disk");
  mkdirSync(disk);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=48k", "tmpfs", disk]);
  if (mounted.status !== 0) context.skip("only root can make a small disk");
  try {
    await using s = openSession({ folder: disk });
    await s.run(TASKS.replace("isUp = false", "isUp = true"));
    for (let n = 0; n < 5; n++)
      expect(await s.value(`await daily({ day: "${"x".repeat(20_000)}${n}" })`)).toBe(
        "'#sales: 3'",
      );
    await vi.waitFor(
      () =>
        expect(s.events.filter((item) => item.kind === "notice").map((item) => item.text)).toEqual([
          expect.stringContaining("this session keeps no history"),
        ]),
      { timeout: 10_000 },
    );
    expect(await s.value("await decks[2].resume()")).toBe("'#sales: 3'");
  } finally {
    spawnSync("umount", [disk]);
  }
});

test("one call is cancelled by its id, and the others go on", async () => {
  await using s = openSession();
  await s.run(
    "const sleep = task(async function sleep({ ms }: { ms: number }, { signal }) { await new Promise((done, fail) => { setTimeout(done, ms); signal.addEventListener('abort', fail); }); return ms; })",
  );
  const cell = s.session.execute({
    code: "const long = sleep({ ms: 60_000 }); const short = sleep({ ms: 50 }); [await short, (await long.catch((error: EagerException) => error)).code]",
  });
  await cell.started;
  const cancelled = async () => {
    const asked = await s.session.evaluate('deck.task("t1").cancel("by hand")');
    return asked.ok ? asked.value["text/plain"] : asked.error.message;
  };
  // Cells have an order; this question is asked meanwhile, when the call is there.
  await vi.waitFor(async () => expect(await cancelled()).toBe("true"));
  expect((await cell.settled).value?.["text/plain"]).toBe("[ 50, 'CANCELLED' ]");
  expect(await cancelled()).toBe("false");
});
