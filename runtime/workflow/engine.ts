/**
 * What all runs of a process share: the numbers of calls, the clock, the listeners, and where a call was written.
 *
 * Invariants
 *   E1  Without a listener nothing is made for one: no event, no preview, no stack.
 *   E2  A listener that throws cannot change what happens to a call.
 * @module
 */
import type { RuntimeEvent, SourcePosition } from "../events/events.ts";

const listeners = new Set<(event: RuntimeEvent) => void>();
let nextCall = 1;
let nextRun = 1;
let locator: (() => SourcePosition | undefined) | undefined;

/** Whether anybody listens; asked before an event is made. */
export let observed = false;

/** Hands every event of this process to `listener`, in order, as it happens. @returns the way to stop. */
export function observe(listener: (event: RuntimeEvent) => void): () => void {
  // Wrapped, so that the same function given twice is two listeners.
  const own = (event: RuntimeEvent) => listener(event);
  listeners.add(own);
  observed = true;
  return () => {
    listeners.delete(own);
    observed = listeners.size > 0;
  };
}

export function emit(event: RuntimeEvent): void {
  for (const listener of listeners) {
    try {
      listener(event);
    } catch (error) {
      // A reader's bug must surface, but not in the middle of settling a call.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

/** Calls are `t1`, `t2`, …; a new user process goes on where the last one stopped. */
export function numberCallsFrom(first: number): void {
  nextCall = first;
}

export function nextCallId(): string {
  return `t${nextCall++}`;
}

/** This process among all that ever ran in a folder: its start, and its number in case two start in one second. */
const PROCESS = `${Math.floor(performance.timeOrigin / 1_000).toString(36)}${process.pid.toString(36)}`;

/** Unique also among the runs of earlier sessions, whose files stay. */
export function nextRunId(): string {
  return `r${PROCESS}-${nextRun++}`;
}

/** Tells how to find the place a call was written at; asked at each call while somebody listens. */
export function setLocator(locate: (() => SourcePosition | undefined) | undefined): void {
  locator = locate;
}

export function locate(): SourcePosition | undefined {
  return locator?.();
}

/** Epoch milliseconds that never run backwards, whatever is done to the system's clock. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
