/**
 * One attempt of a call: its function runs once. The scope of the calls that the function makes.
 *
 * Invariants
 *   A1  An attempt that is over (failed, timed out, its call has settled) changes nothing any more: what its function
 *       still returns is dropped, the calls that it still makes are refused.
 * @module
 */
import { CallContext } from "./context.ts";
import { TIMER_MAX_MS } from "./duration.ts";
import type { Executor } from "./executor.ts";
import { Limiter } from "./limiter.ts";
import type { LiveCall } from "./live-call.ts";
import type { Run } from "./run.ts";
import { Scope } from "./scope.ts";

export class Attempt extends Scope {
  override readonly call: LiveCall;
  /** From 1. */
  readonly number: number;
  override readonly limiter: Limiter | undefined;
  #controller: AbortController | undefined;
  #context: CallContext | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(call: LiveCall, number: number) {
    super();
    this.call = call;
    this.number = number;
    const { entity, settings } = call.definition;
    const limit = settings.concurrency ?? call.childExecutor.concurrency;
    if (entity === "group") this.limiter = call.owner.limiter;
    else if (limit !== undefined) this.limiter = new Limiter(limit);
  }

  override get run(): Run {
    return this.call.run;
  }

  override get executor(): Executor {
    return this.call.childExecutor;
  }

  get context(): CallContext {
    this.#context ??= new CallContext(this);
    return this.#context;
  }

  /** Made when somebody looks: a controller per call would cost more than the call. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.closed !== undefined) this.#controller.abort(this.closed.reason);
    }
    return this.#controller.signal;
  }

  /** Calls `onTimeout` when the attempt is not over by then. */
  limitTime(ms: number, onTimeout: () => void): void {
    if (ms <= TIMER_MAX_MS) this.#timer = setTimeout(onTimeout, ms);
  }

  /** The attempt is over; its timer must not keep the process alive. */
  stopTimer(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** No more calls are taken, and the signal aborts. */
  close(reason: unknown, by: string | undefined): void {
    if (this.closed !== undefined) return;
    this.closed = by === undefined ? { reason } : { reason, by };
    this.stopTimer();
    this.#controller?.abort(reason);
  }

  protected override idle(): void {
    this.call.childrenSettled(this);
  }
}
