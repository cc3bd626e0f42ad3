/**
 * Tasks of files in worker threads of plain Node, without a session.
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { tempFolder } from "../support/temp-folder.ts";

/** Runs `main.ts` of a folder where eagerdeck is installed, to its own end. */
async function node(files: Readonly<Record<string, string>>, flags: readonly string[] = []) {
  using folder = tempFolder({ "package.json": `{ "type": "module" }`, ...files });
  mkdirSync(join(folder.path, "node_modules"));
  symlinkSync(resolve("."), join(folder.path, "node_modules/eagerdeck"));
  const child = spawn(process.execPath, [...flags, "main.ts"], {
    cwd: folder.path,
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close"),
    ]);
    const plain = (output: string) => output.replaceAll(folder.path, "").trimEnd();
    return { code, stdout: plain(stdout), stderr: plain(stderr) };
  } finally {
    child.kill("SIGKILL");
  }
}

const TASKS = `import { task, z } from "eagerdeck";
import { isMainThread } from "node:worker_threads";
import { scale } from "./scale.ts";
export const where = task({ thread: true, inputs: { n: z.int() }, output: z.string() }, async function where({ n }, ctx) {
  console.log("printed in the thread", ctx.call.name);
  if (n < 0) throw Object.assign(new TypeError("negative"), { n });
  return \`\${isMainThread} \${n * scale}\`;
});
export const plain = task(function plain({ n }: { n: number }) { return [isMainThread, n]; });
`;

test("a program's tasks run in threads, its own file and others, and it ends by itself", async () => {
  const { code, stdout, stderr } = await node({
    "scale.ts": "export const scale: number = 2;",
    "tasks.ts": TASKS,
    "main.ts": `import { eager, task } from "eagerdeck";
      import { isMainThread } from "node:worker_threads";
      import { plain, where } from "./tasks.ts";
      const own = task({ thread: true }, function own({ n }: { n: number }) { return [isMainThread, n]; });
      const all = eager(async function all() {
        console.log(await own({ n: 1 }), await where({ n: 2 }));
        console.log(await plain({ n: 3 }), await plain.with({ thread: true })({ n: 3 }));
        const failed = await where({ n: -1 }).catch((error) => error);
        console.log(failed.cause instanceof TypeError, failed.cause.n, failed.cause.stack);
      });
      if (import.meta.main) await all();`,
  });
  expect(stderr).toBe("");
  expect(stdout.split("\n")).toEqual([
    "printed in the thread where",
    "[ false, 1 ] false 4",
    "[ true, 3 ] [ false, 3 ]",
    "printed in the thread where",
    "true -1 TypeError: negative",
    "    at where (file:///tasks.ts:6:34)",
  ]);
  expect(code).toBe(0);
});

test.each([
  ["waits for them", "await main()"],
  ["does not wait for them", "await null; void main(); await null"],
  ["looks away", "main().catch(() => undefined)"],
])("a program whose top level makes calls and %s is not run twice", async (_, start) => {
  const { stdout, code } = await node({
    "main.ts": `import { task } from "eagerdeck";
      const one = task({ thread: true }, function one() { return 1; });
      const two = task(function two() { return 2; });
      async function main() {
        for (let n = 0; n < 2; n++) await one({}).catch((error) => console.log(error.cause.message));
        console.log(await two({}));
      }
      ${start};`,
  });
  const why =
    "task one cannot run in a thread: a thread loads file:///main.ts, and its top level calls one, which would run the program a second time; put the calls behind if (import.meta.main) { … }";
  expect(stdout.split("\n")).toEqual([why, why, "2"]);
  expect(code).toBe(0);
});

test("a task that only a running program makes is refused with advice", async () => {
  const { stdout } = await node({
    "main.ts": `import { task } from "eagerdeck";
      const inner = task(function inner() { return 1; });
      const calls = task({ thread: true }, async function calls() { return await inner({}); });
      const bare = task({ thread: true }, async function bare() { return inner.fn({}); });
      if (import.meta.main) {
        const late = task({ thread: true, name: "late" }, () => 1);
        await late({}).catch((error) => console.log(error.cause.message));
        await calls({}).catch((error) => console.log(error.cause.message));
        console.log(await bare({}));
      }`,
  });
  expect(stdout.split("\n")).toEqual([
    "task late cannot run in a thread: a thread that loads file:///main.ts finds no task of that name; define it at the top level of a module",
    "task calls cannot run in a thread: it calls inner, and calls are tracked in the main thread only; make calls an eager workflow, or use the bare function, inner.fn(…)",
    "1",
  ]);
});

test("a program that only waits for its threads does not end before they have answered", async () => {
  const { code, stdout, stderr } = await node({
    "main.ts": `import { task } from "eagerdeck";
      const add = task({ thread: true }, function add({ n }: { n: number }) { return n + 1; });
      if (import.meta.main) {
        await add({ n: Symbol() as never }).catch((error) => console.log(error.cause.message));
        let n = (await Promise.all([add({ n: 0 }), add({ n: 0 })]))[0];
        while (n < 500) n = await add({ n });
        console.log(n);
      }`,
  });
  const refusal =
    "task add cannot run in a thread: its input `n` is a symbol, which cannot be copied; give the data it is made of, and make it inside the function";
  expect([stdout, stderr, code]).toEqual([`${refusal}\n500`, "", 0]);
});

test("an endless loop ends with its timeout, and the program with it", async () => {
  const { stdout, code } = await node({
    "main.ts": `import { task } from "eagerdeck";
      const spin = task({ thread: true, timeout: 300 }, function spin() { for (;;); });
      if (import.meta.main) await spin({}).catch((error) => console.log(error.code));`,
  });
  expect([stdout, code]).toEqual(["TIMED_OUT", 0]);
});

test("a thread without memory fails its call, and the program goes on", async () => {
  const { stdout, code } = await node(
    {
      "main.ts": `import { task } from "eagerdeck";
      const hoard = task({ thread: true }, function hoard() {
        const all: object[] = [];
        for (;;) all.push(new Array(100_000).fill(all.length));
      });
      const one = task({ thread: true }, function one() { return 1; });
      if (import.meta.main) {
        await hoard({}).catch((error) => console.log(error.kind, error.root.code, error.root.message));
        console.log(await one({}));
      }`,
    },
    ["--max-old-space-size=100"],
  );
  expect(stdout.split("\n")).toEqual([
    "system THREAD_FAILED the thread of hoard ran out of memory",
    "1",
  ]);
  expect(code).toBe(0);
});
