/**
 * What the calls of one run on one cluster have in common: how often equal ones were made, which of them are wanted, and
 * that nothing is left running when some of them are cancelled.
 *
 * Invariants
 *   C1  What some call wants is spared, also by the last look for what still runs: one call may be cancelled while others
 *       go on, and two may have asked for an execution of the same name.
 * @module
 */
import type { Connection, Place } from "./connection.ts";

export class RunCalls {
  readonly #made = new Map<string, number>();
  /** By the names of executions: the calls that want them. */
  readonly #wanted = new Map<string, Set<object>>();
  #stopping = 0;
  /** One for each place in which something is being stopped. */
  #reasons: StopReason[] = [];

  /** @param key of all that makes calls equal. @returns how many of them were made before. */
  nth(key: string): number {
    const nth = this.#made.get(key) ?? 0;
    this.#made.set(key, nth + 1);
    return nth;
  }

  wanted(name: string, call: object): void {
    const calls = this.#wanted.get(name) ?? new Set();
    this.#wanted.set(name, calls.add(call));
  }

  unwanted(name: string, call: object): void {
    const calls = this.#wanted.get(name);
    calls?.delete(call);
    if (calls?.size === 0) this.#wanted.delete(name);
  }

  isWanted(name: string): boolean {
    return this.#wanted.has(name);
  }

  /** Runs `stop`; behind the last of those that run at a time comes the last look. */
  async stopping(reason: StopReason, stop: () => Promise<void>): Promise<void> {
    const isKnown = this.#reasons.some(({ connection, place }) => {
      const { project, domain } = reason.place;
      const isSamePlace = place.project === project && place.domain === domain;
      return connection === reason.connection && isSamePlace;
    });
    if (!isKnown) this.#reasons.push(reason);
    this.#stopping++;
    try {
      await stop();
    } finally {
      this.#stopping--;
    }
    if (this.#stopping > 0) return;
    const reasons = this.#reasons;
    this.#reasons = [];
    await Promise.all(
      reasons.map(({ connection, place, tag, cause }) =>
        connection.stopper.stopAllOf(place, tag, cause, (name) => this.isWanted(name)),
      ),
    );
  }
}

export interface StopReason {
  readonly connection: Connection;
  readonly place: Place;
  readonly tag: string;
  /** People read it on the page of the execution. */
  readonly cause: string;
}

const known = new WeakMap<object, RunCalls>();

export function callsOf(run: object): RunCalls {
  let calls = known.get(run);
  if (calls === undefined) {
    calls = new RunCalls();
    known.set(run, calls);
  }
  return calls;
}
