/**
 * Lanes: the main one and one per subshell. Cells of one lane run one after the other, lanes run side by side,
 * in one scope and one thread: they take turns at `await`.
 *
 * Invariants
 *   L1  An error answers what waits in its own lane as `aborted`, and what was sent before its client could know
 *       of it. What is sent afterwards runs.
 *   L2  A comm message waits for the *start* of every cell that came before it in its lane, never for its end.
 * @module
 */
import { randomUUID } from "node:crypto";
import type { Clock } from "./clock.ts";

/** Cells that may wait. */
const WAITING_MAX = 1_000;
/** How long cells may still arrive that were sent before their client could know of an error. */
const ABORT_LATE_MS = 50;
const UNDER_WAY_MAX_MS = 10_000;
const SUBSHELLS_MAX = 32;

/** One cell in a lane. */
export interface Ticket {
  /** Raised by an error since: the cell is aborted, unless the session has it already. */
  readonly isAborted: boolean;
}

export class Lane {
  /** The name that the session knows it by. */
  readonly name: string;
  readonly #clock: Clock;
  /** The end of the line of cells. */
  #tail: Promise<void> = Promise.resolve();
  /** Resolves when the cell that came last begins. */
  #started: Promise<void> = Promise.resolve();
  #waiting = 0;
  #unbegun = 0;
  /** Waiting requests that must be over before the next cell is given to the session. */
  #exclusive = 0;
  #epoch = 0;
  #failedAtMs = Number.NEGATIVE_INFINITY;
  /** The same by the clock that clients go by. */
  #failedAtWallMs = Number.NEGATIVE_INFINITY;
  #isDeleted = false;
  /** Cells that the session has, by its numbers. */
  readonly cells = new Set<number>();

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.#clock = clock;
  }

  get isFull(): boolean {
    return this.#waiting >= WAITING_MAX;
  }

  /** Whether a cell that arrives now may be given to the session ahead of its turn. */
  get isOpen(): boolean {
    return this.#exclusive === 0 && !this.#isDeleted;
  }

  /** Resolves when every cell that has been received so far has been answered. */
  get idle(): Promise<void> {
    return this.#tail;
  }

  /** Acts when every cell that has been received so far has begun: at once, if none waits (L2). */
  whenStarted(act: () => void): void {
    if (this.#unbegun === 0) act();
    else void this.#started.then(act);
  }

  /** @param sentAtMs by the client's own clock: good enough, as it usually is the same machine's; NaN: unknown. */
  ticket(sentAtMs: number): Ticket {
    const isJustAfter = this.#clock.now() - this.#failedAtMs < ABORT_LATE_MS;
    // A message that is under way for longer than this came from a clock that is not ours: it cannot tell before from after.
    const isPlausible = this.#clock.wall() - sentAtMs < UNDER_WAY_MAX_MS;
    const isTooEarly = isJustAfter && isPlausible && sentAtMs < this.#failedAtWallMs;
    const epoch = isTooEarly ? -1 : this.#epoch;
    const isAborted = () => epoch !== this.#epoch || this.#isDeleted;
    return {
      get isAborted() {
        return isAborted();
      },
    };
  }

  /**
   * Runs `take` after all cells before it.
   * @param isExclusive the cells behind it stay here until it is over.
   */
  enqueue(isExclusive: boolean, take: (began: () => void) => Promise<void>): void {
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    let isBegun = false;
    const began = (): void => {
      if (isBegun) return;
      isBegun = true;
      this.#unbegun -= 1;
      resolve();
    };
    this.#waiting += 1;
    this.#unbegun += 1;
    if (isExclusive) this.#exclusive += 1;
    this.#started = begun;
    this.#tail = this.#tail.then(async () => {
      await take(began);
      began();
      this.#waiting -= 1;
      if (isExclusive) this.#exclusive -= 1;
    });
  }

  /** A cell failed; called before its reply leaves: whoever has read it may send the next one within the millisecond. */
  failed(): void {
    this.#epoch += 1;
    this.#failedAtMs = this.#clock.now();
    this.#failedAtWallMs = this.#clock.wall();
  }

  delete(): void {
    this.#isDeleted = true;
  }
}

export class Lanes {
  readonly main: Lane;
  readonly #clock: Clock;
  readonly #subshells = new Map<string, Lane>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.main = new Lane("main", clock);
  }

  /** @param subshell its id; absent or null: the main lane. @returns `undefined` for one that does not exist. */
  of(subshell: string | null | undefined): Lane | undefined {
    return subshell === undefined || subshell === null ? this.main : this.#subshells.get(subshell);
  }

  /** @returns the id of a new subshell, or `undefined` when there are too many. */
  create(): string | undefined {
    if (this.#subshells.size >= SUBSHELLS_MAX) return undefined;
    const id = randomUUID();
    this.#subshells.set(id, new Lane(`subshell ${id}`, this.#clock));
    return id;
  }

  /** What waits in it is aborted. @returns the lane, or `undefined` when there is none of that id. */
  delete(id: string): Lane | undefined {
    const lane = this.#subshells.get(id);
    this.#subshells.delete(id);
    lane?.delete();
    return lane;
  }

  get ids(): string[] {
    return [...this.#subshells.keys()];
  }

  /** Resolves when every cell that has been received so far, in any lane, has been answered. */
  async idle(): Promise<void> {
    await Promise.all([this.main, ...this.#subshells.values()].map((lane) => lane.idle));
  }
}
