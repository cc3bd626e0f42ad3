/**
 * What people typed into the terminal, over all projects and sessions: `history.jsonl` in the data
 * folder of the user.
 *
 * A line file, so that several REPLs append to it without a lock: each submission is one `O_APPEND`
 * write of one line. A line that cannot be read (torn by a full disk, written by hand) costs itself
 * only. A file over 16 MB becomes `history.1.jsonl` when a session starts, in place of the one before.
 *
 * Nothing here throws: where the file cannot be had, history lives as long as its session.
 * @module
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { isHistoryOn } from "../events/home.ts";
import { makeFolder } from "../events/make-folder.ts";

/** One submission. */
export interface Input {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly cwd: string;
  /** The project: the nearest folder with `.git` or `package.json`. */
  readonly root: string;
  /** Names the session among those of its time. */
  readonly session: string;
  /** The number of its cell; a command has none. */
  readonly n?: number;
  readonly source: string;
}

export interface InputsOptions {
  /** Working folder of the session; absolute. */
  readonly folder: string;
  /** False (`--no-history`): nothing is read or written. */
  readonly isStored?: boolean;
  readonly environment?: NodeJS.ProcessEnv;
  /** Where the files are; default: the data folder that the platform has for programs. */
  readonly dataFolder?: string;
  /** Told once when history cannot be kept. */
  readonly onNotice: (text: string) => void;
}

const FILE = "history.jsonl";
const OLDER_FILE = "history.1.jsonl";
const ROTATED_BYTES = 16 * 1024 * 1024;
/** Only the end of a file that grew far beyond is read. */
const READ_BYTES_MAX = 2 * ROTATED_BYTES;
const SOURCE_BYTES_MAX = 64 * 1024;
/** Keys are read between two slices. */
const SLICE_MS = 8;
const NEWLINE = 0x0a;
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
// The editor never holds others, so no cell has them.
const CONTROLS = /(?![\n\t])\p{Cc}/u;

/** Opens the history of this user, and makes room in it. Never rejects. */
export async function openInputs(options: InputsOptions): Promise<Inputs> {
  const { environment = process.env, isStored = true } = options;
  const inputs = new Inputs(options);
  if (!isStored || !isHistoryOn(environment)) return inputs;
  try {
    inputs.keepIn(options.dataFolder ?? (await userDataFolder()));
  } catch (error) {
    inputs.fail("kept", error);
  }
  return inputs;
}

export class Inputs {
  readonly root: string;
  readonly #session = Number.parseInt(randomBytes(4).toString("hex"), 16).toString(36);
  readonly #options: InputsOptions;
  /** Undefined when nothing is kept. */
  #folder: string | undefined;
  /** The file ends in half a line, which would make the next one unreadable too. */
  #isTorn = false;

  /** Keeps nothing until `keepIn`. */
  constructor(options: InputsOptions) {
    this.#options = options;
    this.root = projectRoot(options.folder);
  }

