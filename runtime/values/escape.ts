/**
 * Text that cannot move a cursor, reorder a line or break out of one: escapes, widths, cuts.
 *
 * Every text of a value goes through here before any renderer sees it. Escaping for HTML is React's.
 * @module
 */
import { createRequire } from "node:module";
import { formatCount } from "./format.ts";

// C0, DEL and C1, line and paragraph separators, bidi marks, embeddings, overrides and isolates, lone surrogates.
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu;
const PRINTABLE_ASCII = /^[ -~]*$/;
/** Characters of one column each that combine with nothing: ASCII, Latin, and the arrows and `…` of our own texts. */
const NARROW = /^[ -~\u00a0-\u00ac\u00ae-\u024f\u2013\u2014\u2018-\u201d\u2026\u2190-\u2193]*$/;
const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\t": "\\t", "\r": "\\r" };

function visible(character: string): string {
  const hex = character.charCodeAt(0).toString(16);
  return (
    NAMED[character] ??
    (hex.length > 2 ? `\\u${hex.padStart(4, "0")}` : `\\x${hex.padStart(2, "0")}`)
  );
}

/** One line: also line breaks become visible escapes. */
export function escapeLine(text: string): string {
  return PRINTABLE_ASCII.test(text) ? text : text.replaceAll(UNSAFE, visible);
}

/** Several lines: line breaks stay, tabs become blanks. */
export function escapeText(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return text;
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll("\t", "    ")
    .replaceAll(UNSAFE, (character) => (character === "\n" ? character : visible(character)));
}

/** Width in terminal columns. */
export function columnsOf(text: string): number {
  return NARROW.test(text) ? text.length : stringWidth(text);
}

let loadedWidth: typeof import("string-width").default | undefined;

/**
 * Loaded with the first text that needs it: its tables of Unicode take 40 ms, most of what loading all of the runtime
 * would take, and a workflow file that runs in plain Node may never see such a text.
 */
function stringWidth(text: string): number {
  if (loadedWidth === undefined) {
    const loaded: typeof import("string-width") = createRequire(import.meta.url)("string-width");
    loadedWidth = loaded.default;
  }
  return loadedWidth(text);
}

let segmenter: Intl.Segmenter | undefined;

/** Cuts a line to at most `columns`, the last of which is then `…`. */
export function cutLine(text: string, columns: number): string {
  if (columns <= 0) return "";
  if (NARROW.test(text)) {
    return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
  }
  // No grapheme is narrower than a fraction of its code units; looking at more would cost time for nothing.
  const near = text.slice(0, columns * 16);
  if (near.length === text.length && stringWidth(text) <= columns) return text;
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  let kept = "";
  let width = 0;
  for (const { segment } of segmenter.segment(near)) {
    width += stringWidth(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Pads with blanks, or cuts, to exactly `columns`. */
export function fitLine(text: string, columns: number, align: "left" | "right" = "left"): string {
  const cut = cutLine(text, columns);
  const blanks = " ".repeat(Math.max(0, columns - columnsOf(cut)));
  return align === "left" ? cut + blanks : blanks + cut;
}

/** Cuts a text to at most `lengthMax` characters, with a count of what is left out; never through a surrogate pair. */
export function cutText(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  const end = isHighSurrogate(text, lengthMax - 1) ? lengthMax - 1 : lengthMax;
  return `${text.slice(0, end)}… ${formatCount(text.length - end)} more characters`;
}

/** The beginning of a text, without half a surrogate pair at its end. */
export function beginning(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  return text.slice(0, isHighSurrogate(text, lengthMax - 1) ? lengthMax - 1 : lengthMax);
}

function isHighSurrogate(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 0xd800 && code < 0xdc00;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for HTML and SVG, between tags and in attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
