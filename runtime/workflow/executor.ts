/**
 * The only thing the engine knows of how a call runs. Tests drive the engine with a hand-operated one.
 * @module
 */
import type { Where } from "../events/events.ts";
import type { TaskContext } from "./context.ts";
import type { Definition } from "./definition.ts";
import { threadExecutor } from "./thread/executor.ts";

export interface Executor {
  /** Where its calls run, as the deck says it. */
  readonly where: Where;
  /** How many of its calls a scope runs at once when nobody says; absent: all. */
  readonly concurrency?: number;
  /**
   * Runs one attempt of a call.
   * @param inputs awaited and validated.
   * @param context its `signal` aborts when the call is cancelled; the engine does not wait for the answer then.
   * @returns the function's value, or a promise of it; throws or rejects with what the function threw.
   */
  run(
    call: ExecutableCall,
    inputs: Readonly<Record<string, unknown>>,
    context: TaskContext,
  ): unknown;
}

export interface ExecutableCall {
  readonly id: string;
  readonly definition: Definition;
}

/** Whether a value given to `.on(…)` can run calls. */
export function isExecutor(value: unknown): value is Executor {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { run?: unknown }).run === "function" &&
    typeof (value as { where?: unknown }).where === "string"
  );
}

/** What runs a call: what it asks for, else what its scope says. */
export function executorOf({ entity, settings }: Definition, ofScope: Executor): Executor {
  if (settings.executor !== undefined) return settings.executor;
  if (settings.thread) return threadExecutor;
  // What puts other calls together is done here; where those run is their own business.
  if (entity === "map" || entity === "group") return localExecutor;
  return ofScope;
}

/** In this process, on this thread. */
export const localExecutor: Executor = {
  where: "local",
  run: ({ definition }, inputs, context) => definition.body(inputs, context),
};
