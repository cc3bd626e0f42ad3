/**
 * Which tasks, workflows and eager workflows a module makes while it is loaded, exported or not: what is registered of a
 * file, and where the container's entry point finds the one it runs.
 * @module
 */
import type { Definition } from "./definition.ts";

let collecting: Definition[] | undefined;

export function noteMade(definition: Definition): void {
  collecting?.push(definition);
}

/**
 * Runs `load` and resolves with what was made meanwhile, in the order it was made. One at a time.
 * @throws whatever `load` throws.
 */
export async function madeBy(load: () => Promise<unknown>): Promise<readonly Definition[]> {
  if (collecting) throw new Error("modules are collected one after the other");
  const made: Definition[] = [];
  collecting = made;
  try {
    await load();
  } finally {
    collecting = undefined;
  }
  return made;
}
