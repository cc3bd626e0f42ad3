/**
 * Text of a cell → JavaScript of a function over the session's scope. Pure.
 *
 * Parse once, rewrite the TypeScript text, then strip types: stripping first would turn `enum E` into
 * `$0.E || {}` and merge it with an older cell's `E`. Source maps cost more than all the rest and are
 * made on the first error only.
 * @module
 */
import remapping, { type SourceMapInput } from "@jridgewell/remapping";
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { parseSync } from "oxc-parser";
import { transformSync } from "oxc-transform";
import { refusal } from "../parse-guard.ts";
import type { Node } from "./ast.ts";
import {
  type Declared,
  type Rewritten,
  rewriteCell,
  rewriteModule,
  type SessionNames,
} from "./rewrite.ts";

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
  /** Where a position of `code` was written, or undefined for code that nobody wrote. */
  readonly locate: (line: number, column: number) => Position | undefined;
}

export type Compiled =
  | CompiledCell
  | { readonly ok: false; readonly problems: readonly SyntaxProblem[] };

/** How many lines `code` has before the cell's first. */
const LINES_BEFORE = 1;

/**
 * Compiles a cell against the names that exist now.
 * @param segmentCount the number of segments the function will be given, read after rewriting: a cell may open one.
 */
export function compileCell(
  source: string,
  names: SessionNames,
  segmentCount: () => number,
): Compiled {
  const parsed = parse("cell.ts", source);
  if (!parsed.ok) return parsed;
  const rewritten = walked(() => rewriteCell(source, parsed.program, names));
  if (!rewritten) return TOO_DEEP;
  const typescript = rewritten.text.toString();
  const stripped = strip("cell.ts", typescript, false);
  if (!stripped.ok) return stripped;
  const { suffix } = rewritten;
  const segments = Array.from({ length: segmentCount() }, (_, index) => `$${index}${suffix}`);
  const head = `(${rewritten.needsAsync ? "async " : ""}function(${[...segments, `$x${suffix}`, `$i${suffix}`].join(",")}){"use strict";`;
  return {
    ok: true,
    code: `${head}\n${stripped.code}\n})`,
    declared: rewritten.declared,
    taskMakers: rewritten.taskMakers,
    locate: locator(rewritten, "cell.ts", LINES_BEFORE),
  };
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
  const parsed = parse(path, source);
  if (!parsed.ok) return parsed;
  const rewritten = walked(() => rewriteModule(source, parsed.program));
  if (!rewritten) return TOO_DEEP;
  const { suffix, text } = rewritten;
  const checks =
    flavour.format === "module"
      ? `import{$i as $i${suffix},$x as $x${suffix}}from${JSON.stringify(CHECKS_MODULE)};`
      : `const {$i:$i${suffix},$x:$x${suffix}}=${CHECKS};`;
  const own = (code = "") => code.replaceAll(/\$x\b/g, `$x${suffix}`);
  text.appendLeft(codeStart(source, parsed.program), checks + own(flavour.before));
  if (flavour.after) text.append(`\n;${own(flavour.after)}`);
  const stripped = strip(path, text.toString(), true);
  if (!stripped.ok) return stripped;
  return { ok: true, code: stripped.code, locate: locator(rewritten, path, 0) };
}

/** Behind a hashbang and directives, which have to come first to be what they are. */
function codeStart(source: string, program: Node): number {
  const hashbang = /^#!.*\r?\n?/.exec(source)?.[0].length ?? 0;
  const body: Node[] = program["body"];
  const directives = body.filter((statement) => typeof statement["directive"] === "string");
  return Math.max(hashbang, directives.at(-1)?.end ?? 0);
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

function language(path: string): "ts" | "tsx" | "js" | "jsx" {
  if (/\.[cm]?ts$/.test(path)) return "ts";
  if (path.endsWith(".tsx")) return "tsx";
  return path.endsWith(".jsx") ? "jsx" : "js";
}

function parse(
  path: string,
  source: string,
): { ok: true; program: Node } | { ok: false; problems: readonly SyntaxProblem[] } {
  const refused = refusal(source);
  if (refused !== undefined)
    return { ok: false, problems: [{ message: refused, start: 0, end: 0 }] };
  const { program, errors } = parseSync(path, source, {
    lang: language(path),
    astType: "ts",
    sourceType: "module",
    showSemanticErrors: true,
  });
  const problems = errors.filter((error) => error.severity === "Error").map(toProblem);
  if (problems.length > 0) return { ok: false, problems };
  // The published union of node types is the same data, see ast.ts.
  return { ok: true, program: program as unknown as Node };
}

function strip(
  path: string,
  typescript: string,
  isModule: boolean,
): { ok: true; code: string } | { ok: false; problems: readonly SyntaxProblem[] } {
  const result = transform(path, typescript, false, isModule);
  if (result.errors.length > 0) return { ok: false, problems: result.errors.map(toProblem) };
  return { ok: true, code: result.code };
}

function transform(path: string, typescript: string, sourcemap: boolean, isModule: boolean) {
  return transformSync(path, typescript, {
    lang: language(path),
    sourceType: "module",
    target: "esnext",
    // In a cell the imports are gone; in a file unused ones are types, as TypeScript itself decides.
    typescript: { onlyRemoveTypeImports: !isModule },
    jsx: { runtime: "automatic" },
    sourcemap,
  });
}

function toProblem(error: {
  message: string;
  labels: readonly { start: number; end: number }[];
}): SyntaxProblem {
  const label = error.labels[0];
  return { message: error.message, start: label?.start ?? 0, end: label?.end ?? 0 };
}

/** Maps positions of the finished code back, through the type stripper and the rewriter; built on first use. */
function locator(
  rewritten: Rewritten,
  path: string,
  linesBefore: number,
): (line: number, column: number) => Position | undefined {
  let map: TraceMap | undefined;
  return (line, column) => {
    map ??= composedMap(rewritten, path, linesBefore === 0);
    if (line - linesBefore < 1) return undefined;
    const found = originalPositionFor(map, { line: line - linesBefore, column: column - 1 });
    return found.line === null ? undefined : { line: found.line, column: found.column + 1 };
  };
}

function composedMap(rewritten: Rewritten, path: string, isModule: boolean): TraceMap {
  const outer = transform(path, rewritten.text.toString(), true, isModule).map;
  const inner = rewritten.text.generateMap({ source: "written", file: path, hires: "boundary" });
  const maps = [outer, inner].map((map) => ({ ...map }) as SourceMapInput);
  return new TraceMap(JSON.parse(String(remapping(maps, () => null))));
}
