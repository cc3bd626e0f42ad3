/** What a cell started belongs to it, however late it speaks. */
import { expect, test, vi } from "vitest";
import { openSession } from "../support/session.ts";

type TestSession = ReturnType<typeof openSession>;

function uncaught(s: TestSession): [cell: number | undefined, message: string][] {
  return s.events.flatMap((item) =>
    item.kind === "uncaught" ? [[item.cell, item.error.message] as const] : [],
  ) as [number | undefined, string][];
}

const PATIENT = { timeout: 15_000 };

test("three cells that overlap each keep their lines", async () => {
  await using s = openSession();
  const printing = (name: string) =>
    `for (let i = 0; i < 5; i++) { await new Promise((r) => setTimeout(r)); console.log("${name}", i); process.stderr.write("${name}!") }`;
  const cells = ["a", "b", "c"].map((name) =>
    s.session.execute({ code: printing(name), lane: name }),
  );
  await Promise.all(cells.map(({ settled }) => settled));
  for (const [index, { cell }] of cells.entries()) {
    const name = "abc"[index];
    expect(s.printed(cell)).toBe([0, 1, 2, 3, 4].map((i) => `${name} ${i}\n`).join(""));
    expect(s.printed(cell, "stderr")).toBe(`${name}!`.repeat(5));
  }
});

test("a timer, a promise and a listener of a finished cell print into that cell", async () => {
  await using s = openSession();
  const { cell } = await s.run(`
    const { EventEmitter } = require("node:events");
    setTimeout(() => console.log("timer"));
    Promise.resolve().then(() => new Promise((r) => setTimeout(r))).then(() => console.log("promise"));
    queueMicrotask(() => setImmediate(() => console.log("immediate")));
    const child = require("node:child_process").spawn("echo", ["child"]);
    child.stdout.on("data", (data) => process.stdout.write(data));
    0`);
  await s.run("await new Promise((r) => setTimeout(r, 50)); console.log('mine')");
  await vi.waitFor(() => {
    for (const word of ["timer", "promise", "immediate", "child"])
      expect(s.printed(cell)).toContain(`${word}\n`);
  }, PATIENT);
  expect(s.printed(2)).toBe("mine\n");
});

test("what a call prints names the call, and a display of a late callback its cell", async () => {
  await using s = openSession();
  const { cell } = await s.run(`
    const speak = task(function speak() { console.log("from the call"); return 1 });
    await speak();
    setTimeout(() => display("late"), 10); 0`);
  const log = s.events.find((item) => item.kind === "event" && item.event.kind === "log");
  expect(log).toMatchObject({ cell, event: { id: "t1", text: "from the call\n" } });
  await s.run("1");
  await vi.waitFor(
    () =>
      expect(s.events.flatMap((item) => (item.kind === "display" ? [item.cell] : []))).toEqual([
        cell,
      ]),
    PATIENT,
  );
});

test.each([
  ["a rejection nobody handles", "Promise.reject(new Error('late'))"],
  ["a timer that throws", "setTimeout(() => { throw new Error('late') })"],
  [
    "an emitter's error event",
    "setTimeout(() => new (require('node:events'))().emit('error', new Error('late')))",
  ],
  [
    "a rejection after a while",
    "new Promise((r) => setTimeout(r, 30)).then(() => { throw new Error('late') })",
  ],
])("%s belongs to the cell that started it, and the session lives on", async (_, code) => {
  await using s = openSession();
  const { cell } = await s.run(`const kept = 1; ${code}; 0`);
  await s.run("await new Promise((r) => setTimeout(r, 60))");
  await vi.waitFor(() => expect(uncaught(s)).toEqual([[cell, "late"]]), PATIENT);
  expect(await s.value("kept")).toBe("1");
});

test("a failure without an async context belongs to the innermost cell of its stack", async () => {
  await using s = openSession();
  const { cell } = await s.run("const make = () => new Error('made here')");
  await s.run("const error = make()");
  // The channel to the front end is older than any cell: its listeners have no context.
  await s.run("process.once('message', () => { throw error })");
  await s.run("1");
  await vi.waitFor(() => expect(uncaught(s)).toEqual([[cell, "made here"]]), PATIENT);
});
