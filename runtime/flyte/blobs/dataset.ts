/**
 * A table that calls take and give: where it is, in which format, with which columns. Its rows are read by a library of
 * the user's choice, from `file()`.
 * @module
 */
import { valueTypeOf } from "../../types/schema-type.ts";
import { isStandardSchema, type Schemas } from "../../types/standard-schema.ts";
import type { ColumnType } from "../../types/value-type.ts";
import { HANDLE, type HandleState } from "../handle.ts";
import { isStorageError, StorageError, type Store } from "../storage.ts";
import { FlyteDirectory } from "./directory.ts";
import { type FileSource, FlyteFile } from "./file.ts";
import { handleState } from "./handle-state.ts";
import type { Cancellable, Materialized } from "./origin.ts";
import { type BlobSchema, blobSchema } from "./schema.ts";
import { HOOK, INSPECT, type Shown, shownAsBundle, shownAsText } from "./shown.ts";

const BRAND = Symbol.for("eagerdeck.StructuredDataset");
/** What Flyte's Python writes when nobody says otherwise. */
const DEFAULT_FORMAT = "parquet";
/** pandas of Python stores a table as this file below its address. */
const FIRST_PART = "00000";

export interface DatasetOptions {
  readonly format?: string | undefined;
  readonly columns?: readonly ColumnType[] | undefined;
}

/** A table in a file or folder. Not to be extended. */
export class StructuredDataset {
  static {
    Object.defineProperty(StructuredDataset.prototype, BRAND, { value: true });
  }
  static [Symbol.hasInstance](value: unknown): value is StructuredDataset {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  readonly #file: FlyteFile;
  readonly #store: Store | undefined;
  /** `parquet`, `csv`; how the bytes are to be read. */
  readonly format: string;
  /** Names and types, as far as somebody said them. */
  readonly columns: readonly ColumnType[];

  private constructor(file: FlyteFile, store: Store | undefined, options: DatasetOptions) {
    this.#file = file;
    this.#store = store;
    this.format = options.format || DEFAULT_FORMAT;
    this.columns = options.columns ?? [];
  }

  /**
   * A table that is written already.
   * @param source a file's path, bytes or stream, which are uploaded when a call on a cluster takes it; or an address.
   * @param options `format`: parquet, unless given.
   */
  static from(source: FileSource, options: DatasetOptions = {}): StructuredDataset {
    const file = FlyteFile.from(source, { format: options.format || DEFAULT_FORMAT });
    return new StructuredDataset(file, undefined, options);
  }

  /** A table in a storage. @param found `store`: how it is reached; else the credentials of this process count. */
  static at(
    uri: string,
    {
      store,
      digest,
      ...options
    }: DatasetOptions & { store?: Store | undefined; digest?: string | undefined } = {},
  ): StructuredDataset {
    const file = FlyteFile.at(uri, { store, digest, format: options.format || DEFAULT_FORMAT });
    return new StructuredDataset(file, store, options);
  }

  /**
   * For the inputs and outputs of tasks.
   * @param options `columns`: names and types of those that must be there, `{ age: z.int(), name: z.string() }`.
   */
  static schema({
    columns = {},
    format = "",
  }: {
    readonly columns?: Schemas;
    readonly format?: string;
  } = {}): BlobSchema<StructuredDataset> {
    const named: ColumnType[] = [];
    for (const [name, schema] of Object.entries(columns)) {
      if (!isStandardSchema(schema)) {
        throw new TypeError(
          `StructuredDataset.schema: column ${name} has no schema; write { ${name}: z.string() }`,
        );
      }
      named.push({ name, type: valueTypeOf(schema, "output", `column ${name}`) });
    }
    return blobSchema({
      type: { kind: "dataset", format, columns: named },
      title: "StructuredDataset",
      isOne: (value) => value instanceof StructuredDataset,
      from: (place) => StructuredDataset.from(place, { format, columns: named }),
      formatOf: (dataset) => dataset.format,
    });
  }

  /** Where it is stored; undefined while it is only here. */
  get uri(): string | undefined {
    return this.#file.uri;
  }

  /**
   * The file that holds it. A table is stored as one file or as a folder of parts; of a folder, its only part.
   * @param path of a part, below the address.
   * @throws {StorageError} when there are several parts, naming them.
   */
  async file(path?: string, options: Cancellable = {}): Promise<FlyteFile> {
    const { uri } = this;
    if (uri === undefined) {
      if (path === undefined) return this.#file;
      throw new StorageError(
        "STORAGE_NOT_FOUND",
        `the dataset ${this.#file.name} is one file, without parts`,
      );
    }
    if (path !== undefined) return this.#part(uri, path);
    // An address may be a file and, in a folder, nothing at all.
    if (await exists(this.#file, options)) return this.#file;
    const first = this.#part(uri, FIRST_PART);
    const parts: string[] = [];
    try {
      for await (const entry of this.#folder(uri).list({ ...options, recursive: true })) {
        // Marks of other programs: `_SUCCESS`, `.crc`.
        if (!/(^|\/)[._][^/]*$/.test(entry.path)) parts.push(entry.path);
      }
    } catch (error) {
      if (!isStorageError(error, "STORAGE_NO_LIST")) throw error;
      if (await exists(first, options)) return first;
      throw error;
    }
    const [only] = parts;
    if (only !== undefined && parts.length === 1) return this.#part(uri, only);
    const found =
      parts.length === 0 ? "no file" : `${parts.length} parts: ${parts.slice(0, 5).join(", ")}`;
    throw new StorageError(
      "STORAGE_NOT_FOUND",
      `the dataset ${uri} is no single file but has ${found}${parts.length > 0 ? '; take one by its name, .file("…")' : ""}`,
    );
  }

  /** The folder of its parts. @throws {StorageError} while it is only here. */
  directory(): FlyteDirectory {
    if (this.uri !== undefined) return this.#folder(this.uri);
    throw new StorageError(
      "STORAGE_NOT_FOUND",
      `the dataset ${this.#file.name} is one file that is not stored yet`,
    );
  }

  materialize(store: Store, options: Cancellable = {}): Promise<Materialized> {
    return this.#file.materialize(store, options);
  }

  get [HANDLE](): HandleState {
    const { format, columns } = this;
    const { uri, digest } = this.#file[HANDLE];
    const address = uri === undefined ? undefined : { uri, digest };
    const send = (store: Store, options: Cancellable) => this.materialize(store, options);
    return handleState({ kind: "dataset", format, columns }, { address }, send);
  }

  #folder(uri: string): FlyteDirectory {
    return FlyteDirectory.at(uri, { store: this.#store, format: this.format });
  }

  #part(uri: string, path: string): FlyteFile {
    return this.#folder(uri).file(path);
  }

  toJSON(): Record<string, string> {
    return { ...(this.uri && { uri: this.uri }), format: this.format };
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
    const { name, uri } = this.#file;
    const names = this.columns.map((column) => column.name);
    const columns = names.length > 6 ? [...names.slice(0, 6), "…"] : names;
    const facts = [this.format, ...(columns.length > 0 ? [`columns ${columns.join(", ")}`] : [])];
    const state = uri === undefined ? "uploaded when a cluster needs it" : "not downloaded";
    return { kind: "StructuredDataset", name, bytes: undefined, uri, state, facts };
  }
}

async function exists(file: FlyteFile, options: Cancellable): Promise<boolean> {
  try {
    await file.stat(options);
    return true;
  } catch (error) {
    // A folder of this machine says that it is one.
    if (isStorageError(error, "STORAGE_NOT_FOUND", "STORAGE_FAILED")) return false;
    throw error;
  }
}
