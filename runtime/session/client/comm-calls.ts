/**
 * Comm messages that are with the user process: each is answered once, at the latest when that process is gone.
 * @module
 */
import type { CellError, CommHandling, CommMessage } from "./api.ts";

export class CommCalls {
  readonly #handling = new Map<number, (error: CellError | undefined) => void>();

  /** The end of those that wait: they keep their order. */
  #line: Promise<void> | undefined;

  /** Numbers of the messages whose handlers have not ended. */
  get running(): readonly number[] {
    return [...this.#handling.keys()];
  }

  /**
   * @param asked `isFree`: what it has to wait for; absent: nothing.
   * @param send gives it to the user process; false when there is none.
   */
  begin(
    asked: {
      readonly cell: number;
      readonly message: CommMessage;
      readonly isFree: Promise<unknown> | undefined;
    },
    send: (cell: number) => boolean,
  ): CommHandling {
    const { cell, isFree } = asked;
    const { promise, resolve } = Promise.withResolvers<CellError | undefined>();
    this.#handling.set(cell, resolve);
    const go = (): void => {
      // Comms ended with their process: a message to one of them is nobody's.
      if (!send(cell)) this.handled(cell, undefined);
    };
    if (isFree === undefined && this.#line === undefined) go();
    else this.#queue(Promise.all([this.#line, isFree]).then(go));
    return { cell, handled: promise };
  }

  #queue(line: Promise<void>): void {
    this.#line = line;
    void line.then(() => {
      if (this.#line === line) this.#line = undefined;
    });
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
