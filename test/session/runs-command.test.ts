/** `eagerdeck runs` and `eagerdeck cache`: what a folder remembers, asked from the command line. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { distFolder } from "../support/dist.ts";
import { openSession } from "../support/session.ts";
import { tempFolder } from "../support/temp-folder.ts";

function eagerdeck(folder: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(distFolder, "cli/main.js"), ...args],
    { cwd: folder, encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

/** A folder in which one cell has failed and another went well. */
async function used(folder: string): Promise<void> {
  await using s = openSession({ folder });
  await s.run(
    "const one = task({ name: 'one', cache: true }, ({ n }: { n: number }) => { if (n < 0) throw new Error('below'); return n; });",
  );
  await s.run("await one({ n: -1 })");
  await s.run("for (let n = 0; n < 4; n++) await one({ n });");
}

describe("eagerdeck runs", () => {
  test("lists the newest first, as a table and as JSON, shows one, and writes its page", async () => {
    using folder = tempFolder();
    await used(folder.path);
    const list = eagerdeck(folder.path, "runs");
    expect(list.status).toBe(0);
    const [good = "", bad = ""] = list.stdout.trimEnd().split("\n");
    expect(good).toMatch(/^\S+ +✓ ok +In \[3\] +4 calls/);
    expect(bad).toMatch(/^\S+ +✕ failed +one +In \[2\] +1 call /);
    for (const row of [good, bad]) expect(row.length).toBeLessThanOrEqual(110);
    const [first] = eagerdeck(folder.path, "runs", "list", "--json", "--limit", "1")
      .stdout.trimEnd()
      .split("\n");
    const { id, state } = JSON.parse(first ?? "") as { id: string; state: string };
    expect([good.startsWith(id), state]).toEqual([true, "ok"]);

    const failed = bad.split(" ")[0] ?? "";
    const shown = eagerdeck(folder.path, "runs", "show", failed);
    expect(shown.stdout).toContain("Error: below");
    const record = JSON.parse(eagerdeck(folder.path, "runs", "show", failed, "--json").stdout) as {
      state: string;
    };
    expect(record.state).toBe("failed");
    const page = eagerdeck(folder.path, "runs", "deck", failed);
    expect(page.status).toBe(0);
    expect(readFileSync(page.stdout.trim(), "utf8")).toContain("Error: below");
    const other = eagerdeck(folder.path, "runs", "deck", failed, "--output", "x.html");
    expect(other.stdout.trim()).toBe(join(folder.path, "x.html"));
  });

  test.each([
    [["runs", "show", "nowhere"], "no run 'nowhere' here; eagerdeck runs list has them."],
    [["runs", "show", "r"], "several runs begin with 'r': "],
    [["runs", "list", "--limit", "none"], "--limit takes a number of runs, 1 or more, not 'none'"],
  ])("%j is refused with advice", async (args, message) => {
    using folder = tempFolder();
    await used(folder.path);
    const { status, stderr } = eagerdeck(folder.path, ...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  test("where nothing ran says so, and makes nothing", () => {
    using folder = tempFolder();
    const list = eagerdeck(folder.path, "runs");
    expect([list.status, list.stdout]).toEqual([0, ""]);
    expect(list.stderr).toContain("no runs in ");
    expect(eagerdeck(folder.path, "runs", "show", "x").status).toBe(2);
    expect(existsSync(join(folder.path, ".eagerdeck"))).toBe(false);
  });

  test("of a history that is none moves it aside, and says so", () => {
    using folder = tempFolder();
    mkdirSync(join(folder.path, ".eagerdeck"));
    writeFileSync(join(folder.path, ".eagerdeck/history.db"), "no database at all ".repeat(500));
    const { status, stderr } = eagerdeck(folder.path, "runs");
    expect(status).toBe(0);
    expect(stderr).toContain("it was moved aside, and a new one was begun");
  });
});

test("eagerdeck cache clear forgets the values of cached tasks", async () => {
  using folder = tempFolder();
  expect(eagerdeck(folder.path, "cache", "clear").stderr).toContain("no cached values in ");
  await used(folder.path);
  expect(eagerdeck(folder.path, "cache", "clear").stderr).toBe("forgot 4 values\n");
  expect(eagerdeck(folder.path, "cache", "clear").stderr).toBe("forgot 0 values\n");
});
