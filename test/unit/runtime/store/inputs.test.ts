import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Input, type Inputs, openInputs } from "../../../../runtime/store/inputs.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

const on = { EAGERDECK_HISTORY: "on" };

async function opened(dataFolder: string, more: { folder?: string; isStored?: boolean } = {}) {
  const notices: string[] = [];
  const inputs = await openInputs({
    folder: "/work",
    environment: on,
    dataFolder,
    onNotice: (text) => notices.push(text),
    ...more,
  });
  return { inputs, notices };
}

async function loaded(inputs: Inputs): Promise<Input[]> {
  const all: Input[] = [];
  await inputs.load((older) => all.push(...older));
  return all;
}

async function sources(inputs: Inputs): Promise<string[]> {
  return (await loaded(inputs)).map((input) => input.source);
}

function line(source: string, session = "old"): string {
  return `${JSON.stringify({ v: 1, t: 1, cwd: "/", root: "/", s: session, n: 1, src: source })}\n`;
}

test("what one session typed, the next one reads: newest first, with its place", async () => {
  using folder = tempFolder({ "project/package.json": "{}", "project/src/a.ts": "" });
  const data = join(folder.path, "data/eagerdeck");
  const project = join(folder.path, "project");
  const first = await opened(data, { folder: join(project, "src") });
  first.inputs.add("const a = 1", 4);
  first.inputs.add(".help");
  const { inputs } = await opened(data);
  const [help, cell, ...rest] = await loaded(inputs);
  expect(help).not.toHaveProperty("n");
  expect(help?.source).toBe(".help");
  expect(cell).toMatchObject({ cwd: join(project, "src"), root: project, n: 4 });
  expect(cell?.session).toBe(help?.session);
  expect(rest).toEqual([]);
});

test("the file is its owner's alone, in a folder that is its owner's alone", async () => {
  using folder = tempFolder();
  const data = join(folder.path, "a/b/eagerdeck");
  const { inputs } = await opened(data);
  inputs.add("1");
  expect(statSync(data).mode & 0o777).toBe(0o700);
  expect(statSync(join(data, "history.jsonl")).mode & 0o777).toBe(0o600);
});

test("a line has the form that other programs may read", async () => {
  using folder = tempFolder();
  const { inputs } = await opened(folder.path);
  inputs.add("a\nb", 2);
  const text = readFileSync(join(folder.path, "history.jsonl"), "utf8");
  const entry = JSON.parse(text);
  expect(Object.keys(entry)).toEqual(["v", "t", "cwd", "root", "s", "n", "src"]);
  expect(entry).toMatchObject({ v: 1, cwd: "/work", root: "/work", n: 2, src: "a\nb" });
  expect(text.split("\n")).toHaveLength(2);
});

test("two sessions that write in turn leave whole lines of both", async () => {
  using folder = tempFolder();
  const [one, two] = [await opened(folder.path), await opened(folder.path)];
  for (let i = 0; i < 50; i++) {
    one.inputs.add(`one ${i}`);
    two.inputs.add(`two ${i}`);
  }
  const { inputs } = await opened(folder.path);
  const all = await sources(inputs);
  expect(all).toHaveLength(100);
  expect(all.slice(0, 3)).toEqual(["two 49", "one 49", "two 48"]);
  // A session does not hear of itself again.
  expect(await sources(one.inputs)).toHaveLength(50);
});

test("torn and foreign lines cost themselves only, equal neighbours are one", async () => {
  using folder = tempFolder({
    "history.jsonl": [
      line("a"),
      '{"v":1,"t":1,"cwd":"/","ro\n',
      "\n\0\0\0\n",
      "null\n[1]\n",
      '{"v":2,"t":1,"cwd":"/","root":"/","s":"x","src":"of a later version"}\n',
      '{"v":1,"t":"1","cwd":"/","root":"/","s":"x","src":"time is no number"}\n',
      line("clears \u001b[2J the screen"),
      line("b"),
      line("b"),
      line("a"),
      '{"v":1,"t":1,"cwd":"/',
    ].join(""),
  });
  const { inputs, notices } = await opened(folder.path);
  expect(await sources(inputs)).toEqual(["a", "b", "a"]);
  inputs.add("after the torn one");
  const next = await opened(folder.path);
  expect(await sources(next.inputs)).toEqual(["after the torn one", "a", "b", "a"]);
  expect(notices).toEqual([]);
});

