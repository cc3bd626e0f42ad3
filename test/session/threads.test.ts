/**
 * Tasks of cells in real worker threads.
 * @module
 */
import { expect, test, vi } from "vitest";
import { isAlive } from "../support/processes.ts";
import { openSession, type TestSession } from "../support/session.ts";

test("a task of a cell takes imports, functions, classes and constants along", async () => {
  await using open = openSession({ files: { "rate.ts": "export const rate: number = 3;" } });
  await open.run(`
    import { createHash } from "node:crypto";
    import * as local from "./rate.ts";
    const LIMIT: number = 2, table = new Map([["a", { size: 40 }]]);
    enum Kind { Small = 1, Large }`);
  await open.run(`
    interface Sized { size: number }
    function sizeOf(name: string): number { return (table.get(name) as Sized).size + odd(1) }
    const odd = (n: number): number => n > 0 ? 1 + sizeLess(n) : 0;
    function sizeLess(n: number) { return n === 1 ? 0 : odd(n - 1) }
    class Base { value = LIMIT }
    class Doubled extends Base { get double() { return this.value * Kind.Large } }`);
  await open.run(`
    const crunch = task({ thread: true, inputs: { name: z.string() }, output: z.array(z.any()) }, async ({ name }) => {
      const { isMainThread } = await import("node:worker_threads");
      const hash = createHash("md5").update(name).digest("hex").slice(0, 4);
      return [isMainThread, sizeOf(name), hash, local.rate, new Doubled().double, typeof nowhere];
    });`);
  expect(await open.value(`await crunch({ name: "a" })`)).toBe(
    `[ false, 41, '0cc1', 3, 4, 'undefined' ]`,
  );
});

async function refused(open: TestSession, code: string): Promise<string | undefined> {
  const { error } = await open.run(code);
  return error?.cause?.message ?? error?.message;
}

test.each([
  ["a method", "await run(object.sum)({ n: 2 })", "5"],
  [
    "an arrow function with loops",
    "await run(async ({ n }: { n: number }) => { for (let i = 0; i < 3; i++) n += i; return n })({ n: 1 })",
    "4",
  ],
  ["generators", "await run(() => [...twice()])({})", "[ 1, 2 ]"],
  [
    "static parts and private fields of a class, new for each call",
    "await run(() => [Acc.make().n, Acc.made])({})",
    "[ 1, 1 ]",
  ],
  [
    "names of its own, wherever they are",
    "await run(() => { const fs = [1, 2].map((n) => () => n); return fs.map((f) => f()) })({})",
    "[ 1, 2 ]",
  ],
  [
    "`signal`, `require`, `import.meta` and `__dirname`",
    "await run(() => [signal.aborted, require('node:path').sep, import.meta.dirname === __dirname])({})",
    "[ false, '/', true ]",
  ],
  [
    "each of many inputs",
    "await mapTask(run(({ n }: { n: number }) => n * n))([{ n: 1 }, { n: 2 }, { n: 3 }])",
    "[ 1, 4, 9 ]",
  ],
  [
    "a node of a static workflow",
    "await workflow(function w({ n }: { n: number }) { return plus({ n }) })({ n: 1 })",
    "4",
  ],
  ["the bare function of another task", "await run(() => plus.fn({ n: 1 }))({})", "4"],
  [
    "another attempt",
    "await run((_: object, ctx) => { if (ctx.attempt < 3) throw new Error(); return ctx.attempt }).with({ retries: 2 })({})",
    "3",
  ],
])("a thread runs %s", async (_, code, expected) => {
  await using open = openSession();
  await open.run(`let more = 3;
    const run = (fn: any): any => task({ thread: true, name: "f" }, fn);
    const object = { sum({ n }: { n: number }) { return n + more } };
    const plus = task({ thread: true }, function plus({ n }: { n: number }) { return n + more });
    function* twice() { yield 1; yield 2 }
    class Acc { static made = 0; #n = 1; get n() { return this.#n } static make() { Acc.made++; return new Acc() } }`);
  expect(await open.value(code)).toBe(expected);
});

