/**
 * The text the checker sees for each cell, and which of these texts it still needs.
 *
 * A document is one header line that brings session names, the cell's text, and a line that exports
 * what the cell declares. The header comes first: behind an unclosed block a footer would not count.
 *
 * Invariants
 *   D1  A document never changes what an older one means: names are bound by the document that
 *       provides them, as they were when the cell ran.
 *   D2  Line n of the cell is line n + `linesBefore` of its document; columns are the same.
 *   D3  Only names that a cell really published are brought; types are published with their cell.
 * Pure: no process, no disk.
 * @module
 */

import type { DeclaredTypes } from "../../../types/declared-types.ts";
import {
  analyse,
  type CellImport,
  declaredSoFar,
  identifiers,
  type NameKind,
} from "../../analyse.ts";
import { isPlain } from "../../parse-guard.ts";
import type { Published } from "../../protocol.ts";
import { DOCUMENT_PREFIX } from "./config.ts";
import { preludeNames, preludeText } from "./prelude.ts";

const PRELUDE = 0;
/** Checked and not yet settled; more wait only when lanes run dozens of cells. */
const PENDING_MAX = 32;
/** Names that a draft's header keeps although its text mentions them no more. */
const DRAFT_NAMES_MAX = 200;

export interface CheckerDocument {
  readonly fileName: string;
  readonly languageId: "typescript" | "typescriptreact";
  readonly text: string;
  /** The cell's own text as it stands in the document. */
  readonly code: string;
  readonly linesBefore: number;
  /** Cells whose documents the header names. */
  readonly providers: ReadonlySet<number>;
  readonly imports: readonly CellImport[];
}

export interface SessionName {
  readonly name: string;
  /** Cell that declared it; absent when only the user process knows where it comes from. */
  readonly cell?: number;
  readonly kind: NameKind;
  readonly hasType: boolean;
  /** The cell as the person knows it, `In [3]`. */
  readonly from?: string;
  /** What the value itself says, of a function whose interface was not known to the checker. */
  readonly types?: DeclaredTypes;
}

export class SessionDocuments {
  readonly #names = new Map<string, SessionName>();
  readonly #documents = new Map<number, CheckerDocument>();
  /** What people call the cells that have a document. */
  readonly #labels = new Map<number, string>();
  /** Documents that change types of others without being mentioned. */
  readonly #augmenting = new Set<number>();
  readonly #pending = new Set<number>();
  /** By cell: live names, headers and other reasons that need its document; one without any is let go. */
  readonly #reasons = new Map<number, number>();
  /** File names by cell. */
  readonly #letGo = new Map<number, string>();
  /** Documents looked at so far to find what is needed: what a test counts instead of time. */
  visits = 0;
  /** The highest cell that was seen: the draft is the one after it. */
  #newest = 0;
  /** Names in the header of the current draft. */
  #drafted = { cell: 0, names: new Set<string>() };
  readonly prelude: CheckerDocument;

  constructor() {
    this.prelude = {
      fileName: `${DOCUMENT_PREFIX}${PRELUDE}.ts`,
      languageId: "typescript",
      text: preludeText,
      code: preludeText,
      linesBefore: 0,
      providers: new Set(),
      imports: [],
    };
    this.reset();
  }

  /** Every name that a cell could use now, newest last. */
  get names(): ReadonlyMap<string, SessionName> {
    return this.#names;
  }

  /** Forgets all cells: their names are gone. */
  reset(): void {
    for (const [cell, { fileName }] of this.#documents) {
      if (cell !== PRELUDE) this.#letGo.set(cell, fileName);
    }
    this.#names.clear();
    this.#documents.clear();
    this.#augmenting.clear();
    this.#pending.clear();
    this.#reasons.clear();
    this.#documents.set(PRELUDE, this.prelude);
    this.#need(PRELUDE);
    for (const name of preludeNames) {
      // All by import, also what the host holds in variables: nobody assigns to `deck`.
      this.#setName({ name, cell: PRELUDE, kind: "import", hasType: false });
    }
  }

