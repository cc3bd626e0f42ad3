/**
 * What is to be sent, with its length and digests: known before the first byte leaves.
 *
 * Invariants:
 * 1. A stream is kept in a file of the temporary folder, never in memory.
 * 2. That file has no name any more when its first byte is written: nobody else opens it, and it goes with the process
 *    however that ends.
 * @module
 */
import { createHash } from "node:crypto";
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { ByteRange } from "./backend.ts";
import { StorageError } from "./failure.ts";
import { localFiles, piecesOfHandle, readFile } from "./local.ts";

/** A path of this machine, bytes, a stream that was not read yet, or what was read before. */
export type UploadSource = string | Uint8Array | ReadableStream<Uint8Array> | Payload;

/** Bytes that can be read more than once. */
export interface Payload extends AsyncDisposable {
  readonly bytes: number;
  /** 16 bytes. */
  readonly md5: Uint8Array;
  /** SHA-256, 64 hexadecimal digits. */
  readonly digest: string;
  open(signal?: AbortSignal, range?: ByteRange): AsyncGenerator<Uint8Array, void, undefined>;
}

export interface PayloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** How it is called in messages. */
  readonly shown: string;
  /** Where more than this is refused. */
  readonly bytesMax?: number | undefined;
}

/** Reads a source once to know its digests. @throws {StorageError} */
export async function payloadOf(source: UploadSource, options: PayloadOptions): Promise<Payload> {
  const { signal, bytesMax = Number.POSITIVE_INFINITY, shown } = options;
  if (source instanceof Uint8Array) {
    if (source.length > bytesMax) throw tooLarge(shown, bytesMax);
    const digests = new Digests();
    digests.add(source);
    const open = async function* () {
      yield source;
    };
    return { ...digests.done(), open, async [Symbol.asyncDispose]() {} };
  }
  if (typeof source === "string") {
    // Known at once; the count below is for a file that grows meanwhile.
    const { bytes: size } = await localFiles.stat(
      { scheme: "file", path: source, uri: source },
      signal,
    );
    if (size > bytesMax) throw tooLarge(shown, bytesMax);
    const digests = new Digests();
    for await (const piece of readFile(source, {}, signal)) {
      digests.add(piece);
      if (digests.bytes > bytesMax) throw tooLarge(shown, bytesMax);
    }
    const { bytes } = digests;
    // A file that grew since: no more than was promised.
    const open = (at?: AbortSignal) => readFile(source, { end: bytes }, at);
    return { ...digests.done(), open, async [Symbol.asyncDispose]() {} };
  }
  if (source instanceof ReadableStream) return spooled(source, options);
  if (source.bytes > bytesMax) throw tooLarge(shown, bytesMax);
  // Whoever read it first disposes of it.
  return { ...source, async [Symbol.asyncDispose]() {} };
}

async function spooled(
  source: ReadableStream<Uint8Array>,
  { signal, shown, bytesMax = Number.POSITIVE_INFINITY }: PayloadOptions,
): Promise<Payload> {
  const handle = await namelessFile();
  try {
    const digests = new Digests();
    for await (const piece of piecesOf(source, shown, signal)) {
      digests.add(piece);
      if (digests.bytes > bytesMax) throw tooLarge(shown, bytesMax);
      await handle.writeFile(piece);
    }
    return {
      ...digests.done(),
      open: (at, range) => piecesOfHandle(handle, range, at),
      [Symbol.asyncDispose]: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A new file for reading and writing (invariant 2). */
async function namelessFile(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), "eagerdeck-"));
  try {
    return await open(join(folder, "data"), "wx+", 0o600);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The pieces of a stream; the signal ends it while it waits, and the stream is cancelled then.
 * @throws {StorageError} when somebody read it before, {TypeError} when it holds anything but bytes.
 */
export async function* piecesOf(
  stream: ReadableStream<Uint8Array>,
  shown: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (wasRead(stream)) {
    throw new StorageError(
      "STORAGE_FAILED",
      `${shown}: its stream was read before, and a stream can be read once; make it anew, or give a path or bytes`,
    );
  }
  const reader = stream.getReader();
  const stop = () => void reader.cancel(signal?.reason).catch(() => undefined);
  signal?.addEventListener("abort", stop, { once: true });
  let ended = false;
  try {
    signal?.throwIfAborted();
    for (;;) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) break;
      const piece: unknown = value;
      if (!(piece instanceof Uint8Array)) {
        throw new TypeError(
          `${shown}: its stream gave ${typeof piece} instead of bytes (Uint8Array)`,
        );
      }
      yield piece;
    }
    ended = true;
  } finally {
    signal?.removeEventListener("abort", stop);
    if (!ended) await reader.cancel().catch(() => undefined);
    reader.releaseLock();
  }
}

/** Whether somebody reads a stream, or has read from it. */
function wasRead(stream: ReadableStream<Uint8Array>): boolean {
  // Node answers for web streams too; its types name its own streams only.
  return stream.locked || Readable.isDisturbed(stream as unknown as Readable);
}

/** Length, MD5 (what signed URLs are bound to) and SHA-256 (what a value is known by) in one pass. */
export class Digests {
  readonly #md5 = createHash("md5");
  readonly #sha256 = createHash("sha256");
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(piece: Uint8Array): void {
    this.#bytes += piece.length;
    this.#md5.update(piece);
    this.#sha256.update(piece);
  }

  done(): { bytes: number; md5: Uint8Array; digest: string } {
    return {
      bytes: this.#bytes,
      md5: new Uint8Array(this.#md5.digest()),
      digest: this.#sha256.digest("hex"),
    };
  }
}

function tooLarge(shown: string, bytesMax: number): StorageError {
  return new StorageError(
    "STORAGE_TOO_LARGE",
    `${shown} has more than ${(bytesMax / 1e9).toFixed(1)} GB, the most that one signed upload takes. ` +
      'Copy it to the storage with its own tool and give its address: FlyteFile.from("s3://…"), ' +
      "or produce it in a task on the cluster, which writes to the storage directly.",
  );
}
