/**
 * Runs of this folder beyond the life of their processes: what ran, from which source, with which values.
 *
 * While a run goes on its events are kept; when it has ended, the record they fold to. Of a process that was killed the
 * events are left, and whoever reads them folds them.
 *
 * Invariants
 *   H1  Bounded: 200 runs or 200 MB; the oldest that have ended go.
 *   H2  A run whose process is gone reads as killed, whoever reads it. No clock decides that.
 * @module
 */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ExecutionEnded, RuntimeEvent } from "../events/events.ts";
import type { RunRecord, RunState } from "../events/record-shape.ts";
import { Records } from "../events/records.ts";
import { decodeValue, type Encoded } from "../values/encode.ts";
import { openDatabase, openInMemory } from "./database.ts";
import { packRun, unpackRun } from "./run-record.ts";

const RUNS_MAX = 200;
const BYTES_MAX = 200_000_000;
const UNPACKED_MAX = 5;

const FORM = {
  name: "history.db",
  version: 1,
  schema: `
    CREATE TABLE runs (
      id TEXT PRIMARY KEY,
      session TEXT NOT NULL,
      host TEXT NOT NULL,
      pid INTEGER NOT NULL,
      born TEXT NOT NULL,
      cell INTEGER,
      n INTEGER,
      cell_id TEXT,
      title TEXT NOT NULL,
      name TEXT,
      source TEXT,
      linked_to TEXT,
      state TEXT NOT NULL,
      started_at REAL NOT NULL,
      ended_at REAL,
      calls INTEGER NOT NULL DEFAULT 0,
      bytes INTEGER NOT NULL DEFAULT 0,
      record TEXT
    ) STRICT;
    CREATE INDEX runs_by_time ON runs (started_at);
    CREATE TABLE events (
      run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
      seq INTEGER NOT NULL,
      batch TEXT NOT NULL,
      PRIMARY KEY (run_id, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE calls (
      run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
      id TEXT NOT NULL,
      inputs TEXT NOT NULL,
      outcome TEXT,
      is_error INTEGER,
      missing TEXT,
      PRIMARY KEY (run_id, id)
    ) STRICT, WITHOUT ROWID`,
} as const;

/** Of a stored run, without its record. One that has not ended has its calls counted. */
const COLUMNS = `id, session, host, pid, born, cell, n, cell_id, title, name, source, linked_to, state, started_at, ended_at,
  CASE WHEN record IS NULL THEN (SELECT count(*) FROM calls WHERE run_id = runs.id) ELSE calls END AS calls`;

/** What a run begins with. */
export interface NewRun {
  readonly id: string;
  readonly cell: number | undefined;
  readonly n: number | undefined;
  readonly cellId: string | undefined;
  readonly title: string;
  readonly linkedTo: string | undefined;
  /** Of the cell. */
  readonly source: string | undefined;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

/** One line of the list of runs. Times are epoch milliseconds. */
export interface StoredRun extends NewRun {
  /** Of the front end's session. */
  readonly session: string;
  readonly state: RunState;
  readonly endedAt: number | undefined;
  readonly calls: number;
  /** Of its only root call, once it has ended. */
  readonly name: string | undefined;
}

export interface StoredCall {
  /** By name; what could not be kept is in `missing`. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly missing: Readonly<Record<string, string>>;
  /** Absent when the call had not settled, or its value could not be kept. */
  readonly outcome?:
    | { readonly ok: true; readonly value: unknown }
    | { readonly ok: false; readonly error: unknown };
  /** Why there is no outcome. */
  readonly outcomeMissing?: string;
  /** The inputs as they are stored, to compare with. */
  readonly inputTexts: Readonly<Record<string, string>>;
}

/** Values of one call, ready to be written. */
export interface CallValues {
  readonly id: string;
  readonly inputs: Readonly<Record<string, Encoded>>;
  readonly outcome?: Encoded & { readonly isError: boolean };
}

/** What has happened to one run since the last time. */
export interface RunChanges {
  readonly id: string;
  readonly events: readonly RuntimeEvent[];
  readonly calls: readonly CallValues[];
  /** The run as it ended; events before it are not needed any more. */
  readonly ended: RunRecord | undefined;
}

export class History {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #owner = {
    host: hostname(),
    pid: process.pid,
    born: processOf(process.pid)?.born ?? "",
  };
  /** Ended runs that somebody looks at, one call after the other. */
  readonly #unpacked = new Map<string, RunRecord>();
  #batches = 0;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /**
   * @param folder the working folder; the file is in its `.eagerdeck`.
   * @param trouble an error that was met in the file: it is moved aside.
   * @throws {Error} when there can be none.
   */
  static open(
    folder: string,
    trouble?: unknown,
  ): { readonly history: History; readonly notice: string | undefined } {
    const { database, notice } = openDatabase(folder, FORM, trouble);
    return { history: new History(database), notice };
  }

