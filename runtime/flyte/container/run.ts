/**
 * Runs the task of a container once, by the ordinary engine.
 *
 * Invariants
 *   C1  Whatever the function does instead of returning or throwing ends here as its failure: `process.exit`, an exception
 *       that nobody catches, waiting for what can never happen.
 * @module
 */
import { types } from "node:util";
import type { Checkpoint } from "../../workflow/checkpoint.ts";
import type { Definition } from "../../workflow/definition.ts";
import { doWithoutThreads, type Executor, localExecutor } from "../../workflow/executor.ts";
import { finished } from "../../workflow/leaving.ts";
import { Run } from "../../workflow/run.ts";
import { unnamed } from "../../workflow/task.ts";

export interface RunOptions {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly attemptsBefore: number;
  readonly checkpoint: Checkpoint;
  /** Of an eager workflow that names none: where its calls run. */
  readonly childExecutor: Executor | undefined;
}

/** How long is waited for the cluster to stop what a failed workflow had started. */
const STOP_MAX_MS = 10_000;

/** @returns the function's value. @throws {EagerException} as a call does; what C1 says. */
export async function runOnce(definition: Definition, options: RunOptions): Promise<unknown> {
  const { attemptsBefore, checkpoint, childExecutor, inputs } = options;
  doWithoutThreads();
  const { settings } = definition;
  // Retries, time limit and cache are the cluster's.
  const plain: Definition = {
    ...definition,
    settings: {
      ...settings,
      retries: undefined,
      timeoutMs: undefined,
      cache: undefined,
      thread: false,
      childExecutor: settings.childExecutor ?? childExecutor,
    },
  };
  const run = new Run({
    title: definition.name,
    executor: localExecutor,
    attemptsBefore,
    checkpoint,
  });
  using way = new Escape();
  const call = run.enter(() => unnamed(plain, {})({ ...inputs }));
  try {
    const value = await Promise.race([call, way.promise]);
    await run.end("ok");
    return value;
  } catch (error) {
    // What goes on nobody waits for any more.
    run.abort(error);
    await run.end("failed", error);
    await finished(STOP_MAX_MS);
    throw error;
  }
}

/** Rejects when the program goes another way than back to us. */
class Escape {
  readonly promise: Promise<never>;
  readonly #undo: () => void;

  constructor() {
    const { promise, reject } = Promise.withResolvers<never>();
    this.promise = promise;
    promise.catch(() => undefined);
    const onError = (error: unknown) => reject(error);
    const onIdle = () => {
      reject(
        new Error("the task waits for something that can never happen: nothing is left to do"),
      );
    };
    process.on("uncaughtException", onError);
    process.on("beforeExit", onIdle);
    const { exit } = process;
    const refused = (code?: unknown): never => {
      const shown = types.isProxy(code) ? "" : String(code ?? "");
      const error = new Error(`the task called process.exit(${shown}); return or throw instead`);
      reject(error);
      throw error;
    };
    process.exit = refused;
    this.#undo = () => {
      process.exit = exit;
      process.off("uncaughtException", onError);
      process.off("beforeExit", onIdle);
    };
  }

  [Symbol.dispose](): void {
    this.#undo();
  }
}
