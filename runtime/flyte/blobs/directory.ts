/**
 * A folder of files that calls take and give.
 *
 * Invariant: a path below it that somebody else wrote (a listing, a cluster) never leaves the folder it is copied to.
 * @module
 */
import { HANDLE, type HandleState } from "../handle.ts";
import { checkedBelow, joinUri, nameOf } from "../storage/location.ts";
import type { Listed, Store } from "../storage.ts";
import { FlyteFile, pathOf, placeOf } from "./file.ts";
import { handleState } from "./handle-state.ts";
import { type Cancellable, type Materialized, ownStore } from "./origin.ts";
import { type BlobSchema, blobSchema } from "./schema.ts";
import { HOOK, INSPECT, type Shown, shownAsBundle, shownAsText } from "./shown.ts";
import { together } from "./together.ts";
import { Uploads } from "./uploads.ts";

const BRAND = Symbol.for("eagerdeck.FlyteDirectory");
/** Files copied at the same time. */
const LANES = 8;

export interface FolderListOptions extends Cancellable {
  /** Also what lies in its folders, then without the folders themselves. */
  readonly recursive?: boolean | undefined;
}

/**
 * A folder of this machine or of a storage. Made by `FlyteDirectory.from`, or given by a call on a cluster.
 * Not to be extended.
 */
export class FlyteDirectory {
  static {
    Object.defineProperty(FlyteDirectory.prototype, BRAND, { value: true });
  }
  static [Symbol.hasInstance](value: unknown): value is FlyteDirectory {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  /** A path of this machine, or an address. */
  readonly #place: string;
  readonly #local: boolean;
  readonly #store: Store | undefined;
  readonly #digest: string | undefined;
  readonly #uploads = new Uploads();
  readonly name: string;
  /** Of the files in it; empty when nobody said. */
  readonly format: string;

  private constructor(
    place: { readonly uri: string; readonly local: boolean },
    {
      store,
      format = "",
      digest,
    }: { store?: Store | undefined; format?: string | undefined; digest?: string | undefined },
  ) {
    this.#place = place.uri;
    this.#local = place.local;
    this.#store = store;
    this.#digest = digest;
    this.name = nameOf(place.uri) || place.uri;
    this.format = format;
  }

  /** @param source a path, whose files are uploaded when a call on a cluster takes the handle, or an address. */
  static from(
    source: string | URL,
    { format }: { readonly format?: string | undefined } = {},
  ): FlyteDirectory {
    return new FlyteDirectory(placeOf(source), { format });
  }

  /** A folder in a storage. @param found `store`: how it is reached; else the credentials of this process count. */
  static at(
    uri: string,
    found: {
      store?: Store | undefined;
      format?: string | undefined;
      digest?: string | undefined;
    } = {},
  ): FlyteDirectory {
    return new FlyteDirectory({ uri, local: false }, found);
  }

  /** For the inputs and outputs of tasks. Takes a path or an address too. */
  static schema({ format = "" }: { readonly format?: string } = {}): BlobSchema<FlyteDirectory> {
    return blobSchema({
      type: { kind: "directory", format },
      title: "FlyteDirectory",
      isOne: (value) => value instanceof FlyteDirectory,
      from: (place) => FlyteDirectory.from(place, { format }),
      formatOf: (directory) => directory.format,
    });
  }

  /** Where it is stored; undefined for a folder of this machine. */
  get uri(): string | undefined {
    return this.#local ? undefined : this.#place;
  }

  /**
   * What is in it: paths below it with sizes in bytes; a folder ends in a slash.
   * Throws STORAGE_NO_LIST where only single files can be reached; `file(path)` works there too.
   */
  async *list({
    recursive = false,
    signal,
  }: FolderListOptions = {}): AsyncGenerator<Listed, void, undefined> {
    for await (const entry of this.#reached.list(this.#place, { recursive, signal })) {
      yield { ...entry, path: checkedBelow(entry.path, this.#place) };
    }
  }

  /** One file of it; nothing is asked whether it is there. @param path below the folder, with slashes. */
  file(path: string, { format = this.format }: { readonly format?: string } = {}): FlyteFile {
    const place = joinUri(this.#place, checkedBelow(path, this.#place));
    return this.#local
      ? FlyteFile.from(place, { format })
      : FlyteFile.at(place, { store: this.#store, format });
  }

  /** A folder in it. */
  directory(path: string): FlyteDirectory {
    const uri = joinUri(this.#place, checkedBelow(path.replace(/\/+$/, ""), this.#place));
    return new FlyteDirectory(
      { uri, local: this.#local },
      { store: this.#store, format: this.format },
    );
  }

  /**
   * Copies all of it below a folder of this machine, which is made if it is missing; eight files at a time.
   * @returns the absolute path of that folder.
   */
  async download(path: string | URL, { signal }: Cancellable = {}): Promise<string> {
    const { mkdir } = await import("node:fs/promises");
    const { join, resolve } = await import("node:path");
    const folder = resolve(pathOf(path));
    await mkdir(folder, { recursive: true });
    const files = this.list({ recursive: true, signal });
    await together(files, LANES, signal, async ({ path: below }, stop) => {
      await this.file(below).download(join(folder, below), { signal: stop });
    });
    return folder;
  }

  /** Uploads the files of a folder of this machine; once per store, until one of them changes. */
  async materialize(store: Store, { signal }: Cancellable = {}): Promise<Materialized> {
    if (!this.#local) return { uri: this.#place, digest: this.#digest };
    const { snapshot, uploadFolder } = await import("./upload-folder.ts");
    const found = await snapshot(this.#place, signal);
    const send = (stop: AbortSignal) => uploadFolder(found, store, stop);
    return this.#uploads.once(store, send, signal, found.version);
  }

  get [HANDLE](): HandleState {
    const { format } = this;
    const address = this.#local ? undefined : { uri: this.#place, digest: this.#digest };
    const send = (store: Store, options: Cancellable) => this.materialize(store, options);
    return handleState({ kind: "directory", format }, { address }, send);
  }

  get #reached(): Store {
    return this.#store ?? ownStore();
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
    const state = this.#local
      ? `${this.#place}, uploaded when a cluster needs it`
      : "not downloaded";
    const facts = this.format === "" ? [] : [this.format];
    return {
      kind: "FlyteDirectory",
      name: this.name,
      bytes: undefined,
      uri: this.uri,
      state,
      facts,
    };
  }
}
