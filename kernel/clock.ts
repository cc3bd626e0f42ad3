/**
 * Time as an argument, so that tests turn the clock by hand.
 * @module
 */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `act` once after `delayMs`; returns the way to call it off. */
  after(delayMs: number, act: () => void): () => void;
}

let aheadMs = Number.NEGATIVE_INFINITY;

export const systemClock: Clock = {
  /**
   * Never goes back: text that waits 40 ms would wait an hour when the machine's clock is set back by one. It does
   * follow jumps ahead, which are what is left of the time that a laptop slept.
   */
  now() {
    const steadyMs = performance.now();
    aheadMs = Math.max(aheadMs, Date.now() - steadyMs);
    return Math.floor(steadyMs + aheadMs);
  },
  after(delayMs, act) {
    const timer = setTimeout(act, delayMs);
    return () => clearTimeout(timer);
  },
};
