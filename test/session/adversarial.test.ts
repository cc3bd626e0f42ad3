/**
 * Cells that mean harm, or do it by accident: whatever one of them does, the next ones work.
 * @module
 */
import { expect, test, vi } from "vitest";
import { openSession, type TestSession } from "../support/session.ts";

/** Cells, and what the last of them gives: the text of its value, or `! name: message`. */
type Row = readonly [cells: string | readonly string[], outcome: string | RegExp];

const files = { "local.ts": "export const local: string = 'a file';\n" };

async function outcome(s: TestSession, cells: Row[0]): Promise<string> {
  let shown = "";
  for (const code of [cells].flat()) {
    const { error, value } = await s.run(code);
    if (error) shown = `! ${error.thrown === undefined ? `${error.name}: ` : ""}${error.message}`;
    else shown = String(value?.["text/plain"]);
  }
  return shown;
}

/** Runs rows one after the other; after each, variables and process are the ones from before. */
async function survives(s: TestSession, rows: readonly Row[]): Promise<void> {
  await s.run("const kept = 42");
  const pid = await s.value("process.pid");
  const wrong: object[] = [];
  for (const [cells, expected] of rows) {
    const shown = await outcome(s, cells);
    const isRight = typeof expected === "string" ? shown === expected : expected.test(shown);
    if (!isRight) wrong.push({ cells: cells.slice(0, 200), expected, shown: shown.slice(0, 300) });
    const after = await outcome(s, "[1 + 1, kept, process.pid].join()");
    const alive = `'2,42,${pid}'`;
    if (after !== alive) wrong.push({ cells: cells.slice(0, 200), expected: alive, shown: after });
  }
  expect(wrong).toEqual([]);
}

const nested = (depth: number) => `${"(".repeat(depth)}1${")".repeat(depth)}`;

const tooLong =
  "! SyntaxError: the cell is longer than 16 MB: put the data into a file and read it";

const sourceRows: readonly Row[] = [
  [nested(900), "1"],
  [nested(20_000), "! SyntaxError: nested too deeply"],
  [nested(500_000), "! SyntaxError: nested too deeply"],
  [`'${"a".repeat(2_000_000)}'.length`, "2000000"],
  [`'${"a".repeat(17_000_000)}'.length`, tooLong],
  ["\uFEFF1 + 2", "3"],
  ["const cr = 1\r\nconst lf = 2\r\ncr + lf", "3"],
  ["const separator = '\u2028'\u2028separator.length", "1"],
  ["'\uD800'", /^'\\ud800'$/],
  ["1 // \uDC00", "1"],
  ["const \uD800 = 1", /^! SyntaxError: /],
  ["throw new Error('\uD800')", /^! Error: .$/],
  ["console.log('\uD800')", "undefined"],
  ["'\u0000'.length", "1"],
  ["1 \u0000", /^! SyntaxError: /],
  ["1\u00A0+\u30001", "2"],
  ["'\u202E'", "'\\u202e'"],
  ["const \\u0061bc = 1; abc", "1"],
  ["#!/usr/bin/env node\n5", "5"],
  ["", "undefined"],
  [" \n\t ", "undefined"],
  ["// only\n/* comments */", "undefined"],
  [";;;", "undefined"],
  ["<!-- x", /^! SyntaxError: /],
];

test("source that no one writes by hand is run or refused, and nothing is lost", async () => {
  await using s = openSession({ files });
  await survives(s, sourceRows);
});

const names = [
  ...["__proto__", "constructor", "hasOwnProperty", "toString", "valueOf"],
  ...["$0", "$1", "$x", "$i", "$p1", "$0_1"],
];

test("names that objects or the rewriter use themselves are names like any other", async () => {
  await using s = openSession();
  const rowsOf = (name: string): Row[] => [
    [[`var ${name} = 'v'`, name], "'v'"],
    [[`${name} += 'w'`, `const read = () => ${name}`, "read()"], "'vw'"],
    [`Object.entries({ ${name} }).join()`, `'${name},vw'`],
    [[`function ${name}() { return 1 }`, `${name}()`], "1"],
    [[`class ${name} { static z = 3 }`, `${name}.z`], "3"],
    [[`let { a: ${name} } = { a: 9 }`, `[${name}, typeof ${name}, read()]`], "[ 9, 'number', 9 ]"],
    ["[Object.getPrototypeOf({}) === Object.prototype, String({})]", "[ true, '[object Object]' ]"],
  ];
  await survives(s, names.flatMap(rowsOf));
});

