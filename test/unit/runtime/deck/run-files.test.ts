/** What stays of runs on disk: which, where, how many, and what happens when it cannot be written. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { keepRunFiles, pageFile, RunFiles } from "../../../../runtime/deck/run-files.ts";
import { deckPage } from "../../../../runtime/deck/views.ts";
import type { RuntimeEvent } from "../../../../runtime/events/events.ts";
import { isHistoryOn } from "../../../../runtime/events/home.ts";
import { Records } from "../../../../runtime/events/records.ts";
import { RunEvents } from "../../../support/run-events.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

/** Four calls, one failed: not trivial. */
function events(runId = "r1-1"): RuntimeEvent[] {
  const run = new RunEvents({ runId });
  for (const name of ["a", "b", "c"]) run.ok(name, { output: 1 });
  run.settle(run.call("d"), 5, { failed: new Error("no") });
  run.end(6, "failed");
  return run.events;
}

function trivial(): RuntimeEvent[] {
  const run = new RunEvents({ runId: "r1-2" });
  run.ok("a", { output: 1 });
  run.end(2);
  return run.events;
}

async function written(folder: string, all: readonly RuntimeEvent[]): Promise<string[]> {
  const notices: string[] = [];
  const files = new RunFiles({ folder, onNotice: (text) => notices.push(text) });
  for (const event of all) {
    files.apply(event);
    if (event.kind === "run-ended") files.finish(event.runId);
  }
  await files.flushed();
  return notices;
}

test("a failed run leaves its page and its events, and git ignores them", async () => {
  using folder = tempFolder();
  expect(await written(folder.path, events())).toEqual([]);
  const runs = join(folder.path, ".eagerdeck/runs");
  expect(readdirSync(join(runs, "r1-1")).toSorted()).toEqual(["deck.html", "records.jsonl"]);
  expect(readFileSync(join(folder.path, ".eagerdeck/.gitignore"), "utf8")).toBe("*\n");
  const lines = readFileSync(join(runs, "r1-1/records.jsonl"), "utf8").trimEnd().split("\n");
  const records = new Records();
  for (const line of lines) records.apply(JSON.parse(line));
  const run = records.run("r1-1");
  expect(run?.state).toBe("failed");
  if (run === undefined) throw new Error("no run");
  expect(readFileSync(join(runs, "r1-1/deck.html"), "utf8")).toBe(await deckPage(run));
  expect(pageFile(folder.path, "r1-1")).toBe(join(".eagerdeck", "runs", "r1-1", "deck.html"));
  expect(pageFile(folder.path, "../r1-1")).toBeUndefined();
});

test("W3: a trivial run leaves no folder", async () => {
  using folder = tempFolder();
  await written(folder.path, trivial());
  expect(existsSync(join(folder.path, ".eagerdeck"))).toBe(false);
});

test("a run that has not ended leaves nothing, and what comes after its end changes nothing", async () => {
  using folder = tempFolder();
  const all = events();
  await written(folder.path, all.slice(0, -1));
  expect(existsSync(join(folder.path, ".eagerdeck"))).toBe(false);
  await written(folder.path, [...all, ...all]);
  const text = readFileSync(join(folder.path, ".eagerdeck/runs/r1-1/records.jsonl"), "utf8");
  expect(text.trimEnd().split("\n")).toHaveLength(all.length);
});

test("W2: what cannot be written is one notice", async () => {
  using folder = tempFolder();
  // A file in the folder's place: nobody may write below it, whatever the user's rights.
  writeFileSync(join(folder.path, ".eagerdeck"), "");
  const notices = await written(folder.path, [...events("r1-1"), ...events("r1-2")]);
  expect(notices).toHaveLength(1);
  expect(notices[0]).toMatch(
    /^The decks of runs cannot be kept in \.eagerdeck: E(?:NOTDIR|EXIST).*EAGERDECK_HISTORY=off/,
  );
});

test("W2: a page that cannot take its place is one notice, and leaves no part of it", async () => {
  using folder = tempFolder();
  const run = join(folder.path, ".eagerdeck/runs/r1-1");
  mkdirSync(join(run, "deck.html/in the way"), { recursive: true });
  expect(await written(folder.path, events())).toHaveLength(1);
  expect(readdirSync(run).filter((name) => name.endsWith(".part"))).toEqual([]);
});

test("W4: the newest 200 stay, and nothing that somebody else put there goes", async () => {
  using folder = tempFolder();
  const runs = join(folder.path, ".eagerdeck/runs");
  for (let index = 0; index < 210; index++) {
    const run = join(runs, `r0-${index}`);
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, "deck.html"), "old");
    if (index === 3) writeFileSync(join(run, "notes.txt"), "mine");
    utimesSync(run, 1_000 + index, 1_000 + index);
  }
  await written(folder.path, events());
  const left = readdirSync(runs);
  expect(left).toHaveLength(201);
  expect(left).toContain("r1-1");
  expect(left).toContain("r0-209");
  expect(left).not.toContain("r0-10");
  expect(readdirSync(join(runs, "r0-3"))).toEqual(["notes.txt"]);
});

test("a run's name leads nowhere", async () => {
  using folder = tempFolder();
  for (const name of ["../../out", "a/b", "..", ""]) await written(folder.path, events(name));
  expect(readdirSync(folder.path)).toEqual([]);
});

test("output of megabytes is counted, not kept, and secrets in it are hidden", async () => {
  using folder = tempFolder();
  const all = events();
  const log = (text: string): RuntimeEvent => ({
    kind: "log",
    stream: "stdout",
    runId: "r1-1",
    at: 0,
    text,
  });
  const chatty = Array.from({ length: 12 }, () => log("x".repeat(1_000_000)));
  await written(folder.path, [
    ...all.slice(0, 1),
    log("password='hunter2222'\n"),
    ...chatty,
    ...all.slice(1),
  ]);
  const text = readFileSync(join(folder.path, ".eagerdeck/runs/r1-1/records.jsonl"), "utf8");
  expect(text.length).toBeLessThan(5_100_000);
  expect(text).not.toContain("hunter2222");
  expect(JSON.parse(text.trimEnd().split("\n").at(-1) ?? "")).toEqual({
    kind: "left-out",
    events: 8,
  });
});

test("a session's runs are kept as they end, unless EAGERDECK_HISTORY is off", async () => {
  using folder = tempFolder();
  expect([isHistoryOn({}), isHistoryOn({ EAGERDECK_HISTORY: "OFF" })]).toEqual([true, false]);
  const listeners = new Set<(item: { kind: string; event?: unknown }) => void>();
  const pages: [string, string][] = [];
  const stop = keepRunFiles(
    {
      folder: folder.path,
      onEvent: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    { onNotice: () => undefined, onPage: (...page) => pages.push(page) },
  );
  for (const event of events()) for (const hear of listeners) hear({ kind: "event", event });
  for (const hear of listeners) hear({ kind: "phase" });
  await stop();
  expect(listeners.size).toBe(0);
  expect(pages).toEqual([["r1-1", pageFile(folder.path, "r1-1")]]);
  expect(pageFile(folder.path, "r1-1")).toBeDefined();
});
