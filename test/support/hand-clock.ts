/**
 * A clock that only the test moves.
 * @module
 */
import type { Clock } from "../../kernel/clock.ts";

export class HandClock implements Clock {
  #nowMs = 1_000_000;
  /** How far the machine's clock has been set back. */
  setBackMs = 0;
  #nextId = 1;
  readonly #timers = new Map<number, { readonly atMs: number; readonly act: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  wall(): number {
    return this.#nowMs - this.setBackMs;
  }

  after(delayMs: number, act: () => void): () => void {
    const id = this.#nextId++;
    this.#timers.set(id, { atMs: this.#nowMs + delayMs, act });
    return () => this.#timers.delete(id);
  }

  get waiting(): number {
    return this.#timers.size;
  }

  /** Moves on, acting in order of time; promises settle between the steps. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await settled();
      const due = [...this.#timers]
        .filter(([, timer]) => timer.atMs <= endMs)
        .sort(([, a], [, b]) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      const [id, timer] = due;
      this.#timers.delete(id);
      this.#nowMs = Math.max(this.#nowMs, timer.atMs);
      timer.act();
    }
    this.#nowMs = endMs;
    await settled();
  }
}

/** All promises that can settle without time have settled. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
