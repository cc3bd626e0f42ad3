import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Spill, type SpillOptions } from "../../../../../runtime/session/client/spill.ts";
import { type TempFolder, tempFolder } from "../../../../support/temp-folder.ts";

let folder: TempFolder;
let spill: Spill;
beforeEach(() => {
  folder = tempFolder();
  spill = spillOf({});
});
afterEach(() => {
  spill.close();
  folder[Symbol.dispose]();
});

function spillOf(options: Partial<SpillOptions>): Spill {
  return new Spill({ folder: folder.path, log: () => undefined, ...options });
}

function textIn(path: string): string {
  return readFileSync(join(folder.path, path), "utf8");
}

test("the text of a cell is in one file, whole and in order, for its owner alone", () => {
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index} 😀\n`);
  for (const line of lines) spill.write(7, line);
  const spilled = spill.where(7);
  if (spilled.kind !== "all") throw new Error(JSON.stringify(spilled));
  expect(spilled.path).toMatch(/^\.eagerdeck\/output\/\d{4}-\d\d-\d\dT\d{6}-\d+-7\.txt$/);
  expect(textIn(spilled.path)).toBe(lines.join(""));
  expect(statSync(join(folder.path, spilled.path)).mode & 0o777).toBe(0o600);
  expect(textIn(".eagerdeck/.gitignore")).toBe("*\n");
});

test("cells have files of their own; what comes later follows at once", () => {
  spill.write(1, "one\n");
  spill.write(2, "two\n");
  const [first, second] = [spill.where(1), spill.where(2)];
  if (first.kind !== "all" || second.kind !== "all") throw new Error("not kept");
  spill.write(1, "more\n");
  expect([textIn(first.path), textIn(second.path)]).toEqual(["one\nmore\n", "two\n"]);
});

test("a character that was written in two halves is one", () => {
  spill.write(1, `${"x".repeat(64 * 1024)}\ud83d`);
  spill.write(1, "\ude00 end");
  const spilled = spill.where(1);
  if (spilled.kind !== "all") throw new Error("not kept");
  expect(textIn(spilled.path).slice(-6)).toBe("😀 end");
});

test("nothing was written: nothing is there", () => {
  expect(spill.where(1)).toEqual({ kind: "none", why: undefined });
  expect(existsSync(join(folder.path, ".eagerdeck"))).toBe(false);
});

test("a file ends at its limit, between two characters, and says so", () => {
  spill = spillOf({ fileBytesMax: 10 });
  spill.write(1, "ääääää");
  spill.write(1, "more");
  const spilled = spill.where(1);
  expect(spilled).toMatchObject({ kind: "part", bytes: 10, why: "a file may have no more" });
  if (spilled.kind === "part") expect(textIn(spilled.path)).toBe("äääää");
});

test("a full disk keeps what fits and says why; the next cell is tried again", () => {
  let free = 100;
  const written: string[] = [];
  spill = spillOf({
    writeSync: (_descriptor, bytes) => {
      if (free === 0) throw new Error("ENOSPC: no space left on device, write");
      const taken = bytes.subarray(0, Math.min(30, free)); // a disk may take less than it is given
      free -= taken.length;
      written.push(Buffer.from(taken).toString());
      return taken.length;
    },
  });
  spill.write(1, "x".repeat(150));
  const why = "ENOSPC: no space left on device, write";
  expect(spill.where(1)).toMatchObject({ kind: "part", bytes: 100, why });
  expect(written.join("")).toBe("x".repeat(100));
  spill.write(2, "y");
  expect(spill.where(2)).toEqual({ kind: "none", why });
  free = 10;
  spill.write(3, "z");
  expect(spill.where(3).kind).toBe("all");
});

test("a folder that cannot be made is a reason, not an exception", () => {
  folder.write(".eagerdeck", "a file where the folder should be");
  spill.write(1, "text");
  const spilled = spill.where(1);
  expect(spilled.kind).toBe("none");
  expect("why" in spilled && spilled.why).toMatch(/^(ENOTDIR|EEXIST)/);
});

test("with EAGERDECK_HISTORY=off nothing is kept", () => {
  const before = process.env["EAGERDECK_HISTORY"];
  process.env["EAGERDECK_HISTORY"] = "off";
  try {
    spill.write(1, "text");
    expect(spill.where(1)).toEqual({ kind: "none", why: undefined });
    expect(existsSync(join(folder.path, ".eagerdeck"))).toBe(false);
  } finally {
    if (before === undefined) delete process.env["EAGERDECK_HISTORY"];
    else process.env["EAGERDECK_HISTORY"] = before;
  }
});

test("a new file removes those of more than a week, and the oldest beyond a gigabyte; fresh and foreign ones stay", () => {
  const output = join(folder.path, ".eagerdeck", "output");
  mkdirSync(output, { recursive: true });
  const hour = 3_600;
  const nowS = Date.now() / 1_000;
  const files = {
    "old.txt": { ageS: 8 * 24 * hour, bytes: 10 },
    "notes.md": { ageS: 8 * 24 * hour, bytes: 10 },
    "oldest.txt": { ageS: 5 * hour, bytes: 300_000_000 },
    "older.txt": { ageS: 4 * hour, bytes: 400_000_000 },
    "recent.txt": { ageS: 3 * hour, bytes: 400_000_000 },
    "fresh.txt": { ageS: 0, bytes: 100_000_000 },
  };
  for (const [name, { ageS, bytes }] of Object.entries(files)) {
    const path = join(output, name);
    writeFileSync(path, "");
    truncateSync(path, bytes); // a hole, no disk
    utimesSync(path, nowS - ageS, nowS - ageS);
  }
  spill.write(1, "text");
  expect(spill.where(1).kind).toBe("all");
  const names = readdirSync(output).filter((name) => !name.endsWith("-1.txt"));
  expect(names.sort()).toEqual(["fresh.txt", "notes.md", "older.txt", "recent.txt"]);
});
