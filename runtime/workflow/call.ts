/**
 * What a caller holds: a promise with a name, a number and a way to cancel.
 *
 * Knows when somebody waits for it, which is how the deck can say "never awaited".
 * @module
 */
import { isPromise } from "node:util/types";
import type { CallState } from "../events/events.ts";
import type { LiveCall } from "./live-call.ts";

/** Marks a call, so that its preview can say which one it is; the value is the call itself. */
const BRAND = Symbol.for("eagerdeck.Call");

/**
 * A call of a task, workflow or eager workflow. It has started already; `await` it for its plain value.
 * As an input of another call it is a dependency: `double({ x: addOne({ x: 1 }) })`.
 */
export class Call<T> extends Promise<T> {
  static {
    Object.defineProperty(Call.prototype, BRAND, { value: true });
  }
  // `then`, `catch` and `finally` give plain promises: only what the engine makes is a call.
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** `t11`: counts up over the session. */
  readonly id: string;
  /** Name of the task, workflow or eager workflow. */
  readonly name: string;
  readonly #live: LiveCall;

  /** For the engine only: calls are made by calling a task. */
  constructor(
    live: LiveCall,
    start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
  ) {
    super(start);
    this.#live = live;
    this.id = live.id;
    this.name = live.definition.name;
  }

  /**
   * Where it stands: `"queued"` (waits for its inputs or for room), `"running"`, `"retrying"` (an attempt failed), `"ok"`,
   * `"cached"`, `"failed"`, `"cancelled"`.
   */
  get state(): CallState {
    return this.#live.state;
  }

  /**
   * Ends the call at once: it rejects with `EagerException` code `CANCELLED` and `cause` = `reason`, the `signal` of its
   * context and of all calls it made aborts. Does nothing to a call that has settled.
   * @param reason default: an `AbortError`, as `AbortController` gives it.
   */
  cancel(reason?: unknown): void {
    this.#live.cancel(reason);
  }

  // `await`, `catch`, `finally` and `Promise.all` all come through here, because the constructor is not `Promise`.
  // biome-ignore lint/suspicious/noThenProperty: it is a promise
  override then<Value = T, Caught = never>(
    onFulfilled?: ((value: T) => Value | PromiseLike<Value>) | null,
    // biome-ignore lint/suspicious/noExplicitAny: as in TypeScript's own declaration of Promise
    onRejected?: ((reason: any) => Caught | PromiseLike<Caught>) | null,
  ): Promise<Value | Caught> {
    this.#live.markAwaited();
    return super.then(onFulfilled, onRejected);
  }
}

/**
 * A call of a map task: resolves with all values in the order of the inputs, and iterates over them as they come.
 *
 * ```ts
 * for await (const page of mapTask(fetchPage)(inputs)) show(page);
 * ```
 */
export class MapCall<O> extends Call<O[]> implements AsyncIterable<O> {
  readonly #done: O[] = [];
  /** Who iterates and has seen all there is. */
  #waiting: (() => void)[] = [];

  /** For the engine only: one of its calls has settled well. */
  deliver(value: O): void {
    this.#done.push(value);
    this.#wake();
  }

  /**
   * In the order they settle. A failure of the map ends the loop with its `EagerException`; who leaves the loop early
   * cancels the map.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<O, void, undefined> {
    let isSettled = false;
    const onSettled = () => {
      isSettled = true;
      this.#wake();
    };
    this.then(onSettled, onSettled);
    let isLeft = true;
    try {
      for (let next = 0; ; next++) {
        while (next >= this.#done.length && !isSettled) {
          await new Promise<void>((resolve) => this.#waiting.push(resolve));
        }
        if (next >= this.#done.length) break;
        yield this.#done[next] as O;
      }
      isLeft = false;
    } finally {
      // A loop that is left with `break` wants no more; an endless source would go on for ever.
      if (isLeft && !isSettled) this.cancel(new DOMException("its loop was left", "AbortError"));
    }
    const values = await this;
    // A map that was reused as a whole had no calls.
    if (this.#done.length === 0) yield* values;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

/** Asks for a promise first: `instanceof` alone would run the traps of a Proxy. */
export function isCall(value: unknown): value is Call<unknown> {
  return isPromise(value) && value instanceof Call;
}
