/**
 * Widths in terminal columns.
 * @module
 */
import stringWidth from "string-width";

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** A tab is shown as this many blanks: its real width would depend on the column. */
const TAB_TEXT = "  ";

/** Width in columns of a piece of one line. */
export function widthOf(text: string): number {
  // string-width takes milliseconds for 50,000 characters; plain ASCII needs no look at all.
  if (/^[ -~]*$/.test(text)) return text.length;
  return stringWidth(text.replaceAll("\t", TAB_TEXT));
}

/** The graphemes of a line with their widths and offsets, one after the other. */
export function* graphemes(
  line: string,
): Generator<{ readonly text: string; readonly width: number; readonly index: number }> {
  for (const { segment, index } of segmenter.segment(line)) {
    yield { text: segment === "\t" ? TAB_TEXT : segment, width: widthOf(segment), index };
  }
}

/** At most `columns` wide; what is cut off leaves an ellipsis. Plain text only. */
export function truncate(text: string, columns: number): string {
  if (columns <= 0) return "";
  // Far longer than wide: the rest need not be measured.
  const start = text.slice(0, columns * 8);
  if (start.length === text.length && widthOf(text) <= columns) {
    return text.replaceAll("\t", TAB_TEXT);
  }
  let shown = "";
  let used = 0;
  for (const grapheme of graphemes(start)) {
    if (used + grapheme.width > columns - 1) break;
    shown += grapheme.text;
    used += grapheme.width;
  }
  return `${shown}…`;
}
