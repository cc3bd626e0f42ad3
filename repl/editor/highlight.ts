/**
 * The colours of code: the lines that show, as spans. Prism reads the text, this file bounds its work.
 *
 * Invariants
 *   C1  Spans lie within their line, in order, without overlap.
 *   C2  Work does not grow with the text: a window around the lines that show is read, completed by
 *       the openers and closers of templates and comments that it is cut out of.
 *   C3  Prism is quadratic in long words (17 s for 50,000 characters of base64): they are masked.
 * @module
 */
import type { TokenStream } from "prismjs";
import { contextAt } from "./scan.ts";

/** What a piece of code is, as far as it has a colour of its own. */
export type CodeTone = "keyword" | "string" | "numberLiteral" | "comment" | "type" | "function";

/** A coloured piece of a line; offsets are UTF-16 and count from the line's start. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly tone: CodeTone;
}

/** Lines, counted from 0; `to` is not among them. */
export interface LineRange {
  readonly from: number;
  readonly to: number;
}

/** Text → nested tokens; their texts put together are the text. */
export type Tokenize = (text: string) => TokenStream;

/** At most this much is read at once. */
const WINDOW_LENGTH_MAX = 16_000;
/** Read before the first and after the last line that shows: a tag or a list of types may begin there. */
const MARGIN_LENGTH = 1_000;
const LONG_RUN = /(?:[\w$]|[^\0-\x7f]){101,}/g;

/** Prism's token types; `undefined` is the colour of plain text, also within a string. */
const TONES: Readonly<Record<string, CodeTone | undefined>> = {
  keyword: "keyword",
  tag: "keyword",
  string: "string",
  "template-string": "string",
  "attr-value": "string",
  regex: "string",
  number: "numberLiteral",
  boolean: "numberLiteral",
  comment: "comment",
  hashbang: "comment",
  "class-name": "type",
  builtin: "type",
  "attr-name": "type",
  function: "function",
  "function-variable": "function",
  decorator: "function",
  interpolation: undefined,
  "interpolation-punctuation": undefined,
  punctuation: undefined,
  operator: undefined,
  script: undefined,
  spread: undefined,
  "plain-text": undefined,
};

/** Loads Prism with the grammar of TypeScript and JSX: some twenty milliseconds, so after the first frame. */
export async function loadTokenizer(): Promise<Tokenize> {
  const { default: Prism } = await import("prismjs");
  // Each adds its grammar to the global `Prism`, and needs those before it.
  await import("prismjs/components/prism-typescript.js");
  await import("prismjs/components/prism-jsx.js");
  await import("prismjs/components/prism-tsx.js");
  const grammar = Prism.languages["tsx"] ?? {};
  return (text) => Prism.tokenize(text, grammar);
}

/**
 * The coloured pieces of the lines `from` to `to`.
 * @returns one list per line of the range.
 */
export function highlight(text: string, { from, to }: LineRange, tokenize: Tokenize): Span[][] {
  const starts = lineStarts(text, from, to);
  const lines: Span[][] = starts.map(() => []);
  const first = starts[0];
  if (first === undefined) return lines;
  const lastStart = starts.at(-1) ?? first;
  const lineEnd = text.indexOf("\n", lastStart);
  const shownEnd = lineEnd === -1 ? text.length : lineEnd;
  const start = marginStart(text, first);
  const end = wholePairs(
    text,
    Math.min(text.length, shownEnd + MARGIN_LENGTH, start + WINDOW_LENGTH_MAX),
  );
  const { before } = contextAt(text, start);
  const { behind } = contextAt(text, end);
  const piece = text.slice(start, end).replace(LONG_RUN, (run) => " ".repeat(run.length));
  let line = 0;
  forEachToken(tokenize(before + piece + behind), start - before.length, (from, length, tone) => {
    let at = Math.max(from, first);
    const tokenEnd = Math.min(from + length, shownEnd, end);
    while (at < tokenEnd) {
      while ((starts[line + 1] ?? Number.POSITIVE_INFINITY) <= at) line++;
      const lineStart = starts[line] ?? 0;
      const stop = Math.min(tokenEnd, (starts[line + 1] ?? shownEnd + 1) - 1);
      if (stop > at) add(lines[line], { start: at - lineStart, end: stop - lineStart, tone });
      at = Math.max(stop, at) + (stop < tokenEnd ? 1 : 0);
    }
  });
  return lines;
}

