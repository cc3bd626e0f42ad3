import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { kernelSuite, types } from "../support/kernel-suite.ts";

const suite = kernelSuite();

test("%npm i runs like a cell: busy, npm's output, idle; then the package is there", async () => {
  const folder = join(suite.kernel.folder, "pkg");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), `{ "name": "pkg", "version": "1.0.0" }`);
  writeFileSync(join(folder, "index.js"), "exports.p = 7;");
  writeFileSync(join(folder, "index.d.ts"), "export const p: number;");
  const done = await suite.client.execute("%npm i ./pkg");
  const seen = types(done.published);
  expect(seen.slice(0, 2)).toEqual(["busy", "execute_input"]);
  expect(new Set(seen.slice(2, -1))).toEqual(new Set(["stream"]));
  expect(seen.at(-1)).toBe("idle");
  expect(done.reply.content.status).toBe("ok");
  expect((await suite.client.execute(`import { p } from "pkg"; p`)).result).toBe("7");
}, 60_000);

test("a name that is none is an error", async () => {
  const done = await suite.client.execute("%npm i --prefix=/");
  expect(done.reply.content).toMatchObject({ status: "error", ename: "InstallError" });
});
