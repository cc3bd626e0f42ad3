/**
 * What a cluster needs of cells to run a task or an eager workflow that they define: the expression that made it, the
 * functions, classes and tasks it uses, what to import, and constants.
 *
 * The cutting is that of threads (`slice.ts`). What differs: the task itself is made again there, so its schemas and
 * settings have to be made again too; and what it calls goes along as a task, not as a bare function.
 *
 * Invariants
 *   M1  What cannot be made again there is refused, said by the name the person wrote.
 *   M2  Names have the values of the moment. A value that cannot be written down is made by the expression that made
 *       it here, out of the cell that this value came from.
 *   M3  The same code with the same constants gives the same slice, whatever cell it stands in.
 *   M4  No secret that the session knows is written down.
 * @module
 */
import { isEntity } from "../../types/interface.ts";
import type { CellCode, CellPart, CellPiece, CellSlice } from "../../workflow/cell-code.ts";
import { callableOf, type Definition, definitionOf } from "../../workflow/definition.ts";
import { madeIn, madeOf } from "../../workflow/made.ts";
import { describe } from "../../workflow/thread/copyable.ts";
import { originOf } from "../../workflow/thread/origin.ts";
import { CellPlaces, type MadeValues, type Place } from "./cell-places.ts";
import { constantOf, isMadeAgain, isObject, laterNameOf } from "./cell-values.ts";
import { isLaterName } from "./later.ts";
import { readsAtOnce, specifierOf } from "./makers.ts";
import { locatedPiece, locatedStack, type SentPieces } from "./piece-places.ts";
import { expressionAt } from "./references.ts";
import type { SessionScope } from "./scope.ts";
import { type Analysis, type AnyFunction, analysed, isImport, OWN, type Slicer } from "./slice.ts";

export interface CellModulesOptions {
  readonly slicer: Slicer;
  readonly scope: SessionScope;
  readonly folder: string;
  /** What people call a cell: `In [3]`. */
  readonly label: (file: string) => string | undefined;
  /** What only a session has, by name. */
  readonly session: Readonly<Record<string, unknown>>;
}

export class CellModules implements CellCode {
  readonly #options: CellModulesOptions;
  readonly #made: MadeValues = new WeakMap();
  readonly #sent: SentPieces = new Map();

  constructor(options: CellModulesOptions) {
    this.#options = options;
  }

