/**
 * The words that the main thread and the control worker share.
 *
 * A file of its own: the worker has to be up in milliseconds and loads nothing else of the runtime.
 * @module
 */

/** Indexes into the array. */
export const flagIndex = {
  /** The bits below; every loop of a cell tests this word against zero. */
  raised: 0,
  /** The cell that is to end. */
  cell: 1,
  /** The main thread's answers to pings: one that stands still is a blocked thread. */
  ticks: 2,
  /** 1 while output waits to be written. */
  waiting: 3,
} as const;

/** Bits of `flags[raised]`. */
export const flagBit = {
  interrupt: 1,
  /** A loop blocks the thread while output waits: the loop is to write it. */
  flush: 2,
} as const;

export function sharedFlags(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * Object.keys(flagIndex).length));
}
