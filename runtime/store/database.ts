/**
 * Opens the database files: SQLite as Node has it, in write-ahead mode, so that a killed process loses nothing that was
 * committed and several sessions may share a folder.
 *
 * Invariants
 *   D1  A file that is no sound database of ours is moved aside, never deleted; a new one takes its place.
 *   D2  A file of a newer eagerdeck is left alone.
 * @module
 */
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { makeHome } from "../events/home.ts";

/** Says whose file it is, whatever its name: "egdk". */
const APPLICATION_ID = 0x6567646b;
/** Several sessions may begin in a fresh folder at the same time. */
const OPENING_MS = 5_000;
/** Another session may be writing; longer would be felt in a cell. Who is turned away comes again. */
const BUSY_MS = 50;

export interface DatabaseForm {
  /** File name, in `.eagerdeck` of the working folder. */
  readonly name: string;
  /** Raised when `schema` changes; older files are begun anew. */
  readonly version: number;
  /** SQL that makes the tables. */
  readonly schema: string;
}

export interface OpenedDatabase {
  readonly database: DatabaseSync;
  /** What had to be done to open it, for people. */
  readonly notice: string | undefined;
}

/** A database of this process alone, on no disk. */
export function openInMemory(form: DatabaseForm): DatabaseSync {
  const { DatabaseSync: Database } = sqlite();
  const database = new Database(":memory:");
  database.exec(`PRAGMA foreign_keys = ON; ${form.schema}`);
  return database;
}

/**
 * @param trouble an error that somebody has met in it, which opening it does not show.
 * @throws {Error} when there can be none: the folder cannot be written, the disk is full, the file is of a newer version. */
export function openDatabase(
  folder: string,
  form: DatabaseForm,
  trouble?: unknown,
): OpenedDatabase {
  const file = join(makeHome(folder), form.name);
  const existed = existsSync(file);
  if (trouble !== undefined && existed) {
    return { database: replaced(file, form), notice: asideNotice(file, trouble) };
  }
  try {
    return { database: open(file, form), notice: undefined };
  } catch (error) {
    if (!existed || !isUnsound(error)) throw error;
    return { database: replaced(file, form), notice: asideNotice(file, error) };
  }
}

let asideCount = 0;

/** Moves the file and its companions aside and begins anew. */
function replaced(file: string, form: DatabaseForm): DatabaseSync {
  const aside = `${file}.unreadable-${Date.now()}-${process.pid}-${++asideCount}`;
  renameSync(file, aside);
  for (const suffix of ["-wal", "-shm"]) {
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  }
  return open(file, form);
}

function asideNotice(file: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `${file} could not be read (${reason}); it was moved aside, and a new one was begun`;
}

/** What makes a file useless, as against a disk or a lock that is. */
class UnsoundFile extends Error {}

function open(file: string, { version, schema }: DatabaseForm): DatabaseSync {
  const { DatabaseSync: Database } = sqlite();
  const database = new Database(file, { timeout: OPENING_MS });
  try {
    const tables = numberOf(database, TABLES);
    const owner = numberOf(database, "SELECT application_id AS value FROM pragma_application_id");
    const found = numberOf(database, "SELECT user_version AS value FROM pragma_user_version");
    if (tables > 0 && owner !== APPLICATION_ID) {
      throw new UnsoundFile("it is a database of another program");
    }
    if (tables > 0 && found > version) {
      throw new Error(`${file} was written by a newer eagerdeck; update, or remove it`);
    }
    if (tables > 0 && found < version) throw new UnsoundFile("it is of an older form");
    // Before the first table: pages of what is deleted go back to the disk.
    if (tables === 0) database.exec("PRAGMA auto_vacuum = INCREMENTAL");
    database.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON",
    );
    if (tables === 0) {
      database.exec("BEGIN IMMEDIATE");
      // Another session may have been faster between the look and the lock.
      if (numberOf(database, TABLES) === 0) {
        database.exec(
          `${schema}; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version}; COMMIT`,
        );
      } else database.exec("ROLLBACK");
    }
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

const TABLES = "SELECT count(*) AS value FROM sqlite_schema";

function numberOf(database: DatabaseSync, sql: string): number {
  return Number(database.prepare(sql).get()?.["value"] ?? 0);
}

const SQLITE_CORRUPT = 11;
const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;

/** Whether the file itself is what is wrong. */
export function isUnsound(error: unknown): boolean {
  if (error instanceof UnsoundFile) return true;
  const code = codeOf(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

/** Whether another session holds the file at the moment. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === SQLITE_BUSY;
}

function codeOf(error: unknown): number | undefined {
  const code: unknown = (error as { errcode?: unknown } | null)?.errcode;
  // The low byte is the kind, what is above says more about it.
  return typeof code === "number" ? code & 0xff : undefined;
}

/** Without Node's note that the module is an experiment: it would be printed into a cell. */
function sqlite(): typeof import("node:sqlite") {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}
