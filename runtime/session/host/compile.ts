/**
 * Text of a cell → JavaScript of a function over the session's scope. Runs none of it.
 *
 * Parse once, rewrite the TypeScript text, then strip types: stripping first would turn `enum E` into
 * `$0.E || {}` and merge it with an older cell's `E`. Source maps cost more than all the rest and are
 * made on the first error only.
 * @module
 */
import remapping, { type SourceMapInput } from "@jridgewell/remapping";
import { TraceMap } from "@jridgewell/trace-mapping";
import { parseSync } from "oxc-parser";
import { refusal } from "../parse-guard.ts";
import type { Node } from "./ast.ts";
import type { CompilerOptions } from "./compiler-options.ts";
import {
  type EvalPlace,
  type JsxChoice,
  type Rewritten,
  rewriteCell,
  rewriteEval,
  rewriteModule,
  type Tree,
} from "./rewrite.ts";
import { type Language, type StripRequest, strip } from "./strip.ts";
import type { Declared, SessionNames } from "./targets.ts";
import { inLanguageLines, TextMap } from "./text-map.ts";

/** A problem the parser found; offsets are UTF-16 units into the text. */
export interface SyntaxProblem {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

/** A position of the text as written; line and column count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface CompiledCell {
  readonly ok: true;
  /** An expression that evaluates to a function of all segments, `$x` and `$i`. */
  readonly code: string;
  readonly declared: readonly Declared[];
  readonly taskMakers: readonly string[];
  /** The library that makes this cell's elements, if it has tags. */
  readonly jsxImportSource?: string;
  /** Where a position of `code` was written, or undefined for code that nobody wrote. */
  readonly locate: (line: number, column: number) => Position | undefined;
}

export type Compiled =
  | CompiledCell
  | { readonly ok: false; readonly problems: readonly SyntaxProblem[] };

/** How many lines `code` has before the cell's first. */
const LINES_BEFORE = 1;

/** Node runs `using` itself from 24 on. */
const HAS_USING = Number.parseInt(process.versions.node, 10) >= 24;

/** What the tsconfig says; called only for text that depends on it. */
type ReadOptions = () => CompilerOptions;

/**
 * Compiles a cell against the names that exist now.
 * @param segmentCount the number of segments the function will be given, read after rewriting: a cell may open one.
 */
export function compileCell(
  source: string,
  names: SessionNames,
  segmentCount: () => number,
  options: ReadOptions = () => ({}),
): Compiled {
  const known = new Answers(names);
  const readOptions = once(options);
  const { text, restore } = withoutLoneSurrogates(source);
  const prepared = prepareCell(text, known, readOptions);
  if (!prepared.ok) return prepared;
  const { rewritten, request } = prepared;
  const { code, errors } = strip(request, false);
  if (errors.length > 0) return { ok: false, problems: errors.map(toProblem) };
  const { suffix, jsx } = rewritten;
  const segments = Array.from({ length: segmentCount() }, (_, index) => `$${index}${suffix}`);
  const head = `(${rewritten.needsAsync ? "async " : ""}function(${[...segments, `$x${suffix}`, `$i${suffix}`].join(",")}){"use strict";`;
  return {
    ok: true,
    code: `${head}\n${restore(code)}\n})`,
    declared: rewritten.declared,
    taskMakers: rewritten.taskMakers,
    ...(request.lang === "tsx" ? { jsxImportSource: jsx.importSource ?? "react" } : {}),
    locate: cellLocator(text, known, readOptions),
  };
}

/** In its own function: a closure keeps alive whatever another one beside it mentions, a whole tree. */
function cellLocator(source: string, known: SessionNames, options: ReadOptions) {
  return locator(() => prepareCell(source, known, options), LINES_BEFORE);
}

