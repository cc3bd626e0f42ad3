/**
 * So many at once, the others in the order they came.
 * @module
 */
export class Limiter {
  #free: number;
  #waiting: (() => void)[] = [];
  /** Of the next one in `#waiting`: taking from the front of a long array would move all of it. */
  #next = 0;

  /** @param limit at least 1. */
  constructor(limit: number) {
    this.#free = limit;
  }

  /** Calls `start` when there is room: at once, or in a turn of its own. `release` makes the room again. */
  take(start: () => void): void {
    if (this.#free > 0) {
      this.#free--;
      start();
    } else this.#waiting.push(start);
  }

  release(): void {
    const start = this.#waiting[this.#next];
    if (start === undefined) {
      this.#free++;
      return;
    }
    this.#next++;
    if (this.#next > 1_000 && this.#next * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    // In a turn of its own: calls that end in the turn they start in would otherwise nest without bound.
    queueMicrotask(start);
  }
}
