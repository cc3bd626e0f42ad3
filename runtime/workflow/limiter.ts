/**
 * So many at once, the others in the order they came.
 * @module
 */

/** Somebody who waits for room. */
export interface Waiting {
  /** Lets go of whoever waits. */
  leave(): void;
}

export class Limiter {
  #free: number;
  #waiting: { start: (() => void) | undefined }[] = [];
  /** Of the next one in `#waiting`: taking from the front of a long array would move all of it. */
  #next = 0;

  /** @param limit at least 1. */
  constructor(limit: number) {
    this.#free = limit;
  }

  /**
   * Calls `start` when there is room: at once, or in a turn of its own. `release` makes the room again.
   * @returns a way to wait no longer; absent when `start` was called at once.
   */
  take(start: () => void): Waiting | undefined {
    if (this.#free > 0) {
      this.#free--;
      start();
      return undefined;
    }
    const entry: { start: (() => void) | undefined } = { start };
    this.#waiting.push(entry);
    return {
      leave: () => {
        entry.start = undefined;
      },
    };
  }

  release(): void {
    for (;;) {
      const entry = this.#waiting[this.#next];
      if (entry === undefined) {
        this.#free++;
        return;
      }
      this.#next++;
      this.#forgetPassed();
      if (entry.start === undefined) continue;
      // In a turn of its own: calls that end in the turn they start in would otherwise nest without bound.
      queueMicrotask(() => {
        if (entry.start === undefined) this.release();
        else entry.start();
      });
      return;
    }
  }

  #forgetPassed(): void {
    if (this.#next <= 1_000 || this.#next * 2 <= this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#next);
    this.#next = 0;
  }
}
