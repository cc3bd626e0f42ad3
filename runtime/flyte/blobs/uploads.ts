/**
 * Uploads that several calls wait for.
 *
 * Invariant: one upload per store and version, however many ask at the same time; it ends when all of them gave up.
 * @module
 */

import { unlessAborted } from "../storage/backend.ts";
import type { Store, Uploaded } from "../storage.ts";

/** The uploads of one origin. */
export class Uploads {
  readonly #running = new WeakMap<Store, Upload>();

  has(store: Store): boolean {
    return this.#running.has(store);
  }

  /**
   * @param version what is uploaded again when it differs.
   * @param signal of this caller; the upload itself ends when all who wait for it gave up.
   */
  async once(
    store: Store,
    send: (signal: AbortSignal) => Promise<Uploaded>,
    signal: AbortSignal | undefined,
    version = "",
  ): Promise<Uploaded> {
    signal?.throwIfAborted();
    let upload = this.#running.get(store);
    if (upload === undefined || upload.version !== version) {
      const stop = new AbortController();
      const made: Upload = { version, stop, waiting: 0, done: send(stop.signal) };
      const forget = () => {
        if (this.#running.get(store) === made) this.#running.delete(store);
      };
      made.done.catch(forget);
      stop.signal.addEventListener("abort", forget);
      this.#running.set(store, made);
      upload = made;
    }
    upload.waiting += 1;
    try {
      return await unlessAborted(upload.done, signal);
    } finally {
      upload.waiting -= 1;
      // Without effect on an upload that is done.
      if (upload.waiting === 0 && signal?.aborted) upload.stop.abort(signal.reason);
    }
  }
}

interface Upload {
  readonly version: string;
  readonly stop: AbortController;
  readonly done: Promise<Uploaded>;
  waiting: number;
}