test("what cannot go into a thread is refused by its name, before anything runs", async () => {
  await using open = openSession();
  await open.run(`import { DatabaseSync } from "node:sqlite";
    const db = new DatabaseSync(":memory:");
    class Point { constructor(public x = 1) {} }
    const origin = new Point(), hooks = { list: [{ run() {} }] };
    let total = 0, runs = new Int32Array(new SharedArrayBuffer(4));
    const addOne = task(function addOne({ x }: { x: number }) { return x + 1 });
    const bound = Math.max.bind(undefined, 1);
    const uses = (what: () => unknown) => undefined;`);
  const refusal = (body: string) =>
    refused(
      open,
      `await task({ thread: true }, function crunch() { Atomics.add(runs, 0, 1); ${body} })({})`,
    );
  const begin = "task crunch cannot run in a thread: ";
  expect(await refusal("return db.prepare('select 1')")).toBe(
    begin +
      "it uses `db` (a DatabaseSync), which cannot be copied; pass the data as an input or create it inside the function",
  );
  expect(await refusal("return origin.x")).toContain(
    "it uses `origin` (a Point), which cannot be copied",
  );
  expect(await refusal("return hooks.list.length")).toContain(
    "it uses `hooks.list[0].run` (a function), which cannot be copied",
  );
  expect(await refusal("total += 1")).toContain("it assigns `total`, a variable of the session");
  expect(await refusal("return addOne({ x: 1 })")).toContain(
    "it calls addOne, and calls are tracked in the main thread only; make crunch an eager workflow, or use the bare function, addOne.fn(…)",
  );
  expect(await refusal("return eval('1')")).toContain("it calls eval");
  expect(await refusal("bound(2)")).toContain("its function `bound` is code that no cell wrote");
  expect(await open.value("runs[0]")).toBe("0");
});

test("a variable of the function around a task is refused by its name", async () => {
  await using open = openSession();
  await open.run(`function make(crypto: number, path: { to: number }) {
    return task({ thread: true, name: "made" }, ({ x }: { x: number }) => x + crypto);
  }
  const helper = ((base) => (n: number) => n + base)(5);
  const indirect = task({ thread: true }, function indirect() { return helper(1) });`);
  expect(await refused(open, "await make(1, { to: 2 })({ x: 1 })")).toBe(
    "task made cannot run in a thread: it uses `crypto`, a variable of the function or block around it; pass it as an input",
  );
  expect(await refused(open, "await indirect({})")).toContain(
    "its function `helper` uses `base`, a variable of the function or block around it",
  );
});

test("inputs and values are those of the moment of the call, also when it waits for a thread", async () => {
  await using open = openSession();
  await open.run(`let scale = 1; const list = [1];
    const sum = task({ thread: true }, function sum({ list }: { list: number[] }) {
      return scale * list.reduce((all, n) => all + n, 0);
    });`);
  await open.run(`const calls: Promise<number>[] = [];
    for (let n = 0; n < 20; n++) { calls.push(sum({ list })); list.push(1); scale++; }`);
  const expected = Array.from({ length: 20 }, (_, n) => (n + 1) * (n + 1)).join(", ");
  expect(await open.value("(await Promise.all(calls)).join(', ')")).toBe(`'${expected}'`);
});

test("an error of a thread has the position in the cell, its cause and its own properties", async () => {
  await using open = openSession();
  await open.run(`class NotFound extends TypeError { override name = "NotFound"; }
function check(n: number) {
  if (n > 1) throw Object.assign(new NotFound("no such row", { cause: new RangeError("gone") }), { status: 404 });
}`);
  await open.run(
    `const find = task({ thread: true }, function find({ n }: { n: number }) {
  check(n);
});`,
  );
  const { error } = await open.run("await find({ n: 2 })");
  const thrown = error?.cause;
  expect(thrown).toMatchObject({
    name: "NotFound",
    message: "no such row",
    cause: { name: "RangeError", message: "gone" },
  });
  expect(
    thrown?.frames.map(({ file, function: fn, line, column }) => [fn, file, line, column]),
  ).toEqual([
    ["check", "In [1]", 3, 34],
    ["find", "In [2]", 2, 3],
  ]);
  expect(await open.value("_error.cause.status")).toBe("404");
  expect(await open.value("_error.cause instanceof TypeError")).toBe("true");
  expect(await open.value("_error.cause.stack.split('\\n')[1]")).toBe(
    "'    at check (In [1]:3:34)'",
  );
});

test("a thrown value that is no error, and an EagerException, arrive as they were", async () => {
  await using open = openSession();
  await open.run(`const throws = task({ thread: true }, function throws({ what }: { what: string }) {
    if (what === "eager") throw new EagerException("TASK_FAILED", "inner", { kind: "system", task: "x" });
    throw { code: 7, list: [1] };
  });`);
  expect(await open.value("await throws({ what: 'value' }).catch((e) => e.cause)")).toBe(
    "{ code: 7, list: [ 1 ] }",
  );
  expect(
    await open.value(
      `await throws({ what: 'eager' }).catch(({ root }) => [root instanceof EagerException, root.message, root.kind, root.task])`,
    ),
  ).toBe("[ true, 'inner', 'system', 'x' ]");
});