const looks = "Symbol.for('Jupyter.display')";
const inspected = "Symbol.for('nodejs.util.inspect.custom')";
const unreadable =
  "for (const key of ['name', 'message', 'stack', 'cause', 'code', 'errors']) Object.defineProperty(bad, key, { get() { throw new Error('no') } })";

const valueRows: readonly Row[] = [
  ["({ get a() { throw new Error('no') }, b: 1 })", "{ a: [Getter], b: 1 }"],
  ["({ get [Symbol.toStringTag]() { throw new Error('no') } })", /Getter/],
  ["Object.create({ get constructor() { throw new Error('no') } })", "{}"],
  [["const bad = new Error('m')", unreadable, "throw bad"], "! [unreadable]: [unreadable]"],
  ["bad", "Error"],
  ["throw new Error('m'.repeat(50_000_000))", /^! Error: m+… 49,900,000 more characters$/],
  ["throw Object.assign(new Error('m'), { name: {}, message: 5, stack: [], code: 7 })", /5$/],
  [
    "const one = new Error('1'), two = new Error('2', { cause: one }); one.cause = two; throw one",
    "! Error: 1",
  ],
  ["one", /caused by {2}Error: 2$/],
  [
    "const all = new AggregateError([], 'g'); all.errors.push(all); throw all",
    "! AggregateError: g",
  ],
  [
    "let chain; for (let i = 0; i < 1000; i++) chain = new Error(i, { cause: chain }); throw chain",
    "! Error: 999",
  ],
  ["throw null", "! null"],
  ["throw undefined", "! undefined"],
  ["await Promise.reject()", "! undefined"],
  ["const gone = Proxy.revocable({}, {}); gone.revoke(); throw gone.proxy", "! <Revoked Proxy>"],
  ["gone.proxy", "<Revoked Proxy>"],
  ["await Promise.reject(gone.proxy)", "! <Revoked Proxy>"],
  ["const call = Proxy.revocable(() => 1, {}); call.revoke(); call.proxy", "<Revoked Proxy>"],
  [
    "const traps = new Proxy({}, { get() { throw new Error('trap') } }); new Proxy({}, traps)",
    "{}",
  ],
  ["throw new Proxy(new Error('x'), traps)", /^! Error: x/],
  ["Object.assign(Object.create(null), { a: 1 })", "[Object: null prototype] { a: 1 }"],
  ["throw Object.create(null)", "! {}"],
  ["({ get then() { throw new Error('then') } })", "{ then: [Getter] }"],
  ["await null; ({ get then() { throw new Error('then') } })", "{ then: [Getter] }"],
  ["({ then(done) { done('resolved') } })", "{ then: [Function: then] }"],
  ["await null; ({ then() {} })", "{ then: [Function: then] }"],
  ["throw { then(done) { done(1) } }", "! { then: [Function then] }"],
  ["await null; throw { then() {} }", "! { then: [Function then] }"],
  ["const recurse = () => recurse() + 1; recurse()", /^! RangeError: Maximum call stack/],
  ["({ get x() { return this.x } }).x", /^! RangeError/],
  ["const o = { toString() { return `${o}` } }; `${o}`", /^! RangeError/],
  ["let deep = {}; for (let i = 0; i < 100_000; i++) deep = { deep }; deep", /\[Object\]/],
  ["let line = {}; for (let i = 0; i < 10_000; i++) line = Object.create(line); line", "{}"],
  [
    "Array.from({ length: 100_000 }, (_, i) => i)",
    /^\[\n {3}0, {2}1,[\s\d,]*99,\n {2}\.\.\. 99900 more items\n\]$/,
  ],
  ["const sparse = []; sparse[4294967294] = 1; sparse", "[ <4294967294 empty items>, 1 ]"],
  ["'x'.repeat(50_000_000)", /^'x{10000}'\.\.\. 49990000 more characters$/],
  [
    "new Uint8Array(200_000_000)",
    /^Uint8Array\(200000000\) \[\n( {2}[0, ]+\n)+ {2}\.\.\. 199999900 more items\n\]$/,
  ],
  ["throw 'm'.repeat(50_000_000)", /^! "m+…" 50,000,000 characters$/],
  ["process.stdout.write('y'.repeat(20_000_000))", "true"],
  ["await new Promise((end) => process.stdin.resume().on('end', end)); 'ended'", "'ended'"],
  ["require('node:fs').readFileSync(0, 'utf8')", "''"],
  [`({ [${looks}]() { throw new Error('hook') } })`, /its display hook failed: Error: hook/],
  [`({ [${looks}]() { throw null } })`, /its display hook failed: null/],
  [`({ [${looks}]() { return recurse() } })`, /its display hook failed: RangeError/],
  [`({ [${looks}]() { return new Promise(() => {}) } })`, /took longer than 250 ms/],
  [`({ [${looks}]() { return 5 } })`, /returned 5 instead of an object of media types/],
  [`({ [${looks}]() { return this } })`, /instead of an object of media types/],
  [`({ [${looks}]() { return gone.proxy } })`, /hook failed: TypeError: .*revoked/],
  [`({ [${looks}]() { return { get then() { throw 1 } } } })`, /its display hook failed: 1/],
  [`({ get [${looks}]() { throw new Error('hook') } })`, /\[Getter\]/],
  [`({ [${looks}]() { for (let i = 0; i < 1e7; i++); return { 'text/plain': 'late' } } })`, "late"],
  [`({ [${inspected}]() { throw new Error('inspect') } })`, /inspect\.custom/],
  [`({ [${inspected}]() { for (let i = 0; i < 1e7; i++); return 'late' } })`, "late"],
  [`({ [${inspected}]() { return new Promise(() => {}) } })`, "Promise { <pending> }"],
  [`({ [${inspected}]() { return this } })`, /inspect\.custom/],
  [`console.log({ [${inspected}]() { throw new Error('inspect') } })`, "! Error: inspect"],
];

