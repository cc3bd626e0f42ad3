/**
 * The blob store: objects by URI, in memory under `s3://…` or as files under `file://…`.
 *
 * Invariants:
 * 1. In memory, a protobuf object may be kept as its message: a thousand results cost no encoding that nobody reads.
 * 2. In files, every object is a file at its URI's path: what runs as a local process reads and writes the same.
 * @module
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";

export interface StoredObject {
  readonly uri: string;
  readonly bytes: number;
}

export interface Objects {
  /** Where everything is below: `s3://bucket` or `file:///tmp/…`. */
  readonly base: string;
  put(uri: string, bytes: Uint8Array): void;
  putMessage<Desc extends DescMessage>(
    uri: string,
    schema: Desc,
    message: MessageShape<Desc>,
  ): void;
  /** `undefined` when there is none. */
  get(uri: string): Uint8Array | undefined;
  /** Bytes; `undefined` when there is none. */
  size(uri: string): number | undefined;
  delete(uri: string): void;
  /** All below a prefix, by name. */
  list(prefix: string): StoredObject[];
}

export function readMessage<Desc extends DescMessage>(
  objects: Objects,
  uri: string,
  schema: Desc,
): MessageShape<Desc> | undefined {
  const bytes = objects.get(uri);
  return bytes && fromBinary(schema, bytes);
}

export class MemoryObjects implements Objects {
  readonly base: string;
  readonly #objects = new Map<string, Uint8Array | (() => Uint8Array)>();

  constructor(bucket: string) {
    this.base = `s3://${bucket}`;
  }

  put(uri: string, bytes: Uint8Array): void {
    this.#objects.set(uri, bytes);
  }

  putMessage<Desc extends DescMessage>(
    uri: string,
    schema: Desc,
    message: MessageShape<Desc>,
  ): void {
    this.#objects.set(uri, () => toBinary(schema, message));
  }

  get(uri: string): Uint8Array | undefined {
    const found = this.#objects.get(uri);
    return typeof found === "function" ? found() : found;
  }

  size(uri: string): number | undefined {
    return this.get(uri)?.byteLength;
  }

  delete(uri: string): void {
    this.#objects.delete(uri);
  }

  list(prefix: string): StoredObject[] {
    return [...this.#objects.keys()]
      .filter((uri) => uri.startsWith(prefix))
      .sort()
      .map((uri) => ({ uri, bytes: this.size(uri) ?? 0 }));
  }
}

export class FileObjects implements Objects {
  readonly base: string;
  readonly #folder: string;

  /** @param folder a temporary one; the caller removes it. */
  constructor(folder: string) {
    this.#folder = resolve(folder);
    this.base = pathToFileURL(this.#folder).href;
  }

  put(uri: string, bytes: Uint8Array): void {
    const path = this.path(uri);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }

  putMessage<Desc extends DescMessage>(
    uri: string,
    schema: Desc,
    message: MessageShape<Desc>,
  ): void {
    this.put(uri, toBinary(schema, message));
  }

  get(uri: string): Uint8Array | undefined {
    return this.size(uri) === undefined ? undefined : readFileSync(this.path(uri));
  }

  size(uri: string): number | undefined {
    const found = statSync(this.path(uri), { throwIfNoEntry: false });
    return found?.isFile() ? found.size : undefined;
  }

  delete(uri: string): void {
    rmSync(this.path(uri), { force: true });
  }

  list(prefix: string): StoredObject[] {
    const found: StoredObject[] = [];
    const walk = (folder: string) => {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name);
        const uri = pathToFileURL(path).href;
        if (entry.isDirectory()) walk(path);
        else if (uri.startsWith(prefix)) found.push({ uri, bytes: statSync(path).size });
      }
    };
    if (statSync(this.#folder, { throwIfNoEntry: false })) walk(this.#folder);
    return found.sort((a, b) => (a.uri < b.uri ? -1 : 1));
  }

  /** @throws {Error} for a URI outside the folder. */
  path(uri: string): string {
    // A bare path is what flytekit makes of file://.
    const path = resolve(uri.startsWith("file:") ? fileURLToPath(uri) : uri);
    if (path !== this.#folder && !path.startsWith(this.#folder + sep)) {
      throw new Error(`${uri} is outside the double's store`);
    }
    return path;
  }
}

export function md5(bytes: Uint8Array): Buffer {
  return createHash("md5").update(bytes).digest();
}
