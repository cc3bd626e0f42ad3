/** What each command leaves of its runs on disk. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const cli = resolve("dist/cli/main.js");
const FLOW = `import { Deck, eager, task } from "eagerdeck";
export const bad = task(function bad({ n }: { n: number }) { throw new Error("no " + n); });
export const good = task(function good({ n }: { n: number }) { return n; });
export const flow = eager(async function flow({ n }: { n: number }) {
  for (let i = 0; i < n; i++) await good({ n: i });
  Deck("notes", Deck.md\`# seen\`);
  return n;
});
`;
const CELL = `${FLOW}await flow({ n: 5 })`;

async function eagerdeck(
  folder: TempFolder,
  args: readonly string[],
  { input = "", env = {} }: { input?: string; env?: Record<string, string> } = {},
) {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: folder.path,
    env: { ...process.env, ...env },
  });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdout.resume();
  child.stdin.end(input);
  const [code] = await once(child, "close");
  return { code, stderr };
}

/** The pages in a folder, as texts. */
function pages(folder: TempFolder): string[] {
  const runs = join(folder.path, ".eagerdeck/runs");
  if (!existsSync(runs)) return [];
  return readdirSync(runs).map((run) => readFileSync(join(runs, run, "deck.html"), "utf8"));
}

const NOTEBOOK = JSON.stringify({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {},
  cells: [
    { cell_type: "code", id: "a", source: CELL, metadata: {}, outputs: [], execution_count: null },
  ],
});

describe("a run that is not trivial leaves its page", () => {
  test.each([
    ["eagerdeck run", ["run", "flow.ts", "flow", "--n", "5"], ""],
    ["cells on stdin", ["repl"], CELL],
    ["-e", ["repl", "-e", CELL], ""],
    ["JSON lines", ["repl", "--json", "-e", CELL], ""],
    ["a notebook", ["notebook", "run", "cells.ipynb"], ""],
  ])("%s", async (_, args, input) => {
    using folder = tempFolder({ "flow.ts": FLOW, "cells.ipynb": NOTEBOOK });
    const { code, stderr } = await eagerdeck(folder, args, { input });
    expect([code, stderr.includes("cannot be kept")]).toEqual([0, false]);
    const [page = "", ...more] = pages(folder);
    expect(more).toEqual([]);
    expect(page).toContain("<title>flow</title>");
    expect(page).toContain("added by flow");
    expect(readFileSync(join(folder.path, ".eagerdeck/.gitignore"), "utf8")).toBe("*\n");
  });

  test("a failed one too", async () => {
    using folder = tempFolder({ "flow.ts": FLOW });
    expect((await eagerdeck(folder, ["run", "flow.ts", "bad", "--n", "5"])).code).toBe(1);
    expect(pages(folder)[0]).toContain("no 5");
  });
});

test("a trivial run leaves no page, and with EAGERDECK_HISTORY=off no run leaves anything", async () => {
  using folder = tempFolder({ "flow.ts": FLOW });
  expect((await eagerdeck(folder, ["run", "flow.ts", "good", "--n", "5"])).code).toBe(0);
  expect(pages(folder)).toEqual([]);
  using other = tempFolder({ "flow.ts": FLOW });
  const env = { EAGERDECK_HISTORY: "off" };
  expect((await eagerdeck(other, ["run", "flow.ts", "flow", "--n", "5"], { env })).code).toBe(0);
  expect(existsSync(join(other.path, ".eagerdeck"))).toBe(false);
});

test("a folder that cannot be written is one notice, and the value comes all the same", async () => {
  using folder = tempFolder({ "flow.ts": FLOW, ".eagerdeck": "a file in its place" });
  const two = `${CELL}\n// %%\nawait flow({ n: 4 })`;
  const { code, stderr } = await eagerdeck(folder, ["repl", "-e", two]);
  expect(code).toBe(0);
  expect(stderr.match(/decks of runs cannot be kept in \.eagerdeck: E/g)).toHaveLength(1);
});
