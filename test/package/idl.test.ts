import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generate, IDL } from "../support/idl.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Path below the folder → text. */
function filesOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((file) => [file.slice(folder.length), readFileSync(file, "utf8")]),
  );
}

test("the committed protocol code is what `npm run idl` makes of the installed protocol files", () => {
  using folder = tempFolder();
  const made = join(folder.path, "idl");
  generate(made);
  const [fresh, committed] = [filesOf(made), filesOf(IDL)];
  expect(Object.keys(committed).toSorted()).toEqual(Object.keys(fresh).toSorted());
  const changed = Object.keys(fresh).filter((file) => fresh[file] !== committed[file]);
  expect(changed).toEqual([]);
});
