/**
 * One ES module of the pieces of cells that a task or eager workflow is made of.
 *
 * Pieces are compiled code of cells: names of the session are said `$0.total` there, checks `$x.interrupted()`. Here these
 * objects are made for the pieces alone.
 *
 * Invariants
 *   O1  The same slice gives the same text, whatever cells it was cut from.
 *   O2  Places in stacks are those in the declarations that people wrote.
 * @module
 */
import { join } from "node:path";
import type { CellPart, CellPiece, CellSlice } from "../../workflow/cell-code.ts";
import { cellSource, entityName, projectFolder } from "./entity-name.ts";

export interface CellModule {
  readonly code: string;
  /** Source map: absolute sources. */
  readonly map: string;
}

/** What the pieces expect around them. `$names` tells of a missing name as a session does. */
const SURROUNDINGS = `const $missing = new Proxy(Object.create(null), {
  get(_, name) {
    if (typeof name !== "string") return undefined;
    if (name in globalThis) return globalThis[name];
    throw new ReferenceError(name + " is not defined");
  },
});
const $names = Object.create($missing);
const $read = (name) => (Object.hasOwn($names, name) ? $names[name] : undefined);
const $support = {
  interrupted() {},
  live: (value) => value,
  maybe: new Proxy({}, { get: (_, name) => $read(name) }),
  undeclared: new Proxy($names, {
    set(_, name) { throw new ReferenceError(String(name) + " is not defined"); },
  }),
  constant: new Proxy($names, {
    set(_, name) { throw new TypeError("Assignment to constant variable '" + String(name) + "'."); },
  }),
  meta: import.meta,
};
const $flags = new Int32Array(2);
const $once = (make) => {
  let made;
  return () => {
    if (made === $once) throw new ReferenceError("a value of a cell is made of itself");
    if (made === undefined) {
      made = $once;
      try {
        made = { value: make() };
      } finally {
        if (made === $once) made = undefined;
      }
    }
    return made.value;
  };
};
const $name = (name, get) => Object.defineProperty($names, name, { get, enumerable: true });`;

export function cellModule(slice: CellSlice): CellModule {
  return new Writer(slice).write();
}

class Writer {
  readonly #slice: CellSlice;
  readonly #lines: string[] = [];
  /** Of each line: where its columns were written, in order. */
  readonly #mappings: Mapping[][] = [];
  readonly #sources = new Map<string, number>();
  readonly #modules = new Map<string, string>();

  constructor(slice: CellSlice) {
    this.#slice = slice;
  }

  write(): CellModule {
    const { names, order, parts } = this.#slice;
    this.#line(`import * as $own from "eagerdeck";`);
    for (const part of parts) {
      if (part.kind !== "import" || this.#modules.has(part.specifier)) continue;
      const module = `$m${this.#modules.size}`;
      this.#modules.set(part.specifier, module);
      this.#line(`import * as ${module} from ${JSON.stringify(part.specifier)};`);
    }
    for (const line of SURROUNDINGS.split("\n")) this.#line(line);
    for (const [index, part] of parts.entries()) this.#part(index, part);
    for (const [name, index] of names) {
      this.#line(`$name(${JSON.stringify(name)}, ${`$p${index}`});`);
    }
    this.#line(`const $task = process.env.FLYTE_INTERNAL_TASK_NAME;`);
    this.#line(`const $wanted = $task ? (${this.#wanted()}[$task] ?? []) : undefined;`);
    for (const index of order) {
      const part = parts[index];
      if (part?.kind !== "made") continue;
      const make = part.isAwaited ? `await $v${index}.make()` : `$p${index}()`;
      this.#line(`if ($wanted?.includes(${index}) !== false) ${make};`);
    }
    return { code: `${this.#lines.join("\n")}\n`, map: this.#map() };
  }

  /** By names of tasks: what is made for each. What the others need may ask the cluster something. */
  #wanted(): string {
    const { definitions, parts } = this.#slice;
    const wanted: Record<string, number[]> = {};
    for (const [definition, root] of definitions) {
      const reached = new Set([root]);
      for (const index of reached) {
        const part = parts[index];
        if (part && "uses" in part) for (const used of part.uses) reached.add(used);
      }
      const made = [...reached].filter((index) => parts[index]?.kind === "made");
      wanted[entityName(definition)] = made.sort((a, b) => a - b);
    }
    return JSON.stringify(wanted);
  }

  #part(index: number, part: CellPart): void {
    switch (part.kind) {
      case "value":
        return this.#line(`const $p${index} = $once(() => (${part.text}));`);
      case "own":
        return this.#line(`const $p${index} = () => $own.${part.exported};`);
      case "signal":
        return this.#line(`const $p${index} = () => $own.currentContext().signal;`);
      case "import": {
        const module = this.#modules.get(part.specifier);
        const read = part.exported === "*" ? "" : `[${JSON.stringify(part.exported)}]`;
        return this.#line(`const $p${index} = () => ${module}${read};`);
      }
      case "code":
        return this.#code(index, part.piece);
      case "made":
        return this.#made(index, part.piece, part.isAwaited);
      default:
        part satisfies never;
    }
  }

