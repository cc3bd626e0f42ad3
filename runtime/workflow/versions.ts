/**
 * Which eagerdeck and which Node a run was made with.
 * @module
 */

let known: { readonly eagerdeck: string; readonly node: string } | undefined;

export function versions(): { readonly eagerdeck: string; readonly node: string } {
  if (known === undefined) {
    // Builtins by name and not by import: a plain script that nobody observes does not pay for them.
    const { findPackageJSON } = process.getBuiltinModule("node:module");
    const { readFileSync } = process.getBuiltinModule("node:fs");
    // Two folders deeper in `dist/` than in the sources; this finds it from both.
    const file = findPackageJSON("..", import.meta.url);
    const manifest: unknown = file === undefined ? {} : JSON.parse(readFileSync(file, "utf8"));
    const { name, version } = manifest as { name?: unknown; version?: unknown };
    known = {
      // Bundled into somebody's program, the nearest package.json is theirs.
      eagerdeck: name === "eagerdeck" && typeof version === "string" ? version : "unknown",
      node: process.versions.node,
    };
  }
  return known;
}
