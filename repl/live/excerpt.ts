/**
 * The lines of code in an error, cut to the width of the screen: a wrapped line would take the caret
 * below it to the wrong place.
 * @module
 */
import { truncate } from "../terminal/width.ts";

/** `❯ 12 │ code` and `     │ ^^^`: gutter, then code. */
const ROW = /^((?:❯| ) *\d* *│ ?)(.*)$/u;
const CARET = /^ *\^+$/;

interface ExcerptRow {
  readonly gutter: string;
  readonly code: string;
}

/** @param text of a `codeFrame`: excerpts, each perhaps below a line that says what is wrong. */
export function fitExcerpts(text: string, columns: number): string {
  const fitted: string[] = [];
  let excerpt: ExcerptRow[] = [];
  for (const line of text.split("\n")) {
    const [, gutter, code = ""] = ROW.exec(line) ?? [];
    if (gutter !== undefined) {
      excerpt.push({ gutter, code });
      continue;
    }
    fitted.push(...fitExcerpt(excerpt, columns), line);
    excerpt = [];
  }
  return [...fitted, ...fitExcerpt(excerpt, columns)].join("\n");
}

/** All rows move to the left by the same number of columns, so that the caret shows and stays in its place. */
function fitExcerpt(rows: readonly ExcerptRow[], columns: number): string[] {
  const room = columns - Math.max(0, ...rows.map(({ gutter }) => gutter.length));
  const caret = rows.find(({ code }) => CARET.test(code))?.code ?? "";
  const start = caret.indexOf("^");
  // The last column is for the mark that the line goes on.
  const shift = caret.length < room ? 0 : Math.max(0, start - Math.floor(room / 3));
  return rows.map(({ gutter, code }) => {
    if (shift === 0) return (gutter + truncate(code, room)).trimEnd();
    if (CARET.test(code)) return gutter + code.slice(shift, shift + room);
    const rest = code.slice(shift + 1);
    return (gutter + (code.trim() === "" ? "" : `…${truncate(rest, room - 1)}`)).trimEnd();
  });
}
