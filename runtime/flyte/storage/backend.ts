/**
 * What every kind of storage can do, and how bytes flow out of it.
 *
 * Invariants:
 * 1. Nothing is opened before somebody reads; a stream holds at most one piece that nobody asked for yet.
 * 2. Cancelling a stream ends the request under it at once, also while that waits for data.
 * @module
 */
import type { Location } from "./location.ts";

/** Bytes from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

export interface Listed {
  /** Below the listed folder, with slashes; a folder ends in one. */
  readonly path: string;
  readonly bytes: number;
}

/** One kind of storage. Each rejects with `StorageError`, or with the reason of the signal. */
export interface Backend<At extends Location = Location> {
  stat(at: At, signal?: AbortSignal): Promise<{ readonly bytes: number }>;
  read(at: At, range: ByteRange, signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined>;
  /** Not there where nothing can be written. */
  put?(at: At, chunks: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void>;
  /** Not there where nothing can be listed. */
  list?(at: At, recursive: boolean, signal?: AbortSignal): AsyncGenerator<Listed, void, undefined>;
}

/** @throws {RangeError} unless it is a range of whole numbers. */
export function checkRange({ start = 0, end }: ByteRange): void {
  for (const edge of end === undefined ? [start] : [start, end]) {
    if (Number.isSafeInteger(edge) && edge >= 0) continue;
    throw new RangeError(`a range of bytes has whole numbers from 0, not ${String(edge)}`);
  }
  if (end !== undefined && end < start) {
    throw new RangeError(`the range of bytes ends at ${end}, before it starts at ${start}`);
  }
}

/** A web stream over pieces that are made when they are asked for (invariants 1, 2). */
export function streamOf(
  open: (signal: AbortSignal) => AsyncGenerator<Uint8Array, void, undefined>,
  outer?: AbortSignal,
): ReadableStream<Uint8Array> {
  const own = new AbortController();
  const signal = outer ? AbortSignal.any([outer, own.signal]) : own.signal;
  let chunks: AsyncGenerator<Uint8Array, void, undefined> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        chunks ??= open(signal);
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel(reason) {
        own.abort(reason);
        // A read that waits ends by the signal; its rejection went to nobody's `pull`.
        await chunks?.return(undefined).catch(() => undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Rejects as soon as the signal is aborted, for work that cannot be stopped itself. */
export async function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return work;
  const stop = Promise.withResolvers<never>();
  const onAbort = () => stop.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  // Whichever of the two loses the race is of no interest any more.
  work.catch(() => undefined);
  stop.promise.catch(() => undefined);
  try {
    return await Promise.race([stop.promise, work]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
