/**
 * Editor state → the rows that show it, and the cursor's place among them. Pure.
 *
 * One line is one row, whatever its length: wrapped rows would change the height of the live region
 * under the person's fingers. A longer line scrolls sideways.
 * @module
 */
import { graphemes, widthOf } from "../terminal/width.ts";
import { lineStart, snap } from "./buffer.ts";

export interface EditorView {
  readonly rows: readonly EditorRow[];
  /** Column and row, from 0. */
  readonly cursor: { readonly x: number; readonly y: number };
}

export interface EditorRow {
  /** `In [5]: `, or the continuation of the same width, which counts lines above or below the window. */
  readonly prompt: string;
  readonly code: string;
  /** Line of the text, from 0. */
  readonly line: number;
  /** Offset at which that line begins. */
  readonly start: number;
  /**
   * For each UTF-16 unit of `code` the offset within the line that it shows, -1 for a mark; absent when
   * `code` is the line itself.
   */
  readonly offsets?: readonly number[];
}

export interface ViewOptions {
  readonly text: string;
  readonly cursor: number;
  /** `In [5]: ` */
  readonly prompt: string;
  readonly rowsMax: number;
  /** Width of a row, prompt included. */
  readonly columns: number;
}

export function editorView(options: ViewOptions): EditorView {
  const { text, cursor, prompt, rowsMax, columns } = options;
  const lines = text.split("\n");
  const cursorLine = text.slice(0, cursor).split("\n").length - 1;
  const first = firstLine(lines.length, cursorLine, rowsMax);
  const promptOf = (line: number) => {
    if (line === 0) return prompt;
    if (line === first) return hiddenPrompt(`↑${first}`, prompt);
    const below = lines.length - first - rowsMax;
    const isLast = line === first + rowsMax - 1;
    return below > 0 && isLast ? hiddenPrompt(`↓${below}`, prompt) : continuationPrompt(prompt);
  };
  const width = Math.max(1, columns - widthOf(prompt));
  const cursorOffset = cursor - lineStart(text, cursor);
  const near = pieceAround(lines[cursorLine] ?? "", cursorOffset, width);
  const cursorColumn = widthOf(near.text.slice(0, cursorOffset - near.from));
  const left = leftColumn(cursorColumn, widthOf(near.text), width);
  let start = lines.slice(0, first).reduce((sum, line) => sum + line.length + 1, 0);
  const rows = lines.slice(first, first + rowsMax).map((line, index): EditorRow => {
    const isCursorLine = first + index === cursorLine;
    const row = {
      prompt: promptOf(first + index),
      ...cut(isCursorLine ? near : pieceAround(line, 0, width), isCursorLine ? left : 0, width),
      line: first + index,
      start,
    };
    start += line.length + 1;
    return row;
  });
  return {
    rows,
    cursor: { x: widthOf(prompt) + cursorColumn - left, y: cursorLine - first },
  };
}

/** `   ...: `, as wide as the prompt of the first line. */
export function continuationPrompt(prompt: string): string {
  return "...: ".padStart(prompt.length);
}

/** `   ↑12: `: so many lines are above the window, and must not be thought lost. */
function hiddenPrompt(count: string, prompt: string): string {
  const marked = `${count}: `.padStart(prompt.length);
  return widthOf(marked) > widthOf(prompt) ? continuationPrompt(prompt) : marked;
}

/** The window follows the cursor and is a function of it alone: no state, no jump on a resize. */
function firstLine(lines: number, cursorLine: number, rowsMax: number): number {
  if (lines <= rowsMax) return 0;
  const centered = cursorLine - Math.floor(rowsMax / 2);
  return Math.max(0, Math.min(lines - rowsMax, centered));
}

/** The column at which the cursor's line begins to show; it moves by half a width. */
function leftColumn(cursorColumn: number, lineWidth: number, width: number): number {
  if (lineWidth < width || cursorColumn < width - 1) return 0;
  const half = Math.max(1, Math.floor(width / 2));
  return Math.max(0, Math.ceil((cursorColumn - width + 2) / half) * half);
}

