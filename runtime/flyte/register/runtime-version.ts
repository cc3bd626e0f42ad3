/**
 * The version of this eagerdeck: an image has to have one of the same minor version as what registered its tasks.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

function ownVersion(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = join(folder, "package.json");
    if (existsSync(file)) {
      const about: unknown = JSON.parse(readFileSync(file, "utf8"));
      if (typeof about === "object" && about && "version" in about) return String(about.version);
    }
    const parent = dirname(folder);
    if (parent === folder) throw new Error("eagerdeck: its own package.json was not found");
    folder = parent;
  }
}

export const runtimeVersion: string = ownVersion();

/** Whether code that was made with that version runs with this one. */
export function isSameMinor(version: string): boolean {
  const minor = (text: string) => text.split(".").slice(0, 2).join(".");
  return minor(version) === minor(runtimeVersion);
}