  /** A cell has given a name its value. */
  published(file: string, name: string): void {
    const { scope } = this.#options;
    // Reading an import runs code of ours.
    if (scope.isAccessor(name) || !scope.has(name)) return;
    const value = scope.get(name);
    if (isObject(value) && !this.#made.has(value)) this.#made.set(value, { file, name });
  }

  slice(definitions: readonly Definition[]): CellSlice | undefined {
    const { folder, slicer } = this.#options;
    const [first] = definitions;
    const file = first && originOf(first.fn);
    if (file === undefined || !slicer.cells.has(file)) return undefined;
    return { ...new Cut(this.#options, this.#made, this.#sent).all(definitions), folder };
  }

  located(stack: string): string {
    return locatedStack(stack, this.#sent, (file) => this.#options.label(file));
  }
}

/** What one bundle takes along. */
class Cut {
  readonly #options: CellModulesOptions;
  readonly #made: MadeValues;
  readonly #sent: SentPieces;
  readonly #session: ReadonlySet<unknown>;
  readonly #parts: (CellPart | undefined)[] = [];
  readonly #names = new Map<string, number>();
  /** Of what is made again: what is used comes before what uses it. */
  readonly #order: number[] = [];
  /** Of functions and of places of cells: what several names say is one thing. */
  readonly #known = new Map<unknown, number>();
  readonly #definitions = new Map<Definition, number>();
  readonly #places: CellPlaces;
  #root = "";

  constructor(options: CellModulesOptions, made: MadeValues, sent: SentPieces) {
    this.#options = options;
    this.#made = made;
    this.#sent = sent;
    this.#places = new CellPlaces(options.slicer, made);
    this.#session = new Set(Object.values(options.session));
  }

  all(definitions: readonly Definition[]): Omit<CellSlice, "folder"> {
    for (const definition of definitions) {
      this.#root = `${definition.entity} ${definition.name}`;
      this.#entity(definition, definition.name, "it");
    }
    return {
      parts: this.#parts.map((part, index) => {
        if (part === undefined) throw new Error(`part ${index} of the slice was not made`);
        return part;
      }),
      names: this.#names,
      order: this.#order,
      definitions: this.#definitions,
    };
  }

  // ── names ─────────────────────────────────────────────────────────────────────────────────────

  /** @param subject who uses it, as the beginning of a sentence: `it`, `its function add`. */
  #name(name: string, subject: string): void {
    if (this.#names.has(name)) return;
    const { scope } = this.#options;
    const source = scope.sourceOf(name);
    if (source && isImport(source)) {
      const specifier = specifierOf(String(source.load));
      if (specifier === undefined) {
        throw this.#refused(subject, name, "which is imported by no plain import statement");
      }
      const exported = source.exports[name] ?? name;
      this.#names.set(name, this.#add({ kind: "import", specifier, exported }));
    } else if (scope.isAccessor(name)) {
      this.#names.set(name, this.#add(this.#lent(name, subject)));
      // A name that nobody has declared yet is an error when it is read, there as here.
    } else if (scope.has(name)) {
      this.#value(name, scope.get(name), subject);
    }
  }

  /** What every cell can say. */
  #lent(name: string, subject: string): CellPart {
    if (name === "signal") return { kind: "signal" };
    if (name === "z" || isLaterName(name)) return { kind: "own", exported: name };
    throw this.#refused(subject, name, "which is the session's");
  }

  #value(name: string, value: unknown, subject: string): void {
    const own = OWN.get(value) ?? laterNameOf(value);
    if (own !== undefined) {
      const exported = own === "html" || own === "md" ? `Deck.${own}` : own;
      this.#names.set(name, this.#add({ kind: "own", exported }));
    } else if (this.#session.has(value) || name === "require") {
      const advice = name === "require" ? "write import" : "use currentContext().deck(…)";
      const why = `${subject} uses \`${name}\`, which only a session has; ${advice}`;
      throw this.#refusal(why);
    } else if (isEntity(value)) {
      this.#callable(name, value, subject);
    } else if (typeof value === "function" && this.#isOfCall(name, value as AnyFunction)) {
      this.#remade(name, value, subject);
    } else if (typeof value === "function") {
      this.#function(name, value as AnyFunction, subject);
    } else if (isMadeAgain(value)) {
      this.#remade(name, value, subject);
    } else {
      const constant = constantOf(name, value);
      if (!constant.ok) throw this.#refusal(`${subject} uses ${constant.why}`);
      this.#names.set(name, this.#add({ kind: "value", text: constant.text }));
    }
  }

  /** A function that a call gave, `mapTask(fit)`: it has no text of its own. */
  #isOfCall(name: string, fn: AnyFunction): boolean {
    const made = this.#made.get(fn);
    if (!made || this.#options.slicer.analysis(fn, name).ok) return false;
    const text = Function.prototype.toString.call(fn);
    const cells = [...this.#options.slicer.cells.values()];
    return (
      !cells.some(({ code }) => code.includes(text)) &&
      this.#places.initializerIn(made.file, made.name) !== undefined
    );
  }

  // ── what is made again ────────────────────────────────────────────────────────────────────────

  #callable(name: string, value: object, subject: string): void {
    const definition = definitionOf(value);
    const isBase = definition !== undefined && madeOf(definition.fn) === definition;
    if (isBase && definition.elsewhere === undefined) {
      this.#names.set(name, this.#entity(definition, name, subject));
      return;
    }
    // With settings of its own, a map over another task, or fetched: as it was declared.
    this.#remade(name, value, subject);
  }

