/**
 * `cell 4: 12 calls, 1 failed`: how far the cells are, for people who are read to.
 *
 * A line per call would be read for minutes; instead each cell that went on is summed up every 15
 * seconds. Pure: the time is an argument.
 * @module
 */
import type { RuntimeEvent } from "../../runtime/events/events.ts";

const EVERY_MS = 15_000;

interface Counts {
  calls: number;
  failed: number;
  /** What the last line said. */
  said: string;
}

export class CallCounts {
  readonly #cells = new Map<number, Counts>();
  #saidMs: number;

  /** @param nowMs when the first period begins. */
  constructor(nowMs: number) {
    this.#saidMs = nowMs;
  }

  /** @param n the cell's number, as the person knows it. */
  apply(n: number, event: RuntimeEvent): void {
    const counts = this.#cells.get(n) ?? { calls: 0, failed: 0, said: "" };
    if (event.kind === "call-created") counts.calls++;
    else if (event.kind === "call-settled" && event.state === "failed") counts.failed++;
    else return;
    this.#cells.set(n, counts);
  }

  /** Its deck says the rest. */
  ended(n: number): void {
    this.#cells.delete(n);
  }

  /** The lines of the cells that changed, once a period is over; until then none. */
  due(nowMs: number): string[] {
    if (nowMs - this.#saidMs < EVERY_MS) return [];
    this.#saidMs = nowMs;
    const lines: string[] = [];
    for (const [n, counts] of this.#cells) {
      const { calls, failed } = counts;
      const line = `cell ${n}: ${calls} ${calls === 1 ? "call" : "calls"}, ${failed} failed`;
      if (line !== counts.said) lines.push(line);
      counts.said = line;
    }
    return lines;
  }
}
