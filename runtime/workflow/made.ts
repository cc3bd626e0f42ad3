/**
 * Which tasks, workflows and eager workflows a module makes, exported or not: what is registered of a file, and where the
 * container's entry point finds the one it runs.
 * @module
 */
import type { Definition } from "./definition.ts";
import { loadOf, originOf } from "./thread/origin.ts";

let collecting: Definition[] | undefined;
/** By function: what was made of it, without the settings of single calls. */
const byFunction = new WeakMap<Definition["fn"], Definition>();
interface MadeInFile {
  /** Which version of the file made them. */
  readonly load: number;
  readonly named: Map<string, WeakRef<Definition>>;
}

/** By file: a module that is loaded again replaces all that it made before, also what it makes no more. */
const byFile = new Map<string, MadeInFile>();

let edition = 0;

/** A session has seen that files were edited: it loads them anew. */
export function filesWereEdited(): void {
  edition++;
}

/** Another number each time files were edited: what was made of their text before is of the old one. */
export function editionOfFiles(): number {
  return edition;
}

export function noteMade(definition: Definition): void {
  collecting?.push(definition);
  byFunction.set(definition.fn, definition);
  const file = originOf(definition.fn);
  if (file === undefined) return;
  const load = loadOf(definition.fn);
  let made = byFile.get(file);
  if (made === undefined || made.load < load) {
    made = { load, named: new Map() };
    byFile.set(file, made);
  }
  // A function of the version before makes tasks that the file has no more.
  if (load < made.load) return;
  // Weak, for a function that makes tasks may make many: those that nobody can call need not be known.
  made.named.set(definition.name, new WeakRef(definition));
}

/** The task or workflow that was made of a function, as `task` and its like gave it. */
export function madeOf(fn: Definition["fn"]): Definition | undefined {
  return byFunction.get(fn);
}

/** @param files their `file:` URLs; of cells, the names they are compiled under. */
export function madeIn(files: readonly string[]): readonly Definition[] {
  return files.flatMap((file) =>
    [...(byFile.get(file)?.named.values() ?? [])].flatMap((definition) => definition.deref() ?? []),
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
