/**
 * The slice of a session that a task needs in a thread: its function, the functions and classes of cells that this one
 * uses, what to import again, and copies of values.
 *
 * Cells are cut after they were compiled: there the session's names are said `$0.total`, so that any other name from
 * outside is a global or a variable of a function around, which cannot travel. `Function.prototype.toString` gives
 * the very text; found again in its cell, it has a place for stacks.
 *
 * Invariants
 *   C1  A name that cannot go into a thread is refused, said by the name the person wrote.
 *   C2  Names have the values of the moment: a function that a later cell replaced is cut from that cell.
 * @module
 */

import { isEntity } from "../../types/interface.ts";
import { currentContext } from "../../workflow/context.ts";
import { Deck } from "../../workflow/deck.ts";
import { html, md } from "../../workflow/deck-content.ts";
import type { Definition } from "../../workflow/definition.ts";
import { EagerException } from "../../workflow/errors.ts";
import { group } from "../../workflow/group.ts";
import { mapTask } from "../../workflow/map-task.ts";
import { eager, task } from "../../workflow/task.ts";
import { refusal } from "../../workflow/thread/code-source.ts";
import { describe, losesClass } from "../../workflow/thread/copyable.ts";
import { usesUncopiable } from "../../workflow/thread/executor.ts";
import type { Piece, SliceName, ThreadCode } from "../../workflow/thread/messages.ts";
import { workflow } from "../../workflow/workflow.ts";
import { offsetToLineColumn } from "../positions.ts";
import type { Position } from "./compile.ts";
import { isLaterName } from "./later.ts";
import type { ImportRecord } from "./module-graph.ts";
import { findFunction } from "./references.ts";
import type { SessionScope } from "./scope.ts";

export type AnyFunction = (...given: never[]) => unknown;

/** What is kept of a cell to cut code out of it. */
export interface CompiledCell {
  readonly code: string;
  /** Where a position of `code` was written, from 1. */
  readonly locate: (line: number, column: number) => Position | undefined;
}

/** What a function uses of the session. */
interface UsedName {
  /** Whether all that is read of it is `.fn`. */
  readonly isOnlyFn: boolean;
}

export type Analysis =
  | { readonly ok: true; readonly piece: Piece; readonly uses: ReadonlyMap<string, UsedName> }
  | { readonly ok: false; readonly why: string };

/** Values that are exports of eagerdeck's, and what they are called. */
export const OWN: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [currentContext, "currentContext"],
  [EagerException, "EagerException"],
  [task, "task"],
  [eager, "eager"],
  [workflow, "workflow"],
  [mapTask, "mapTask"],
  [group, "group"],
  [Deck, "Deck"],
  [html, "html"],
  [md, "md"],
]);

export class Slicer {
  readonly #scope: SessionScope;
  readonly #folder: string;
  readonly #session: ReadonlyMap<unknown, string>;
  /** By their names, oldest first. */
  readonly #cells = new Map<string, CompiledCell>();
  readonly #analyses = new WeakMap<AnyFunction, Analysis>();

  /** @param session what threads have of the session's own, by name. */
  constructor(
    scope: SessionScope,
    folder: string,
    session: Readonly<Record<string, unknown>> = {},
  ) {
    this.#scope = scope;
    this.#folder = folder;
    this.#session = new Map(Object.entries(session).map(([name, value]) => [value, name]));
  }

  /** A cell is about to run. */
  compiled(file: string, cell: CompiledCell): void {
    this.#cells.set(file, cell);
  }

  /** By their names, oldest first. */
  get cells(): ReadonlyMap<string, CompiledCell> {
    return this.#cells;
  }

