import { lstatSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeWhole } from "../../../../runtime/deck/whole-file.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

test("a file is replaced, and a link to it stays a link", async () => {
  using folder = tempFolder({ "a.txt": "old" });
  const link = join(folder.path, "link.txt");
  symlinkSync("a.txt", link);
  await writeWhole(link, "new");
  expect(readFileSync(join(folder.path, "a.txt"), "utf8")).toBe("new");
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readdirSync(folder.path).sort()).toEqual(["a.txt", "link.txt"]);
});

test("a folder of that name is an error, and nothing is left beside it", async () => {
  using folder = tempFolder({ "sub/file": "" });
  await expect(writeWhole(join(folder.path, "sub"), "x")).rejects.toThrow(
    /EISDIR|ENOTEMPTY|EEXIST/,
  );
  expect(readdirSync(folder.path)).toEqual(["sub"]);
});