  /** Of this process alone, where nothing is to be kept, or can be. */
  static inMemory(): History {
    return new History(openInMemory(FORM));
  }

  begin(run: NewRun, session: string): void {
    const { host, pid, born } = this.#owner;
    this.#run(
      `INSERT OR IGNORE INTO runs (id, session, host, pid, born, cell, n, cell_id, title, source, linked_to, state, started_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', ?)`,
      ...[run.id, session, host, pid, born, run.cell ?? null, run.n ?? null, run.cellId ?? null],
      ...[run.title, run.source ?? null, run.linkedTo ?? null, run.startedAt],
    );
  }

  /** All of it or nothing. @throws {Error} of the database; nothing is written then. */
  write(runs: readonly NewRun[], changes: readonly RunChanges[], session: string): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      for (const run of runs) this.begin(run, session);
      for (const change of changes) this.#change(change);
      if (changes.some(({ ended }) => ended !== undefined)) this.#makeRoom();
      this.#database.exec("COMMIT");
    } catch (error) {
      // A full disk has ended the transaction by itself.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  #change({ id, events, calls, ended }: RunChanges): void {
    let bytes = 0;
    if (events.length > 0 && ended === undefined) {
      const batch = JSON.stringify(events);
      bytes += batch.length;
      this.#run("INSERT INTO events VALUES (?, ?, ?)", id, this.#nextBatch(), batch);
    }
    for (const call of calls) bytes += this.#writeCall(id, call);
    if (ended !== undefined) {
      const record = packRun(ended);
      bytes += record.length;
      const total = [...(ended.counts?.values() ?? [])].reduce((sum, count) => sum + count, 0);
      this.#run("DELETE FROM events WHERE run_id = ?", id);
      this.#run(
        "UPDATE runs SET state = ?, ended_at = ?, calls = ?, name = ?, record = ? WHERE id = ?",
        ...[ended.state, ended.endedAt ?? null, total, onlyRoot(ended) ?? null, record, id],
      );
    }
    if (ended === undefined) {
      this.#run("UPDATE runs SET bytes = bytes + ? WHERE id = ?", bytes, id);
      return;
    }
    // The events are gone, and calls were written more than once.
    this.#run(
      `UPDATE runs SET bytes = octet_length(record) + (
         SELECT coalesce(sum(octet_length(inputs) + coalesce(octet_length(outcome), 0)), 0) FROM calls WHERE run_id = runs.id
       ) WHERE id = ?`,
      id,
    );
  }

  #writeCall(runId: string, { id, inputs, outcome }: CallValues): number {
    const kept: Record<string, string> = {};
    const missing: Record<string, string> = {};
    for (const [name, encoded] of Object.entries(inputs)) {
      if ("text" in encoded) kept[name] = encoded.text;
      else missing[name] = encoded.missing;
    }
    const inputsText = JSON.stringify({ kept, missing });
    const text = outcome !== undefined && "text" in outcome ? outcome.text : null;
    const why = outcome !== undefined && "missing" in outcome ? outcome.missing : null;
    this.#run(
      `INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
         inputs = excluded.inputs, outcome = excluded.outcome, is_error = excluded.is_error, missing = excluded.missing`,
      ...[runId, id, inputsText, text, outcome === undefined ? null : Number(outcome.isError), why],
    );
    return inputsText.length + (text?.length ?? 0);
  }

  /** After all batches of this process; runs of one id are of one process. */
  #nextBatch(): number {
    return ++this.#batches;
  }

  #makeRoom(): void {
    const rows = this.#all(
      "SELECT id, bytes, state, host, pid, born FROM runs ORDER BY started_at DESC",
    );
    let bytes = 0;
    for (const [index, row] of rows.entries()) {
      bytes += Number(row["bytes"]);
      const isSurplus = index >= RUNS_MAX || bytes > BYTES_MAX;
      const goesOn = row["state"] === "running" && this.#isAlive(row);
      // The newest one stays, however large it is.
      if (isSurplus && index > 0 && !goesOn) {
        this.#run("DELETE FROM runs WHERE id = ?", String(row["id"]));
      }
    }
    if (rows.length > RUNS_MAX || bytes > BYTES_MAX) {
      this.#database.exec("PRAGMA incremental_vacuum");
    }
  }

  /** Newest first. @param max how many at most. */
  runs(max = RUNS_MAX): StoredRun[] {
    return this.#all(`SELECT ${COLUMNS} FROM runs ORDER BY started_at DESC LIMIT ?`, max).map(
      (row) => this.#stored(row),
    );
  }

  run(id: string): StoredRun | undefined {
    const [row] = this.#all(`SELECT ${COLUMNS} FROM runs WHERE id = ?`, id);
    return row && this.#stored(row);
  }

  /** The newest run of the same source, but for the one that asks. */
  newestOfSource(source: string, but: string): StoredRun | undefined {
    const [row] = this.#all(
      "SELECT * FROM runs WHERE source = ? AND id != ? ORDER BY started_at DESC LIMIT 1",
      ...[source, but],
    );
    return row && this.#stored(row);
  }

  /**
   * Runs of the same source that have executions with that mark, oldest first: who goes on with those of another keeps
   * its mark.
   */
  runsOfTag({ id, source }: StoredRun, tag: string): StoredRun[] {
    return this.#all(
      `SELECT ${COLUMNS} FROM runs WHERE (id = ? OR source = ?) AND (instr(coalesce(record, ''), ?) > 0
         OR EXISTS (SELECT 1 FROM events WHERE run_id = runs.id AND instr(batch, ?) > 0)) ORDER BY started_at`,
      ...[id, source ?? "", tag, tag],
    ).map((row) => this.#stored(row));
  }

  /** Adds what is heard of a run whose process is gone. @throws {Error} of the database; nothing is written then. */
  addHeard(runId: string, events: readonly ExecutionEnded[]): void {
    if (events.length === 0) return;
    const batch = JSON.stringify(events);
    // Of a run that has ended the record is written, and nobody reads its events.
    this.#run(
      `INSERT INTO events SELECT ?, coalesce((SELECT max(seq) FROM events WHERE run_id = ?), 0) + 1, ?
       WHERE EXISTS (SELECT 1 FROM runs WHERE id = ? AND record IS NULL)`,
      ...[runId, runId, batch, runId],
    );
    this.#run(
      "UPDATE runs SET bytes = bytes + ? WHERE id = ? AND record IS NULL",
      batch.length,
      runId,
    );
  }

  /** What a run folds to. */
  record(id: string): RunRecord | undefined {
    const known = this.#unpacked.get(id);
    if (known !== undefined) return known;
    const [row] = this.#all("SELECT * FROM runs WHERE id = ?", id);
    if (row === undefined) return undefined;
    if (typeof row["record"] === "string") {
      const record = unpackRun(row["record"]);
      this.#unpacked.set(id, record);
      const [oldest] = this.#unpacked.keys();
      if (this.#unpacked.size > UNPACKED_MAX && oldest !== undefined) this.#unpacked.delete(oldest);
      return record;
    }
    return this.#folded(this.#stored(row));
  }

  #folded(stored: StoredRun): RunRecord | undefined {
    const records = new Records();
    let at = stored.startedAt;
    for (const row of this.#all(
      "SELECT batch FROM events WHERE run_id = ? ORDER BY seq",
      stored.id,
    )) {
      for (const event of JSON.parse(String(row["batch"])) as RuntimeEvent[]) {
        records.apply(event);
        if (event.kind !== "execution-ended") at = Math.max(at, event.at);
      }
    }
    if (stored.state === "killed") {
      const error = { line: "its process ended before it did", kind: "cancelled" };
      records.apply({ kind: "run-ended", runId: stored.id, at, state: "killed", error });
    }
    return records.run(stored.id);
  }

  /** The values of a call. */
  call(runId: string, id: string): StoredCall | undefined {
    const [row] = this.#all("SELECT * FROM calls WHERE run_id = ? AND id = ?", runId, id);
    if (row === undefined) return undefined;
    const { kept, missing } = JSON.parse(String(row["inputs"])) as {
      readonly kept: Readonly<Record<string, string>>;
      readonly missing: Readonly<Record<string, string>>;
    };
    const inputs = Object.entries(kept).map(([name, text]) => [name, decodeValue(text)] as const);
    const outcome = typeof row["outcome"] === "string" ? decodeValue(row["outcome"]) : undefined;
    const isError = row["is_error"] === 1;
    return {
      inputs: Object.fromEntries(inputs),
      missing,
      inputTexts: kept,
      ...(typeof row["outcome"] === "string" && {
        outcome: isError ? { ok: false, error: outcome } : { ok: true, value: outcome },
      }),
      ...(typeof row["missing"] === "string" && { outcomeMissing: row["missing"] }),
    };
  }

  /** The run that has a call of that id in a session: ids count up over a session. */
  runOfCall(session: string, callId: string): string | undefined {
    const [row] = this.#all(
      `SELECT run_id FROM calls JOIN runs ON runs.id = run_id WHERE session = ? AND calls.id = ? LIMIT 1`,
      ...[session, callId],
    );
    return row && String(row["run_id"]);
  }

  close(): void {
    this.#database.close();
  }

  #stored(row: Readonly<Record<string, unknown>>): StoredRun {
    const text = (name: string) => (typeof row[name] === "string" ? row[name] : undefined);
    const number = (name: string) => (typeof row[name] === "number" ? row[name] : undefined);
    const isLost = row["state"] === "running" && !this.#isAlive(row);
    return {
      id: String(row["id"]),
      session: String(row["session"]),
      cell: number("cell"),
      n: number("n"),
      cellId: text("cell_id"),
      title: String(row["title"]),
      source: text("source"),
      linkedTo: text("linked_to"),
      state: isLost ? "killed" : (String(row["state"]) as RunState),
      startedAt: Number(row["started_at"]),
      endedAt: number("ended_at"),
      calls: Number(row["calls"]),
      name: text("name"),
    };
  }

  /** H2. Of another machine that shares the folder nobody can tell. */
  #isAlive({ host, pid, born }: Readonly<Record<string, unknown>>): boolean {
    if (host !== this.#owner.host) return true;
    try {
      process.kill(Number(pid), 0);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EPERM") return false;
    }
    const now = processOf(Number(pid));
    if (now === undefined) return true;
    return now.born === born && !now.isGone && !isOrphan(now);
  }

  #run(sql: string, ...values: (string | number | null)[]): void {
    this.#prepared(sql).run(...values);
  }

  #all(sql: string, ...values: (string | number)[]): Record<string, unknown>[] {
    return this.#prepared(sql).all(...values);
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function onlyRoot(run: RunRecord): string | undefined {
  const roots = [...run.calls.values()].filter(({ parentId }) => parentId === undefined);
  return roots.length === 1 ? roots[0]?.name : undefined;
}

interface ProcessFacts {
  /** When it began, in ticks since the machine's start: tells it from a later one of the same number. */
  readonly born: string;
  readonly parent: number;
  /** It has ended, and its parent has not asked how. */
  readonly isGone: boolean;
}

function processOf(pid: number): ProcessFacts | undefined {
  try {
    // The name of the program, in brackets, may hold spaces and brackets.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state = "", parent = "", ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { born: rest[17] ?? "", parent: Number(parent), isGone: /[ZX]/.test(state) };
  } catch {
    // No Linux, or no such process: its number alone has to do.
    return undefined;
  }
}

/** Its front end was killed, and it is about to end: nobody hears of it any more. */
function isOrphan({ parent }: ProcessFacts): boolean {
  return parent === 1 && process.ppid !== 1;
}