/** Everything before types are stripped; the same again for the same answers. */
function prepareCell(source: string, names: SessionNames, options: ReadOptions): Preparation {
  const parsed = parseCell(source);
  if (!parsed.ok) return parsed;
  const { lang, tree } = parsed;
  const project = lang === "tsx" ? jsxOf(options()) : {};
  const rewritten = walked(() => rewriteCell(source, tree, names, project));
  if (!rewritten) return TOO_DEEP;
  const { jsx, suffix } = rewritten;
  const needsTypeScript = rewritten.needsTypeScript || (rewritten.hasUsing && !HAS_USING);
  const problem = parameterProblem(rewritten, options);
  if (problem) return problem;
  return {
    ok: true,
    rewritten,
    request: {
      path: "cell",
      lang,
      text: rewritten.text.toString(),
      kind: "cell",
      needsTypeScript,
      options: needsTypeScript ? options() : {},
      jsx: {
        factory: jsx.factory ?? `$x${suffix}.jsx`,
        fragment: jsx.fragment ?? `$x${suffix}.Fragment`,
      },
    },
  };
}

/** TypeScript would leave such a decorator out without a word. */
function parameterProblem({ parameterDecorator }: Rewritten, options: ReadOptions) {
  if (!parameterDecorator || options().experimentalDecorators) return undefined;
  const { start, end } = parameterDecorator;
  const message =
    'decorators of parameters need "experimentalDecorators": true in the compilerOptions of tsconfig.json';
  return { ok: false, problems: [{ message, start, end }] } as const;
}

function jsxOf({ jsxImportSource, jsxFactory, jsxFragmentFactory }: CompilerOptions): JsxChoice {
  return {
    ...(jsxImportSource ? { importSource: jsxImportSource } : {}),
    ...(jsxFactory ? { factory: jsxFactory } : {}),
    ...(jsxFragmentFactory ? { fragment: jsxFragmentFactory } : {}),
  };
}

/** The text of a direct `eval` with its session names rewritten; unchanged when it is no program. */
export function compileEval(source: string, names: SessionNames, place: EvalPlace): string {
  if (refusal(source) !== undefined) return source;
  const { text, restore } = withoutLoneSurrogates(source);
  const { program, errors } = parseSync("eval.js", text, {
    lang: "js",
    astType: "ts",
    sourceType: "script",
  });
  // Evaluating it throws the engine's own SyntaxError, in the place where a program expects it.
  if (errors.length > 0) return source;
  try {
    // The published union of node types is the same data, see ast.ts.
    return restore(rewriteEval(text, program as unknown as Node, names, place));
  } catch (error) {
    // Too deep for the walker; the engine decides for itself.
    if (error instanceof RangeError) return source;
    throw error;
  }
}

export interface CompiledModule {
  readonly ok: true;
  readonly code: string;
  readonly locate: (line: number, column: number) => Position | undefined;
}

/** Where a module's checks come from. An import is there before any code runs, also in a cycle of modules. */
const CHECKS = 'globalThis[Symbol.for("eagerdeck.checks")]';
const CHECKS_MODULE = `data:text/javascript,export const {$i,$x}=${CHECKS.replaceAll('"', "'")}`;

export interface ModuleFlavour {
  readonly format: "module" | "commonjs";
  /** Code that runs before and after the module's own; `$x` in it is what checks call. */
  readonly before?: string;
  readonly after?: string;
  /** What its tsconfig says. */
  readonly options?: ReadOptions;
}

/**
 * Compiles a local module: types stripped, interrupt checks and task names added, names left alone.
 * @param path its extension decides between TypeScript, TSX and JavaScript.
 */
export function compileModule(
  path: string,
  source: string,
  flavour: ModuleFlavour = { format: "module" },
): CompiledModule | { readonly ok: false; readonly problems: readonly SyntaxProblem[] } {
  const readOptions = once(flavour.options ?? (() => ({})));
  const prepared = prepareModule(path, source, flavour, readOptions);
  if (!prepared.ok) return prepared;
  const { code, errors } = strip(prepared.request, false);
  if (errors.length > 0) return { ok: false, problems: errors.map(toProblem) };
  return { ok: true, code, locate: moduleLocator(path, source, flavour, readOptions) };
}

function moduleLocator(path: string, source: string, flavour: ModuleFlavour, options: ReadOptions) {
  return locator(() => prepareModule(path, source, flavour, options), 0);
}

