/**
 * The commit that a session's folder stands at, for the facts of a run: `3f2a91c`, or `3f2a91c + changes`.
 *
 * Asked of git in the background, since a run must not wait for a large repository: what is told was true when it was last
 * asked, a moment after the session's start and after each run.
 * @module
 */
import { execFile } from "node:child_process";

const TIME_MAX_MS = 5_000;
const OUTPUT_BYTES_MAX = 10_000_000;
/** Between two questions. */
const PAUSE_MS = 2_000;

export class GitState {
  readonly #folder: string;
  readonly #now: () => number;
  #known: string | undefined;
  #isAsking = false;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  /** There is no git, or no repository: not asked again. */
  #isNone = false;

  constructor(folder: string, now: () => number = () => performance.now()) {
    this.#folder = folder;
    this.#now = now;
  }

  /** As an event tells it; empty while nothing is known. */
  get told(): { readonly git?: string } {
    return this.#known === undefined ? {} : { git: this.#known };
  }

  /** Asks again, unless it was just asked. @returns when the answer is there; never rejects. */
  async refresh(): Promise<void> {
    if (this.#isNone || this.#isAsking || this.#now() - this.#askedAtMs < PAUSE_MS) return;
    this.#isAsking = true;
    this.#askedAtMs = this.#now();
    const text = await statusOf(this.#folder);
    this.#isAsking = false;
    if (text === undefined) this.#isNone = this.#known === undefined;
    else this.#known = gitText(text);
  }
}

/** @param status what `git status --porcelain=v2 --branch` says. */
export function gitText(status: string): string | undefined {
  const commit = /^# branch\.oid ([0-9a-f]{7})/m.exec(status)?.[1];
  if (commit === undefined) return undefined; // nothing is committed yet
  return /^[^#]/m.test(status) ? `${commit} + changes` : commit;
}

function statusOf(folder: string): Promise<string | undefined> {
  const args = [
    // A program that the repository names must not run because somebody opened its folder.
    ...["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"],
    ...["status", "--porcelain=v2", "--branch", "--untracked-files=no"],
  ];
  const options = {
    cwd: folder,
    timeout: TIME_MAX_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
    // It is only looked at: no lock that would get into the way of the person's own git.
    env: { ...process.env, GIT_OPTIONAL_LOCKS: "0" },
  };
  return new Promise((resolve) => {
    // No git, no repository, one of somebody else's, one too slow: the run is told without its commit.
    const child = execFile("git", args, options, (error, stdout) =>
      resolve(error ? undefined : stdout),
    );
    child.unref();
  });
}
