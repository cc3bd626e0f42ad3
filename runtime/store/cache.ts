/**
 * Values of cached tasks in a file of the working folder.
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { CacheDescription, CacheEntry, CacheStore, StoredValue } from "../workflow/cache.ts";
import { openDatabase } from "./database.ts";
import { decodeValue, encodeValue } from "./values.ts";

/** Beyond it the values go that nobody has asked for longest. */
const BYTES_MAX = 200_000_000;
const PRUNE_EVERY = 100;

const FORM = {
  name: "cache.db",
  version: 1,
  schema: `
    CREATE TABLE entries (
      key TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      interface TEXT NOT NULL,
      version TEXT NOT NULL,
      inputs TEXT NOT NULL,
      value TEXT NOT NULL,
      stored_at REAL NOT NULL,
      used_at REAL NOT NULL
    ) STRICT;
    CREATE INDEX entries_by_name ON entries (name, stored_at);
    CREATE INDEX entries_by_use ON entries (used_at)`,
} as const;

export class CacheFile implements CacheStore {
  readonly #database: DatabaseSync;
  readonly #get: StatementSync;
  readonly #used: StatementSync;
  readonly #newest: StatementSync;
  readonly #put: StatementSync;
  #puts = 0;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    this.#get = database.prepare("SELECT value, stored_at FROM entries WHERE key = ?");
    this.#used = database.prepare("UPDATE entries SET used_at = ? WHERE key = ?");
    this.#newest = database.prepare(
      "SELECT interface, version, inputs, stored_at FROM entries WHERE name = ? ORDER BY stored_at DESC LIMIT 1",
    );
    this.#put = database.prepare("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  }

  /**
   * @param folder the working folder; the file is in its `.eagerdeck`.
   * @throws {Error} when there can be none.
   */
  static open(folder: string): {
    readonly cache: CacheFile;
    readonly notice: string | undefined;
  } {
    const { database, notice } = openDatabase(folder, FORM);
    return { cache: new CacheFile(database), notice };
  }

  get(key: string): StoredValue | undefined {
    const row = this.#get.get(key);
    if (row === undefined) return undefined;
    try {
      this.#used.run(Date.now(), key);
    } catch {
      // Another session writes, or the disk is full: the value is there all the same.
    }
    return { value: decodeValue(String(row["value"])), storedAt: Number(row["stored_at"]) };
  }

  newestOf(name: string): CacheDescription | undefined {
    const row = this.#newest.get(name);
    return (
      row && {
        name,
        interface: String(row["interface"]),
        version: String(row["version"]),
        inputs: JSON.parse(String(row["inputs"])) as Readonly<Record<string, string>>,
        storedAt: Number(row["stored_at"]),
      }
    );
  }

  put(entry: CacheEntry): string | undefined {
    const encoded = encodeValue(entry.value);
    if ("missing" in encoded) return `it ${encoded.missing}`;
    const { key, name, version, inputs, storedAt } = entry;
    this.#put.run(
      ...[key, name, entry.interface, version, JSON.stringify(inputs)],
      ...[encoded.text, storedAt, storedAt],
    );
    if (++this.#puts % PRUNE_EVERY === 1) this.#makeRoom();
    return undefined;
  }

  /** Forgets all values. @returns how many there were. */
  clear(): number {
    const changes = Number(this.#database.prepare("DELETE FROM entries").run().changes);
    this.#database.exec("PRAGMA incremental_vacuum");
    return changes;
  }

  close(): void {
    this.#database.close();
  }

  #makeRoom(): void {
    const sum = this.#database.prepare("SELECT sum(length(value)) AS bytes FROM entries").get();
    let surplus = Number(sum?.["bytes"] ?? 0) - BYTES_MAX;
    if (surplus <= 0) return;
    const oldest = this.#database.prepare(
      "SELECT key, length(value) AS bytes FROM entries ORDER BY used_at",
    );
    const forget = this.#database.prepare("DELETE FROM entries WHERE key = ?");
    for (const row of oldest.all()) {
      if (surplus <= 0) break;
      forget.run(String(row["key"]));
      surplus -= Number(row["bytes"]);
    }
    this.#database.exec("PRAGMA incremental_vacuum");
  }
}
