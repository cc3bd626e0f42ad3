/**
 * Where the code of a thread comes from when no file has it. A session tells how its cells are cut; the engine itself
 * knows nothing of cells.
 * @module
 */
import type { Definition } from "../definition.ts";
import type { Preload, ThreadCode } from "./messages.ts";

export interface CodeSource {
  /**
   * The function of a task with all it needs.
   * @param file where the task was made.
   * @returns undefined when a module has it.
   * @throws {TypeError} that names what cannot go into a thread.
   */
  code(definition: Definition, file: string | undefined): ThreadCode | undefined;
  /** A stack with the positions that people know. */
  locate(stack: string): string;
  /** What the session's own module says in a thread; the context is that of the call. */
  hear(item: unknown): void;
  /** How a thread comes to load files as this process does. */
  readonly preload: Preload;
}

let current: CodeSource | undefined;

export function setCodeSource(source: CodeSource): void {
  current = source;
}

export function codeSource(): CodeSource | undefined {
  return current;
}

/** What every refusal says; no other attempt would end otherwise. */
export function refusal(task: string, why: string): TypeError {
  const error = new TypeError(`task ${task} cannot run in a thread: ${why}`);
  return Object.defineProperty(error, "recoverable", { value: false });
}
