/**
 * Where the values of a cluster are stored, as this process can reach it.
 *
 * The ladder. Reading: files of this machine and web addresses directly; a bucket with credentials of this process (in a
 * pod always), else, and where those are refused, by URLs that the cluster signs. Uploading: below the raw output prefix
 * in a pod, else by a URL that the cluster signs. Writing to a given address and listing need credentials.
 *
 * Cheap to import: what speaks to a storage is loaded with the first access to one.
 * @module
 */
import { type ByteRange, checkRange, type Listed, streamOf } from "./storage/backend.ts";
import type { UploadSource } from "./storage/digest.ts";
import { StorageError } from "./storage/failure.ts";
import { Ladder, type LadderOptions } from "./storage/ladder.ts";
import { checkedBelow, shownUri } from "./storage/location.ts";

export type { ByteRange, Listed } from "./storage/backend.ts";
export { isStorageError, StorageError } from "./storage/failure.ts";

/** What one `read` takes into memory unless it says otherwise. */
const READ_BYTES_MAX = 2 * 1024 ** 3;

interface Cancellable {
  readonly signal?: AbortSignal | undefined;
}

export interface Uploaded {
  readonly uri: string;
  /** SHA-256 of the content, 64 hexadecimal digits. */
  readonly digest: string;
}

export type Content = Uint8Array | AsyncIterable<Uint8Array>;

/** All of it rejects with `StorageError`, or with the reason of the signal. */
export interface Store {
  /**
   * A whole file, in memory.
   * @param options `maxBytes`: STORAGE_TOO_LARGE beyond, before more than that was read. 2 GiB without it.
   */
  read(
    uri: string,
    options?: Cancellable & { readonly maxBytes?: number | undefined },
  ): Promise<Uint8Array>;
  /** @param range the bytes from `start` up to, not including, `end`; beyond the file's end there are none. */
  stream(uri: string, range?: ByteRange & Cancellable): ReadableStream<Uint8Array>;
  /** Puts a file at an address, replacing what is there. */
  write(uri: string, content: Content, options?: Cancellable): Promise<void>;
  stat(uri: string, options?: Cancellable): Promise<{ readonly bytes: number }>;
  /**
   * What lies below a folder. Folders (ending in a slash, without size) are named only when it is not recursive.
   * Throws STORAGE_NO_LIST where only single files can be reached.
   */
  list(uri: string, options: Cancellable & { readonly recursive: boolean }): AsyncIterable<Listed>;
  /**
   * Stores new data where the cluster finds it, at an address that nothing else has.
   * @param source a path of this machine, bytes, or a stream, which is kept in a temporary file meanwhile.
   * @param options `filename`: the last part of the address; `a/b.csv` below a `root` that several files share.
   */
  upload(
    source: UploadSource,
    options: Cancellable & { readonly filename: string; readonly root?: string | undefined },
  ): Promise<Uploaded>;
}

/** @internal Opens nothing yet: no file, no connection, no package. */
export function openStore(options: LadderOptions): Store {
  const ladder = new Ladder(options);
  return {
    async read(uri, { signal, maxBytes = READ_BYTES_MAX } = {}) {
      const pieces: Uint8Array[] = [];
      let bytes = 0;
      // One byte more tells a file that is too large.
      for await (const piece of ladder.read(uri, { end: maxBytes + 1 }, signal)) {
        bytes += piece.length;
        if (bytes > maxBytes) throw tooLarge(uri, maxBytes);
        pieces.push(piece);
      }
      return Buffer.concat(pieces, bytes);
    },

    stream(uri, { signal, ...range } = {}) {
      checkRange(range);
      return streamOf((stop) => ladder.read(uri, range, stop), signal);
    },

    write(uri, content, { signal } = {}) {
      return ladder.put(uri, content instanceof Uint8Array ? onePiece(content) : content, signal);
    },

    stat: (uri, { signal } = {}) => ladder.stat(uri, signal),

    list: (uri, { recursive, signal }) => ladder.list(uri, recursive, signal),

    async upload(source, { filename, root, signal }) {
      checkedBelow(filename, "the upload");
      signal?.throwIfAborted();
      const { uploadBelow, uploadSigned } = await import("./storage/upload.ts");
      const upload = { source, filename, root, signal };
      const { rawOutputPrefix } = options;
      if (rawOutputPrefix !== undefined) return uploadBelow(rawOutputPrefix, ladder, upload);
      return uploadSigned(ladder, upload);
    },
  };
}

async function* onePiece(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

function tooLarge(uri: string, maxBytes: number): StorageError {
  return new StorageError(
    "STORAGE_TOO_LARGE",
    `${shownUri(uri)} has more than ${maxBytes.toLocaleString("en-US")} bytes, too much to hold in memory: read it as a stream`,
  );
}
