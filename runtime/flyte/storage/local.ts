/**
 * Files of this machine: `file://` addresses and paths.
 *
 * Invariants:
 * 1. A file appears whole or not at all: it is written beside its place and renamed.
 * 2. Handles are closed and half-written files removed on every way out.
 * @module
 */
import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Backend, ByteRange, Listed } from "./backend.ts";
import { StorageError } from "./failure.ts";
import type { LocalLocation } from "./location.ts";

const PIECE_BYTES = 256 * 1024;

export const localFiles: Required<Backend<LocalLocation>> = {
  async stat({ path }, signal) {
    signal?.throwIfAborted();
    const info = await stat(path).catch((error: unknown) =>
      Promise.reject(localFailure(error, path)),
    );
    if (info.isDirectory()) throw isDirectory(path);
    return { bytes: info.size };
  },

  read: ({ path }, range, signal) => readFile(path, range, signal),

  async put({ path }, chunks, signal) {
    try {
      await mkdir(dirname(path), { recursive: true });
    } catch (error) {
      throw localFailure(error, path);
    }
    await writeWhole(path, chunks, signal);
  },

  async *list({ path }, recursive, signal) {
    yield* walk(path, "", recursive, signal);
  },
};

/** @param range may reach beyond the end. */
export async function* readFile(
  path: string,
  range: ByteRange = {},
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted();
  const handle = await open(path, "r").catch((error: unknown) =>
    Promise.reject(localFailure(error, path)),
  );
  try {
    if ((await handle.stat()).isDirectory()) throw isDirectory(path);
    yield* piecesOfHandle(handle, range, signal);
  } finally {
    await handle.close();
  }
}

/** From an open file, wherever somebody else reads or writes in it. */
export async function* piecesOfHandle(
  handle: FileHandle,
  { start = 0, end = Number.POSITIVE_INFINITY }: ByteRange = {},
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = start; at < end; ) {
    signal?.throwIfAborted();
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - at));
    const { bytesRead } = await handle.read(piece, 0, piece.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

/** Writes a file of this machine as invariant 1 says; its folder exists. */
export async function writeWhole(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const partial = `${path}.${randomBytes(6).toString("hex")}.part`;
  try {
    const handle = await open(partial, "wx").catch((error: unknown) =>
      Promise.reject(localFailure(error, path)),
    );
    try {
      for await (const chunk of chunks) {
        signal?.throwIfAborted();
        await handle.writeFile(chunk);
      }
    } finally {
      await handle.close();
    }
    signal?.throwIfAborted();
    await rename(partial, path).catch((error: unknown) =>
      Promise.reject(localFailure(error, path)),
    );
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** In the order of names, so that a folder gives the same list everywhere. */
async function* walk(
  root: string,
  below: string,
  recursive: boolean,
  signal: AbortSignal | undefined,
  above: readonly string[] = [],
): AsyncGenerator<Listed, void, undefined> {
  const folder = join(root, below);
  const { dev, ino } = await stat(folder).catch((error: unknown) =>
    Promise.reject(localFailure(error, folder)),
  );
  // A link to a folder further up would be walked for ever.
  const identity = `${dev}:${ino}`;
  if (above.includes(identity)) return;
  const names = await readdir(folder).catch((error: unknown) =>
    Promise.reject(localFailure(error, folder)),
  );
  for (const name of names.sort()) {
    signal?.throwIfAborted();
    const path = below === "" ? name : `${below}/${name}`;
    // A link to nowhere, or a file removed meanwhile.
    const info = await stat(join(root, path)).catch(() => undefined);
    if (info?.isFile()) yield { path, bytes: info.size };
    else if (!info?.isDirectory()) continue;
    else if (recursive) yield* walk(root, path, true, signal, [...above, identity]);
    else yield { path: `${path}/`, bytes: 0 };
  }
}

function isDirectory(path: string): StorageError {
  return new StorageError("STORAGE_FAILED", `${path} is a folder, not a file; use FlyteDirectory`);
}

export function localFailure(error: unknown, path: string): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") {
    return new StorageError("STORAGE_NOT_FOUND", `there is no file ${path}`, error);
  }
  if (code === "ENOTDIR") {
    return new StorageError(
      "STORAGE_NOT_FOUND",
      `${path} is no folder, or lies below a file`,
      error,
    );
  }
  if (code === "EACCES" || code === "EPERM") {
    return new StorageError("STORAGE_DENIED", `no permission for ${path}`, error);
  }
  if (code === "EISDIR") return isDirectory(path);
  return new StorageError("STORAGE_FAILED", `${path}: ${String(code ?? error)}`, error);
}
