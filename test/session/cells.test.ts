import { expect, test } from "vitest";
import { cellErrorText } from "../../runtime/session/client/error-text.ts";
import { openSession } from "../support/session.ts";

test("addTo: a function of one cell sees what the next cell assigns", async () => {
  await using s = openSession();
  await s.run("let total = 1; function addTo(x: number) { total += x; return total }");
  expect(await s.value("total = 100; addTo(5)")).toBe("105");
});

test("awaiting an eager workflow at top level gives a plain value", async () => {
  await using s = openSession();
  await s.run("const addOne = task(({ x }: { x: number }) => x + 1)");
  await s.run("const simple = eager(async ({ x }: { x: number }) => (await addOne({ x })) * 2)");
  expect(await s.value("const out = await simple({ x: 5 }); out")).toBe("12");
});

test("a task made in a cell is called by its variable's name in events", async () => {
  await using s = openSession();
  await s.run("const addOne = task(({ x }: { x: number }) => x + 1); await addOne({ x: 1 })");
  const created = s.events.flatMap((item) =>
    item.kind === "event" && item.event.kind === "call-created" ? [item.event] : [],
  );
  expect(created).toMatchObject([
    { name: "addOne", id: "t1", source: { file: "In [1]", line: 1, column: 61 } },
  ]);
});

test("everything a cell printed comes before it settles, in order and in its own cell", async () => {
  await using s = openSession();
  const settled = await s.run("for (let i = 0; i < 10_000; i++) console.log('line ' + i)");
  expect(s.events.at(-1)).toMatchObject({ kind: "settled", cell: settled.cell });
  expect(s.printed(settled.cell).split("\n")).toEqual([
    ...Array.from({ length: 10_000 }, (_, i) => `line ${i}`),
    "",
  ]);
});

test("late output, rejections and exceptions go to the cell that started them and the session survives", async () => {
  await using s = openSession();
  const first = await s.run(
    "setTimeout(() => { console.log('late'); setTimeout(() => { throw new Error('later') }) }, 20); void Promise.reject(new Error('nobody'))",
  );
  const second = await s.run("await new Promise((r) => setTimeout(r, 60)); console.log('mine')");
  expect(s.printed(first.cell)).toBe("late\n");
  expect(s.printed(second.cell)).toBe("mine\n");
  const uncaught = s.events.filter((item) => item.kind === "uncaught");
  expect(uncaught.map((item) => [item.cell, item.error.message])).toEqual([
    [first.cell, "nobody"],
    [first.cell, "later"],
  ]);
});

test("what a child program writes to the inherited descriptors arrives before the cell settles", async () => {
  await using s = openSession();
  const settled = await s.run(
    "require('node:child_process').execSync('echo from a child', { stdio: 'inherit' }); 1",
  );
  expect(s.printed(settled.cell)).toBe("from a child\n");
});

test("an error three calls deep in an imported file names each place as it was written", async () => {
  await using s = openSession({
    files: {
      "deep.ts":
        "export function deep(n: number): never {\n  const wrong: string = 'x';\n  throw new RangeError(`deep ${n}`);\n}\n",
      "middle.ts":
        "import { deep } from './deep.ts';\n\nexport const middle = (n: number) => deep(n);\n",
    },
  });
  const { error } = await s.run("import { middle } from './middle.ts';\n\nmiddle(3)");
  expect(error && cellErrorText(error)).toBe(
    [
      "deep.ts:3:9  RangeError: deep 3",
      "  1 │ export function deep(n: number): never {",
      "  2 │   const wrong: string = 'x';",
      "❯ 3 │   throw new RangeError(`deep ${n}`);",
      "    │         ^",
      "  4 │ }",
      "    at deep (deep.ts:3:9)",
      "    at middle (middle.ts:3:38)",
      "    at In [1]:3:1",
    ].join("\n"),
  );
});

test("a syntax error points at its place and leaves the session as it was", async () => {
  await using s = openSession();
  await s.run("const kept = 1");
  const { error } = await s.run("const ok = 1;\nconst q: number = ;");
  expect(error && cellErrorText(error)).toBe(
    "In [2]:2:19  SyntaxError: Unexpected token\n  1 │ const ok = 1;\n❯ 2 │ const q: number = ;\n    │                   ^",
  );
  expect(await s.value("[kept, typeof ok]")).toBe("[ 1, 'undefined' ]");
});

test("imports bind named, default and namespace exports, and a type imported as a value only fails when read", async () => {
  await using s = openSession({
    files: { "lib.ts": "export type T = number;\nexport const a = 1;\nexport default 'd';\n" },
  });
  expect(
    await s.value(
      "import d, { a, T } from './lib.ts'; import * as all from './lib'; [d, a, Object.keys(all)]",
    ),
  ).toBe("[ 'd', 1, [ 'a', 'default' ] ]");
  const { error } = await s.run("T");
  expect(error?.message).toContain("'T' is not exported");
});

