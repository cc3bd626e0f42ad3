/**
 * Time as an argument, so that tests turn the clock by hand.
 * @module
 */
export interface Clock {
  /** Epoch milliseconds that never go back. */
  now(): number;
  /** Epoch milliseconds as other programs of this machine read them at this moment. */
  wall(): number;
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
    // In this order: a thread that has to wait between the two would else set this clock ahead for good.
    const wallMs = Date.now();
    const steadyMs = performance.now();
    aheadMs = Math.max(aheadMs, wallMs - steadyMs);
    return Math.floor(steadyMs + aheadMs);
  },
  wall: () => Date.now(),
  after(delayMs, act) {
    const timer = setTimeout(act, delayMs);
    return () => clearTimeout(timer);
  },
};
