/**
 * Positions in a text, converted. JavaScript counts UTF-16 units, Jupyter counts code points, people
 * count lines and columns from 1.
 *
 * Every function clamps: a position beyond the text is its end, a negative one its start, and one
 * inside a surrogate pair is the start of the pair. A lone surrogate counts as one code point, as in Python.
 * @module
 */

/** Line and column count from 1; columns in UTF-16 units. */
export interface LineColumn {
  readonly line: number;
  readonly column: number;
}

/** The UTF-16 offset of the `count`-th code point of `text`. */
export function codePointsToUtf16(text: string, count: number): number {
  let offset = 0;
  for (let left = whole(count); left > 0 && offset < text.length; left--) {
    offset += unitsAt(text, offset);
  }
  return offset;
}

/** How many code points come before the UTF-16 `offset` of `text`. */
export function utf16ToCodePoints(text: string, offset: number): number {
  const end = Math.min(whole(offset), text.length);
  let count = 0;
  for (let at = 0; at < end; count++) {
    at += unitsAt(text, at);
    if (at > end) break;
  }
  return count;
}

/** Line and column of a UTF-16 offset; lines end with `\n`, `\r\n` or `\r`. */
export function offsetToLineColumn(text: string, offset: number): LineColumn {
  const end = Math.min(whole(offset), text.length);
  let line = 1;
  let lineStart = 0;
  for (const start of lineStarts(text)) {
    if (start > end) break;
    line = start === 0 ? 1 : line + 1;
    lineStart = start;
  }
  return { line, column: end - lineStart + 1 };
}

/** The UTF-16 offset of a line and column; a column beyond its line is the line's end, before its line break. */
export function lineColumnToOffset(text: string, position: LineColumn): number {
  if (position.line < 1) return 0;
  let line = 0;
  for (const start of lineStarts(text)) {
    line++;
    if (line < position.line) continue;
    const rest = text.slice(start).search(/[\r\n]/);
    const end = rest < 0 ? text.length : start + rest;
    return Math.min(start + Math.max(0, whole(position.column) - 1), end);
  }
  return text.length;
}

function* lineStarts(text: string): Generator<number> {
  yield 0;
  for (const found of text.matchAll(/\r\n|\r|\n/g)) yield found.index + found[0].length;
}

function unitsAt(text: string, offset: number): 1 | 2 {
  return (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
}

function whole(count: number): number {
  return Number.isFinite(count)
    ? Math.max(0, Math.trunc(count))
    : count > 0
      ? Number.MAX_SAFE_INTEGER
      : 0;
}
