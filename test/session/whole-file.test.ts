import { execFile } from "node:child_process";
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { writeWhole } from "../../runtime/deck/whole-file.ts";
import { tempFolder } from "../support/temp-folder.ts";

const run = promisify(execFile);

test("what is no file is written to, never replaced: /dev/null stays a device", async () => {
  using folder = tempFolder();
  const pipe = join(folder.path, "pipe");
  await run("mkfifo", [pipe]);
  const [read] = await Promise.all([run("head", ["-c", "7", pipe]), writeWhole(pipe, "through")]);
  expect(read.stdout).toBe("through");
  expect(lstatSync(pipe).isFIFO()).toBe(true);
  expect(readdirSync(folder.path)).toEqual(["pipe"]);
});
