/**
 * Sentences of ours → rows that break between words, since a terminal breaks inside them.
 *
 * Not for what people may copy: code and values are left to the terminal, which knows that a row goes on.
 * @module
 */
import { SGR } from "./escapes.ts";
import { widthOf } from "./width.ts";

/** A text this long is no sentence. */
const LENGTH_MAX = 20_000;

/**
 * Each line over `columns` becomes several; further ones begin under the line's own indentation.
 * A word that is wider than a row stays whole: it is a path or an address.
 * @param text may have colours.
 */
export function wrapText(text: string, columns: number): string {
  if (text.length > LENGTH_MAX) return text;
  return text
    .split("\n")
    .map((line) => wrapLine(line, columns))
    .join("\n");
}

function wrapLine(line: string, columns: number): string {
  if (visibleWidth(line) <= columns) return line;
  const [indent = ""] = /^ */.exec(line) ?? [];
  let wrapped = "";
  let used = 0;
  for (const [piece, blanks = "", word = ""] of line.matchAll(/( *)([^ ]*)/g)) {
    const width = visibleWidth(piece);
    // The first word stays where it is; what follows a break has no blanks before it.
    if (used > indent.length && used + width > columns && word !== "") {
      wrapped += `\n${indent}${word}`;
      used = indent.length + width - blanks.length;
    } else {
      wrapped += piece;
      used += width;
    }
  }
  return wrapped;
}

function visibleWidth(text: string): number {
  return widthOf(text.replaceAll(SGR, ""));
}
