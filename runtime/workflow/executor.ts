/**
 * The only thing the engine knows of how a call runs. Tests drive the engine with a hand-operated one.
 * @module
 */
import type { Where } from "../events/events.ts";
import type { TaskContext } from "./context.ts";
import type { Definition } from "./definition.ts";

export interface Executor {
  /** Where its calls run, as the deck says it. */
  readonly where: Where;
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

/** In this process, on this thread. */
export const localExecutor: Executor = {
  where: "local",
  run: ({ definition }, inputs, context) => definition.body(inputs, context),
};
