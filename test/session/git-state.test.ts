/** Which commit a run tells, with a real repository. */
import { execFileSync } from "node:child_process";
import { expect, test, vi } from "vitest";
import { GitState, gitText } from "../../runtime/session/host/git-state.ts";
import { openSession } from "../support/session.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

function git(folder: TempFolder, ...args: string[]): string {
  const identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
  return execFileSync("git", [...identity, ...args], { cwd: folder.path, encoding: "utf8" });
}

function repository(): TempFolder {
  const folder = tempFolder({ "a.txt": "one" });
  git(folder, "init", "-q");
  git(folder, "add", ".");
  git(folder, "commit", "-qm", "first");
  return folder;
}

test("the commit, and whether the folder differs from it", async () => {
  using folder = repository();
  let nowMs = 0;
  const state = new GitState(folder.path, () => nowMs);
  expect(state.told).toEqual({});
  await state.refresh();
  const commit = git(folder, "rev-parse", "HEAD").slice(0, 7);
  expect(state.told).toEqual({ git: commit });
  folder.write("a.txt", "two");
  await state.refresh(); // too soon
  expect(state.told).toEqual({ git: commit });
  nowMs = 10_000;
  await state.refresh();
  expect(state.told).toEqual({ git: `${commit} + changes` });
});

test("without a repository, or a commit, nothing is told", async () => {
  using folder = tempFolder();
  const state = new GitState(folder.path);
  await state.refresh();
  expect(state.told).toEqual({});
  expect(gitText("# branch.oid (initial)\n# branch.head main\n")).toBeUndefined();
});

test("runs of a session tell it", async () => {
  using folder = repository();
  const commit = git(folder, "rev-parse", "HEAD").slice(0, 7);
  await using open = openSession({ folder: folder.path });
  const told: unknown[] = [];
  open.session.onEvent((event) => {
    if (event.kind === "event" && event.event.kind === "run-started") told.push(event.event.git);
  });
  await vi.waitFor(
    async () => {
      await open.run("await task(function one() { return 1; })({})");
      expect(told.at(-1)).toBe(commit);
    },
    { timeout: 20_000, interval: 200 },
  );
});
