/**
 * A file that calls take and give: its bytes stay where they are until somebody reads them.
 * @module
 */
import { fileURLToPath } from "node:url";
import { HANDLE, type HandleState } from "../handle.ts";
import { isAddress, nameOf, parseLocation } from "../storage/location.ts";
import type { Store } from "../storage.ts";
import { collect, downloadTo } from "./download.ts";
import { handleState } from "./handle-state.ts";
import { linesOf, textOf } from "./lines.ts";
import {
  type Cancellable,
  checkedName,
  FromStream,
  InMemory,
  LocalFile,
  type Materialized,
  type Origin,
  type Range,
  Stored,
} from "./origin.ts";
import { type BlobSchema, blobSchema } from "./schema.ts";
import { HOOK, INSPECT, type Shown, shownAsBundle, shownAsText } from "./shown.ts";

const BRAND = Symbol.for("eagerdeck.FlyteFile");
const HEAD_BYTES_MAX = 1_000_000;

export interface FileOptions {
  /** What the bytes are, as the interfaces of tasks say it: `csv`, `jpeg`. */
  readonly format?: string | undefined;
  /** The last part of its address; for bytes and streams, which have none. */
  readonly name?: string | undefined;
}

export type FileSource = string | URL | Uint8Array | ReadableStream<Uint8Array>;

/**
 * A file of this machine, in memory, or in a storage. Made by `FlyteFile.from`, or given by a call on a cluster.
 * Not to be extended.
 */