test("what a thread prints, logs and says of its progress is its call's, in order and before the value", async () => {
  await using open = openSession();
  const { cell } =
    await open.run(`const talk = task({ thread: true }, async function talk({ n }: { n: number }, ctx) {
    console.log("out", n);
    console.error("err", n);
    ctx.log("log %d", n);
    currentContext().progress(1, 2, "half");
    process.stdout.write("tail");
    return [ctx.attempt, ctx.call.name, currentContext() === ctx, ctx.signal.aborted];
  });
  await talk({ n: 5 })`);
  const seen = open.events.flatMap((item) => {
    if (item.kind !== "event" || !("id" in item.event)) return [];
    const { event } = item;
    if (event.kind === "log") return [[item.cell, event.id, event.stream, event.text]];
    if (event.kind === "call-progress")
      return [[item.cell, event.id, event.done, event.total, event.message]];
    return event.kind === "call-settled" ? [[item.cell, event.id, event.state]] : [];
  });
  expect(seen).toEqual([
    [cell, "t1", "stdout", "out 5\n"],
    [cell, "t1", "stderr", "err 5\n"],
    [cell, "t1", "log", "log 5\n"],
    [cell, "t1", 1, 2, "half"],
    [cell, "t1", "stdout", "tail"],
    [cell, "t1", "ok"],
  ]);
});

test("two calls run at once: each waits for the other", async () => {
  await using open = openSession();
  await open.run(`const here = new Int32Array(new SharedArrayBuffer(4));
    const meet = task({ thread: true }, function meet() {
      Atomics.add(here, 0, 1);
      Atomics.notify(here, 0);
      while (Atomics.load(here, 0) < 2) Atomics.wait(here, 0, 1);
      return "met";
    });`);
  expect(await open.value("await Promise.all([meet({}), meet({})])")).toBe("[ 'met', 'met' ]");
});

test("an interrupt ends an endless loop in a thread, and no other call notices", async () => {
  await using open = openSession();
  await open.run(`import { availableParallelism } from "node:os";
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const loop = task({ thread: true }, function loop() { console.log("begun"); for (;;); });
    const held = task({ thread: true }, function held() { Atomics.wait(gate, 0, 0); return "held" });
    const one = task({ thread: true }, function one() { return 1 });
    const others = Array.from({ length: Math.max(2, availableParallelism()) - 1 }, () => held({}));`);
  const execution = open.session.execute({ code: "await loop({})" });
  await vi.waitFor(() => expect(open.printed(execution.cell)).toBe("begun\n"), { timeout: 15_000 });
  await open.session.interrupt("cooperate");
  const settled = await execution.settled;
  expect([settled.status, settled.error?.name]).toEqual(["interrupted", "Interrupted"]);
  // All other threads are taken: it runs where the loop was.
  expect(await open.value("await one({})")).toBe("1");
  await open.run("Atomics.store(gate, 0, 1); Atomics.notify(gate, 0)");
  expect(await open.value("new Set(await Promise.all(others))")).toBe("Set(1) { 'held' }");
});

test("a cancelled function hears its signal and its finally blocks run; what it returns late is dropped", async () => {
  await using open = openSession();
  await open.run(`const left = new Int32Array(new SharedArrayBuffer(8));
    const patient = task({ thread: true }, async function patient(_: object, { signal }) {
      console.log("begun");
      try { await new Promise((resolve) => signal.addEventListener("abort", resolve)); return "late" }
      finally { Atomics.add(left, 0, 1); Atomics.notify(left, 0); }
    });
    const busy = task({ thread: true }, function busy(_: object, ctx) {
      console.log("begun");
      while (!ctx.signal.aborted);
      Atomics.add(left, 0, 1); Atomics.notify(left, 0);
    });`);
  const { cell } = await open.run("const calls = [patient({}), busy({})];");
  await vi.waitFor(() => expect(open.printed(cell)).toBe("begun\nbegun\n"), { timeout: 15_000 });
  const states = await open.value(`for (const call of calls) call.cancel(new Error("enough"));
    const causes = (await Promise.allSettled(calls)).map((call) => call.reason.cause.message);
    while (left[0] < 2) await Atomics.waitAsync(left, 0, left[0]).value;
    [...causes, ...calls.map((call) => call.state)]`);
  expect(states).toBe("[ 'enough', 'enough', 'cancelled', 'cancelled' ]");
});

test("a thread that ends fails its call alone, with the reason, and later calls run", async () => {
  await using open = openSession();
  await open.run(`const dies = task({ thread: true }, async function dies({ how }: { how: string }) {
      if (how === "exit") { console.log("last words"); process.exit(3); }
      setTimeout(() => { throw new RangeError("in a timer") });
      await new Promise(() => {});
    });
    const one = task({ thread: true }, function one() { return 1 });
    const tell = (e: any) => [e.code, e.kind, e.root.code, e.root.message];`);
  expect(await open.value(`(await dies({ how: "exit" }).catch(tell)).join("; ")`)).toBe(
    "'TASK_FAILED; system; THREAD_FAILED; the thread of dies ended before the task did, with exit code 3'",
  );
  expect(await open.value(`(await dies({ how: "timer" }).catch(tell)).at(-1)`)).toBe(
    "'the thread of dies ended by an error that nobody caught: RangeError: in a timer'",
  );
  expect(await open.value("await one({})")).toBe("1");
  expect(
    open.events.flatMap((item) =>
      item.kind === "event" && item.event.kind === "log" ? [item.event.text] : [],
    ),
  ).toEqual(["last words\n"]);
});