function prepareModule(
  path: string,
  source: string,
  flavour: ModuleFlavour,
  options: ReadOptions,
): Preparation {
  const lang = language(path);
  const parsed = parse(lang, source);
  if (!parsed.ok) return parsed;
  const { program } = parsed.tree;
  const rewritten = walked(() => rewriteModule(source, program));
  if (!rewritten) return TOO_DEEP;
  const { suffix, text } = rewritten;
  const checks =
    flavour.format === "module"
      ? `import{$i as $i${suffix},$x as $x${suffix}}from${JSON.stringify(CHECKS_MODULE)};`
      : `const {$i:$i${suffix},$x:$x${suffix}}=${CHECKS};`;
  const own = (code = "") => code.replaceAll(/\$x\b/g, `$x${suffix}`);
  text.appendLeft(codeStart(source, program), checks + own(flavour.before));
  if (flavour.after) text.append(`\n;${own(flavour.after)}`);
  const needsTypeScript = rewritten.needsTypeScript || (rewritten.hasUsing && !HAS_USING);
  const problem = parameterProblem(rewritten, options);
  if (problem) return problem;
  const said = needsTypeScript || lang.endsWith("x") ? options() : {};
  const factory = said.jsxFactory;
  return {
    ok: true,
    rewritten,
    request: {
      path,
      lang,
      text: text.toString(),
      kind: flavour.format,
      needsTypeScript,
      options: said,
      ...(factory
        ? { jsx: { factory, fragment: said.jsxFragmentFactory ?? "React.Fragment" } }
        : {}),
    },
  };
}

/** Behind a hashbang and directives, which have to come first to be what they are. */
function codeStart(source: string, program: Node): number {
  const hashbang = /^#!.*\r?\n?/.exec(source)?.[0].length ?? 0;
  const body: Node[] = program["body"];
  const directives = body.filter((statement) => typeof statement["directive"] === "string");
  return Math.max(hashbang, directives.at(-1)?.end ?? 0);
}

/** Where characters are that mean nothing to anybody: each has room for all surrogates. */
const PRIVATE_USE = [0xe000, 0xf000];
const SURROGATES = { first: 0xd800, count: 0x800 };

/**
 * The native parser reads UTF-8, which cannot say half a surrogate pair: `'\ud800'` would become another string.
 * Characters that the text does not have stand for those halves until `restore`; offsets stay.
 */
function withoutLoneSurrogates(source: string): {
  readonly text: string;
  readonly restore: (code: string) => string;
} {
  const same = { text: source, restore: (code: string) => code };
  if (source.isWellFormed()) return same;
  for (const first of PRIVATE_USE) {
    const last = first + SURROGATES.count - 1;
    const standIn = new RegExp(`[\\u{${first.toString(16)}}-\\u{${last.toString(16)}}]`, "gu");
    if (standIn.test(source)) continue;
    const moved = (by: number) => (unit: string) => String.fromCharCode(unit.charCodeAt(0) + by);
    const shift = first - SURROGATES.first;
    return {
      text: source.replaceAll(/\p{Surrogate}/gu, moved(shift)),
      restore: (code) => code.replaceAll(standIn, moved(-shift)),
    };
  }
  return same;
}

const TOO_DEEP = {
  ok: false,
  problems: [{ message: "nested too deeply", start: 0, end: 0 }],
} as const;