export class FlyteFile {
  static {
    Object.defineProperty(FlyteFile.prototype, BRAND, { value: true });
  }
  // A notebook may load its own copy of the package.
  static [Symbol.hasInstance](value: unknown): value is FlyteFile {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  readonly #origin: Origin;
  /** The last part of its path or address. */
  readonly name: string;
  /** Empty when nobody said what it is. */
  readonly format: string;

  private constructor(origin: Origin, name: string, format: string) {
    this.#origin = origin;
    this.name = name;
    this.format = format;
  }

  /**
   * Nothing is read or sent yet. A file of this machine, bytes and streams are uploaded when a call on a cluster takes
   * the handle; what has an address (`s3://…`, `https://…`) goes there as the address.
   * @param source a path or address; bytes (not copied: leave them unchanged); a stream, which is read once.
   */
  static from(source: FileSource, { format = "", name }: FileOptions = {}): FlyteFile {
    const suffix = format === "" ? "" : `.${format}`;
    if (source instanceof Uint8Array || source instanceof ReadableStream) {
      const called = checkedName(name ?? `data${suffix}`);
      const origin =
        source instanceof Uint8Array ? new InMemory(source) : new FromStream(source, called);
      return new FlyteFile(origin, called, format);
    }
    const place = placeOf(source);
    const called = checkedName(name ?? (nameOf(place.uri) || "data"));
    return new FlyteFile(
      place.local ? new LocalFile(place.uri) : new Stored(place.uri, undefined, undefined),
      called,
      format,
    );
  }

  /**
   * A file in a storage.
   * @param found `store`: how it is reached; without it the credentials of this process count.
   */
  static at(
    uri: string,
    {
      store,
      format = "",
      digest,
    }: { store?: Store | undefined; format?: string; digest?: string | undefined } = {},
  ): FlyteFile {
    return new FlyteFile(new Stored(uri, store, digest), nameOf(uri) || uri, format);
  }

  /**
   * For the inputs and outputs of tasks; also inside of `z.array` and `z.object`. Takes a path or an address too.
   * @param options `format`: only files of this one, or of none, fit.
   */
  static schema({ format = "" }: { readonly format?: string } = {}): BlobSchema<FlyteFile> {
    return blobSchema({
      type: { kind: "file", format },
      title: "FlyteFile",
      isOne: (value) => value instanceof FlyteFile,
      from: (place) => FlyteFile.from(place, { format }),
      formatOf: (file) => file.format,
    });
  }

  /** Where it is stored; undefined while it is only here. */
  get uri(): string | undefined {
    return this.#origin.uri;
  }

  /** Its size, without reading it. */
  stat(options: Cancellable = {}): Promise<{ readonly bytes: number }> {
    return this.#origin.stat(options);
  }

  /**
   * Its bytes as a web stream; nothing is fetched before it is read, and a broken connection is resumed.
   * @param range bytes from `start` up to, not including, `end`.
   */
  stream(range: Range = {}): ReadableStream<Uint8Array> {
    return this.#origin.stream(range);
  }

  /** All of it, in memory. @param options `maxBytes`: STORAGE_TOO_LARGE beyond; 2 GiB without it. */
  async bytes({
    signal,
    maxBytes,
  }: Cancellable & { readonly maxBytes?: number } = {}): Promise<Uint8Array> {
    return collect(this.stream({ signal }), this.name, maxBytes);
  }

  /** All of it as text, UTF-8. */
  async text(options: Cancellable = {}): Promise<string> {
    return textOf(await this.bytes(options));
  }

  /** @throws {SyntaxError} that names the file. */
  async json(options: Cancellable = {}): Promise<unknown> {
    const text = await this.text(options);
    try {
      return JSON.parse(text);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new SyntaxError(`${this.name} is no JSON: ${reason}`, { cause: error });
    }
  }

  /** Line by line, UTF-8, without line ends; only what is asked for is fetched. */
  lines(options: Cancellable = {}): AsyncGenerator<string, void, undefined> {
    return linesOf(this.stream(options), this.name);
  }

  /** The first lines as one text; at most a megabyte is looked at. */
  async head(lines = 10, { signal }: Cancellable = {}): Promise<string> {
    const first: string[] = [];
    if (lines <= 0) return "";
    for await (const line of linesOf(this.stream({ end: HEAD_BYTES_MAX, signal }), this.name)) {
      first.push(line);
      if (first.length >= lines) break;
    }
    return first.join("\n");
  }

  /**
   * Copies it to this machine; the file appears whole or not at all.
   * @param path of the file, or of a folder (existing, or ending in a slash) for a file of its name.
   * @returns the absolute path.
   */
  download(path: string | URL, { signal }: Cancellable = {}): Promise<string> {
    return downloadTo(pathOf(path), this.name, () => this.stream({ signal }), signal);
  }

  /** Uploads what is only here; once per store, however often it is asked. */
  materialize(store: Store, options: Cancellable = {}): Promise<Materialized> {
    return this.#origin.materialize(store, this.name, options);
  }

  get [HANDLE](): HandleState {
    const { format } = this;
    const send = (store: Store, options: Cancellable) => this.materialize(store, options);
    return handleState({ kind: "file", format }, this.#origin, send);
  }

  toJSON(): Record<string, string> {
    return {
      name: this.name,
      ...(this.uri && { uri: this.uri }),
      ...(this.format && { format: this.format }),
    };
  }

  toString(): string {
    return shownAsText(this.#shown());
  }

  [HOOK](): Record<string, string> {
    return shownAsBundle(this.#shown());
  }

  [INSPECT](): string {
    return shownAsText(this.#shown()).replace("\n", " ");
  }

  #shown(): Shown {
    const { bytes, uri, state } = this.#origin;
    const facts = this.format === "" ? [] : [this.format];
    return { kind: "FlyteFile", name: this.name, bytes, uri, state, facts };
  }
}

/** @returns an address, or the path of this machine. @throws for schemes that nobody opens. */
export function placeOf(source: string | URL): { readonly uri: string; readonly local: boolean } {
  if (typeof source !== "string") {
    return source.protocol === "file:"
      ? { uri: fileURLToPath(source), local: true }
      : placeOf(source.href);
  }
  const at = parseLocation(source);
  return at.scheme === "file" ? { uri: at.path, local: true } : { uri: source, local: false };
}

export function pathOf(path: string | URL): string {
  if (typeof path !== "string") return fileURLToPath(path);
  if (!isAddress(path)) return path;
  const at = parseLocation(path);
  if (at.scheme === "file") return at.path;
  throw new TypeError(`${path} is no path of this machine; data is downloaded to one`);
}
