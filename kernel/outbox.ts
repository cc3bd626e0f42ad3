/**
 * A queue in front of a socket: one send in flight, everything else waits its turn.
 *
 * zeromq.js: a second `send` before the first has settled throws EBUSY, and past about 512 in one turn
 * output is lost without a trace (a loop of prints lost its tail and its idle). Everything goes through here.
 * @module
 */

export type Frames = readonly Uint8Array[];

export class Outbox {
  readonly #send: (frames: Uint8Array[]) => Promise<void>;
  readonly #failed: (error: unknown) => void;
  #queue: Frames[] = [];
  #pumping: Promise<void> | undefined;

  /** @param failed told of each message that could not be sent; the next ones go on. */
  constructor(send: (frames: Uint8Array[]) => Promise<void>, failed: (error: unknown) => void) {
    this.#send = send;
    this.#failed = failed;
  }

  put(frames: Frames): void {
    this.#queue.push(frames);
    this.#pumping ??= this.#pump();
  }

  /** Resolves when everything put so far has been handed over. */
  async flushed(): Promise<void> {
    while (this.#pumping !== undefined) await this.#pumping;
  }

  async #pump(): Promise<void> {
    // The queue is taken whole: shifting one by one from a long array costs its length each time.
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      for (const frames of batch) {
        try {
          await this.#send([...frames]);
        } catch (error) {
          this.#failed(error);
        }
      }
    }
    this.#pumping = undefined;
  }
}
