/**
 * Where the bytes of a handle are: here and not stored yet, or in a storage.
 *
 * Invariants:
 * 1. Nothing is read, sent or fetched before somebody asks for bytes or passes the handle to a cluster.
 * 2. One upload per origin and store (uploads.ts); a file of this machine that was changed since is uploaded again.
 * 3. A stream is read once. Who reads it here first keeps it in a temporary file, which goes with the handle.
 * @module
 */

import { streamOf, unlessAborted } from "../storage/backend.ts";
import type { Payload } from "../storage/digest.ts";
import { openStore, StorageError, type Store } from "../storage.ts";
import { Uploads } from "./uploads.ts";

export interface Cancellable {
  readonly signal?: AbortSignal | undefined;
}

export interface Range extends Cancellable {
  /** First byte, from 0. */
  readonly start?: number | undefined;
  /** The byte behind the last one. */
  readonly end?: number | undefined;
}

/** What a handle becomes when it crosses to a cluster. */
export interface Materialized {
  readonly uri: string;
  /** SHA-256 of the content; not known of data that was stored by somebody else without one. */
  readonly digest: string | undefined;
}

/** The bytes of one file, wherever they are. */
export interface Origin {
  /** Where it is stored; undefined while nothing is. */
  readonly uri: string | undefined;
  /** Of data that had an address from the beginning: it goes to every cluster as that. */
  readonly address: Materialized | undefined;
  /** Undefined while nobody knows. */
  readonly bytes: number | undefined;
  /** In words, for people: `not downloaded`. */
  readonly state: string;
  stat(options?: Cancellable): Promise<{ readonly bytes: number }>;
  stream(range?: Range): ReadableStream<Uint8Array>;
  materialize(store: Store, filename: string, options?: Cancellable): Promise<Materialized>;
}

/** Data in a storage. */
export class Stored implements Origin {
  readonly uri: string;
  readonly digest: string | undefined;
  readonly #store: Store | undefined;
  #bytes: number | undefined;

  constructor(uri: string, store: Store | undefined, digest: string | undefined) {
    this.uri = uri;
    this.#store = store;
    this.digest = digest;
  }

  get bytes(): number | undefined {
    return this.#bytes;
  }

  get state(): string {
    return "not downloaded";
  }

  get address(): Materialized {
    return { uri: this.uri, digest: this.digest };
  }

  get store(): Store {
    return this.#store ?? ownStore();
  }

  async stat(options: Cancellable = {}): Promise<{ readonly bytes: number }> {
    const found = await this.store.stat(this.uri, options);
    this.#bytes = found.bytes;
    return found;
  }

  stream(range: Range = {}): ReadableStream<Uint8Array> {
    return this.store.stream(this.uri, range);
  }

  async materialize(): Promise<Materialized> {
    return this.address;
  }
}

