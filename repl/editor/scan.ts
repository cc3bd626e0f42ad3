/**
 * Strings, comments, regular expressions and brackets of a text that may not parse yet: for
 * indentation, matching and the start of the highlighter's window only.
 *
 * Whether a text is complete is never decided here but by the real parser: whether a slash divides
 * or opens a regular expression is a guess from what stands before it.
 * @module
 */
import { indentation, lineStart } from "./buffer.ts";

interface Bracket {
  readonly offset: number;
  readonly character: string;
}

/** What the scanner knows at the offset where it stopped. */
interface Scan {
  /** The brackets opened and not closed by then, outermost first. */
  readonly open: readonly Bracket[];
  /** Each `${` that waits for its `}`, as the number of brackets that were open behind it. */
  readonly templates: readonly number[];
  /** What the offset lies in. */
  readonly inside: "code" | "comment" | "template" | "line";
}

/** The bracket beside the cursor, and the one it belongs to. */
export type BracketMatch =
  | { readonly at: number; readonly partner: number }
  | { readonly at: number; readonly isUnmatched: true };

/** Called for each closer, with the offset of its opener if it has one. */
type OnCloser = (closer: number, opener: number | undefined) => void;

const PARTNER: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
const TAB = "  ";
const NO_CALL = /(?:^|[^\p{L}\p{N}_$.])(?:if|for|while|switch|catch|with|function)$/u;

/** Texts longer than this are not scanned per key. */
const SCAN_LENGTH_MAX = 50_000;
/** A literal longer than this on one line is a division more likely than a regular expression. */
const REGEX_LENGTH_MAX = 2_000;

