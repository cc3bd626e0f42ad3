import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../../../..");
/** What takes tens of milliseconds or megabytes to load, and is for the first remote call. */
const HEAVY = /^(opendal|undici|rolldown|oauth4webapi|@bufbuild\/|@connectrpc\/|@msgpack\/)/;

/** The packages that come with a module: what it imports statically, and that imports, and so on, with the way to them. */
function packagesBehind(file: string): Map<string, string> {
  const found = new Map<string, string>();
  const seen = new Set<string>();
  const waiting: (readonly [file: string, way: string])[] = [[join(ROOT, file), file]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [at, way] = next;
    if (seen.has(at)) continue;
    seen.add(at);
    const imports = /^(?:import|export)\s+(?!type\b)(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm;
    for (const [, name = ""] of readFileSync(at, "utf8").matchAll(imports)) {
      if (!name.startsWith(".")) found.set(name, way);
      else {
        const target = join(dirname(at), name);
        waiting.push([target, `${way} → ${relative(ROOT, target)}`]);
      }
    }
  }
  return found;
}

describe("what a workflow file pays for", () => {
  it.each([
    "runtime/index.ts",
    "runtime/flyte/blobs.ts",
    "runtime/flyte/config.ts",
    "runtime/flyte/console.ts",
    "runtime/flyte/errors.ts",
    "runtime/flyte/remote.ts",
    "runtime/flyte/storage.ts",
  ])("%s brings no protocol, transport or storage along", (file) => {
    expect(existsSync(join(ROOT, file))).toBe(true);
    const heavy = [...packagesBehind(file)].filter(([name]) => HEAVY.test(name));
    expect(heavy).toEqual([]);
  });

  it("is found by looking: the client brings its transport", () => {
    const names = [...packagesBehind("runtime/flyte/client.ts").keys()];
    expect(names).toContain("@connectrpc/connect-node");
  });
});