test("values and errors that fight whoever looks at them are shown all the same", async () => {
  await using s = openSession({ files });
  await survives(s, valueRows);
});

test("ten thousand unhandled rejections are told one by one and survived", async () => {
  await using s = openSession();
  await survives(s, [
    ["for (let i = 0; i < 10_000; i++) Promise.reject(new Error(`lost ${i}`))", "undefined"],
    [
      "for (let i = 0; i < 500; i++) setTimeout(() => { throw new Error(`thrown ${i}`) })",
      "undefined",
    ],
  ]);
  await vi.waitFor(
    () => expect(s.events.filter(({ kind }) => kind === "uncaught")).toHaveLength(10_500),
    { timeout: 15_000 },
  );
});

/** What is replaced for good, so that each has a session of its own. */
const replaced: readonly (readonly [what: string, ...cells: string[]])[] = [
  [
    "Error.prepareStackTrace by what throws",
    "Error.prepareStackTrace = () => { throw new Error() }",
  ],
  [
    "Error.prepareStackTrace by what returns no text",
    "Error.prepareStackTrace = (_, sites) => sites",
  ],
  ["Error.captureStackTrace", "Error.captureStackTrace = undefined"],
  ["Error.stackTraceLimit", "Error.stackTraceLimit = 0"],
  ["process.stdout.write", "process.stdout.write = () => { throw new Error('no write') }"],
  ["process.send and process.on", "process.send = process.on = () => { throw new Error('no') }"],
  ["Date", "globalThis.Date = undefined"],
  ["console", "globalThis.console = undefined"],
  ["Object.prototype, by a property everyone inherits", "Object.prototype.inherited = 1"],
  [
    "Object.prototype, by a getter that throws",
    "Object.defineProperty(Object.prototype, 'evil', { get() { throw new Error() }, enumerable: true })",
  ],
  [
    "Object.prototype, which is frozen",
    "Object.freeze(Object.prototype); Object.freeze(Array.prototype)",
  ],
  [
    "Object.prototype, by parts of descriptors",
    "Object.prototype.get = () => 7; Object.prototype.value = 3",
  ],
  [
    "Object.prototype, by a then that throws",
    "Object.defineProperty(Object.prototype, 'then', { get() { throw new Error() }, configurable: true })",
  ],
  [
    "Promise by a class that throws",
    "globalThis.Promise = class { constructor() { throw new Error('no promise') } }",
  ],
  ["Promise by nothing", "delete globalThis.Promise"],
  ["Promise.prototype.then", "Promise.prototype.then = () => { throw new Error('no then') }"],
  [
    "JSON.stringify and JSON.parse",
    "JSON.stringify = JSON.parse = () => { throw new Error('no JSON') }",
  ],
  ["Array.prototype.map", "Array.prototype.map = () => { throw new Error('no map') }"],
  [
    "many methods of arrays",
    "for (const key of ['map', 'filter', 'flatMap', 'join', 'some', 'every', 'find', 'includes', 'push', 'slice', 'forEach', 'at']) Array.prototype[key] = () => { throw new Error(key) }",
  ],
  [
    "Array.prototype[Symbol.iterator]",
    "Array.prototype[Symbol.iterator] = () => { throw new Error('no iterator') }",
  ],
  ["Array.prototype[Symbol.iterator] by nothing", "delete Array.prototype[Symbol.iterator]"],
  [
    "Map, Set and WeakMap",
    "globalThis.Map = globalThis.Set = globalThis.WeakMap = class { constructor() { throw new Error('no map') } }",
  ],
  [
    "Map.prototype.get and set",
    "Map.prototype.get = Map.prototype.set = () => { throw new Error('no map') }",
  ],
  ["Set.prototype.has", "Set.prototype.has = () => { throw new Error('no set') }"],
  [
    "timers",
    "globalThis.setTimeout = globalThis.clearTimeout = globalThis.setInterval = () => { throw new Error('no timer') }",
  ],
  [
    "queueMicrotask, process.nextTick and setImmediate",
    "globalThis.queueMicrotask = process.nextTick = globalThis.setImmediate = () => { throw new Error('no tick') }",
  ],
  ["performance by nothing", "globalThis.performance = undefined"],
  ["performance.now", "performance.now = () => { throw new Error('no clock') }"],
  [
    "statics of Object",
    "for (const key of ['keys', 'entries', 'assign', 'hasOwn', 'defineProperty']) Object[key] = () => { throw new Error(key) }",
  ],
  [
    "methods of strings",
    "for (const key of ['split', 'replace', 'slice', 'startsWith', 'includes']) String.prototype[key] = () => { throw new Error(key) }",
  ],
  ["RegExp.prototype.exec", "RegExp.prototype.exec = () => { throw new Error('no exec') }"],
  [
    "Buffer, Error, URL and AbortController",
    "globalThis.Buffer = globalThis.Error = globalThis.URL = globalThis.AbortController = undefined",
  ],
  ["process", "globalThis.process = undefined"],
  ["the global object, which is frozen", "Object.freeze(globalThis)"],
];