/** The blanks with which a line begins that is opened at `offset`. */
export function indentAt(text: string, offset: number): string {
  const current = indentation(text, offset).slice(0, offset - lineStart(text, offset));
  const before = text.slice(lineStart(text, offset), offset).trimEnd();
  return /[([{]$|=>$/.test(before) ? current + TAB : current;
}

/** Indentation of the line on which the bracket stands that a closer at `offset` would close. */
export function indentOfOpener(text: string, offset: number, closer: string): string | undefined {
  const open = scan(text, offset)?.open.at(-1);
  if (open === undefined || open.character !== PARTNER[closer]) return undefined;
  return indentation(text, open.offset);
}

/** Whether the arguments of a call are typed at `offset`: behind a name, or what else can be called. */
export function isInCall(text: string, offset: number): boolean {
  const open = scan(text, offset)?.open.at(-1);
  if (open?.character !== "(") return false;
  const before = text.slice(Math.max(0, open.offset - 200), open.offset).trimEnd();
  return /[\p{L}\p{N}_$)\]>]$/u.test(before) && !NO_CALL.test(before);
}

/**
 * The bracket before or else behind the cursor, and its partner.
 * @returns `undefined` when no bracket of code stands there, for an opener that is not closed yet
 *   (it is what people type all the time), and for texts too long to scan per key.
 */
export function matchBracket(text: string, cursor: number): BracketMatch | undefined {
  const partners = new Map<number, number | undefined>();
  const beside = [cursor - 1, cursor].filter((at) => at >= 0 && /[()[\]{}]/.test(text[at] ?? ""));
  if (beside.length === 0) return undefined;
  scan(text, text.length, (closer, opener) => {
    partners.set(closer, opener);
    if (opener !== undefined) partners.set(opener, closer);
  });
  const at = beside.find((offset) => partners.has(offset));
  if (at === undefined) return undefined;
  const partner = partners.get(at);
  return partner === undefined ? { at, isUnmatched: true } : { at, partner };
}

/**
 * What has to stand before `text.slice(offset)`, and behind `text.slice(0, offset)`, so that the
 * piece reads by itself as it does in the whole: the openers and closers of templates and comments.
 */
export function contextAt(
  text: string,
  offset: number,
): { readonly before: string; readonly behind: string } {
  const at = scan(text, offset);
  if (at === undefined || at.inside === "line") return { before: "", behind: "" };
  const depth = at.templates.length;
  const mark = at.inside === "template" ? "`" : "";
  return {
    before: "`${".repeat(depth) + (at.inside === "comment" ? "/*" : mark),
    behind: (at.inside === "comment" ? "*/" : mark) + "}`".repeat(depth),
  };
}

/** Reads `text` up to `offset`; `undefined` for a text that is too long. */
function scan(text: string, offset: number, onCloser?: OnCloser): Scan | undefined {
  if (offset > SCAN_LENGTH_MAX) return undefined;
  const open: Bracket[] = [];
  const templates: number[] = [];
  let inside: Scan["inside"] = "code";
  /** The last character of code that is no blank: tells a regular expression from a division. */
  let last = -1;
  let at = 0;
  // Each reader returns the offset behind what it read, or one behind `offset` when that lies within.
  const skip = (end: number, what: Scan["inside"]) => {
    if (end > offset) inside = what;
    at = end;
  };
  const template = (start: number) => {
    const end = endOfTemplate(text, start);
    skip(end, "template");
    if (end > offset || text[end - 1] !== "{") return;
    open.push({ offset: end - 1, character: "{" });
    templates.push(open.length);
  };
  while (at < offset) {
    const character = text[at] ?? "";
    const start = at;
    const next = text[at + 1];
    if (character === "/" && next === "/") skip(endOf(text, "\n", at + 2), "line");
    else if (character === "/" && next === "*") skip(endOf(text, "*/", at + 2), "comment");
    else if (character === '"' || character === "'") skip(endOfString(text, at), "line");
    else if (character === "/" && startsRegex(text, last)) {
      const end = endOfRegex(text, at);
      if (end === undefined) at++;
      else skip(end, "line");
    } else if (character === "`") template(at + 1);
    else if (character === "}" && templates.length > 0 && templates.at(-1) === open.length) {
      const opener = open.pop();
      onCloser?.(at, opener?.offset);
      templates.pop();
      template(at + 1);
    } else {
      if ("([{".includes(character)) open.push({ offset: at, character });
      else if (PARTNER[character] !== undefined) {
        const isPartner = open.at(-1)?.character === PARTNER[character];
        const opener = isPartner ? open.pop() : undefined;
        onCloser?.(at, opener?.offset);
      }
      at++;
    }
    const isComment = character === "/" && (next === "/" || next === "*");
    if (!isComment && character.trim() !== "") last = Math.max(start, at - 1);
  }
  return { open, templates, inside };
}

/** Where nothing can be divided, a slash opens a regular expression. `<` is left out for `</p>`. */
function startsRegex(text: string, last: number): boolean {
  if (last < 0) return true;
  const character = text[last] ?? "";
  if ("([{,;=:?!&|+-*%~^>".includes(character)) return true;
  const before = text.slice(Math.max(0, last - 10), last + 1);
  return /(?<![\w$.])(?:return|typeof|case|in|of|do|else|void|delete|await|yield|throw|new)$/.test(
    before,
  );
}

/** The offset behind a literal that ends on its line. */
function endOfRegex(text: string, start: number): number | undefined {
  let isInClass = false;
  const end = Math.min(text.length, start + REGEX_LENGTH_MAX);
  for (let at = start + 1; at < end; at++) {
    const character = text[at];
    if (character === "\n") return undefined;
    if (character === "\\") at++;
    else if (character === "[") isInClass = true;
    else if (character === "]") isInClass = false;
    else if (character === "/" && !isInClass) return at + 1;
  }
  return undefined;
}

/** Behind `mark`; one behind the text's end where it is missing, for then the end lies within. */
function endOf(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from);
  return end === -1 ? text.length + 1 : end + mark.length;
}

function endOfString(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === quote || text[at] === "\n") return at + 1;
  }
  return text.length + 1;
}

/** Behind the closing backtick or the next `${`. */
function endOfTemplate(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "`") return at + 1;
    else if (text[at] === "$" && text[at + 1] === "{") return at + 2;
  }
  return text.length + 1;
}
