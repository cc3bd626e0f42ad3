/** Cells that were written for another kernel, in folders without and with a tsconfig. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test, vi } from "vitest";
import { startSession } from "../../runtime/session/client/session.ts";
import { openSession } from "../support/session.ts";
import { tempFolder } from "../support/temp-folder.ts";

const LOOSE =
  'function shout(text, mark = "!") { return text.toUpperCase() + mark } shout("a-b".match(/b/)[0])';
const LEGACY = `
  function doubled(target: any, key: string, descriptor: PropertyDescriptor) {
    const { value } = descriptor;
    descriptor.value = (n: number) => 2 * value(n);
  }
  class Sums { @doubled plusOne(n: number) { return n + 1 } }
  new Sums().plusOne(5)`;
const UNTYPED =
  "class Point { constructor(x) { this.x = x } } const o = {}; o.p = new Point(3); o.p.x";

test("tslab: cells are not strict and decorators are TypeScript's own, but types are checked", async () => {
  await using s = openSession({ dialect: "tslab", check: "error" });
  expect(await s.value(LOOSE)).toBe("'B!'");
  expect(await s.value(LEGACY)).toBe("12");
  expect((await s.run("const n: number = 'text'")).error?.message).toContain("TS2322");
  // Also in a local file.
  s.write("sums.ts", `${LEGACY.replace("class", "export class")};`);
  expect(await s.value('import { Sums } from "./sums.ts"; new Sums().plusOne(1)')).toBe("4");
});

test("jslab, by the environment: cells run whatever their types are, also after a restart", async () => {
  using folder = tempFolder();
  vi.stubEnv("EAGERDECK_DIALECT", "jslab");
  const session = startSession({ folder: folder.path, columns: 80 });
  vi.unstubAllEnvs();
  try {
    const run = async (code: string) => (await session.execute({ code }).settled).value;
    expect(await run(UNTYPED)).toEqual({ "text/plain": "3" });
    await session.restart();
    expect(await run(LEGACY)).toEqual({ "text/plain": "12" });
    session.check = "error";
    expect(await run(UNTYPED)).toBeUndefined();
  } finally {
    await session.close({ graceMs: 0 });
  }
});

test("without a dialect the same cells are strict, and decorators are the language's", async () => {
  await using s = openSession({ check: "error" });
  for (const code of [LOOSE, LEGACY, UNTYPED]) {
    expect((await s.run(code, { stopOnError: false })).error?.name).toBe("TypeScriptError");
  }
});

test("what only Deno has is refused with what to write here, by the checker and when it runs", async () => {
  await using s = openSession({ check: "error" });
  const cells = [
    "Deno.jupyter.display(1)",
    "typeof Deno",
    'import { z } from "npm:zod@4.1.0"',
    'import { join } from "jsr:@std/path@^1/posix"',
  ];
  for (const check of ["error", "off"] as const) {
    const said = [];
    for (const code of cells) {
      const { error, value } = await s.run(code, { check, stopOnError: false });
      said.push(error?.message ?? value?.["text/plain"]);
    }
    expect(said).toEqual([
      expect.stringContaining("Deno.jupyter.display(x) is display(x)"),
      check === "error" ? expect.stringContaining("cells run in Node") : "'undefined'",
      expect.stringContaining("run %npm i zod@4.1.0 and import from 'zod'"),
      expect.stringContaining(
        "run npx jsr add @std/path@^1 in this folder and import from '@std/path/posix'",
      ),
    ]);
  }
});

test("a dialect that is none is said at once", () => {
  using folder = tempFolder();
  vi.stubEnv("EAGERDECK_DIALECT", "tslap");
  const message = 'EAGERDECK_DIALECT is "tslap"; it can be tslab, jslab, deno';
  try {
    expect(() => startSession({ folder: folder.path, columns: 80 })).toThrow(message);
    const cli = resolve("dist/cli/main.js");
    const { status, stderr } = spawnSync(process.execPath, [cli, "repl", "-e", "1"], {
      encoding: "utf8",
      cwd: folder.path,
    });
    expect([status, stderr]).toEqual([2, `eagerdeck: ${message}\n`]);
  } finally {
    vi.unstubAllEnvs();
  }
});

test("a tsconfig in the folder is what counts", async () => {
  const files = { "tsconfig.json": '{ "compilerOptions": { "strict": true } }' };
  await using s = openSession({ dialect: "tslab", check: "error", files });
  expect((await s.run(LOOSE)).error?.message).toContain("TS7006");
});
