import { expect, test, vi } from "vitest";
import { openSession } from "../support/session.ts";

/** Starts a cell and waits until it has printed, so that an interrupt meets it at work. */
async function started(s: ReturnType<typeof openSession>, code: string) {
  const execution = s.session.execute({ code: `console.log('begun');\n${code}` });
  await vi.waitFor(() => expect(s.printed(execution.cell)).toContain("begun"), { timeout: 15_000 });
  return execution;
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