test.each(replaced)("a cell replaces %s, and later cells work", async (_, ...cells) => {
  await using s = openSession({ files });
  await s.run("const kept = 42");
  const pid = await s.value("process.pid");
  for (const code of cells) await s.run(code);
  expect(await outcome(s, "const list = [1, 2, 3].map((n) => n * 2); list")).toBe("[ 2, 4, 6 ]");
  expect(await outcome(s, "import { local } from './local.ts'; local")).toBe("'a file'");
  expect(await outcome(s, "for (const n of list) await null; ({ kept })")).toBe("{ kept: 42 }");
  expect(await outcome(s, "throw new Error('seen')")).toBe("! Error: seen");
  expect(await outcome(s, "process.pid")).toBe(pid);
});

test.each([
  ["a loop that catches everything", "while (true) { try { for (;;); } catch {} }"],
  [
    "one that awaits too",
    "while (true) { try { await new Promise((r) => setTimeout(r)); for (;;); } catch {} }",
  ],
  ["one that goes on in finally", "while (true) { try { for (;;); } finally { continue } }"],
])("%s is interrupted, and nothing is lost", async (_, code) => {
  await using s = openSession();
  await s.run("const kept = 42");
  const execution = s.session.execute({ code: `console.log('begun'); ${code}` });
  await vi.waitFor(() => expect(s.printed(execution.cell)).toContain("begun"), {
    timeout: 15_000,
  });
  await s.session.interrupt("cooperate");
  expect((await execution.settled).status).toBe("interrupted");
  expect(await s.value("[1 + 1, kept].join()")).toBe("'2,42'");
});

