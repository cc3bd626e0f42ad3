/**
 * The host's half of interrupts: the flag that loops test, and what happens when they find it raised.
 *
 * Invariants
 *   I1  A raised flag ends the cell it names, never another: loops of other cells look who they are. Only
 *       a loop that has blocked the thread for 250 ms since then is ended in the named cell's place.
 *   I2  A cell that was interrupted stays dead: the flag stays up while its code has not returned, so
 *       `catch {}` in a loop cannot swallow the interrupt for ever.
 * @module
 */
import { currentScope, type Run, runsWithPendingCalls } from "../../workflow/run.ts";

/** Indexes of the shared array. */
export const FLAG_RAISED = 0;
export const FLAG_CELL = 1;

const BLOCKED_MS = 250;

/** The error a person's interrupt ends a cell with. */
export function interruptedError(message = "interrupted"): Error {
  const error = new Error(message);
  error.name = "Interrupted";
  Object.defineProperty(error, "name", { enumerable: false });
  return error;
}

export class Interrupts {
  readonly flags: Int32Array = new Int32Array(new SharedArrayBuffer(8));
  readonly #runs = new Map<number, Run>();
  /** Interrupted runs whose code has not returned yet. */
  readonly #dead = new Set<Run>();
  readonly #now = performance.now.bind(performance);
  #otherLoopSince = 0;

  /** A cell begins. */
  register(cell: number, run: Run): void {
    this.#runs.set(cell, run);
  }

  /** The cell's own code has returned or thrown, settled before or not. */
  returned(cell: number): void {
    const run = this.#runs.get(cell);
    this.#runs.delete(cell);
    if (run) this.#dead.delete(run);
    this.#lower();
  }

  isDead(run: Run): boolean {
    return this.#dead.has(run);
  }

  /** Aborts the run of a cell; its calls reject with `CANCELLED`, its loops and awaits throw. */
  interrupt(cell: number): void {
    const run = this.#runs.get(cell);
    if (!run) {
      // The cell has ended; calls that it left over are what the person wants to stop.
      for (const left of runsWithPendingCalls())
        if (left.cell === cell) left.abort(interruptedError());
      return this.#lower();
    }
    if (!this.#dead.has(run)) {
      this.#dead.add(run);
      run.abort(interruptedError());
    }
    this.#otherLoopSince = 0;
    Atomics.store(this.flags, FLAG_RAISED, 1);
  }

  /** Called by a loop that found the flag raised; throws if it is this loop's run that must end. */
  check(): void {
    const run = currentScope()?.run;
    const target = Atomics.load(this.flags, FLAG_CELL);
    if (run && (this.#dead.has(run) || run.cell === target)) {
      if (run.cell === target) this.interrupt(target);
      throw interruptedError();
    }
    if (!this.#runs.has(target)) return;
    // The named cell waits at an await while another one blocks the thread it needs to end.
    this.#otherLoopSince ||= this.#now();
    if (this.#now() - this.#otherLoopSince > BLOCKED_MS) {
      this.#otherLoopSince = 0;
      throw interruptedError("interrupted, because it kept another cell's interrupt waiting");
    }
  }

  #lower(): void {
    if (this.#dead.size > 0) return;
    Atomics.store(this.flags, FLAG_RAISED, 0);
    Atomics.store(this.flags, FLAG_CELL, 0);
  }
}
