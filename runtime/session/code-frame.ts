/**
 * The lines around a position, numbered, with a caret below it. Plain text; front ends add colour.
 * @module
 */

const LINES_BEFORE = 2;
const LINES_AFTER = 1;
/** A wrapped line would take the caret below it to the wrong place; with its number this fits 80 columns. */
const LINE_WIDTH_MAX = 70;

export interface FramePosition {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** Underlines up to here when it lies on the same line; exclusive. */
  readonly endColumn?: number;
}

/**
 * Renders up to four lines of `source` around `position`.
 * @returns an empty string when the position lies outside the text.
 */
export function codeFrame(source: string, position: FramePosition): string {
  const lines = source.split(/\r\n|[\n\r]/);
  const { line, column } = position;
  if (line < 1 || line > lines.length) return "";
  const first = Math.max(1, line - LINES_BEFORE);
  const last = Math.min(lines.length, line + LINES_AFTER);
  const width = String(last).length;
  const rows: string[] = [];
  for (let n = first; n <= last; n++) {
    const text = (lines[n - 1] ?? "").replaceAll("\t", " ");
    // A long line is cut around the column, its neighbours in the same way.
    const from = column > LINE_WIDTH_MAX ? column - LINE_WIDTH_MAX / 2 : 0;
    const shown = text.slice(from, from + LINE_WIDTH_MAX);
    const [before, after] = [from > 0 ? "…" : "", text.length > from + LINE_WIDTH_MAX ? "…" : ""];
    const mark = n === line ? "❯" : " ";
    rows.push(`${mark} ${String(n).padStart(width)} │ ${before}${shown}${after}`.trimEnd());
    if (n !== line) continue;
    const length = Math.max(
      1,
      Math.min((position.endColumn ?? 0) - column, shown.length - (column - 1 - from)),
    );
    const indent = before + " ".repeat(Math.max(0, column - 1 - from));
    rows.push(`  ${" ".repeat(width)} │ ${indent.replace("…", " ")}${"^".repeat(length)}`);
  }
  return rows.join("\n");
}