test("a thousand calls come back each with its own value", async () => {
  await using open = openSession();
  await open.run(
    "const add = task({ thread: true }, function add({ n }: { n: number }) { return n + 1 })",
  );
  expect(
    await open.value(
      "(await Promise.all(Array.from({ length: 1000 }, (_, n) => add({ n })))).every((sum, n) => sum === n + 1)",
    ),
  ).toBe("true");
});

test("a task of a local file runs in a thread as the file is now", async () => {
  const file = (rate: number) => `import { task } from "eagerdeck";
import { base } from "./base";
export const times = task({ thread: true }, function times({ n }: { n: number }) {
  if (n < 0) throw new Error("negative");
  return n * base * ${rate};
});`;
  await using open = openSession({
    files: {
      "wf.ts": file(2),
      "base.ts": "export enum E { B = 10 }\nexport const base: number = E.B;",
    },
  });
  await open.run(`import { times } from "./wf.ts"`);
  expect(await open.value("await times({ n: 1 })")).toBe("20");
  const { error } = await open.run("await times({ n: -1 })");
  expect(error?.cause?.frames[0]).toMatchObject({
    function: "times",
    file: "wf.ts",
    line: 4,
    column: 20,
  });
  open.write("wf.ts", file(3));
  expect(await open.value("await times({ n: 1 })")).toBe("30");
});

test("calls that run or wait while a file changes come to their end", async () => {
  await using open = openSession({ files: { "rate.ts": "export const rate = 1;" } });
  await open.run(`import { rate } from "./rate.ts";
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const held = task({ thread: true }, function held() { Atomics.wait(gate, 0, 0); return rate });
    const calls = Array.from({ length: 20 }, () => held({}));`);
  open.write("rate.ts", "export const rate = 200;");
  await open.run("Atomics.store(gate, 0, 1); Atomics.notify(gate, 0)");
  expect(await open.value("(await Promise.all(calls)).length")).toBe("20");
  expect(await open.value("await held({})")).toBe("200");
});

test("a value that cannot leave its thread fails the call with advice", async () => {
  await using open = openSession();
  await open.run(`const gives = task({ thread: true }, function gives({ what }: { what: string }) {
    return what === "function" ? { list: [() => 1] } : new (class Point { x = 1 })();
  });`);
  expect(await refused(open, `await gives({ what: "function" })`)).toContain(
    "returned what cannot leave its thread (.list[0] a function); return plain data",
  );
  expect(await refused(open, `await gives({ what: "instance" })`)).toContain(
    "returned what cannot leave its thread (a Point)",
  );
  expect(
    await refused(
      open,
      `await task({ thread: true }, function takes({ f }: { f: unknown }) {})({ f: { g: [Symbol("s")] } })`,
    ),
  ).toContain("its input `f.g[0]` is a symbol, which cannot be copied");
});

test("a session that closes leaves no thread behind, however busy", async () => {
  const open = openSession();
  const pid = Number(await open.value("process.pid"));
  const { cell } =
    await open.run(`const loop = task({ thread: true }, function loop() { console.log("begun"); for (;;); });
    const call = loop({});`);
  await vi.waitFor(() => expect(open.printed(cell)).toBe("begun\n"), { timeout: 15_000 });
  await open[Symbol.asyncDispose]();
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 15_000 });
});

test("decks of a task in a thread, with HTML and Markdown, belong to its call", async () => {
  await using s = openSession();
  await s.run(`const t = task({ thread: true }, function t({ n }: { n: number }, ctx) {
  Deck("own", Deck.html\`<b>\${n}</b>\`);
  ctx.deck("ctx", html\`<i>\${n}</i>\`).append(md\`# \${n}\`);
  return n;
});`);
  expect(await s.value("await t({ n: 4 })")).toBe("4");
  const decks = s.events.flatMap((item) =>
    item.kind === "event" && item.event.kind === "deck-added" ? [item.event] : [],
  );
  expect(
    decks.map(({ name, id, bundle }) => [name, id, bundle["text/html"] ?? bundle["text/markdown"]]),
  ).toEqual([
    ["own", "t1", "<b>4</b>"],
    ["ctx", "t1", "<i>4</i>"],
    ["ctx", "t1", "# 4"],
  ]);
});
