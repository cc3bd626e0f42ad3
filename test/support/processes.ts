/**
 * Whether processes are there.
 * @module
 */

/** Also true for a zombie that its new parent has not collected yet. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // ESRCH: nobody has that number
  }
}