  /**
   * @returns undefined for a task that no cell made.
   * @throws {TypeError} C1
   */
  code({ fn, name }: Definition, file: string | undefined): ThreadCode | undefined {
    if (file === undefined || !this.#cells.has(file)) return undefined;
    const slice = new Slice(
      { task: name, scope: this.#scope, session: this.#session },
      (code, called) => this.analysis(code, called),
    );
    const root = slice.add(fn, name, "it");
    return { kind: "slice", root, names: slice.names, values: slice.values, folder: this.#folder };
  }

  /** What a function is and uses. @param called what it is called when it has no name. */
  analysis(fn: AnyFunction, called: string): Analysis {
    let analysis = this.#analyses.get(fn);
    if (!analysis) {
      analysis = this.#analyse(Function.prototype.toString.call(fn), called);
      this.#analyses.set(fn, analysis);
    }
    return analysis;
  }

  #analyse(text: string, called: string): Analysis {
    for (const [file, { code }] of [...this.#cells].reverse()) {
      const found = findFunction(code, text);
      if (found) return analysed({ file, code, text, called }, found);
    }
    return {
      ok: false,
      why: "is code that no cell wrote; name it in an import statement, or import it inside the function",
    };
  }
}

/** What one call takes along. */
class Slice {
  readonly names: Record<string, SliceName> = {};
  readonly values: Record<string, unknown> = {};
  readonly #task: string;
  readonly #scope: SessionScope;
  readonly #session: ReadonlyMap<unknown, string>;
  readonly #analyse: (fn: AnyFunction, called: string) => Analysis;

  constructor(
    of: {
      readonly task: string;
      readonly scope: SessionScope;
      readonly session: ReadonlyMap<unknown, string>;
    },
    analyse: (fn: AnyFunction, called: string) => Analysis,
  ) {
    this.#task = of.task;
    this.#scope = of.scope;
    this.#session = of.session;
    this.#analyse = analyse;
  }

  /** @param subject who uses it, as the beginning of a sentence: `it`, `its function add`. */
  add(fn: AnyFunction, called: string, subject: string): Piece {
    const analysis = this.#analyse(fn, called);
    if (!analysis.ok) throw refusal(this.#task, `${subject} ${analysis.why}`);
    for (const [name, use] of analysis.uses) this.#name(name, use, subject);
    return analysis.piece;
  }

  #name(name: string, use: UsedName, subject: string): void {
    if (Object.hasOwn(this.names, name) || Object.hasOwn(this.values, name)) return;
    const source = this.#scope.sourceOf(name);
    if (source && isImport(source)) {
      const exported = source.exports[name] ?? name;
      this.names[name] = { kind: "import", load: String(source.load), exported };
      return;
    }
    if (this.#scope.isAccessor(name)) {
      if (name === "z" || name === "Duration") this.names[name] = { kind: "own", exported: name };
      else if (name === "signal") this.names[name] = { kind: "signal" };
      else if (isLaterName(name)) {
        const what = `${subject} uses \`${name}\`, which the session lends`;
        throw refusal(this.#task, `${what}: import { ${name} } from "eagerdeck" in a cell`);
      } else throw this.#refused(subject, name, "which is the session's");
      return;
    }
    // A name that nobody has declared yet is an error when it is read, there as here.
    if (!this.#scope.has(name)) return;
    this.#value(name, this.#scope.get(name), use, subject);
  }

  #value(name: string, value: unknown, use: UsedName, subject: string): void {
    const own = OWN.get(value);
    const session = this.#session.get(value);
    if (own !== undefined) {
      this.names[name] = { kind: "own", exported: own };
    } else if (session !== undefined) {
      this.names[name] = { kind: "session", name: session };
    } else if (isEntity(value)) {
      if (!use.isOnlyFn) {
        const why = `${subject} calls ${name}, and calls are tracked in the main thread only; make ${this.#task} an eager workflow, or use the bare function, ${name}.fn(…)`;
        throw refusal(this.#task, why);
      }
      this.#code(name, "fn", (value as unknown as { fn: AnyFunction }).fn);
    } else if (typeof value === "function") {
      if (name === "require" && "resolve" in value) this.names[name] = { kind: "require" };
      else this.#code(name, "code", value as AnyFunction);
    } else if (losesClass(value)) {
      throw refusal(this.#task, usesUncopiable({ path: name, what: describe(value) }, subject));
    } else {
      this.values[name] = value;
    }
  }

  #code(name: string, kind: "code" | "fn", fn: AnyFunction): void {
    // There before what it uses: functions may use each other.
    const entry = { kind, piece: undefined as unknown as Piece };
    this.names[name] = entry;
    entry.piece = this.add(fn, name, `its function \`${name}\``);
  }

  #refused(subject: string, name: string, why: string): TypeError {
    return refusal(this.#task, `${subject} uses \`${name}\`, ${why}; pass the data as an input`);
  }
}

export function isImport(source: object): source is ImportRecord {
  return "load" in source && "exports" in source;
}

/** Code of a cell as it was found. */
interface Found {
  readonly file: string;
  readonly code: string;
  readonly text: string;
  readonly called: string;
}

/** Sorts out what code of a cell takes from outside. */
export function analysed(
  { file, code, text, called }: Found,
  {
    start,
    isMethod,
    references,
    enclosing,
    usesThis,
  }: NonNullable<ReturnType<typeof findFunction>>,
): Analysis {
  if (usesThis) return { ok: false, why: "uses the `this` of the function around it" };
  // The head of a compiled cell names what it is given: segments, support, flags.
  const head = /^\((?:async )?function\(([^)]*)\)/.exec(code)?.[1]?.split(",") ?? [];
  const [support = "$x", flags = "$i"] = head.slice(-2);
  const segments = head.slice(0, -2);
  const uses = new Map<string, UsedName>();
  const add = (name: string | undefined, isOnlyFn: boolean) => {
    if (name === undefined) return;
    uses.set(name, { isOnlyFn: isOnlyFn && (uses.get(name)?.isOnlyFn ?? true) });
  };
  for (const { members, name, use } of references) {
    if (name === flags) continue;
    if (name === support) {
      const why = supportUse(members);
      if (why !== undefined) return { ok: false, why };
      if (members[0] === "maybe") add(members[1], false);
    } else if (segments.includes(name)) {
      if (use === "write" && members.length === 1) {
        const why = `assigns \`${members[0]}\`, a variable of the session, where nobody would see it; return the value instead`;
        return { ok: false, why };
      }
      add(members[0], members[1] === "fn");
    } else if (enclosing.has(name)) {
      const why = `uses \`${name}\`, a variable of the function or block around it; pass it as an input`;
      return { ok: false, why };
    }
  }
  const { line, column } = offsetToLineColumn(code, start);
  const place = { file, line, column, segments, support, flags };
  return { ok: true, piece: { text, name: called, isMethod, ...place }, uses };
}

/** Why what the code asks of the session's machinery is not there in a thread. */
function supportUse([what]: readonly string[]): string | undefined {
  if (what === "evalSource") return "calls eval, whose text nobody knows";
  if (what === "jsx" || what === "Fragment") return "makes elements of a cell; return their data";
  return undefined;
}
