/**
 * Where this copy of eagerdeck lives: children are started from there and types are found there.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

function findPackageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = join(folder, "package.json");
    if (existsSync(file) && JSON.parse(readFileSync(file, "utf8")).name === "eagerdeck")
      return folder;
    const parent = dirname(folder);
    if (parent === folder) throw new Error("eagerdeck: its own package.json was not found");
    folder = parent;
  }
}

/** The folder of eagerdeck's package.json, from `dist/` and from the sources alike. */
export const packageRoot: string = findPackageRoot();

/** A compiled module of this package, by its path below `dist/`: children always run the build. */
export function builtModule(path: string): string {
  return join(packageRoot, "dist", path);
}
