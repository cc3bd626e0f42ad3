/**
 * Exit codes, the same in every mode. `process.exit(n)` in a cell ends with `n`.
 * @module
 */
export const exitCodes = {
  ok: 0,
  /** A cell failed or was refused. */
  failed: 1,
  /** Wrong usage, no such file, no text. */
  usage: 2,
  /** The user process could not start or died. */
  lost: 3,
  /** An error of ours. */
  internal: 70,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
  closedPipe: 141,
} as const;
