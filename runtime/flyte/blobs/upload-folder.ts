/**
 * A folder of this machine, file by file into a storage.
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Store, Uploaded } from "../storage.ts";
import { StorageError } from "../storage.ts";
import { ownStore } from "./origin.ts";
import { together } from "./together.ts";

const LANES = 8;

export interface Snapshot {
  readonly folder: string;
  /** Paths below the folder, with slashes, in order. */
  readonly files: readonly string[];
  /** Changes when a file is added, removed or written. */
  readonly version: string;
}

export async function snapshot(folder: string, signal: AbortSignal | undefined): Promise<Snapshot> {
  const files: string[] = [];
  const version = createHash("sha256");
  for await (const { path } of ownStore().list(folder, { recursive: true, signal })) {
    files.push(path);
    const { ino, size, mtimeMs } = await stat(join(folder, path));
    version.update(`${path}\0${ino} ${size} ${mtimeMs}\n`);
  }
  return { folder, files: files.sort(), version: version.digest("hex") };
}

/** @returns the address that all files share; the digest is of their paths and contents. */
export async function uploadFolder(
  { folder, files }: Snapshot,
  store: Store,
  signal: AbortSignal,
): Promise<Uploaded> {
  if (files.length === 0) {
    throw new StorageError(
      "STORAGE_FAILED",
      `${folder} has no files: storages know files only, so an empty folder cannot be given to a cluster`,
    );
  }
  const root = randomBytes(16).toString("hex");
  const digests = new Map<string, string>();
  const roots = new Set<string>();
  await together(inOrder(files), LANES, signal, async (path, stop) => {
    const source = join(folder, path);
    const { uri, digest } = await store.upload(source, { filename: path, root, signal: stop });
    if (!uri.endsWith(`/${path}`)) {
      throw new StorageError(
        "STORAGE_FAILED",
        `the cluster stored ${path} as ${uri}: files of a folder must keep their names`,
      );
    }
    digests.set(path, digest);
    roots.add(uri.slice(0, -path.length - 1));
  });
  const [uri = "", other] = roots;
  if (other !== undefined) {
    throw new StorageError(
      "STORAGE_FAILED",
      `the cluster stored the files of ${folder} in two places: ${uri}, ${other}`,
    );
  }
  const hash = createHash("sha256");
  for (const path of files) hash.update(`${path}\0${digests.get(path)}\n`);
  return { uri, digest: hash.digest("hex") };
}

async function* inOrder(files: readonly string[]): AsyncGenerator<string> {
  yield* files;
}
