/**
 * Cells of this folder beyond the life of their sessions: what was run, and what came of it.
 *
 * A file beside that of the runs: the front end writes this one, so that the cell that killed its process is
 * in it too, and neither waits for the other.
 * @module
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { openDatabase, openInMemory } from "./database.ts";

const FORM = {
  name: "cells.db",
  version: 1,
  schema: `
    CREATE TABLE sessions (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      key TEXT NOT NULL UNIQUE,
      started_at REAL NOT NULL
    ) STRICT;
    CREATE TABLE cells (
      session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
      n INTEGER NOT NULL,
      source TEXT NOT NULL,
      started_at REAL NOT NULL,
      ended_at REAL,
      status TEXT NOT NULL,
      error TEXT,
      output TEXT,
      PRIMARY KEY (session, n)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX cells_by_time ON cells (started_at)`,
} as const;

const CELLS_MAX = 20_000;
/** Counting costs a walk of the index, so it is done now and then. */
const PRUNE_EVERY = 200;
/** Rows of one answer. */
const ROWS_MAX = 1_000;

/** A cell as it begins, or as it is once it has ended. Times are epoch milliseconds. */
export interface CellRow {
  /** Execution count. */
  readonly n: number;
  readonly source: string;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  readonly status: "running" | "ok" | "error" | "interrupted" | "aborted";
  /** Name of its error. */
  readonly error: string | undefined;
  /** `text/plain` of its value. */
  readonly output: string | undefined;
}

/** One cell that ran, in this or an earlier session of the folder. */
export interface FoundCell {
  /** Sessions of the folder are numbered from 1. */
  readonly session: number;
  /** Execution count. */
  readonly n: number;
  readonly source: string;
  /** `text/plain` of its value. */
  readonly output?: string;
}

export class CellFile {
  readonly #database: DatabaseSync;
  readonly #key: string;
  readonly #put: StatementSync;
  /** Given with the first cell: a session without cells has no number. */
  #session: number | undefined;
  #puts = 0;

  private constructor(database: DatabaseSync, key: string) {
    this.#database = database;
    this.#key = key;
    this.#put = database.prepare("INSERT OR REPLACE INTO cells VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  }

  /**
   * @param folder the working folder; the file is in its `.eagerdeck`.
   * @param key names the session.
   * @throws {Error} when there can be none.
   */
  static open(
    folder: string,
    key: string,
    trouble?: unknown,
  ): { readonly file: CellFile; readonly notice: string | undefined } {
    const { database, notice } = openDatabase(folder, FORM, trouble);
    return { file: new CellFile(database, key), notice };
  }

  /** Of this process alone. */
  static inMemory(key: string): CellFile {
    return new CellFile(openInMemory(FORM), key);
  }

  /** All of them or none. @throws {Error} of the database; nothing is written then. */
  write(rows: readonly CellRow[]): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const session = this.#number();
      for (const row of rows) {
        const { n, source, startedAt, endedAt, status, error, output } = row;
        const end = [endedAt ?? null, status, error ?? null, output ?? null] as const;
        this.#put.run(session, n, source, startedAt, ...end);
      }
      this.#puts += rows.length;
      if (this.#puts >= PRUNE_EVERY) this.#prune();
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#session = undefined; // it may have been given in what was taken back
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** The newest, oldest first. */
  tail(max: number): FoundCell[] {
    return this.#newest("SELECT * FROM cells ORDER BY session DESC, n DESC LIMIT ?", bounded(max));
  }

  /** @param session 0 is this one, -1 the one before it, otherwise its number. @param stop exclusive. */
  range(session: number, start: number, stop = Number.MAX_SAFE_INTEGER): FoundCell[] {
    const number = session > 0 ? session : this.#before(-session);
    if (number === undefined) return [];
    return this.#found(
      "SELECT * FROM cells WHERE session = ? AND n >= ? AND n < ? ORDER BY n LIMIT ?",
      ...[number, start, stop, ROWS_MAX],
    );
  }

  /** The newest whose whole source matches, oldest first. @param pattern a glob of `*` and `?`. */
  search(pattern: string, max: number, isUnique: boolean): FoundCell[] {
    // SQLite's globs have character classes, Jupyter's have not.
    const glob = pattern.replaceAll("[", "[[]");
    const sql = "SELECT * FROM cells WHERE source GLOB ? ORDER BY session DESC, n DESC";
    if (!isUnique) return this.#newest(`${sql} LIMIT ?`, glob, bounded(max));
    // Read until there are enough: to ask SQL for the newest of each source takes a second, and front ends ask
    // at every key.
    const found = new Map<string, FoundCell>();
    for (const row of this.#database.prepare(sql).iterate(glob)) {
      if (found.size >= bounded(max)) break;
      const cell = foundCell(row);
      if (!found.has(cell.source)) found.set(cell.source, cell);
    }
    return [...found.values()].reverse();
  }

  close(): void {
    this.#database.close();
  }

  #number(): number {
    if (this.#session !== undefined) return this.#session;
    this.#database
      .prepare("INSERT OR IGNORE INTO sessions (key, started_at) VALUES (?, ?)")
      .run(this.#key, Date.now());
    const row = this.#database.prepare("SELECT id FROM sessions WHERE key = ?").get(this.#key);
    this.#session = Number(row?.["id"]);
    return this.#session;
  }

  /** The number of the session `back` before this one; of this one for 0. */
  #before(back: number): number | undefined {
    if (back === 0) return this.#session;
    const sql = "SELECT id FROM sessions WHERE id < ? ORDER BY id DESC LIMIT 1 OFFSET ?";
    const row = this.#database.prepare(sql).get(this.#session ?? Number.MAX_SAFE_INTEGER, back - 1);
    return row === undefined ? undefined : Number(row["id"]);
  }

  #prune(): void {
    this.#puts = 0;
    this.#database
      .prepare(
        "DELETE FROM cells WHERE started_at < (SELECT started_at FROM cells ORDER BY started_at DESC LIMIT 1 OFFSET ?)",
      )
      .run(CELLS_MAX);
    this.#database
      .prepare("DELETE FROM sessions WHERE id <> ? AND id NOT IN (SELECT session FROM cells)")
      .run(this.#session ?? 0);
  }

  #newest(sql: string, ...values: (string | number)[]): FoundCell[] {
    return this.#found(sql, ...values).reverse();
  }

  #found(sql: string, ...values: (string | number)[]): FoundCell[] {
    const rows = this.#database.prepare(sql).all(...values);
    return rows.map(foundCell);
  }
}

function foundCell(row: Readonly<Record<string, SQLOutputValue>>): FoundCell {
  return {
    session: Number(row["session"]),
    n: Number(row["n"]),
    source: String(row["source"]),
    ...(typeof row["output"] === "string" && { output: row["output"] }),
  };
}

function bounded(max: number): number {
  return Math.min(Math.max(0, Math.floor(max)), ROWS_MAX);
}