/** The walker is recursive: what the parser could still read may be too deep for it. */
function walked(walk: () => Rewritten): Rewritten | undefined {
  try {
    return walk();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function language(path: string): Language {
  if (/\.[cm]?ts$/.test(path)) return "ts";
  if (path.endsWith(".tsx")) return "tsx";
  return path.endsWith(".jsx") ? "jsx" : "js";
}

type Parsed =
  | { readonly ok: true; readonly lang: Language; readonly tree: Tree }
  | { readonly ok: false; readonly problems: readonly SyntaxProblem[] };

/** TypeScript if it can be, for `<T>x` is a cast there; else TSX. */
function parseCell(source: string): Parsed {
  const plain = parse("ts", source);
  if (plain.ok || !/<\/|\/>/.test(source)) return plain;
  const jsx = parse("tsx", source);
  if (jsx.ok) return jsx;
  // Whichever reading got further has the likelier mistake.
  const reached = (problems: readonly SyntaxProblem[]) => problems[0]?.start ?? 0;
  return reached(jsx.problems) > reached(plain.problems) ? jsx : plain;
}

function parse(lang: Language, source: string): Parsed {
  const refused = refusal(source);
  if (refused !== undefined)
    return { ok: false, problems: [{ message: refused, start: 0, end: 0 }] };
  const { program, comments, errors } = parseSync(`text.${lang}`, source, {
    lang,
    astType: "ts",
    sourceType: "module",
    showSemanticErrors: true,
  });
  const problems = errors.filter((error) => error.severity === "Error").map(toProblem);
  if (problems.length > 0) return { ok: false, problems };
  // The published union of node types is the same data, see ast.ts.
  return { ok: true, lang, tree: { program: program as unknown as Node, comments } };
}

function toProblem(error: {
  message: string;
  labels: readonly { message?: string | null; start: number; end: number }[];
}): SyntaxProblem {
  // Of two declarations the parser names the good one first.
  const second = error.labels.find(({ message }) => message?.includes("redeclared"));
  const label = second ?? error.labels[0];
  return { message: error.message, start: label?.start ?? 0, end: label?.end ?? 0 };
}

function once<T>(read: () => T): () => T {
  let kept: { readonly value: T } | undefined;
  return () => {
    kept ??= { value: read() };
    return kept.value;
  };
}

/**
 * What the session said about the names of one text. Asked again it says the same, whatever became of
 * the names: a text compiled again, for its map, comes out as it is running.
 */
class Answers implements SessionNames {
  readonly #names: SessionNames;
  readonly #segments = new Map<string, number>();
  readonly #kinds = new Map<string, ReturnType<SessionNames["kindOf"]>>();
  readonly #taskMakers = new Map<string, boolean>();
  readonly #globals = new Map<string, boolean>();

  constructor(names: SessionNames) {
    this.#names = names;
  }

  segmentOf(name: string): number {
    return kept(this.#segments, name, () => this.#names.segmentOf(name));
  }

  kindOf(name: string): ReturnType<SessionNames["kindOf"]> {
    return kept(this.#kinds, name, () => this.#names.kindOf(name));
  }

  isTaskMaker(name: string): boolean {
    return kept(this.#taskMakers, name, () => this.#names.isTaskMaker(name));
  }

  isGlobal(name: string): boolean {
    return kept(this.#globals, name, () => this.#names.isGlobal(name));
  }
}

function kept<T>(answers: Map<string, T>, name: string, ask: () => T): T {
  if (!answers.has(name)) answers.set(name, ask());
  // It was set just now if it was not there.
  return answers.get(name) as T;
}

// Positions

type Preparation =
  | { readonly ok: true; readonly rewritten: Rewritten; readonly request: StripRequest }
  | { readonly ok: false; readonly problems: readonly SyntaxProblem[] };

type Locate = (line: number, column: number) => Position | undefined;

/** Maps are as large as their text: those asked for last are kept, the others can be made again. */
const MAPS_KEPT = 100;
const maps = new Map<Locate, TextMap>();

/** Maps positions of the finished code back, through the type stripper and the rewriter. */
function locator(prepare: () => Preparation, linesBefore: number): Locate {
  const locate: Locate = (line, column) => {
    if (line - linesBefore < 1) return undefined;
    const map = maps.get(locate) ?? composedMap(prepare());
    if (!map) return undefined;
    keep(locate, map);
    return map.original(line - linesBefore, column);
  };
  return locate;
}

function keep(locate: Locate, map: TextMap): void {
  maps.delete(locate);
  maps.set(locate, map);
  if (maps.size <= MAPS_KEPT) return;
  for (const oldest of maps.keys()) {
    maps.delete(oldest);
    break;
  }
}

function composedMap(prepared: Preparation): TextMap | undefined {
  if (!prepared.ok) return undefined;
  const { rewritten, request } = prepared;
  const stripped = strip(request, true);
  if (!stripped.map) return undefined;
  const { original } = rewritten.text;
  const decoded = rewritten.text.generateDecodedMap({ source: "written", hires: "boundary" });
  const mappings = inLanguageLines(decoded.mappings, rewritten.text.toString(), original);
  const inner: SourceMapInput = { version: 3, names: [], sources: ["written"], mappings };
  const composed = remapping([stripped.map, inner], () => null);
  const map = new TraceMap(JSON.parse(String(composed)));
  return new TextMap(map, stripped.code, original);
}