test("eagerdeck imported from a local file is the session's own copy", async () => {
  await using s = openSession({
    files: {
      "wf.ts":
        "import { task, EagerException } from 'eagerdeck';\nexport const t = task(function t() { return 1 });\nexport { EagerException as E };\n",
    },
  });
  expect(await s.value("import { t, E } from './wf.ts'; [await t(), E === EagerException]")).toBe(
    "[ 1, true ]",
  );
});

test("tslab's display functions show through ours", async () => {
  await using s = openSession();
  await s.run(
    "import * as tslab from 'tslab'; tslab.display.html('<b>hi</b>'); const d = tslab.newDisplay(); d.text('one'); d.text('two')",
  );
  const shown = s.events.flatMap((item) =>
    item.kind === "display" ? [[Object.values(item.bundle)[0], item.update]] : [],
  );
  expect(shown).toEqual([
    ["<b>hi</b>", false],
    ["one", false],
    ["two", true],
  ]);
});

test("a missing package says how to get it", async () => {
  await using s = openSession();
  const { error } = await s.run("import { x } from 'surely-not-installed/sub'");
  expect(error?.message).toBe(
    "the package 'surely-not-installed' is not installed here; run %npm i surely-not-installed",
  );
});

test("ts-node compiles local files of a project whose tsconfig has a ts-node section", async () => {
  await using s = openSession({
    files: {
      "base.json": '{ "ts-node": { "transpileOnly": false } }',
      "tsconfig.json":
        '{ "extends": "./base.json", "compilerOptions": { "target": "es2022", "strict": true } }',
      "good.ts": "export enum Color { Red = 'r' }\nexport const c: Color = Color.Red;\n",
      "bad.ts": "export const n: number = 'text';\n",
    },
  });
  expect(await s.value("import { c } from './good.ts'; c")).toBe("'r'");
  // oxc would strip the wrong type; ts-node checks, as its settings ask it to.
  const { error } = await s.run("import { n } from './bad.ts'");
  expect(error?.message).toContain("TS2322");
});

test("a session without cells closes and leaves no process", async () => {
  await using s = openSession();
  await s.session.ready;
  const pid = Number(await s.value("process.pid"));
  await s.session.close();
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  const { status, error } = await s.run("1");
  expect([status, error?.code]).toEqual(["aborted", "SESSION_CLOSED"]);
});

test("a folder that does not exist is refused at once", () => {
  expect(() => openSession({ folder: "/does/not/exist" })).toThrow(
    "the folder does not exist: /does/not/exist",
  );
});

test("a failure nobody caught while the cell runs ends it as error and aborts what waits behind it", async () => {
  await using s = openSession();
  const first = s.session.execute({
    code: "setTimeout(() => { throw new RangeError('stray') }); await new Promise((r) => setTimeout(r, 30)); 5",
  });
  const second = s.session.execute({ code: "1" });
  const settled = await first.settled;
  expect([settled.status, settled.error?.message, settled.value]).toEqual([
    "error",
    "stray",
    undefined,
  ]);
  expect((await second.settled).status).toBe("aborted");
});

test("an interface alone is known to later cells", async () => {
  await using s = openSession({ check: "error" });
  await s.run("interface Row { id: number }");
  expect(await s.value("const row: Row = { id: 1 }; row.id")).toBe("1");
  const { error } = await s.run("const bad: Row = { id: 'x' }");
  expect(error?.diagnostics?.map(({ code, line, column }) => [code, line, column])).toEqual([
    [2322, 1, 20],
  ]);
});

test("a cell that fills the heap is warned about before the limit", async () => {
  const before = process.env["NODE_OPTIONS"];
  process.env["NODE_OPTIONS"] = "--max-old-space-size=600";
  await using s = openSession();
  if (before === undefined) delete process.env["NODE_OPTIONS"];
  else process.env["NODE_OPTIONS"] = before;
  const { status, error } = await s.run(`const kept = [];
    require("node:v8").setFlagsFromString("--expose-gc");
    const collect = require("node:vm").runInNewContext("gc");
    for (;;) {
      kept.push(new Array(500_000).fill(0).map((_, i) => i + 0.5));
      collect();
      if (process.memoryUsage().heapUsed > 0.88 * 600 * 2 ** 20) break;
    }`);
  expect([status, error]).toEqual(["ok", undefined]);
  const notices = s.events.flatMap((item) => (item.kind === "notice" ? [item] : []));
  expect(notices.map(({ cell }) => cell)).toEqual([1]);
  expect(notices[0]?.text).toMatch(/^memory is running out: \d+ of \d+ MB are in use/);
});
