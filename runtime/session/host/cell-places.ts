/**
 * Where in which cell a value was made: what is cut out to make it again elsewhere.
 * @module
 */
import { callableOf, type Definition } from "../../workflow/definition.ts";
import { originOf } from "../../workflow/thread/origin.ts";
import type { Node } from "./ast.ts";
import { callAround, initializerOf } from "./makers.ts";
import { findFunction, parseCompiled } from "./references.ts";
import type { Slicer } from "./slice.ts";

/** An expression of a compiled cell. */
export interface Place {
  readonly file: string;
  readonly node: Node;
  readonly isAwaited: boolean;
}

/** Which name of which cell had a value first. */
export type MadeValues = WeakMap<object, { readonly file: string; readonly name: string }>;

export class CellPlaces {
  readonly #slicer: Slicer;
  readonly #made: MadeValues;
  readonly #trees = new Map<string, Node | undefined>();

  constructor(slicer: Slicer, made: MadeValues) {
    this.#slicer = slicer;
    this.#made = made;
  }

  /** Of what a name was declared with. */
  declarationOf(definition: Definition): Place | undefined {
    const callable = callableOf(definition);
    const made = callable && this.#made.get(callable);
    return made && this.initializerIn(made.file, made.name);
  }

  /** Of what no name has: `{ fit: task(…, function fit() { … }) }`. */
  callOf(fn: Definition["fn"]): Place | undefined {
    const { cells } = this.#slicer;
    const text = Function.prototype.toString.call(fn);
    // Another cell may have the same function with other settings.
    for (const file of [originOf(fn), ...[...cells.keys()].reverse()]) {
      const cell = file === undefined ? undefined : cells.get(file);
      const found = cell && findFunction(cell.code, text);
      if (file === undefined || !found) continue;
      const program = this.tree(file);
      const node =
        program && callAround(program, { start: found.start, end: found.start + text.length });
      return node && { file, node, isAwaited: false };
    }
    return undefined;
  }

  /** The expression that made a value of a session, as far as a declaration or an assignment of its own did. */
  initializer(name: string, value: object): Place | undefined {
    const { cells } = this.#slicer;
    const made = this.#made.get(value);
    if (made && cells.has(made.file)) return this.initializerIn(made.file, made.name);
    for (const file of [...cells.keys()].reverse()) {
      const program = this.tree(file);
      if (program && initializerOf(program, name)) return this.initializerIn(file, name);
    }
    return undefined;
  }

  /** What a name was last given in a cell. */
  initializerIn(file: string, name: string): Place | undefined {
    const program = this.tree(file);
    const found = program && initializerOf(program, name);
    return found?.kind === "expression" ? { file, ...found } : undefined;
  }

  /** Of a compiled cell. */
  tree(file: string): Node | undefined {
    const code = this.#slicer.cells.get(file)?.code;
    if (!this.#trees.has(file)) this.#trees.set(file, (code && parseCompiled(code)) || undefined);
    return this.#trees.get(file);
  }
}
