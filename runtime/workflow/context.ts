/**
 * What a running function knows of its call: the second argument of every task, also `currentContext()`.
 * @module
 */
import { format } from "node:util";
import { redactPrinted, redactText } from "../values/redact.ts";
import type { Attempt } from "./attempt.ts";
import { type Checkpoint, localCheckpoint } from "./checkpoint.ts";
import { type DeckOptions, makeDeck, type UserDeckHandle } from "./deck.ts";
import { emit, now, observed } from "./engine.ts";
import type { LiveCall } from "./live-call.ts";
import { scopes } from "./scope.ts";
import { readSecret } from "./secrets.ts";

export interface TaskContext {
  /**
   * Aborts when the call is cancelled (interrupt, `call.cancel()`, a failing parent) or the attempt times out, with the
   * reason; pass it on to `fetch` and friends. Nobody waits for the function then, whether or not it looks at this.
   */
  readonly signal: AbortSignal;
  /** From 1; above it with `retries`. */
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
  /** A deck of this call's own: `deck("forecast", chart)`; as `Deck`, wherever it is called. */
  deck(name: string, content?: unknown, options?: DeckOptions): UserDeckHandle;
  /** What an earlier attempt of this call has left: `await checkpoint.read()`, `await checkpoint.write(state)`. */
  readonly checkpoint: Checkpoint;
  readonly secrets: {
    /**
     * The secret of that group and key: the environment variable `_FSEC_<GROUP>_<KEY>`, else the mounted file
     * `/etc/secrets/<group>/<key>`. It is shown as `[redacted]` from then on.
     * @throws {Error} when there is none.
     */
    get(group: string, key: string): string;
  };
}

/**
 * The context of the call whose function runs now, also in the functions that it calls, and after an `await`.
 * @throws {Error} outside of a task, workflow or eager workflow.
 */
export function currentContext(): TaskContext {
  const scope = scopes.getStore();
  if (scope?.call === undefined) {
    throw new Error(
      "currentContext() is known only while a task, workflow or eager function runs; here is no call",
    );
  }
  return (scope as Attempt).context;
}

const SECRETS: TaskContext["secrets"] = { get: readSecret };

/** Everything is worked out when it is read: most functions never look at their context. */
export class CallContext implements TaskContext {
  readonly #attempt: Attempt;

  constructor(attempt: Attempt) {
    this.#attempt = attempt;
  }

  get signal(): AbortSignal {
    return this.#attempt.signal;
  }

  get attempt(): number {
    const { call, number } = this.#attempt;
    return call.parent === undefined ? number + call.run.attemptsBefore : number;
  }

  get checkpoint(): Checkpoint {
    const { call } = this.#attempt;
    return (call.parent === undefined && call.run.checkpoint) || localCheckpoint(call);
  }

  get secrets(): TaskContext["secrets"] {
    return SECRETS;
  }

  get call(): TaskContext["call"] {
    const path: string[] = [];
    for (let at: LiveCall | undefined = this.#attempt.call; at !== undefined; at = at.parent) {
      path.push(at.definition.name);
    }
    const { id, definition } = this.#attempt.call;
    return { id, name: definition.name, path: path.reverse() };
  }

  // `log` and `progress` are functions of their own, not methods, so that `({ x }, { log })` works.
  get log(): TaskContext["log"] {
    return (...values) => {
      if (!observed) return;
      const { id, run } = this.#attempt.call;
      emit({
        kind: "log",
        runId: run.id,
        at: now(),
        stream: "log",
        text: `${redactText(format(...values))}\n`,
        id,
        ...(run.cell !== undefined && { cell: run.cell }),
      });
    };
  }

  get deck(): TaskContext["deck"] {
    return (name, ...given) => makeDeck(this.#attempt, name, given);
  }

  get progress(): TaskContext["progress"] {
    return (done, total, message) => {
      if (!observed) return;
      const { id, run } = this.#attempt.call;
      emit({
        kind: "call-progress",
        runId: run.id,
        at: now(),
        id,
        done,
        ...(total !== undefined && { total }),
        ...(message !== undefined && { message: redactPrinted(String(message)) }),
      });
    };
  }
}
