/**
 * Text that a cell wrote beyond what its notebook or terminal takes, kept in files below `.eagerdeck/output/`.
 *
 * One file per cell that wrote too much, in the order it was written, stdout and stderr together. It begins where
 * the shown text stopped. A file that cannot be written, or not to its end, costs its text and never the
 * cell: `where` says what became of it.
 *
 * Old files are removed when a new one is begun: those of more than a week, and then the oldest until a gigabyte is
 * left. What was written within the last hour stays, as another session may be at it. With EAGERDECK_HISTORY=off
 * nothing is written.
 * @module
 */
import { closeSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { homePath, isHistoryOn, makeHome } from "../../events/home.ts";

const FOLDER = "output";
const FILE_BYTES_MAX = 1_000_000_000;
const FOLDER_BYTES_MAX = 1_000_000_000;
const KEPT_MS = 7 * 24 * 3_600_000;
const FRESH_MS = 3_600_000;
/** A write of this size into the system's cache takes some 0.05 ms; one per line would be a flood of calls. */
const WRITE_LENGTH = 64 * 1024;

export interface SpillOptions {
  /** The working folder of the session. */
  readonly folder: string;
  readonly log: (level: "info", message: string) => void;
  /** Default: 1 GB per cell. */
  readonly fileBytesMax?: number;
  /** Takes some of the bytes and says how many, or throws; default: Node's own. A test has a full disk by it. */
  readonly writeSync?: (descriptor: number, bytes: Uint8Array) => number;
}

/** What became of the text of one cell. */
export type Spilled =
  | { readonly kind: "all"; readonly path: string }
  | { readonly kind: "part"; readonly path: string; readonly bytes: number; readonly why: string }
  | { readonly kind: "none"; readonly why: string | undefined };

interface CellFile {
  /** Open while its cell floods: a session may have many cells that did. */
  descriptor: number | undefined;
  /** Relative to the working folder. */
  readonly path: string;
  waiting: string;
  bytes: number;
  /** Somebody was told of it, and may be reading: what comes now is written at once. */
  isTold: boolean;
  /** Why it does not have all of the text. */
  problem: string | undefined;
}

export class Spill {
  readonly #options: SpillOptions;
  readonly #fileBytesMax: number;
  readonly #writeSync: (descriptor: number, bytes: Uint8Array) => number;
  readonly #files = new Map<number, CellFile>();

  constructor(options: SpillOptions) {
    this.#options = options;
    this.#fileBytesMax = options.fileBytesMax ?? FILE_BYTES_MAX;
    this.#writeSync = options.writeSync ?? writeSync;
  }

  /** Never throws. */
  write(cell: number, text: string): void {
    if (!isHistoryOn()) return;
    const file = this.#files.get(cell) ?? this.#begin(cell);
    if (file.problem !== undefined) return;
    file.waiting += text;
    if (file.isTold || file.waiting.length >= WRITE_LENGTH) this.#flush(file);
  }

  /** What became of the cell's text so far; what could be written is in the file then. */
  where(cell: number): Spilled {
    const file = this.#files.get(cell);
    if (file === undefined) return { kind: "none", why: undefined };
    this.#flush(file);
    this.#end(file);
    file.isTold = true;
    const { bytes, path, problem } = file;
    if (problem === undefined) return { kind: "all", path };
    return bytes === 0
      ? { kind: "none", why: problem }
      : { kind: "part", path, bytes, why: problem };
  }

  /** No more will come of this cell. */
  forget(cell: number): void {
    const file = this.#files.get(cell);
    if (file === undefined) return;
    this.#flush(file);
    this.#end(file);
    this.#files.delete(cell);
  }

  close(): void {
    for (const cell of [...this.#files.keys()]) this.forget(cell);
  }

  #begin(cell: number): CellFile {
    const stamp = new Date().toISOString().slice(0, 19).replaceAll(":", "");
    const name = `${stamp}-${process.pid}-${cell}.txt`;
    const file: CellFile = {
      descriptor: undefined,
      path: homePath(FOLDER, name),
      waiting: "",
      bytes: 0,
      isTold: false,
      problem: undefined,
    };
    this.#files.set(cell, file);
    try {
      prune(makeHome(this.#options.folder, FOLDER));
      // For its owner alone: what people print is nobody else's business. Never over a file that is there.
      file.descriptor = openSync(join(this.#options.folder, file.path), "wx", 0o600);
    } catch (error) {
      this.#fail(file, error);
    }
    return file;
  }

  #flush(file: CellFile): void {
    if (file.problem !== undefined || file.waiting === "") return;
    // Half a pair of surrogates waits for the other half, which comes with the next text.
    const length = file.waiting.length - Number(/[\ud800-\udbff]$/.test(file.waiting));
    let rest: Buffer = Buffer.from(file.waiting.slice(0, length));
    file.waiting = file.waiting.slice(length);
    const room = this.#fileBytesMax - file.bytes;
    const isTooMuch = rest.length > room;
    if (isTooMuch) rest = rest.subarray(0, characterStart(rest, room));
    try {
      file.descriptor ??= openSync(join(this.#options.folder, file.path), "a");
      // On a disk that is nearly full a write may take the first part only; the next one says why.
      while (rest.length > 0) {
        const written = this.#writeSync(file.descriptor, rest);
        file.bytes += written;
        rest = rest.subarray(written);
      }
      if (isTooMuch) this.#fail(file, "a file may have no more");
    } catch (error) {
      this.#fail(file, error);
    }
  }

  #fail(file: CellFile, why: unknown): void {
    file.problem = why instanceof Error ? why.message : String(why);
    this.#options.log("info", `output of a cell cannot be kept: ${file.problem}`);
    this.#end(file);
  }

  #end(file: CellFile): void {
    const { descriptor } = file;
    file.descriptor = undefined;
    file.waiting = "";
    if (descriptor === undefined) return;
    try {
      closeSync(descriptor);
    } catch (error) {
      // A network file system says only now that it is full.
      file.problem ??= String(error);
    }
  }
}

/** Goes on a sentence about text that is not shown: where it is. Empty when nobody wanted it kept. */
export function whereSpilled(spilled: Spilled): string {
  switch (spilled.kind) {
    case "all":
      return `, all in ${spilled.path}`;
    case "part":
      return `, the first ${megabytes(spilled.bytes)} of it in ${spilled.path} (${spilled.why})`;
    case "none":
      return spilled.why === undefined ? "" : `, and could not be kept (${spilled.why})`;
    default:
      return spilled satisfies never;
  }
}

/** A length as people say it: `12 kB`, `1.2 MB`. */
export function megabytes(length: number): string {
  return length < 1_000_000
    ? `${Math.ceil(length / 1_000).toLocaleString("en-US")} kB`
    : `${(length / 1_000_000).toFixed(1)} MB`;
}

function prune(folder: string): void {
  const nowMs = Date.now();
  const old = readdirSync(folder)
    .filter((name) => name.endsWith(".txt"))
    .flatMap((name) => {
      const path = join(folder, name);
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats === undefined ? [] : [{ path, bytes: stats.size, atMs: stats.mtimeMs }];
    })
    .sort((a, b) => b.atMs - a.atMs);
  let total = 0;
  for (const { atMs, bytes, path } of old) {
    total += bytes;
    const ageMs = nowMs - atMs;
    if (ageMs > FRESH_MS && (ageMs > KEPT_MS || total > FOLDER_BYTES_MAX)) {
      rmSync(path, { force: true });
    }
  }
}

/** `at`, or the start of the character that it would cut in two. */
function characterStart(bytes: Uint8Array, at: number): number {
  let start = at;
  while (start > 0 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start -= 1;
  return start;
}
