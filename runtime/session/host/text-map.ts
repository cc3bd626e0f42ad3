/**
 * A source map that is exact to the character where the map itself is exact to the token.
 *
 * Compilers map where names, literals and statements begin; V8 reports operators, brackets and dots too
 * (`a + b` fails at the `+`). What lies between two mapped places is the same text on both sides, but for
 * blanks and types, so the place is found by reading both along.
 * @module
 */
import { type TraceMap, traceSegment } from "@jridgewell/trace-mapping";
import { offsetToLineColumn } from "../positions.ts";
import type { Position } from "./compile.ts";

export class TextMap {
  readonly #map: TraceMap;
  readonly #generated: readonly string[];
  readonly #written: string;
  /** Offsets of the lines of the written text. */
  readonly #starts: readonly number[];

  constructor(map: TraceMap, generated: string, written: string) {
    this.#map = map;
    this.#generated = generated.split(LINE_ENDS);
    this.#written = written;
    this.#starts = lineStarts(written, LINE_ENDS);
  }

  /** Where a position of the generated text was written; both count from 1. Undefined for text that nobody wrote. */
  original(line: number, column: number): Position | undefined {
    const text = this.#generated[line - 1] ?? "";
    // V8 names the callee of `f()`, and the parenthesis when the callee is the rewriter's `(0, $0.f)`.
    const callee = /\$\d+(?:_\d+)?\.[^\s()]+\)$/.exec(text.slice(0, column - 1))?.[0];
    const isCall = callee !== undefined && text.charAt(column - 1) === "(";
    if (isCall) return this.original(line, column - callee.length);
    const segment = traceSegment(this.#map, line - 1, column - 1);
    if (!segment || segment.length === 1) return undefined;
    const from = this.#offset(segment[2], segment[3]);
    const skipped = text.slice(segment[0], column - 1);
    if (skipped === "") return this.#position(from);
    const token = /^(?:[\w$]+|[^\w\s$]+)/.exec(text.slice(column - 1))?.[0] ?? "";
    const here = alongside(skipped, this.#written, from);
    // A type may stand where the generated text goes on: `1n as any + 1`.
    const isHere = here !== undefined && this.#written.startsWith(token.charAt(0), here);
    return this.#position(
      isHere ? here : (this.#searched(text, line, column, token, from) ?? from),
    );
  }

  /** Types or brackets are gone in between: the token is looked for right before what is mapped next. */
  #searched(
    text: string,
    line: number,
    column: number,
    token: string,
    from: number,
  ): number | undefined {
    if (token === "") return undefined;
    const until = this.#nextMapped(text, line, column - 1 + token.length);
    if (until === undefined || until <= from) return undefined;
    const found = this.#written.lastIndexOf(token, until - token.length);
    return found > from ? found : undefined;
  }

  #nextMapped(text: string, line: number, column: number): number | undefined {
    const start = column + (/^\s*/.exec(text.slice(column))?.[0].length ?? 0);
    const segment = traceSegment(this.#map, line - 1, start);
    if (!segment || segment.length === 1 || segment[0] < column) return undefined;
    return this.#offset(segment[2], segment[3]);
  }

  #offset(line: number, column: number): number {
    return (this.#starts[line] ?? 0) + column;
  }

  /** In lines as people and editors count them, which are not those of the language. */
  #position(offset: number): Position {
    return offsetToLineColumn(this.#written, offset);
  }
}

/** What ends a line for the language, and for the compilers' maps. */
const LINE_ENDS = /\r\n|[\n\r\u2028\u2029]/g;

type Segments = readonly (readonly number[])[];
/** Column, source, line and column there; all from 0. */
type Segment = [number, number, number, number];

/**
 * Mappings between two texts, from lines that only `\n` ends (magic-string's) to those of the language. A cell
 * with a lone carriage return or a line separator would be off by lines otherwise.
 * @param mappings decoded, sorted; the fifth number of a segment is left out.
 */
export function inLanguageLines(
  mappings: readonly Segments[],
  generated: string,
  written: string,
): Segment[][] {
  const from = [lineStarts(generated, /\n/g), lineStarts(written, /\n/g)] as const;
  const to = [lineStarts(generated, LINE_ENDS), lineStarts(written, LINE_ENDS)] as const;
  const lines: Segment[][] = to[0].map(() => []);
  for (const [line, segments] of mappings.entries()) {
    for (const [column = 0, source = 0, sourceLine = 0, sourceColumn = 0] of segments) {
      const [place, at] = split(to[0], (from[0][line] ?? 0) + column);
      const [origin, originAt] = split(to[1], (from[1][sourceLine] ?? 0) + sourceColumn);
      lines[place]?.push([at, source, origin, originAt]);
    }
  }
  return lines;
}

function lineStarts(text: string, ends: RegExp): number[] {
  return [0, ...[...text.matchAll(ends)].map((match) => match.index + match[0].length)];
}

/** The line that an offset is in, from 0, and the column. */
function split(starts: readonly number[], offset: number): [line: number, column: number] {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return [low, offset - (starts[low] ?? 0)];
}

/** The offset in `written` behind the same text as `skipped`, whatever its blanks; undefined when it differs. */
function alongside(skipped: string, written: string, from: number): number | undefined {
  let at = from;
  for (const char of skipped.replaceAll(/\s+/g, "")) {
    at = behindBlanks(written, at);
    if (!written.startsWith(char, at)) return undefined;
    at += char.length;
  }
  return behindBlanks(written, at);
}

function behindBlanks(text: string, from: number): number {
  const blanks = /\s*/y;
  blanks.lastIndex = from;
  return from + (blanks.exec(text)?.[0].length ?? 0);
}
