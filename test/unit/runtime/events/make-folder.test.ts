import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolder } from "../../../../runtime/events/make-folder.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

test("a folder is made with those above it, and again is no error", () => {
  using folder = tempFolder();
  const deep = join(folder.path, "a/b/c");
  makeFolder(deep);
  makeFolder(deep);
  expect(existsSync(deep)).toBe(true);
});

test("where no folder can be made it throws, where `recursive` would never return", () => {
  using folder = tempFolder({ file: "" });
  expect(() => makeFolder(join(folder.path, "file/a/b"))).toThrow("ENOTDIR");
  expect(() => makeFolder("/proc/nowhere/a")).toThrow(/ENOENT|EROFS|EACCES|EPERM/);
});
