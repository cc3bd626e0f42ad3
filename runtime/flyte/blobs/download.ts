/**
 * Bytes of a handle into memory, or into a file of this machine.
 * @module
 */
import { StorageError } from "../storage.ts";

const BYTES_MAX = 2 * 1024 ** 3;

/** @throws {StorageError} STORAGE_TOO_LARGE, and the stream is cancelled. */
export async function collect(
  stream: ReadableStream<Uint8Array>,
  name: string,
  maxBytes = BYTES_MAX,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of stream) {
    bytes += piece.length;
    if (bytes > maxBytes) {
      throw new StorageError(
        "STORAGE_TOO_LARGE",
        `${name} has more than ${maxBytes.toLocaleString("en-US")} bytes, too much to hold in memory: read it as a stream`,
      );
    }
    pieces.push(piece);
  }
  // Not a Buffer: its `slice` shares memory where that of bytes copies.
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/**
 * @param path of the file, or of a folder for a file of that name.
 * @returns the absolute path of the file.
 */
export async function downloadTo(
  path: string,
  name: string,
  open: () => ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { mkdir, stat } = await import("node:fs/promises");
  const { dirname, join, resolve } = await import("node:path");
  const { localFailure, writeWhole } = await import("../storage/local.ts");
  const isFolder = /[/\\]$/.test(path) || (await stat(path).catch(() => undefined))?.isDirectory();
  const file = resolve(isFolder ? join(path, name) : path);
  try {
    await mkdir(dirname(file), { recursive: true });
  } catch (error) {
    throw localFailure(error, file);
  }
  await writeWhole(file, open(), signal);
  return file;
}
