/** What a session does at its edges: before it is ready, after it is closed, without a network. */
import { existsSync } from "node:fs";
import { delimiter } from "node:path";
import { expect, test } from "vitest";
import { openSession } from "../support/session.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Children of a session inherit the environment of the moment. */
function withEnvironment(name: string, value: string): Disposable {
  const before = process.env[name];
  process.env[name] = value;
  return {
    [Symbol.dispose]: () => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    },
  };
}

test("an expression is answered in time although the user process cannot start", async () => {
  using _ = withEnvironment("NODE_OPTIONS", "--require /does/not/exist.cjs");
  await using s = openSession();
  const answer = await s.session.evaluate("1", { timeoutMs: 300 });
  expect(answer).toMatchObject({ ok: false });
});

test("a cell that is being checked when the session closes ends, and starts nothing", async () => {
  const s = openSession({ check: "error" });
  const { settled } = s.session.execute({ code: "const n: number = 1; n" });
  await s[Symbol.asyncDispose]();
  expect((await settled).error?.message).toContain("the session was closed");
  expect((await s.session.execute({ code: "1" }).settled).error?.message).toContain("closed");
});

test("the checker downloads nothing by itself", async () => {
  using bin = tempFolder({
    npm: '#!/bin/sh\necho "$@" >> "$(dirname "$0")/calls"\nexit 1\n',
  });
  const { chmodSync } = await import("node:fs");
  chmodSync(`${bin.path}/npm`, 0o755);
  using _ = withEnvironment("PATH", `${bin.path}${delimiter}${process.env["PATH"]}`);
  await using s = openSession({
    check: "error",
    files: { "old.js": "module.exports = require('lodash');\n" },
  });
  expect((await s.run("const n: number = 1; n")).status).toBe("ok");
  await s.session.types.complete("n.toF", 5);
  await s.run("import old from './old.js'");
  expect((await s.run("n + 1")).status).toBe("ok");
  expect(existsSync(`${bin.path}/calls`)).toBe(false);
});