test.each([
  [
    "process.exit in a timer",
    "setTimeout(() => process.exit(3)); await new Promise(() => {})",
    /process\.exit\(3\) was called at In \[2\]:1:26/,
  ],
  ["process.reallyExit", "process.reallyExit(4)", /ended with exit code 4/],
  ["process.abort", "process.abort()", /ended by SIGABRT/],
  ["SIGKILL", "process.kill(process.pid, 'SIGKILL')", /ended by SIGKILL/],
  ["SIGKILL of its group", "process.kill(-process.pid, 'SIGKILL')", /ended by SIGKILL/],
  [
    "SIGTERM",
    "process.kill(process.pid, 'SIGTERM'); await new Promise(() => {})",
    /ended by SIGTERM/,
  ],
  [
    "closing descriptor 3",
    "require('node:fs').closeSync(3)",
    /descriptor 3 was closed, by which cells are sent/,
  ],
  [
    "closing descriptor 4",
    "require('node:fs').closeSync(4)",
    /descriptor 4 was closed, by which it reports/,
  ],
  [
    "an exit listener that throws",
    "process.on('exit', () => { throw new Error('at exit') }); process.exit(0)",
    /a listener of process.on\("exit"\) threw: Error: at exit/,
  ],
  ["process.disconnect", "process.disconnect()", /ended with exit code 0/],
  [
    "a handler of uncaught errors that throws",
    "process.on('uncaughtException', () => { throw new Error('worse') }); setTimeout(() => { throw 1 }); await new Promise(() => {})",
    /exit code 7/,
  ],
])("%s ends the process with a reason, and the next cell has a new one", async (_, code, why) => {
  await using s = openSession();
  const pid = await s.value("process.pid");
  const { error } = await s.run(code);
  expect([error?.code, error?.message]).toEqual(["SESSION_LOST", expect.stringMatching(why)]);
  expect(error?.message).toContain("variables of In [1]");
  expect(await s.value("1 + 1")).toBe("2");
  expect(await s.value("process.pid")).not.toBe(pid);
});

test.each([
  ["closes its input", "require('node:fs').closeSync(0)"],
  ["closes its output", "require('node:fs').closeSync(1)"],
  ["closes its error output", "require('node:fs').closeSync(2)"],
  ["sets an exit code", "process.exitCode = 7"],
  ["replaces process.exit", "process.exit = () => {}; process.exit(1)"],
  [
    "ends a worker",
    "const { Worker } = require('node:worker_threads'); await new Promise((end) => new Worker('process.exit(2)', { eval: true }).on('exit', end))",
  ],
  [
    "catches all errors itself",
    "process.setUncaughtExceptionCaptureCallback(() => {}); setTimeout(() => { throw 1 }); await new Promise((end) => setTimeout(end, 1))",
  ],
  [
    "works in a folder that is gone",
    "const fs = require('node:fs'); fs.mkdirSync('sub'); process.chdir('sub'); fs.rmdirSync('../sub')",
  ],
  ["deletes the session's folder", "require('node:fs').rmSync(__dirname, { recursive: true })"],
  [
    "floods the ticks",
    "let left = 100_000; const more = () => left-- > 0 && process.nextTick(more); more()",
  ],
])("a cell that %s ends, and later cells print and have their values", async (_, code) => {
  await using s = openSession();
  await s.run("const kept = 42");
  const pid = await s.value("process.pid");
  await s.run(code);
  const { cell, value } = await s.run("console.log('out'); console.error('err'); kept");
  expect([value?.["text/plain"], s.printed(cell), s.printed(cell, "stderr")]).toEqual([
    "42",
    "out\n",
    "err\n",
  ]);
  const { error } = await s.run("null.property");
  expect([error?.name, error?.frames[0]?.column]).toEqual(["TypeError", 6]);
  expect(await s.value("process.pid")).toBe(pid);
});

test("an interrupt that signals the group finds the process listening after it lost all listeners", async () => {
  await using s = openSession();
  await s.run("const kept = 42; process.removeAllListeners()");
  expect(await s.value("process.kill(process.pid, 'SIGINT'); kept")).toBe("42");
  const execution = s.session.execute({
    code: "console.log('begun'); /(a+)+$/.test('a'.repeat(50) + 'b')",
  });
  await vi.waitFor(() => expect(s.printed(execution.cell)).toContain("begun"), { timeout: 15_000 });
  await s.session.interrupt("terminate");
  expect((await execution.settled).status).toBe("interrupted");
  expect(await s.value("kept")).toBe("42");
});

test("built-ins that a cell replaced stay replaced while the session works, and come back with a notice", async () => {
  await using s = openSession();
  await s.run("Math.max = () => 'mine'; Array.prototype.at = () => 'mine too'");
  expect(await s.value("[Math.max(1), [1].at(0)]")).toBe("[ 'mine', 'mine too' ]");
  const { cell, error } = await s.run("delete Array.prototype[Symbol.iterator]; 1");
  expect(error?.code).toBe("BUILT_IN_REPLACED");
  expect(await s.value("[...[1], typeof Math.max(1)]")).toBe("[ 1, 'number' ]");
  const told = s.events.flatMap((event) =>
    event.kind === "notice" ? [[event.cell, event.text]] : [],
  );
  expect(told).toEqual([[cell, expect.stringContaining("the built-ins are back")]]);
});
