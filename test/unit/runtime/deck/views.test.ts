/** What loading the views loads. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { expect, test } from "vitest";

/** Values that a module imports at once: not types, not `import()`. */
function staticImports(file: string): string[] {
  const source = readFileSync(file, "utf8");
  return [...source.matchAll(/^(?:import|export)\s(?!type\b)[^;]*?from\s+"([^"]+)"/gms)].map(
    ([, specifier = ""]) => specifier,
  );
}

test("importing the views loads neither React nor dagre: a terminal draws rows without it", () => {
  const open = [resolve("runtime/deck/views.ts")];
  const seen = new Set<string>();
  const packages = new Set<string>();
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const specifier of staticImports(file)) {
      if (specifier.startsWith(".")) open.push(resolve(dirname(file), specifier));
      else packages.add(specifier);
    }
  }
  expect(seen.size).toBeGreaterThan(10);
  expect([...seen].filter((file) => file.endsWith(".tsx"))).toEqual([]);
  expect([...packages].filter((name) => /^react|dagre/.test(name))).toEqual([]);
});
