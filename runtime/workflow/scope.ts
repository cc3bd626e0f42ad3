/**
 * Who a call belongs to: a run, or the attempt whose function makes it. One AsyncLocalStorage carries it.
 *
 * Invariants
 *   S1  A scope holds its running calls and lets go of each when it settles: cancelling walks this tree, so
 *       there are no listeners between parent and child to leak.
 *   S2  A closed scope (cancelled, failed, timed out, aborted) takes no more calls.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Executor } from "./executor.ts";
import type { Limiter } from "./limiter.ts";
import type { LiveCall } from "./live-call.ts";
import type { Run } from "./run.ts";

export interface Closed {
  readonly reason: unknown;
  /** The call that failed and so closed the scopes below it; absent for an abort from outside. */
  readonly by?: string;
}

/** Ids of calls that nobody awaited, per scope: more than have a record would say nothing to anybody. */
const UNAWAITED_MAX = 10_000;

export abstract class Scope {
  abstract readonly run: Run;
  /** The call whose function makes the calls of this scope; absent for a run. */
  abstract readonly call: LiveCall | undefined;
  /** How the calls made here run, unless they say otherwise. */
  abstract readonly executor: Executor;
  /** How many of them run at once; absent: all. */
  abstract readonly limiter: Limiter | undefined;
  /** Why no more calls are taken. */
  closed: Closed | undefined;
  // Made with the first child: most calls have none.
  #running: Set<LiveCall> | undefined;
  #unawaited: Set<string> | undefined;
  #counts: Map<string, number> | undefined;

  get runningCalls(): ReadonlySet<LiveCall> {
    return this.#running ?? NONE;
  }

  adopt(child: LiveCall): void {
    this.#running ??= new Set();
    this.#running.add(child);
    this.#unawaited ??= new Set();
    if (this.#unawaited.size < UNAWAITED_MAX) this.#unawaited.add(child.id);
  }

  childAwaited(child: LiveCall): void {
    this.#unawaited?.delete(child.id);
  }

  childSettled(child: LiveCall): void {
    this.#running?.delete(child);
    if (this.#running?.size === 0) this.idle();
  }

  /** Ids of the children that nobody awaited; they are forgotten with that. Absent when there are none. */
  takeUnawaited(): { readonly unawaited: readonly string[] } | undefined {
    const left = this.#unawaited;
    this.#unawaited = undefined;
    return left === undefined || left.size === 0 ? undefined : { unawaited: [...left] };
  }

  /** How many calls of that name were made here before; counts this one. */
  nthOf(name: string): number {
    this.#counts ??= new Map();
    const nth = this.#counts.get(name) ?? 0;
    this.#counts.set(name, nth + 1);
    return nth;
  }

  /** The last running child has settled. */
  protected abstract idle(): void;
}

export const NONE: ReadonlySet<LiveCall> = new Set();

export const scopes = new AsyncLocalStorage<Scope>();

/**
 * Ends every call below `scope` at once, whatever its function does, innermost first.
 *
 * All are closed before the first one settles: an abort listener of user code may make new calls meanwhile.
 * Not recursive: a chain of calls may be deeper than the stack.
 */
export function cancelCallsOf(
  scope: { readonly runningCalls: ReadonlySet<LiveCall> },
  reason: unknown,
  by?: string,
): void {
  if (scope.runningCalls.size === 0) return;
  const order: LiveCall[] = [...scope.runningCalls];
  // grows while it is walked
  for (const call of order) {
    if (!call.close(reason, by)) continue;
    // Not spread as arguments: there may be more children than the stack takes.
    for (const child of call.runningCalls) order.push(child);
  }
  for (const call of order.reverse()) call.settleCancelled();
}
