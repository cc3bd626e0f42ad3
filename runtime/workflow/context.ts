/**
 * What a running function knows of its call: the second argument of every task, also `currentContext()`.
 * @module
 */
import { format } from "node:util";
import { emit, now, observed } from "./engine.ts";
import type { LiveCall } from "./live-call.ts";
import { scopes } from "./scope.ts";

export interface TaskContext {
  /**
   * Aborts when the call is cancelled (interrupt, `call.cancel()`, a failing parent) with the reason; pass it on to `fetch`
   * and friends. The call itself has rejected by then, whether or not the function looks at this.
   */
  readonly signal: AbortSignal;
  /** From 1. */
  readonly attempt: number;
  readonly call: {
    /** `t11` */
    readonly id: string;
    readonly name: string;
    /** Names from the outermost call down to this one. */
    readonly path: readonly string[];
  };
  /** Writes a line to the call's log, seen in the live tree and the deck only; arguments as for `console.log`. */
  log(...values: unknown[]): void;
  /** Says how far the call is: `progress(12, 40, "pages")`. `total` may be unknown. */
  progress(done: number, total?: number, message?: string): void;
}

/**
 * The context of the call whose function runs now, also in the functions that it calls, and after an `await`.
 * @throws {Error} outside of a task, workflow or eager workflow.
 */
export function currentContext(): TaskContext {
  const call = scopes.getStore()?.call;
  if (call === undefined) {
    throw new Error(
      "currentContext() is known only while a task, workflow or eager function runs; here is no call",
    );
  }
  return call.context;
}

/** Everything is worked out when it is read: most functions never look at their context. */
export class CallContext implements TaskContext {
  readonly #live: LiveCall;

  constructor(live: LiveCall) {
    this.#live = live;
  }

  get signal(): AbortSignal {
    return this.#live.signal;
  }

  get attempt(): number {
    return this.#live.attempts;
  }

  get call(): TaskContext["call"] {
    const path: string[] = [];
    for (let at: LiveCall | undefined = this.#live; at !== undefined; at = at.parent) {
      path.push(at.definition.name);
    }
    return { id: this.#live.id, name: this.#live.definition.name, path: path.reverse() };
  }

  // `log` and `progress` are functions of their own, not methods, so that `({ x }, { log })` works.
  get log(): TaskContext["log"] {
    return (...values) => {
      if (!observed) return;
      const { id, run } = this.#live;
      emit({
        kind: "log",
        runId: run.id,
        at: now(),
        stream: "log",
        text: `${format(...values)}\n`,
        id,
        ...(run.cell !== undefined && { cell: run.cell }),
      });
    };
  }

  get progress(): TaskContext["progress"] {
    return (done, total, message) => {
      if (!observed) return;
      const { id, run } = this.#live;
      emit({
        kind: "call-progress",
        runId: run.id,
        at: now(),
        id,
        done,
        ...(total !== undefined && { total }),
        ...(message !== undefined && { message }),
      });
    };
  }
}
