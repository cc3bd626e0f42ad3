/**
 * Which tasks, workflows and eager workflows a module makes, exported or not: what is registered of a file, and where the
 * container's entry point finds the one it runs.
 * @module
 */
import type { Definition } from "./definition.ts";
import { originOf } from "./thread/origin.ts";

let collecting: Definition[] | undefined;
/** By function: what was made of it, without the settings of single calls. */
const byFunction = new WeakMap<Definition["fn"], Definition>();
/** By file and name: a module that is loaded again replaces what it made before. */
const byFile = new Map<string, Map<string, WeakRef<Definition>>>();

export function noteMade(definition: Definition): void {
  collecting?.push(definition);
  byFunction.set(definition.fn, definition);
  const file = originOf(definition.fn);
  if (file === undefined) return;
  const named = byFile.get(file) ?? new Map<string, WeakRef<Definition>>();
  byFile.set(file, named);
  // Weak, for a function that makes tasks may make many: those that nobody can call need not be known.
  named.set(definition.name, new WeakRef(definition));
}

/** The task or workflow that was made of a function, as `task` and its like gave it. */
export function madeOf(fn: Definition["fn"]): Definition | undefined {
  return byFunction.get(fn);
}

/** @param files their `file:` URLs; of cells, the names they are compiled under. */
export function madeIn(files: readonly string[]): readonly Definition[] {
  return files.flatMap((file) =>
    [...(byFile.get(file)?.values() ?? [])].flatMap((definition) => definition.deref() ?? []),
  );
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
