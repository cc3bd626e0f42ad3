/**
 * Operations on a text and an offset into it. Offsets are UTF-16 and always on a grapheme border.
 * @module
 */
import { graphemes } from "../terminal/width.ts";

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Borders are looked for in this many UTF-16 units: a 1 MB line must not be segmented for one key. */
const WINDOW_LENGTH = 64;
const WORD_LENGTH_MAX = 2_000;

/** The border after the grapheme at `offset`. */
export function nextBorder(text: string, offset: number): number {
  if (offset >= text.length) return text.length;
  const [first] = segmenter.segment(text.slice(offset, offset + WINDOW_LENGTH));
  return offset + (first?.segment.length ?? 1);
}

/** The border before the grapheme that ends at `offset`. */
export function previousBorder(text: string, offset: number): number {
  if (offset <= 0) return 0;
  // A window begins with its line, and would be empty here.
  if (text[offset - 1] === "\n") return offset - 1;
  const start = windowStart(text, offset);
  let border = start;
  for (const { index } of segmenter.segment(text.slice(start, offset))) border = start + index;
  return border;
}

/** `offset` itself if it is a border, else the next one. */
export function snap(text: string, offset: number): number {
  if (offset <= 0) return 0;
  if (offset >= text.length) return text.length;
  const start = windowStart(text, offset);
  for (const { index } of segmenter.segment(text.slice(start, offset + WINDOW_LENGTH))) {
    if (start + index >= offset) return start + index;
  }
  return Math.min(text.length, offset + WINDOW_LENGTH);
}

/** Where a segmentation that covers `offset` may begin: a line's start, or far enough before. */
function windowStart(text: string, offset: number): number {
  const start = Math.max(lineStart(text, offset), offset - WINDOW_LENGTH);
  const isHalf = isLowSurrogate(text.charCodeAt(start)) && start < offset;
  return isHalf ? start + 1 : start;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

export function lineStart(text: string, offset: number): number {
  return offset <= 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
}

export function lineEnd(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  return end === -1 ? text.length : end;
}

/** The blanks a line begins with. */
export function indentation(text: string, offset: number): string {
  const start = lineStart(text, offset);
  const line = text.slice(start, Math.max(start, Math.min(lineEnd(text, offset), start + 400)));
  return /^[ \t]*/.exec(line)?.[0] ?? "";
}

export function wordLeft(text: string, offset: number): number {
  const before = text.slice(Math.max(0, offset - WORD_LENGTH_MAX), offset);
  const word = /[\p{L}\p{N}\p{M}_$]+[^\p{L}\p{N}\p{M}_$]*$/u.exec(before)?.[0] ?? before;
  return snap(text, offset - word.length);
}

export function wordRight(text: string, offset: number): number {
  const after = text.slice(offset, offset + WORD_LENGTH_MAX);
  const word = /^[^\p{L}\p{N}\p{M}_$]*[\p{L}\p{N}\p{M}_$]+/u.exec(after)?.[0] ?? after;
  return snap(text, offset + word.length);
}

/** Words between blanks, as Ctrl-W of a shell takes them. */
export function blankWordLeft(text: string, offset: number): number {
  const before = text.slice(Math.max(0, offset - WORD_LENGTH_MAX), offset);
  const word = /\S+\s*$/.exec(before)?.[0] ?? before;
  return snap(text, offset - word.length);
}

/** The offset within the line at `offset` whose column is nearest to, and not above, `column`. */
export function offsetAtColumn(text: string, offset: number, column: number): number {
  const start = lineStart(text, offset);
  const line = text.slice(start, lineEnd(text, offset));
  if (/^[ -~]*$/.test(line)) return start + Math.min(line.length, column);
  let width = 0;
  for (const grapheme of graphemes(line)) {
    width += grapheme.width;
    if (width > column) return start + grapheme.index;
  }
  return start + line.length;
}
