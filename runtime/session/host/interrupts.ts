/**
 * The host's half of interrupts: the flag that loops test, and what happens when they find it raised.
 *
 * Invariants
 *   I1  A raised flag ends the cell it names, never another: loops of other cells look who they are. Only a loop
 *       that has kept the main thread from hearing of it for 250 ms is ended in the named cell's place.
 *   I2  A cell that was interrupted stays dead: the flag stays up while its code has not returned, so
 *       `catch {}` in a loop cannot swallow the interrupt for ever.
 *   I3  An interrupt that overtakes the cell it names is kept until that cell begins.
 * @module
 */
import { currentScope, type Run, runsWithPendingCalls } from "../../workflow/run.ts";
import { flagBit, flagIndex } from "./flags.ts";

// Kept from the start: a cell may replace the global.
const { add, and, compareExchange, load, or } = Atomics;
const { queueMicrotask: afterThisJob } = globalThis;

const BLOCKED_MS = 250;

/** The error a person's interrupt ends a cell with. */
export function interruptedError(message = "the cell was stopped"): Error {
  const error = new Error(message);
  error.name = "Interrupted";
  Object.defineProperty(error, "name", { enumerable: false });
  return error;
}

export class Interrupts {
  readonly flags: Int32Array;
  readonly #runs = new Map<number, Run>();
  /** Interrupted runs whose code has not returned yet. */
  readonly #dead = new Set<Run>();
  /** Cells that were interrupted before they began (I3). */
  readonly #early = new Set<number>();
  readonly #flush: () => void;
  readonly #now = performance.now.bind(performance);
  #newest = 0;
  #otherLoopSince = 0;

  /** @param flush writes the output that waits. */
  constructor(flags: Int32Array, flush: () => void) {
    this.flags = flags;
    this.#flush = flush;
  }

  /** A cell begins, or an expression, whose number is below zero. */
  register(cell: number, run: Run): void {
    this.#runs.set(cell, run);
    if (cell > this.#newest) this.#newest = cell;
    if (this.#early.delete(cell)) this.interrupt(cell);
  }

  /** The cell's own code has returned or thrown, settled before or not. */
  returned(cell: number): void {
    const run = this.#runs.get(cell);
    this.#runs.delete(cell);
    if (run) this.#dead.delete(run);
    this.#lower(cell);
  }

  /**
   * Whether this cell was interrupted, also when the main thread has not heard of it yet: a call that blocked
   * the thread fails of the interrupt before the message about it is read.
   */
  isInterrupted(cell: number): boolean {
    const raised = load(this.flags, flagIndex.raised) & flagBit.interrupt;
    if (raised && load(this.flags, flagIndex.cell) === cell) this.interrupt(cell);
    return this.#runs.get(cell)?.signal.aborted ?? false;
  }

  /** The named cells that were interrupted and whose code has not returned: it never will when the thread was torn from it. */
  deadCells(): number[] {
    return [...this.#runs].flatMap(([cell, run]) => (this.#dead.has(run) ? [cell] : []));
  }

  /** Aborts the run of a cell; its calls reject with `CANCELLED`, its loops and awaits throw. */
  interrupt(cell: number): void {
    const run = this.#runs.get(cell);
    if (!run && cell > this.#newest) {
      this.#early.add(cell);
      return this.#lower(cell);
    }
    if (!run) {
      // The cell has ended; calls that it left over are what the person wants to stop.
      for (const left of runsWithPendingCalls())
        if (left.cell === cell) left.abort(interruptedError());
      return this.#lower(cell);
    }
    if (!this.#dead.has(run)) {
      this.#dead.add(run);
      run.abort(interruptedError());
    }
    this.#otherLoopSince = 0;
    or(this.flags, flagIndex.raised, flagBit.interrupt);
  }

  /** The main thread is alive. */
  tick(): void {
    add(this.flags, flagIndex.ticks, 1);
  }

  /** Called by a loop that found a flag raised; throws if it is this loop's run that must end. */
  check(): void {
    const raised = and(this.flags, flagIndex.raised, ~flagBit.flush);
    if (raised & flagBit.flush) this.#flush();
    if (!(raised & flagBit.interrupt)) return;
    const run = currentScope()?.run.outermost;
    const target = load(this.flags, flagIndex.cell);
    const named = this.#runs.get(target);
    if (run && (this.#dead.has(run) || run === named)) {
      if (run === named) this.interrupt(target);
      throw interruptedError();
    }
    // The main thread has heard of it, or it has ended: nobody is kept waiting. One that has not begun waits
    // for the thread like one at an await.
    if (named ? this.#dead.has(named) : target <= this.#newest) return this.#rest(target);
    this.#otherLoopSince ||= this.#now();
    if (this.#now() - this.#otherLoopSince > BLOCKED_MS) {
      this.#otherLoopSince = 0;
      throw interruptedError("interrupted, because it kept another cell's interrupt waiting");
    }
  }

  /**
   * Lowers the flag until the running job is over: code that was interrupted at a promise which never settles
   * does not return, and every loop of the session would go on asking, ten times slower. Dead code is not in
   * this job, so it finds the flag up again when it comes to loop.
   */
  #rest(target: number): void {
    const { flags } = this;
    and(flags, flagIndex.raised, ~flagBit.interrupt);
    // The worker may have named a cell between the two steps.
    if (load(flags, flagIndex.cell) !== target) or(flags, flagIndex.raised, flagBit.interrupt);
    else if (this.#dead.size > 0) {
      afterThisJob(() => {
        if (this.#dead.size > 0) or(flags, flagIndex.raised, flagBit.interrupt);
      });
    }
  }

  /** What was raised for this cell has been dealt with. */
  #lower(cell: number): void {
    const { flags } = this;
    const named = compareExchange(flags, flagIndex.cell, cell, 0);
    // Raised meanwhile for another one, whose message is on its way.
    if (this.#dead.size > 0 || (named !== cell && named !== 0)) return;
    and(flags, flagIndex.raised, ~flagBit.interrupt);
    // The worker may have named a cell between the two steps.
    if (load(flags, flagIndex.cell) !== 0) {
      or(flags, flagIndex.raised, flagBit.interrupt);
    }
  }
}
