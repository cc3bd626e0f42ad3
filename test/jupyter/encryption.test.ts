import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { distFolder } from "../support/dist.ts";
import { requireVenv, runPython } from "../support/jupyter.ts";
import { tempFolder } from "../support/temp-folder.ts";

beforeAll(requireVenv);

test("jupyter_client that requires encryption finds it in the kernelspec, and gets it", () => {
  using home = tempFolder();
  const args = [join(distFolder, "cli", "main.js"), "kernel", "install", "--prefix", home.path];
  expect(spawnSync(process.execPath, args).status).toBe(0);
  const { status, stdout, stderr } = runPython("encryption.py", [], home.path, home.path);
  expect([status, stderr]).toEqual([0, expect.not.stringContaining("Traceback")]);
  expect(JSON.parse(stdout)).toEqual({
    keys: ["curve_publickey", "curve_secretkey"],
    status: "ok",
    texts: ["encrypted\n"],
  });
});