  #code(index: number, piece: CellPiece): void {
    const name = JSON.stringify(piece.name);
    const [before, after] = piece.isMethod
      ? ["Object.values({", "})[0]"]
      : [`({ ${name}:`, `})[${name}]`];
    this.#line(`const $p${index} = $once(() => ((${parameters(piece)}) => ${before}`);
    this.#piece(piece);
    this.#line(`${after})(${values(piece)}));`);
  }

  #made(index: number, piece: CellPiece, isAwaited: boolean): void {
    const head = `((${parameters(piece)}) => (`;
    if (!isAwaited) {
      this.#line(`const $p${index} = $once(() => ${head}`);
      this.#piece(piece);
      this.#line(`))(${values(piece)}));`);
      return;
    }
    this.#line(
      `const $v${index} = { value: undefined, async make() { this.value = await (async ${head.slice(1)}`,
    );
    this.#piece(piece);
    this.#line(`))(${values(piece)}); } };`);
    this.#line(`const $p${index} = () => $v${index}.value;`);
  }

  #piece({ locate, source: called, text }: CellPiece): void {
    const source = this.#source(called);
    for (const [row, line] of text.split("\n").entries()) {
      const mappings: Mapping[] = [];
      for (const { index: column } of line.matchAll(
        /[\p{ID_Start}$_][\p{ID_Continue}$]*|[^\s\p{ID_Continue}]/gu,
      )) {
        const position = locate(row + 1, column + 1);
        const isFirst = row === 0 && column === 0;
        // Where a task is made is what its name is made of: that place is always known.
        const written = position ?? (isFirst ? { line: 1, column: 1 } : undefined);
        if (written && written.line > 0) mappings.push({ column, source, written });
      }
      this.#line(line, mappings);
    }
  }

  #source(name: string): number {
    let source = this.#sources.get(name);
    if (source === undefined) {
      source = this.#sources.size;
      this.#sources.set(name, source);
    }
    return source;
  }

  #line(text: string, mappings: Mapping[] = []): void {
    // A constant of a person's may hold a line end of its own, as a template.
    for (const [index, line] of text.split("\n").entries()) {
      this.#lines.push(line);
      this.#mappings.push(index === 0 ? mappings : []);
    }
  }

  #map(): string {
    const root = projectFolder(join(this.#slice.folder, "__eagerdeck.ts"));
    const sources = [...this.#sources.keys()].map((name) => join(root, cellSource(name)));
    return JSON.stringify({ version: 3, sources, names: [], mappings: encoded(this.#mappings) });
  }
}

function parameters({ segments, support, flags }: CellPiece): string {
  return [...segments, support, flags].join(", ");
}

function values({ segments }: CellPiece): string {
  return [...segments.map(() => "$names"), "$support", "$flags"].join(", ");
}

// ── source maps ─────────────────────────────────────────────────────────────────────────────────

interface Mapping {
  /** From 0. */
  readonly column: number;
  readonly source: number;
  /** From 1. */
  readonly written: { readonly line: number; readonly column: number };
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function encoded(lines: readonly (readonly Mapping[])[]): string {
  let [source, line, column] = [0, 0, 0];
  const texts = lines.map((mappings) => {
    let at = 0;
    return mappings
      .map(({ column: generated, source: of, written }) => {
        const [toLine, toColumn] = [written.line - 1, written.column - 1];
        const numbers = [generated - at, of - source, toLine - line, toColumn - column];
        [at, source, line, column] = [generated, of, toLine, toColumn];
        return numbers.map(digits).join("");
      })
      .join(",");
  });
  return texts.join(";");
}

/** Five bits to a digit, the lowest first; the lowest bit of all is the sign. */
function digits(value: number): string {
  let rest = value < 0 ? -value * 2 + 1 : value * 2;
  let text = "";
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += DIGITS[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}
