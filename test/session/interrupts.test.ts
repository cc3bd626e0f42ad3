import { spawnSync } from "node:child_process";
import { expect, test, vi } from "vitest";
import { openSession } from "../support/session.ts";

/** Starts a cell and waits until it has printed, so that an interrupt meets it at work. */
async function started(s: ReturnType<typeof openSession>, code: string) {
  const execution = s.session.execute({ code: `console.log('begun');\n${code}` });
  await vi.waitFor(() => expect(s.printed(execution.cell)).toContain("begun"), { timeout: 15_000 });
  return execution;
}

/** All user processes of this test process, working or waiting. */
function userProcesses(): number[] {
  const found = spawnSync("pgrep", ["-P", String(process.pid), "-f", "session/host/main.js"]);
  return String(found.stdout).trim().split("\n").map(Number);
}

test.each([
  ["a loop that blocks the thread", "let n = 0; while (true) { n++ }"],
  ["a loop after an await", "await null; for (;;);"],
  ["a loop in a function of an earlier cell", "spin()"],
  ["a loop that catches everything", "while (true) { try { for (;;); } catch {} }"],
  [
    "a loop that awaits and catches everything",
    "while (true) { try { await new Promise((r) => setTimeout(r)); } catch {} }",
  ],
  ["a pending await", "await new Promise(() => {})"],
  ["a task that ignores its signal", "await stubborn()"],
])("cooperate ends %s and keeps the state", async (_, code) => {
  await using s = openSession();
  await s.run("const kept = 42; function spin() { for (;;); }");
  await s.run("const stubborn = task(function stubborn() { return new Promise(() => {}) })");
  const execution = await started(s, code);
  // `done` or `pending`, by how busy the machine is; that it settles is the point.
  expect(await s.session.interrupt("cooperate")).not.toBe("unsafe");
  const settled = await execution.settled;
  expect([settled.status, settled.error?.name]).toEqual(["interrupted", "Interrupted"]);
  expect(await s.value("kept")).toBe("42");
});

test("I1: a cell that was stopped at a promise for ever ends no later cell, and later cells can be stopped", async () => {
  await using s = openSession();
  const waiting = await started(s, "await new Promise(() => {})");
  await s.session.interrupt("cooperate");
  expect((await waiting.settled).status).toBe("interrupted");
  // Longer than a loop may keep the interrupt of another cell from the main thread.
  const loop = "const until = Date.now() + 600; let turns = 0; while (Date.now() < until) turns++;";
  const later = await s.run(`${loop} 'whole'`);
  expect([later.status, later.value?.["text/plain"]]).toEqual(["ok", "'whole'"]);
  const endless = await started(s, "for (;;);");
  await s.session.interrupt("cooperate");
  expect((await endless.settled).status).toBe("interrupted");
});

test("I2: a stopped cell that catches everything loops no further when another cell's loops have run", async () => {
  await using s = openSession();
  await s.run("let alive = 0; let wake: () => void = () => {}");
  const waiting = await started(
    s,
    "await new Promise<void>((r) => { wake = r }); for (let n = 0; n < 1e9; n++) alive++;",
  );
  await s.session.interrupt("cooperate");
  await waiting.settled;
  await s.run("let turns = 0; while (turns < 1000) turns++; wake();");
  expect(await s.value("alive")).toBe("0");
});

test("a loop of a local module is interrupted too", async () => {
  await using s = openSession({
    files: { "spin.ts": "export function spin() { while (true) {} }\n" },
  });
  await s.run("import { spin } from './spin.ts'");
  const execution = await started(s, "spin()");
  await s.session.interrupt("cooperate");
  expect((await execution.settled).status).toBe("interrupted");
  expect(await s.value("1 + 1")).toBe("2");
});

test("finally blocks run when a cell is interrupted", async () => {
  await using s = openSession();
  await s.run("let cleaned = false");
  const execution = await started(s, "try { while (true); } finally { cleaned = true }");
  await s.session.interrupt("cooperate");
  await execution.settled;
  expect(await s.value("cleaned")).toBe("true");
});

test("an interrupt cancels running calls, and their deck says so", async () => {
  await using s = openSession();
  await s.run("const wait = task(function wait() { return new Promise(() => {}) })");
  const execution = await started(s, "await Promise.all([wait(), wait()])");
  await s.session.interrupt("cooperate");
  await execution.settled;
  await vi.waitFor(() => {
    const kinds = s.events.flatMap((item) =>
      item.kind === "event" &&
      (item.event.kind === "call-settled" || item.event.kind === "run-ended")
        ? [item.event.state]
        : [],
    );
    expect(kinds).toEqual(["cancelled", "cancelled", "interrupted"]);
  });
});

