/**
 * An executor whose tasks end when the test says so; workflows and eager functions run as always.
 * @module
 */
import type { TaskContext } from "../../runtime/index.ts";
import { type Executor, localExecutor } from "../../runtime/workflow/executor.ts";

export interface HandAttempt {
  readonly id: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly context: TaskContext;
  resolve(value?: unknown): void;
  reject(error: unknown): void;
}

export class HandExecutor implements Executor {
  readonly where = "local";
  /** In the order they started. */
  readonly attempts: HandAttempt[] = [];

  run: Executor["run"] = (call, inputs, context) => {
    if (call.definition.entity !== "task") return localExecutor.run(call, inputs, context);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const { id, definition } = call;
    this.attempts.push({ id, name: definition.name, inputs, context, resolve, reject });
    return promise;
  };

  /** The newest attempt of the task with that name. @throws when there is none. */
  attempt(name: string): HandAttempt {
    const found = this.attempts.findLast((attempt) => attempt.name === name);
    if (!found) throw new Error(`${name} has not started; ${this.attempts.length} attempts have`);
    return found;
  }
}