  /**
   * The document of a cell, against the names that exist now.
   * @param after a cell that runs at this moment: the names it declares count as existing.
   */
  compose(
    cell: number,
    code: string,
    after?: { readonly cell: number; readonly code: string },
  ): CheckerDocument {
    const { declared, exported, mentioned, imports, isTsx, pragmas } = analyse(code);
    const own = new Set(declared.map(({ name }) => name));
    const names = [...mentioned].filter((name) => !own.has(name));
    const exports = declared
      .filter(({ name, kind }) => kind !== "using" && !exported.has(name))
      .map(({ name }) => name);
    const document = this.#assemble({
      cell,
      code,
      isTsx,
      leading: pragmas.leading,
      brought: names,
      exports,
      imports,
      assumed: after ? assumedNames(after.cell, after.code) : new Map(),
    });
    this.#newest = Math.max(this.#newest, cell);
    const before = this.#documents.get(cell);
    this.#documents.set(cell, document);
    this.#letGo.delete(cell);
    for (const provider of document.providers) this.#need(provider);
    for (const provider of before?.providers ?? []) this.#needLess(provider);
    if (!this.#pending.has(cell)) {
      this.#pending.add(cell);
      this.#need(cell);
    }
    for (const oldest of this.#pending) {
      if (this.#pending.size <= PENDING_MAX) break;
      this.#settled(oldest);
    }
    return document;
  }

  /**
   * The document of a text that is being typed. It is the next cell's, so that the server has read it
   * when the cell is sent. Its header only grows: another header costs the server its whole program.
   */
  draft(code: string): CheckerDocument {
    const analysis = isPlain(code) ? analyse(code) : undefined;
    const isWhole = analysis !== undefined && analysis.errors.length === 0;
    const declared = isWhole ? analysis.declared : [];
    const own = isWhole ? new Set(declared.map(({ name }) => name)) : declaredSoFar(code);
    const mentioned = isWhole ? analysis.mentioned : identifiers(code);
    const cell = this.draftCell;
    if (this.#drafted.cell !== cell || this.#drafted.names.size > DRAFT_NAMES_MAX) {
      this.#drafted = { cell, names: new Set() };
    }
    for (const name of mentioned) if (this.#names.has(name)) this.#drafted.names.add(name);
    return this.#assemble({
      cell,
      code,
      isTsx: analysis?.isTsx ?? false,
      leading: analysis?.pragmas.leading ?? [],
      brought: [...this.#drafted.names].filter((name) => !own.has(name)),
      exports: declared
        .filter(({ name, kind }) => kind !== "using" && !analysis?.exported.has(name))
        .map(({ name }) => name),
      imports: analysis?.imports ?? [],
      assumed: new Map(),
    });
  }

  /** The number that the text being typed will probably get. */
  get draftCell(): number {
    return this.#newest + 1;
  }

  /** `In [3]`, of a cell that has run and that something still needs. */
  labelOf(cell: number): string | undefined {
    return this.#labels.get(cell);
  }

  /** The cell ran: these of its values exist, and all of its types. */
  published(
    cell: number,
    code: string,
    names: readonly Pick<Published, "name" | "types">[],
    label?: string,
  ): void {
    if (!this.#documents.has(cell)) this.compose(cell, code);
    const from = label === undefined ? {} : { from: label };
    if (label !== undefined) this.#labels.set(cell, label);
    const values = new Set(names.map(({ name }) => name));
    const typesOf = new Map(names.map(({ name, types }) => [name, types]));
    const { declared, augments } = analyse(code);
    if (augments && !this.#augmenting.has(cell)) {
      this.#augmenting.add(cell);
      this.#need(cell);
    }
    for (const { name, kind, typeOnly, hasType } of declared) {
      if (kind === "using") {
        values.delete(name);
        continue;
      }
      // An import of a type without `type` has no value, and its name is wanted all the same.
      if (!typeOnly && kind !== "import" && !values.has(name)) continue;
      values.delete(name);
      const types = typesOf.get(name);
      this.#setName({ name, cell, kind, hasType, ...from, ...(types && { types }) });
    }
    // Made in a way that the parser does not see.
    for (const name of values) this.#setName({ name, kind: "var", hasType: false, ...from });
    this.#settled(cell);
  }

  /** Only the names of the cell, if any, need its document from now on. */
  #settled(cell: number): void {
    if (this.#pending.delete(cell)) this.#needLess(cell);
  }

  #setName(entry: SessionName): void {
    const before = this.#names.get(entry.name);
    // Set anew, so that the newest names are the last ones.
    this.#names.delete(entry.name);
    this.#names.set(entry.name, entry);
    if (entry.cell !== undefined) this.#need(entry.cell);
    if (before?.cell !== undefined) this.#needLess(before.cell);
  }

  #need(cell: number): void {
    this.#reasons.set(cell, (this.#reasons.get(cell) ?? 0) + 1);
  }

  /** Lets the document go with its last reason, and what only it needed. Headers name older cells only: no cycles. */
  #needLess(cell: number): void {
    const waiting = [cell];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      this.visits++;
      const left = (this.#reasons.get(next) ?? 0) - 1;
      if (left > 0) {
        this.#reasons.set(next, left);
        continue;
      }
      this.#reasons.delete(next);
      const document = this.#documents.get(next);
      if (!document) continue;
      this.#documents.delete(next);
      this.#labels.delete(next);
      this.#letGo.set(next, document.fileName);
      waiting.push(...document.providers);
    }
  }

  /** Files of the documents that nothing needs any more, each told once. */
  takeLetGo(): string[] {
    const files = [...this.#letGo.values()];
    this.#letGo.clear();
    return files;
  }

  /** A document and all that it needs, providers first. */
  closure(document: CheckerDocument): CheckerDocument[] {
    const ordered: CheckerDocument[] = [];
    for (const cell of this.#reachable(document.providers, this.#augmenting)) {
      const provider = this.#documents.get(cell);
      if (provider && provider !== document) ordered.push(provider);
    }
    ordered.push(document);
    return ordered;
  }

  /** Documents that later cells may need. */
  live(): CheckerDocument[] {
    return [...this.#documents.values()];
  }

  get(cell: number): CheckerDocument | undefined {
    return this.#documents.get(cell);
  }

  /** Whether the cell has a document that may be needed. */
  has(cell: number): boolean {
    return this.#documents.has(cell);
  }

  /** Cells reachable through headers, each after its providers. A header names older cells only. */
  #reachable(...roots: Iterable<number>[]): Set<number> {
    const seen = new Set<number>();
    const waiting = roots.flatMap((cells) => [...cells]);
    for (let cell = waiting.pop(); cell !== undefined; cell = waiting.pop()) {
      if (seen.has(cell)) continue;
      seen.add(cell);
      this.visits++;
      waiting.push(...(this.#documents.get(cell)?.providers ?? []));
    }
    return new Set([...seen].sort((a, b) => a - b));
  }

  #assemble(parts: {
    readonly cell: number;
    readonly code: string;
    readonly isTsx: boolean;
    readonly leading: readonly string[];
    readonly brought: readonly string[];
    readonly exports: readonly string[];
    readonly imports: readonly CellImport[];
    readonly assumed: ReadonlyMap<string, SessionName>;
  }): CheckerDocument {
    // In one order, so that a draft and the cell made of it have the same header.
    const known = parts.brought
      .flatMap((name) => parts.assumed.get(name) ?? this.#names.get(name) ?? [])
      .sort((a, b) => (a.cell ?? -1) - (b.cell ?? -1) || (a.name < b.name ? -1 : 1));
    const code = inModule(parts.code);
    const lines = [...parts.leading, headerLine(known), code];
    return {
      fileName: `${DOCUMENT_PREFIX}${parts.cell}.${parts.isTsx ? "tsx" : "ts"}`,
      languageId: parts.isTsx ? "typescriptreact" : "typescript",
      text: `${lines.join("\n")}\n;export {${parts.exports.join(", ")}};`,
      code,
      linesBefore: parts.leading.length + 1,
      providers: new Set(
        known.flatMap(({ cell, types }) => [
          ...(cell === undefined ? [] : [cell]),
          ...(types === undefined ? [] : [PRELUDE]),
        ]),
      ),
      imports: parts.imports,
    };
  }
}

/** What a cell gives to later ones if all goes well. */
function assumedNames(cell: number, code: string): Map<string, SessionName> {
  const { declared } = analyse(code);
  return new Map(
    declared
      .filter(({ kind }) => kind !== "using")
      .map(({ name, kind, hasType }) => [name, { name, cell, kind, hasType }]),
  );
}

/** One line, whatever it brings. */
function headerLine(names: readonly SessionName[]): string {
  const imported = new Map<number, string[]>();
  const variables: string[] = [];
  for (const { name, cell, kind, hasType, types } of names) {
    if (cell === undefined) {
      variables.push(`declare let ${name}: any;`);
    } else if (types !== undefined) {
      const declared = `typeof import("${moduleOf(cell)}").${name}`;
      variables.push(
        `declare const ${name}: import("${moduleOf(PRELUDE)}").FetchedAs<${declared}, ${types.inputs}, ${types.output}>;`,
      );
    } else if ((kind === "let" || kind === "var") && !hasType) {
      // Not imported: assigning must stay legal.
      variables.push(`declare let ${name}: typeof import("${moduleOf(cell)}").${name};`);
    } else {
      // `const` too: only an import keeps `const n = 3; let m = n` a number in the next cell.
      const list = imported.get(cell) ?? [];
      imported.set(cell, list);
      list.push(name);
    }
  }
  const imports = [...imported].map(
    ([cell, list]) => `import { ${list.join(", ")} } from "${moduleOf(cell)}";`,
  );
  return [...imports, ...variables].join(" ");
}

/**
 * Where in a header line the type behind a brought variable is named, which leads on to its cell.
 * @param column of the variable's own name, from 0.
 */
export function sourceColumn(header: string, column: number): number | undefined {
  const [said] =
    /^[^:;]+: (?:import\("[^"]*"\)\.FetchedAs<)?typeof import\("[^"]*"\)\./.exec(
      header.slice(column),
    ) ?? [];
  return said === undefined ? undefined : column + said.length;
}

function moduleOf(cell: number): string {
  return `./${DOCUMENT_PREFIX}${cell}`;
}

/**
 * What may only begin a file is blanked out, in place, so that no position moves. Halves of surrogate
 * pairs are replaced too: the server refuses messages with them.
 */
function inModule(code: string): string {
  return code
    .replace(/^\uFEFF/, " ")
    .replace(/^( ?)#!/, "$1//")
    .toWellFormed();
}
