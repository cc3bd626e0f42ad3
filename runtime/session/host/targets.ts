/**
 * How the code of one text says the session's names, and which of them the text declares itself.
 * @module
 */
import type { Node } from "./ast.ts";

export type DeclaredKind =
  | "const"
  | "let"
  | "var"
  | "function"
  | "class"
  | "enum"
  | "namespace"
  | "import";

export interface Declared {
  readonly name: string;
  readonly kind: DeclaredKind;
}

/** What compiling asks of the session's names. */
export interface SessionNames {
  /** The number of the segment that holds `name`, or will: a name keeps its segment for ever. */
  segmentOf(name: string): number;
  /** The kind of a published name. */
  kindOf(name: string): DeclaredKind | undefined;
  /** Whether a published name is `task`, `workflow` or `eager`, under whatever alias. */
  isTaskMaker(name: string): boolean;
  /** Whether `name` is a property of the global object right now. */
  isGlobal(name: string): boolean;
}

/** Functions of "eagerdeck" whose anonymous argument takes the name of the variable. */
export const TASK_MAKERS: ReadonlySet<string> = new Set(["task", "workflow", "eager", "mapTask"]);

/** The names of one text; `rewrite.ts` fills it, the walker asks. */
export class Targets {
  readonly #names: SessionNames | undefined;
  /** Text of an `eval` may use names whose segments its cell's function was not given. */
  readonly #isEval: boolean;
  readonly #kinds = new Map<string, DeclaredKind>();
  readonly #indexes = new Map<string, number>();
  /** Suffix of `$0`, `$x`, `$i`, `$p1`, so that they meet no name of the text. */
  readonly suffix: string;
  /** In order; what code publishes is said by index. */
  readonly declared: Declared[] = [];
  /** Names that are, in this text, aliases of `task`, `workflow` or `eager`. */
  readonly taskMakers = new Set<string>();

  /** @param names undefined for a module, whose names stay its own. */
  constructor(names: SessionNames | undefined, suffix: string, isEval: boolean) {
    this.#names = names;
    this.suffix = suffix;
    this.#isEval = isEval;
  }

  /** Whether free names are the session's. */
  get areSession(): boolean {
    return this.#names !== undefined;
  }

  /** A name that the text declares at its top; the last declaration decides the kind. */
  declare(name: string, kind: DeclaredKind): void {
    if (!this.#kinds.has(name)) this.#indexes.set(name, this.declared.push({ name, kind }) - 1);
    this.#kinds.set(name, kind);
  }

  /** Whether the text declares `name` at its top. */
  has(name: string): boolean {
    return this.#kinds.has(name);
  }

  /** Whether `name` is one that an earlier cell published. */
  isEarlier(name: string): boolean {
    return !this.#kinds.has(name) && this.#names?.kindOf(name) !== undefined;
  }

  /** Finds the makers of tasks that the text imports, under whatever names. */
  findTaskMakers(body: readonly Node[]): void {
    for (const node of body) {
      if (node.type !== "ImportDeclaration" || node["source"].value !== "eagerdeck") continue;
      for (const specifier of node["specifiers"]) {
        if (TASK_MAKERS.has(specifier["imported"]?.name))
          this.taskMakers.add(specifier["local"].name);
      }
    }
  }

  /** Whether a call of `name` names its function after the variable. */
  isTaskMaker(name: string): boolean {
    if (this.taskMakers.has(name)) return true;
    return !this.#kinds.has(name) && (this.#names?.isTaskMaker(name) ?? false);
  }

  /** Our own name in that code: `$x`, `$i`, `$p1`. */
  own(name: string): string {
    return `$${name}${this.suffix}`;
  }

  /** Where a name of the session is; it has a place from now on. */
  slot(name: string): string {
    const segment = this.#names?.segmentOf(name) ?? 0;
    if (this.#isEval) return `${this.own("x")}.segments[${segment}].${name}`;
    return `${this.own(String(segment))}.${name}`;
  }

  /** `$0.a = a, $x.published(0)`: copies locals to the scope and says so. */
  publish(names: readonly string[]): string {
    return `${names.map((name) => `${this.slot(name)}=${name}`).join(",")},${this.published(names)}`;
  }

  /** Tells the session that names have their values. */
  published(names: readonly string[]): string {
    const indexes = names.map((name) => this.#indexes.get(name));
    return `${this.own("x")}.published(${indexes.join(",")})`;
  }

  /** What stands for a free name when read or written, or undefined when it stays as it is: a global. */
  target(name: string, use: "read" | "write" | "typeof"): string | undefined {
    if (!this.#names) return undefined;
    const x = this.own("x");
    const kind = this.#kinds.get(name) ?? this.#names.kindOf(name);
    if (kind === undefined) {
      if (this.#names.isGlobal(name)) return undefined;
      if (use === "typeof") return `${x}.maybe.${name}`;
      if (use === "write") return `${x}.undeclared.${name}`;
      return this.slot(name);
    }
    if (use === "write" && (kind === "const" || kind === "import")) return `${x}.constant.${name}`;
    return this.slot(name);
  }
}