type Code = Pick<EditorRow, "code" | "offsets">;

/** A line that is shown whole. */
export function plainRow(line: string): Code {
  return line.includes("\t") ? shown([...graphemes(line)]) : { code: line };
}

/** A line, or as much of a very long one as may show. */
interface LinePiece {
  readonly text: string;
  /** Its offset within the line. */
  readonly from: number;
  readonly hasMoreLeft: boolean;
  readonly hasMoreRight: boolean;
}

/** Widths of text that is not ASCII take ten microseconds a character: for 1 MB in one line, seconds per key. */
function pieceAround(line: string, offset: number, width: number): LinePiece {
  const step = Math.max(256, 2 * width);
  if (line.length <= 4 * step || /^[ -~]*$/.test(line)) {
    return { text: line, from: 0, hasMoreLeft: false, hasMoreRight: false };
  }
  // In whole steps, so that the piece stays where it is while the cursor moves.
  const from = snap(line, Math.max(0, Math.floor(offset / step) - 1) * step);
  const to = snap(line, Math.min(line.length, offset + step));
  return {
    text: line.slice(from, to),
    from,
    hasMoreLeft: from > 0,
    hasMoreRight: to < line.length,
  };
}

/** The columns `left` to `left + width` of a piece, with `‹ ›` where the line goes on. */
function cut(
  { text, from, hasMoreLeft, hasMoreRight }: LinePiece,
  left: number,
  width: number,
): Code {
  const textWidth = widthOf(text);
  const isCutLeft = left > 0 || hasMoreLeft;
  const isCutRight = textWidth > left + width || hasMoreRight;
  if (!isCutLeft && !isCutRight) return plainRow(text);
  if (/^[ -~]*$/.test(text)) {
    const first = left + (isCutLeft ? 1 : 0);
    const piece = text.slice(first, left + width - (isCutRight ? 1 : 0));
    const offsets = Array.from(piece, (_, at) => from + first + at);
    return {
      code: `${isCutLeft ? "‹" : ""}${piece}${isCutRight ? "›" : ""}`,
      offsets: [...(isCutLeft ? [MARK] : []), ...offsets, ...(isCutRight ? [MARK] : [])],
    };
  }
  let column = 0;
  const pieces: Piece[] = [];
  for (const grapheme of graphemes(text)) {
    const start = column;
    column += grapheme.width;
    if (column <= left) continue;
    // A wide character on the border would stand half outside: blanks keep the columns.
    if (start < left) {
      const blanks = column - left;
      pieces.push({ text: " ".repeat(blanks), width: blanks, index: MARK });
    } else if (column > left + width) break;
    else pieces.push({ ...grapheme, index: from + grapheme.index });
  }
  return shown(withMarks(pieces, isCutLeft, isCutRight, width));
}

interface Piece {
  readonly text: string;
  readonly width: number;
  /** Offset within the line, or `MARK`. */
  readonly index: number;
}

const MARK = -1;

function withMarks(
  pieces: Piece[],
  isCutLeft: boolean,
  isCutRight: boolean,
  width: number,
): readonly Piece[] {
  const [first] = pieces;
  if (isCutLeft && first) pieces[0] = { ...first, text: "‹".padEnd(first.width), index: MARK };
  if (isCutRight) {
    let used = pieces.reduce((sum, piece) => sum + piece.width, 0);
    while (used > width - 1) used -= pieces.pop()?.width ?? width;
    pieces.push({ text: "›", width: 1, index: MARK });
  }
  return pieces;
}

function shown(pieces: readonly Piece[]): Code {
  return {
    code: pieces.map((piece) => piece.text).join(""),
    offsets: pieces.flatMap(({ text, index }) => Array.from({ length: text.length }, () => index)),
  };
}