test.each([
  ["begins with a space", " const password = 1"],
  ["is over 64 kB", `"${"ü".repeat(33_000)}"`],
])("a cell that %s is not stored", async (_, source) => {
  using folder = tempFolder();
  const { inputs } = await opened(folder.path);
  expect(inputs.add(source).source).toBe(source);
  inputs.add("1");
  const next = await opened(folder.path);
  expect(await sources(next.inputs)).toEqual(["1"]);
});

test("without history nothing is read or written", async () => {
  using folder = tempFolder({ "history.jsonl": line("a") });
  for (const [isStored, setting] of [
    [false, "on"],
    [true, ""],
    [true, "off"],
  ] as const) {
    const inputs = await openInputs({
      folder: "/work",
      environment: { EAGERDECK_HISTORY: setting },
      dataFolder: folder.path,
      isStored,
      onNotice: (text) => expect.unreachable(text),
    });
    inputs.add("b");
    expect(await sources(inputs)).toEqual([]);
  }
  expect(readFileSync(join(folder.path, "history.jsonl"), "utf8")).toBe(line("a"));
});

test("a file over 16 MB makes way at the start, and both are read", async () => {
  const long = `"${"x".repeat(60_000)}"`;
  using folder = tempFolder({
    "history.1.jsonl": line("gone"),
    "history.jsonl": Array.from({ length: 300 }, (_, i) => line(`${i} ${long}`)).join(""),
  });
  const { inputs } = await opened(folder.path);
  inputs.add("1");
  const next = await opened(folder.path);
  const all = await sources(next.inputs);
  expect(all.slice(0, 2).map((source) => source.slice(0, 5))).toEqual(["1", '299 "']);
  expect(all).toHaveLength(301);
});

test("a long history comes in slices, between which others have their turn", async () => {
  using folder = tempFolder();
  const lines = Array.from({ length: 100_000 }, (_, i) => line(`await fetchPage({ day: ${i} })`));
  writeFileSync(join(folder.path, "history.jsonl"), lines.join(""));
  const { inputs } = await opened(folder.path);
  const slices: number[] = [];
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await inputs.load((older) => slices.push(older.length));
  clearInterval(timer);
  expect(slices.reduce((sum, length) => sum + length, 0)).toBe(100_000);
  expect(slices.length).toBeGreaterThan(2);
  expect(turns).toBeGreaterThan(1);
});

test("where nothing can be written it says so once, and goes on", async () => {
  using folder = tempFolder({ file: "" });
  const { inputs, notices } = await opened(join(folder.path, "file/eagerdeck"));
  inputs.add("1");
  inputs.add("2");
  expect(await sources(inputs)).toEqual([]);
  expect(notices).toHaveLength(1);
  expect(notices[0]).toMatch(/^history cannot be kept: E(NOTDIR|EXIST).*lasts as long as this/);
});

test("a history file that is a folder is told once", async () => {
  using folder = tempFolder();
  mkdirSync(join(folder.path, "history.jsonl"));
  const { inputs, notices } = await opened(folder.path);
  inputs.add("1");
  await loaded(inputs);
  expect(notices).toHaveLength(1);
});

test.skipIf(process.getuid?.() === 0)("a history that is read-only is told once", async () => {
  using folder = tempFolder({ "history.jsonl": line("a") });
  chmodSync(join(folder.path, "history.jsonl"), 0o400);
  const { inputs, notices } = await opened(folder.path);
  expect(await sources(inputs)).toEqual(["a"]);
  inputs.add("1");
  inputs.add("2");
  expect(notices).toHaveLength(1);
});

test.skipIf(process.platform !== "linux")("a full disk is told once", async () => {
  using folder = tempFolder();
  symlinkSync("/dev/full", join(folder.path, "history.jsonl"));
  const { inputs, notices } = await opened(folder.path);
  inputs.add("1");
  inputs.add("2");
  expect(notices).toEqual([expect.stringContaining("ENOSPC")]);
});

test("the folder is the one that the platform gives programs for their data", async () => {
  using folder = tempFolder();
  const before = process.env["XDG_DATA_HOME"];
  process.env["XDG_DATA_HOME"] = folder.path;
  try {
    const inputs = await openInputs({
      folder: "/work",
      environment: on,
      onNotice: () => undefined,
    });
    inputs.add("1");
  } finally {
    if (before === undefined) delete process.env["XDG_DATA_HOME"];
    else process.env["XDG_DATA_HOME"] = before;
  }
  if (process.platform === "linux") {
    expect(statSync(join(folder.path, "eagerdeck/history.jsonl")).isFile()).toBe(true);
  }
});
