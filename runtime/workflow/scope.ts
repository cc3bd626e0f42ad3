/**
 * Who a call belongs to: a run, or the call whose function makes it. One AsyncLocalStorage carries it.
 *
 * Invariants
 *   S1  A scope holds its running calls and lets go of each when it settles: cancelling walks this tree, so
 *       there are no listeners between parent and child to leak.
 *   S2  A closed scope (cancelled, failed, aborted) takes no more calls.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { LiveCall } from "./live-call.ts";
import type { Run } from "./run.ts";

export interface Closed {
  readonly reason: unknown;
  /** The call that failed and so closed the scopes below it; absent for an abort from outside. */
  readonly by?: string;
}

export abstract class Scope {
  abstract readonly run: Run;
  /** The call that is this scope; absent for a run. */
  abstract readonly call: LiveCall | undefined;
  /** Why no more calls are taken. */
  closed: Closed | undefined;
  // Made with the first child: most calls have none.
  #running: Set<LiveCall> | undefined;
  #unawaited: Set<LiveCall> | undefined;

  get runningCalls(): ReadonlySet<LiveCall> {
    return this.#running ?? NONE;
  }

  adopt(child: LiveCall): void {
    this.#running ??= new Set();
    this.#running.add(child);
    this.#unawaited ??= new Set();
    this.#unawaited.add(child);
  }

  childAwaited(child: LiveCall): void {
    this.#unawaited?.delete(child);
  }

  childSettled(child: LiveCall): void {
    this.#running?.delete(child);
    if (this.#running?.size === 0) this.idle();
  }

  /** Ids of the children that nobody awaited; they are forgotten with that. Absent when there are none. */
  takeUnawaited(): { readonly unawaited: readonly string[] } | undefined {
    const left = this.#unawaited;
    this.#unawaited = undefined;
    return left === undefined || left.size === 0
      ? undefined
      : { unawaited: Array.from(left, (call) => call.id) };
  }

  /** The last running child has settled. */
  protected abstract idle(): void;
}

const NONE: ReadonlySet<LiveCall> = new Set();

export const scopes = new AsyncLocalStorage<Scope>();

/**
 * Ends every call below `scope` at once, whatever its function does, innermost first.
 *
 * All are closed before the first one settles: an abort listener of user code may make new calls meanwhile.
 * Not recursive: a chain of calls may be deeper than the stack.
 */
export function cancelCallsOf(scope: Scope, reason: unknown, by?: string): void {
  if (scope.runningCalls.size === 0) return;
  const order: LiveCall[] = [...scope.runningCalls];
  // grows while it is walked
  for (const call of order) {
    if (call.close(reason, by)) order.push(...call.runningCalls);
  }
  for (const call of order.reverse()) call.settleCancelled();
}
