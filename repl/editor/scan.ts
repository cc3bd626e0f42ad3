/**
 * Strings, comments and brackets of a text that may not parse yet: for indentation and matching only.
 *
 * Whether a text is complete is never decided here but by the real parser: a regular expression such
 * as `/[(]/` is not told apart from a division.
 * @module
 */
import { indentation, lineStart } from "./buffer.ts";

interface Bracket {
  readonly offset: number;
  readonly character: string;
}

const PARTNER: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
const TAB = "  ";
const NO_CALL = /(?:^|[^\p{L}\p{N}_$.])(?:if|for|while|switch|catch|with|function)$/u;

/** Texts longer than this are not scanned per key. */
const SCAN_LENGTH_MAX = 50_000;

/** The blanks with which a line begins that is opened at `offset`. */
export function indentAt(text: string, offset: number): string {
  const current = indentation(text, offset).slice(0, offset - lineStart(text, offset));
  const before = text.slice(lineStart(text, offset), offset).trimEnd();
  return /[([{]$|=>$/.test(before) ? current + TAB : current;
}

/** Indentation of the line on which the bracket stands that a closer at `offset` would close. */
export function indentOfOpener(text: string, offset: number, closer: string): string | undefined {
  const open = openBrackets(text, offset).at(-1);
  if (open === undefined || open.character !== PARTNER[closer]) return undefined;
  return indentation(text, open.offset);
}

/** Whether the arguments of a call are typed at `offset`: behind a name, or what else can be called. */
export function isInCall(text: string, offset: number): boolean {
  const open = openBrackets(text, offset).at(-1);
  if (open?.character !== "(") return false;
  const before = text.slice(Math.max(0, open.offset - 200), open.offset).trimEnd();
  return /[\p{L}\p{N}_$)\]>]$/u.test(before) && !NO_CALL.test(before);
}

/** The brackets opened before `offset` and not closed by then, outermost first. */
function openBrackets(text: string, offset: number): Bracket[] {
  if (text.length > SCAN_LENGTH_MAX) return [];
  const open: Bracket[] = [];
  // Each `${` of a template waits here for its `}`.
  const templates: number[] = [];
  for (let at = 0; at < offset; at++) {
    const character = text[at] ?? "";
    if (character === "/" && text[at + 1] === "/") at = endOf(text, "\n", at);
    else if (character === "/" && text[at + 1] === "*") at = endOf(text, "*/", at + 2);
    else if (character === '"' || character === "'") at = endOfString(text, at, character);
    else if (character === "`") at = endOfTemplate(text, at + 1, open, templates);
    else if (character === "}" && templates.at(-1) === open.length && open.length > 0) {
      open.pop();
      templates.pop();
      at = endOfTemplate(text, at + 1, open, templates);
    } else if ("([{".includes(character)) open.push({ offset: at, character });
    else if (PARTNER[character] !== undefined && open.at(-1)?.character === PARTNER[character]) {
      open.pop();
    }
  }
  return open;
}

function endOf(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from);
  return end === -1 ? text.length : end + mark.length - 1;
}

function endOfString(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === quote || text[at] === "\n") return at;
  }
  return text.length;
}

function endOfTemplate(text: string, start: number, open: Bracket[], templates: number[]): number {
  for (let at = start; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "`") return at;
    else if (text[at] === "$" && text[at + 1] === "{") {
      open.push({ offset: at + 1, character: "{" });
      templates.push(open.length);
      return at + 1;
    }
  }
  return text.length;
}
