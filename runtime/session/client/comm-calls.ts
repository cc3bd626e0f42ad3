/**
 * Comm messages that are with the user process: each is answered once, at the latest when that process is gone.
 * @module
 */
import type { CellError, CommHandling, CommMessage } from "./api.ts";

export class CommCalls {
  readonly #handling = new Map<number, (error: CellError | undefined) => void>();

  /** Numbers of the messages whose handlers have not ended. */
  get running(): readonly number[] {
    return [...this.#handling.keys()];
  }

  /** @param send gives it to the user process; false when there is none. */
  begin(
    cell: number,
    message: CommMessage,
    send: (cell: number, message: CommMessage) => boolean,
  ): CommHandling {
    const { promise, resolve } = Promise.withResolvers<CellError | undefined>();
    this.#handling.set(cell, resolve);
    // Comms ended with their process: a message to one of them is nobody's.
    if (!send(cell, message)) this.handled(cell, undefined);
    return { cell, handled: promise };
  }

  handled(cell: number, error: CellError | undefined): void {
    const resolve = this.#handling.get(cell);
    this.#handling.delete(cell);
    resolve?.(error);
  }

  /** The user process is gone, and its comms with it. */
  lost(): void {
    for (const cell of this.running) this.handled(cell, undefined);
  }
}