/** A file of this machine. */
export class LocalFile implements Origin {
  readonly #path: string;
  readonly #uploads = new Uploads();
  #bytes: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  get address(): undefined {
    return undefined;
  }

  get uri(): string | undefined {
    return undefined;
  }

  get bytes(): number | undefined {
    return this.#bytes;
  }

  get state(): string {
    return `${this.#path}, uploaded when a cluster needs it`;
  }

  get path(): string {
    return this.#path;
  }

  async stat(options: Cancellable = {}): Promise<{ readonly bytes: number }> {
    const found = await ownStore().stat(this.#path, options);
    this.#bytes = found.bytes;
    return found;
  }

  stream(range: Range = {}): ReadableStream<Uint8Array> {
    return ownStore().stream(this.#path, range);
  }

  async materialize(
    store: Store,
    filename: string,
    options: Cancellable = {},
  ): Promise<Materialized> {
    await this.stat(options);
    const { stat } = await import("node:fs/promises");
    const { size, mtimeMs, ino } = await stat(this.#path);
    const send = (signal: AbortSignal) => store.upload(this.#path, { filename, signal });
    return this.#uploads.once(store, send, options.signal, `${ino} ${size} ${mtimeMs}`);
  }
}

/** Bytes in memory. */
export class InMemory implements Origin {
  readonly #content: Uint8Array;
  readonly #uploads = new Uploads();

  constructor(content: Uint8Array) {
    this.#content = content;
  }

  get address(): undefined {
    return undefined;
  }

  get uri(): string | undefined {
    return undefined;
  }

  get bytes(): number {
    return this.#content.length;
  }

  get state(): string {
    return "in memory, uploaded when a cluster needs it";
  }

  async stat(): Promise<{ readonly bytes: number }> {
    return { bytes: this.#content.length };
  }

  stream({ start, end, signal }: Range = {}): ReadableStream<Uint8Array> {
    const piece = this.#content.subarray(start, end);
    const open = async function* () {
      // A copy: what a reader does to its bytes is not done to ours.
      if (piece.length > 0) yield piece.slice();
    };
    return streamOf(open, signal);
  }

  materialize(store: Store, filename: string, { signal }: Cancellable = {}): Promise<Materialized> {
    const send = (stop: AbortSignal) => store.upload(this.#content, { filename, signal: stop });
    return this.#uploads.once(store, send, signal);
  }
}

/** A stream that somebody gave (invariant 3). */
export class FromStream implements Origin {
  readonly #stream: ReadableStream<Uint8Array>;
  readonly #name: string;
  readonly #uploads = new Uploads();
  #kept: Promise<Payload> | undefined;
  #stored: Stored | undefined;
  #bytes: number | undefined;

  constructor(stream: ReadableStream<Uint8Array>, name: string) {
    this.#stream = stream;
    this.#name = name;
  }

  get address(): undefined {
    return undefined;
  }

  get uri(): string | undefined {
    return this.#stored?.uri;
  }

  get bytes(): number | undefined {
    return this.#bytes;
  }

  get state(): string {
    return this.#stored?.state ?? "a stream, uploaded when a cluster needs it";
  }

  async stat(options: Cancellable = {}): Promise<{ readonly bytes: number }> {
    if (this.#stored && this.#kept === undefined) return this.#stored.stat(options);
    const { bytes } = await unlessAborted(this.#keep(), options.signal);
    return { bytes };
  }

  stream(range: Range = {}): ReadableStream<Uint8Array> {
    if (this.#stored && this.#kept === undefined) return this.#stored.stream(range);
    const keep = () => this.#keep();
    const open = async function* (signal: AbortSignal) {
      const kept = await unlessAborted(keep(), signal);
      yield* kept.open(signal, range);
    };
    return streamOf(open, range.signal);
  }

  async materialize(
    store: Store,
    filename: string,
    { signal }: Cancellable = {},
  ): Promise<Materialized> {
    const send = async (stop: AbortSignal) => {
      const kept = await this.#kept;
      const uploaded = await store.upload(kept ?? this.#stream, { filename, signal: stop });
      this.#stored ??= new Stored(uploaded.uri, store, uploaded.digest);
      return uploaded;
    };
    // A second cluster gets what the first one was sent.
    if (this.#stored && this.#kept === undefined && !this.#uploads.has(store)) await this.#keep();
    return this.#uploads.once(store, send, signal);
  }

  #keep(): Promise<Payload> {
    if (this.#kept === undefined) {
      this.#kept = this.#spool();
      this.#kept.catch(() => undefined);
    }
    return this.#kept;
  }

  async #spool(): Promise<Payload> {
    const { payloadOf } = await import("../storage/digest.ts");
    const source = this.#stored?.stream() ?? this.#stream;
    const payload = await payloadOf(source, { shown: this.#name });
    this.#bytes = payload.bytes;
    temporary.register(this, payload);
    return payload;
  }
}

/** Removes the temporary file of a stream whose handle nobody has any more. */
const temporary = new FinalizationRegistry<Payload>((payload) => {
  void Promise.resolve(payload[Symbol.asyncDispose]()).catch(() => undefined);
});

let own: Store | undefined;

/** For files of this machine and addresses that a person wrote: with the credentials of this process alone. */
export function ownStore(): Store {
  own ??= openStore({ platform: { storage: {} }, project: "", domain: "" });
  return own;
}

/** @throws {StorageError} for a name that would be a path. */
export function checkedName(name: string): string {
  if (name !== "" && name !== "." && name !== ".." && !/[/\\\0]/.test(name)) return name;
  throw new StorageError(
    "STORAGE_UNSUPPORTED",
    `${JSON.stringify(name)} is no name of a file: it has no slashes and is not empty`,
  );
}