test("an interrupt removes the cells that wait behind it", async () => {
  await using s = openSession();
  const execution = await started(s, "while (true);");
  const waiting = s.session.execute({ code: "1" });
  await s.session.interrupt("cooperate");
  await execution.settled;
  expect((await waiting.settled).status).toBe("aborted");
  expect(await waiting.started).toEqual({ aborted: true });
});

test("an interrupt without a running cell stops calls that finished cells left over", async () => {
  await using s = openSession();
  await s.run("const wait = task(function wait() { return new Promise(() => {}) }); void wait()");
  await s.session.interrupt("cooperate");
  await vi.waitFor(() =>
    expect(s.events.some((item) => item.kind === "event" && item.event.kind === "run-ended")).toBe(
      true,
    ),
  );
});

test("kill ends what nothing else can, says what is lost, and the next cell works", async () => {
  await using s = openSession();
  await s.run("const gone = 1");
  const execution = await started(s, "/(a+)+$/.test('a'.repeat(50) + 'b')");
  expect(await s.session.interrupt("kill")).toBe("done");
  const { error } = await execution.settled;
  expect(error?.name).toBe("SessionLost");
  expect(error?.message).toContain("variables of In [1] are gone");
  expect(await s.value("typeof gone")).toBe("'undefined'");
});

test("SIGKILL from outside is reported with its name; waiting cells are aborted; counts and call ids go on", async () => {
  await using s = openSession();
  await s.run("const t = task(function t() { return 1 }); await t()");
  const pid = Number(await s.value("process.pid"));
  const execution = await started(s, "while (true);");
  const waiting = s.session.execute({ code: "1" });
  process.kill(pid, "SIGKILL");
  const { error, n } = await execution.settled;
  expect([n, error?.code]).toEqual([3, "SESSION_LOST"]);
  expect(error?.message).toContain("SIGKILL");
  expect((await waiting.settled).status).toBe("aborted");
  const after = await s.run("const t = task(function t() { return 2 }); await t()");
  expect([after.n, after.value?.["text/plain"]]).toEqual([4, "2"]);
  const ids = s.events.flatMap((item) =>
    item.kind === "event" && item.event.kind === "call-created" ? [item.event.id] : [],
  );
  expect(ids).toEqual(["t1", "t2"]);
});

test("a run whose process dies ends as killed", async () => {
  await using s = openSession();
  const execution = await started(
    s,
    "const hang = task(function hang() { process.exit(3) }); await hang()",
  );
  const { error } = await execution.settled;
  expect(error?.message).toContain("process.exit(3) was called at In [1]:2:45");
  const ended = s.events.flatMap((item) =>
    item.kind === "event" && item.event.kind === "run-ended" ? [item.event.state] : [],
  );
  expect(ended).toEqual(["killed"]);
});

test("garbage on the event pipe ends the process, not the session", async () => {
  await using s = openSession();
  const { error } = await s.run(
    "require('node:fs').writeSync(4, Buffer.alloc(64, 255)); await new Promise(() => {})",
  );
  expect(error?.message).toContain("its event stream was written to by something else");
  expect(await s.value("1 + 1")).toBe("2");
});

test("a user process whose front end is gone ends itself, also in a loop", async () => {
  const s = openSession();
  const pid = Number(await s.value("process.pid"));
  // Closing kills after the grace; a loop cannot answer the polite request.
  const execution = await started(s, "while (true);");
  await s[Symbol.asyncDispose]();
  expect((await execution.settled).status).toBe("error");
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});

test.each([
  ["a regular expression that backtracks for ever", "/(a+)+$/.test('a'.repeat(50) + 'b')"],
  ["a loop without checks", "new Function('for (;;);')()"],
  ["a wait for another thread", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)"],
  ["a recursion without loops", "const f = (n) => (n < 0 ? 0 : f(n - 1) + f(n - 2)); f(100)"],
  [
    "promises that follow each other",
    "const spin = () => Promise.resolve().then(spin); await spin()",
  ],
  ["a regular expression after an await", "await null; /(a+)+$/.test('a'.repeat(50) + 'b')"],
  ["a child program that is waited for", "require('child_process').execSync('sleep 300')"],
])("terminate ends %s and keeps the state", async (_, code) => {
  await using s = openSession();
  await s.run("const kept = 42");
  const pid = await s.value("process.pid");
  const execution = await started(s, code);
  expect(await s.session.interrupt("terminate")).not.toBe("unsafe");
  const settled = await execution.settled;
  expect([settled.status, settled.error?.name]).toEqual(["interrupted", "Interrupted"]);
  expect(await s.value("kept")).toBe("42");
  expect(await s.value("process.pid")).toBe(pid);
  // The flag is down again: loops of later cells run.
  expect(await s.value("let sum = 0; for (let i = 0; i < 10; i++) sum += i; sum")).toBe("45");
});