  /** @throws what the file system throws. */
  keepIn(folder: string): void {
    if (!existsSync(folder)) {
      makeFolder(dirname(folder));
      // What people type is nobody else's business.
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
    rotate(folder);
    this.#isTorn = isTorn(join(folder, FILE));
    this.#folder = folder;
  }

  /** Called before the cell runs, so that a crash does not cost what was typed. @returns the new entry. */
  add(source: string, n?: number): Input {
    const { folder: cwd } = this.#options;
    const { root } = this;
    const input = { at: Date.now(), cwd, root, session: this.#session, source };
    const numbered = n === undefined ? input : { ...input, n };
    const isLong = source.length > SOURCE_BYTES_MAX || Buffer.byteLength(source) > SOURCE_BYTES_MAX;
    if (this.#folder !== undefined && !source.startsWith(" ") && !isLong) {
      this.#append(this.#folder, numbered);
    }
    return numbered;
  }

  /**
   * Reads what earlier and other sessions typed, newest first, equal neighbours once. Never rejects.
   * @param onSlice hears of entries older than all before; at most 8 ms pass between two turns.
   */
  async load(onSlice: (older: readonly Input[]) => void): Promise<void> {
    const folder = this.#folder;
    if (folder === undefined) return;
    let newer: string | undefined;
    for (const name of [FILE, OLDER_FILE]) {
      const bytes = await this.#read(join(folder, name));
      for (let end = bytes.length; end > 0; ) {
        const slice: Input[] = [];
        const until = performance.now() + SLICE_MS;
        while (end > 0 && performance.now() < until) {
          const start = bytes.subarray(0, end).lastIndexOf(NEWLINE) + 1;
          const input = parseLine(bytes.toString("utf8", start, end));
          end = start - 1;
          // What this session adds while it reads is known to it.
          if (input === undefined || input.session === this.#session) continue;
          if (input.source !== newer) slice.push(input);
          newer = input.source;
        }
        onSlice(slice);
        await nextTurn();
      }
    }
  }

  /** From here on history is in memory only. */
  fail(what: "kept" | "read", error: unknown): void {
    this.#folder = undefined;
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.onNotice(
      `history cannot be ${what}: ${reason}. It lasts as long as this session; EAGERDECK_HISTORY=off keeps none without a word`,
    );
  }

  #append(folder: string, input: Input): void {
    const { at: t, cwd, root, session: s, n, source: src } = input;
    const line = `${JSON.stringify({ v: 1, t, cwd, root, s, ...(n === undefined ? {} : { n }), src })}\n`;
    const bytes = Buffer.from(this.#isTorn ? `\n${line}` : line);
    try {
      const descriptor = openSync(join(folder, FILE), APPEND, 0o600);
      try {
        this.#isTorn = false;
        // One write: two REPLs that append at once do not mix their lines.
        const written = writeSync(descriptor, bytes);
        if (written < bytes.length) throw new Error("the disk is full");
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      this.fail("kept", error);
    }
  }

  async #read(path: string): Promise<Buffer> {
    try {
      await using file = await open(path);
      const { size } = await file.stat();
      const length = Math.min(size, READ_BYTES_MAX);
      const bytes = Buffer.allocUnsafe(length);
      const { bytesRead } = await file.read(bytes, 0, length, size - length);
      return bytes.subarray(0, bytesRead);
    } catch (error) {
      if (!isMissing(error)) this.fail("read", error);
      return Buffer.alloc(0);
    }
  }
}

/** env-paths asks for the home folder when it is loaded, which throws for a user without an entry and HOME. */
async function userDataFolder(): Promise<string> {
  const { default: envPaths } = await import("env-paths");
  return envPaths("eagerdeck", { suffix: "" }).data;
}

/** The nearest folder with `.git` or `package.json`; failing these, the folder itself. */
function projectRoot(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, ".git")) || existsSync(join(at, "package.json"))) return at;
    if (dirname(at) === at) return folder;
  }
}

/** A REPL that starts at the same moment sees the new file, which is small, and leaves it. */
function rotate(folder: string): void {
  const stats = statSync(join(folder, FILE), { throwIfNoEntry: false });
  if (stats?.isFile() && stats.size > ROTATED_BYTES) {
    renameSync(join(folder, FILE), join(folder, OLDER_FILE));
  }
}

/** Whether the file ends without a newline. */
function isTorn(path: string): boolean {
  if (!existsSync(path)) return false;
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    const last = Buffer.alloc(1);
    return size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== NEWLINE;
  } finally {
    closeSync(descriptor);
  }
}

/** Undefined for what is no entry of this version. */
function parseLine(line: string): Input | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const { v, t, cwd, root, s, n, src } = parsed as Record<string, unknown>; // all are looked at below
  if (v !== 1 || typeof t !== "number" || typeof src !== "string") return undefined;
  if (typeof cwd !== "string" || typeof root !== "string" || typeof s !== "string")
    return undefined;
  if (src.trim() === "" || src.length > SOURCE_BYTES_MAX || CONTROLS.test(src)) return undefined;
  const input = { at: t, cwd, root, session: s, source: src };
  return typeof n === "number" ? { ...input, n } : input;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
