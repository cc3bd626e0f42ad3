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

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, act) {
    const timer = setTimeout(act, delayMs);
    return () => clearTimeout(timer);
  },
};