test("terminate on a cell that only waits is a cooperate", async () => {
  await using s = openSession();
  await s.run("let cleaned = 0");
  const execution = await started(
    s,
    "try { await new Promise((_, no) => signal.addEventListener('abort', no)) } finally { cleaned++ }",
  );
  await s.session.interrupt("terminate");
  expect((await execution.settled).status).toBe("interrupted");
  await vi.waitFor(async () => expect(await s.value("cleaned")).toBe("1"));
});

test("an expression that loops is interrupted like a cell", async () => {
  await using s = openSession();
  await s.run("1");
  const answer = s.session.evaluate("(() => { console.log('in'); while (true); })()");
  await vi.waitFor(() => expect(JSON.stringify(s.events)).toContain('"in\\n"'), {
    timeout: 15_000,
  });
  await s.session.interrupt("cooperate");
  expect(await answer).toMatchObject({ ok: false, error: { name: "Interrupted" } });
  expect(await s.value("1 + 1")).toBe("2");
});

test.each([1, 2, 3])(
  "a cell behind an expression that loops can be interrupted, and both end (%i)",
  async () => {
    await using s = openSession();
    await s.run("1");
    const answer = s.session.evaluate("(() => { console.log('in'); while (true); })()");
    await vi.waitFor(() => expect(JSON.stringify(s.events)).toContain('"in\\n"'), {
      timeout: 15_000,
    });
    const behind = s.session.execute({ code: "while (true);" });
    await behind.started;
    await s.session.interrupt("cooperate");
    expect(await answer).toMatchObject({ ok: false, error: { name: "Interrupted" } });
    expect((await behind.settled).status).toBe("interrupted");
    expect(await s.value("1 + 1")).toBe("2");
  },
);

test("what a cell printed before it blocked its thread is seen while it blocks", async () => {
  await using s = openSession();
  const { cell, settled } = s.session.execute({
    code: "for (let i = 0; i < 40; i++) { console.log('line', i) }\nwhile (true);",
  });
  await vi.waitFor(() => expect(s.printed(cell)).toContain("line 39"), { timeout: 15_000 });
  await s.session.interrupt("cooperate");
  expect((await settled).status).toBe("interrupted");
});

test("a cell that removes all listeners of the process does not end it", async () => {
  await using s = openSession();
  const pid = await s.value("process.pid");
  await s.run("process.removeAllListeners()");
  expect(await s.value("process.pid")).toBe(pid);
  const { cell } = await s.run("setTimeout(() => { throw new Error('later') })");
  await vi.waitFor(
    () =>
      expect(s.events.some((item) => item.kind === "uncaught" && item.cell === cell)).toBe(true),
    { timeout: 15_000 },
  );
  expect(await s.value("process.pid")).toBe(pid);
});

test("a detached cell goes on while the next ones run, and its failure aborts nobody", async () => {
  await using s = openSession();
  const background = await started(
    s,
    "await new Promise((go) => (globalThis.go = go)); throw new Error('in the background')",
  );
  s.session.detach(background.cell);
  expect(await s.value("1 + 1")).toBe("2");
  const next = await started(
    s,
    "globalThis.go(); await new Promise((end) => (globalThis.end = end))",
  );
  const waiting = s.session.execute({ code: "'still here'" });
  expect((await background.settled).error?.message).toBe("in the background");
  await s.session.evaluate("globalThis.end()");
  expect((await next.settled).status).toBe("ok");
  expect((await waiting.settled).value?.["text/plain"]).toBe("'still here'");
});

test("a spare user process takes over after a restart and after a crash", async () => {
  await using s = openSession({ spare: true });
  await s.run("const gone = 1");
  for (const end of [() => s.session.restart(), () => s.session.interrupt("kill")]) {
    const current = Number(await s.value("process.pid"));
    const spare = await vi.waitFor(
      () => {
        const others = userProcesses().filter((pid) => pid !== current);
        expect(others).toHaveLength(1);
        return others[0];
      },
      { timeout: 15_000 },
    );
    await end();
    expect(await s.value("process.pid")).toBe(String(spare));
    expect(await s.value("typeof gone")).toBe("'undefined'");
  }
});