  /** A task or workflow, by the declaration or the call that made it. */
  #entity({ fn }: Definition, name: string, subject: string): number {
    const known = this.#known.get(fn);
    if (known !== undefined) return known;
    const definition = madeOf(fn);
    const entity = definition?.entity ?? "task";
    const called = subject === "it" ? "it" : `its ${entity} \`${name}\``;
    const place = (definition && this.#places.declarationOf(definition)) ?? this.#places.callOf(fn);
    if (place === undefined) {
      const why = `nobody can tell how ${subject === "it" ? "it" : called} was made; write const ${name} = ${entity}(…, function ${name}(…) { … }) at the top of a cell`;
      throw this.#refusal(why);
    }
    const index = this.#expression(place, name, called, fn);
    if (definition && !this.#definitions.has(definition)) this.#definitions.set(definition, index);
    return index;
  }

  #remade(name: string, value: object, subject: string): void {
    const place = this.#places.initializer(name, value);
    if (place === undefined) {
      const why = `${subject} uses \`${name}\` (${describe(value)}), and no cell declares it on its own; write const ${name} = … at the top of a cell`;
      throw this.#refusal(why);
    }
    const called = `its \`${name}\``;
    if (readsAtOnce(place.node, name)) {
      const why = `${subject} uses \`${name}\`, which is made of an older \`${name}\`; give the new one a name of its own`;
      throw this.#refusal(why);
    }
    this.#names.set(name, this.#expression(place, name, called));
  }

  /** @param fn of the task that it makes. */
  #expression(
    { file, node, isAwaited }: Place,
    name: string,
    called: string,
    fn?: Definition["fn"],
  ): number {
    const key = `${file}:${node.start}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const program = this.#places.tree(file);
    const cell = this.#options.slicer.cells.get(file);
    const found = program && expressionAt(program, node);
    if (!found || !cell) throw new Error(`the expression of ${name} is not in ${file}`);
    const text = cell.code.slice(node.start, node.end);
    const analysis = analysed({ file, code: cell.code, text, called: "" }, found);
    // Known before what it uses: an eager workflow may call itself.
    const index = this.#reserve(key);
    if (fn !== undefined) this.#known.set(fn, index);
    this.#parts[index] = { kind: "made", ...this.#used(analysis, name, called), isAwaited };
    this.#order.push(index);
    for (const definition of madeIn([file])) {
      if (this.#isWithin(definition, text, name) && !this.#definitions.has(definition))
        this.#definitions.set(definition, index);
    }
    return index;
  }

  /** Of `{ fit: task(…) }` and `mapTask(task(…))`: tasks without a declaration of their own. */
  #isWithin(definition: Definition, text: string, name: string): boolean {
    if (!text.includes(Function.prototype.toString.call(definition.fn))) return false;
    const callable = callableOf(definition);
    const made = callable && this.#made.get(callable);
    return made === undefined || made.name === name;
  }

  #function(name: string, fn: AnyFunction, subject: string): void {
    const known = this.#known.get(fn);
    if (known !== undefined) {
      this.#names.set(name, known);
      return;
    }
    const analysis = this.#options.slicer.analysis(fn, name);
    if (!analysis.ok && !/^uses|^assigns|^calls|^makes/.test(analysis.why)) {
      throw this.#refusal(`${subject} uses \`${name}\`, which ${analysis.why}`);
    }
    // The same of functions that use each other.
    const index = this.#reserve(fn);
    this.#names.set(name, index);
    const used = this.#used(analysis, name, `its function \`${name}\``);
    this.#parts[index] = { kind: "code", ...used };
  }

  #reserve(key: unknown): number {
    const index = this.#parts.push(undefined) - 1;
    this.#known.set(key, index);
    return index;
  }

  #used(analysis: Analysis, name: string, called: string): Used {
    if (!analysis.ok) throw this.#refusal(`${called} ${analysis.why}`);
    const uses: number[] = [];
    for (const used of analysis.uses.keys()) {
      this.#name(used, called);
      const index = this.#names.get(used);
      if (index !== undefined) uses.push(index);
    }
    const piece = { ...analysis.piece, name };
    const cell = this.#options.slicer.cells.get(piece.file);
    const located = locatedPiece(piece, (line, column) => cell?.locate(line, column));
    this.#sent.set(located.source, located);
    return { piece: located, uses };
  }

  // ── the rest ──────────────────────────────────────────────────────────────────────────────────

  #add(part: CellPart): number {
    return this.#parts.push(part) - 1;
  }

  #refused(subject: string, name: string, why: string): TypeError {
    return this.#refusal(`${subject} uses \`${name}\`, ${why}; pass the data as an input`);
  }

  #refusal(why: string): TypeError {
    return new TypeError(`${this.#root} cannot run on a cluster: ${why}`);
  }
}

interface Used {
  readonly piece: CellPiece;
  readonly uses: readonly number[];
}