/** Neighbours of one tone are one span. */
function add(spans: Span[] | undefined, span: Span): void {
  const last = spans?.at(-1);
  if (last?.tone === span.tone && last.end === span.start) {
    spans?.splice(-1, 1, { ...last, end: span.end });
  } else spans?.push(span);
}

/** Calls `found` for each piece of text that has a tone, in order. */
function forEachToken(
  stream: TokenStream,
  offset: number,
  found: (offset: number, length: number, tone: CodeTone) => void,
  tone?: CodeTone,
): number {
  if (typeof stream === "string") {
    if (tone !== undefined) found(offset, stream.length, tone);
    return offset + stream.length;
  }
  if (Array.isArray(stream)) {
    let at = offset;
    for (const token of stream) at = forEachToken(token, at, found, tone);
    return at;
  }
  const own = Object.hasOwn(TONES, stream.type) ? TONES[stream.type] : tone;
  // Punctuation of a template is a part of it; that between other tokens has no colour.
  return forEachToken(stream.content, offset, found, own);
}

/** Offsets at which the lines of the range begin, as far as there are any. */
function lineStarts(text: string, from: number, to: number): number[] {
  const starts: number[] = [];
  let start = 0;
  for (let line = 0; line < to; line++) {
    if (line >= from) starts.push(start);
    const end = text.indexOf("\n", start);
    if (end === -1) break;
    start = end + 1;
  }
  return starts;
}

/** `offset`, or the one before where it would cut a character of two UTF-16 units in half. */
function wholePairs(text: string, offset: number): number {
  const unit = text.charCodeAt(offset);
  return unit >= 0xdc00 && unit <= 0xdfff ? offset - 1 : offset;
}

/** A line's start some way before `offset`. */
function marginStart(text: string, offset: number): number {
  if (offset <= MARGIN_LENGTH) return 0;
  const next = text.indexOf("\n", offset - MARGIN_LENGTH);
  return next === -1 || next >= offset ? offset : next + 1;
}

/** A pass longer than this is not made for every key. */
const SLOW_PASS_MS = 6;
/** After slow passes, typing has to rest this long for new colours. */
export const REST_MS = 40;

interface Pass {
  readonly text: string;
  readonly range: LineRange;
  readonly spans: readonly (readonly Span[])[];
  readonly isSlow: boolean;
}

/**
 * Remembers the last colours, so that a repaint costs nothing, and keeps them while keys come faster
 * than a slow text can be read.
 */
export class Highlighter {
  readonly #now: () => number;
  readonly #tokenize: Tokenize;
  #last: Pass | undefined;
  /** The text for which new colours were asked, and since when. */
  #wanted: { readonly text: string; readonly sinceMs: number } | undefined;

  /** @param now milliseconds of a clock that never goes back. */
  constructor(tokenize: Tokenize, now: () => number) {
    this.#tokenize = tokenize;
    this.#now = now;
  }

  /** The spans of each line of the range: of this text, or of the last one while typing has no rest. */
  spans(text: string, range: LineRange): readonly (readonly Span[])[] {
    const last = this.#last;
    const isSame = last?.text === text && isSameRange(last.range, range);
    if (last && isSame) {
      this.#wanted = undefined;
      return last.spans;
    }
    const startMs = this.#now();
    if (this.#wanted?.text !== text) this.#wanted = { text, sinceMs: startMs };
    if (last?.isSlow && startMs - this.#wanted.sinceMs < REST_MS) return shifted(last, range);
    const spans = highlight(text, range, this.#tokenize);
    this.#last = { text, range, spans, isSlow: this.#now() - startMs > SLOW_PASS_MS };
    this.#wanted = undefined;
    return spans;
  }

  /** Whether old colours are shown: the lines should be asked for again after a rest of `REST_MS`. */
  get isStale(): boolean {
    return this.#wanted !== undefined;
  }
}

function isSameRange(one: LineRange, other: LineRange): boolean {
  return one.from === other.from && one.to === other.to;
}

/** The old spans, each beside the line that had its number. */
function shifted(last: Pass, range: LineRange): (readonly Span[])[] {
  const lines: (readonly Span[])[] = [];
  for (let line = range.from; line < range.to; line++) {
    lines.push(last.spans[line - last.range.from] ?? []);
  }
  return lines;
}
