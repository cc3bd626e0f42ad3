/**
 * What this session ran, kept in memory for a moment and then in the folder's file of cells.
 *
 * Invariants
 *   H1  Never throws and never waits: without a file the history is that of this session alone.
 *   H2  Secrets do not get in: a source or value that shows one is kept with it redacted; a value with one
 *       that only the user process knows is not kept.
 * @module
 */
import { isHistoryOn } from "../../events/home.ts";
import type { CellFile, CellRow } from "../../store/cells.ts";
import { redactPrinted } from "../../values/redact.ts";
import type { HistoryQuery, HistoryRow, Settled } from "./api.ts";

const WRITE_AFTER_MS = 200;
/** Larger ones are no history that anybody would page through. */
const SOURCE_MAX = 256 * 1024;
const OUTPUT_MAX = 10_000;

export interface CellHistoryOptions {
  readonly folder: string;
  /** Names the session in the file. */
  readonly session: string;
  /** Whether anything is to outlive this process. */
  readonly isKept: boolean;
  readonly notice: (text: string) => void;
}

export class CellHistory {
  readonly #options: CellHistoryOptions;
  readonly #isKept: boolean;
  /** Rows that are to be written, by count. */
  readonly #waiting = new Map<number, CellRow>();
  readonly #running = new Map<number, CellRow>();
  #file: Promise<CellFile> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: CellHistoryOptions) {
    this.#options = options;
    this.#isKept = options.isKept && isHistoryOn();
  }

  began(n: number, source: string): void {
    if (source.length > SOURCE_MAX) return;
    const row: CellRow = {
      n,
      source: redactPrinted(source),
      startedAt: Date.now(),
      endedAt: undefined,
      status: "running",
      error: undefined,
      output: undefined,
    };
    this.#running.set(n, row);
    this.#put(row);
  }

  ended(n: number, { status, error, value, hasSecret }: Settled): void {
    const row = this.#running.get(n);
    if (row === undefined) return;
    this.#running.delete(n);
    const text = value?.["text/plain"];
    const output =
      typeof text === "string" && hasSecret !== true
        ? redactPrinted(text.slice(0, OUTPUT_MAX))
        : undefined;
    this.#put({ ...row, endedAt: Date.now(), status, error: error?.name, output });
  }

  async rows(query: HistoryQuery): Promise<readonly HistoryRow[]> {
    if (this.#isClosed) return [];
    await this.#write();
    try {
      const file = await this.#opened();
      switch (query.kind) {
        case "tail":
          return file.tail(query.max);
        case "range":
          return file.range(query.session, query.start, query.stop);
        case "search":
          return file.search(query.pattern, query.max, query.unique ?? false);
        default:
          return query satisfies never;
      }
    } catch (error) {
      await this.#recover(error);
      return []; // help, not a result: the next question finds a sound file
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    if (this.#isKept) await this.#write();
    this.#isClosed = true;
    (await this.#file)?.close();
  }

  #put(row: CellRow): void {
    if (this.#isClosed) return;
    this.#waiting.set(row.n, row);
    // What is for this session alone is written when somebody asks.
    if (!this.#isKept) return;
    this.#timer ??= setTimeout(() => void this.#write(), WRITE_AFTER_MS).unref();
  }

  /** What cannot be written now, because another session is writing, is written with the next row. */
  async #write(): Promise<void> {
    this.#timer = undefined;
    if (this.#waiting.size === 0) return;
    try {
      (await this.#opened()).write([...this.#waiting.values()]);
      this.#waiting.clear();
    } catch (error) {
      await this.#recover(error);
    }
  }

  #opened(): Promise<CellFile> {
    this.#file ??= this.#open();
    return this.#file;
  }

  /** @param trouble an error that was met in the file. */
  async #open(trouble?: unknown): Promise<CellFile> {
    // Loaded with the first cell that is kept: SQLite is not in the way of the first prompt.
    const { CellFile: File } = await import("../../store/cells.ts");
    const { folder, session, notice } = this.#options;
    if (this.#isKept) {
      try {
        const opened = File.open(folder, session, trouble);
        if (opened.notice !== undefined) notice(opened.notice);
        return opened.file;
      } catch {
        // A folder that cannot be written, or a file of a newer version: the session works all the same, and its
        // runs say so when they cannot be kept either.
      }
    }
    return File.inMemory(session);
  }

  /** A file that was damaged while it was open is moved aside; one that is busy or on a full disk stays. */
  async #recover(error: unknown): Promise<void> {
    const { isUnsound } = await import("../../store/database.ts");
    if (!isUnsound(error)) return;
    (await this.#file)?.close();
    this.#file = this.#open(error);
  }
}
