/**
 * Foreign text → text that is safe to print: it cannot move the cursor, clear the screen, change the
 * title or the clipboard, or reorder what is read.
 *
 * What would do harm becomes a visible escape, so that nothing is lost and the person sees what it was.
 * @module
 */
import { RESET_COLORS, SGR } from "./escapes.ts";

// Control characters but newline and tab, halves of characters, line separators, bidi controls.
const UNSAFE =
  /(?![\n\t])\p{Cc}|\p{Cs}|[\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;

/** Escapes all control characters but newline and tab. */
export function sanitize(text: string): string {
  return text.replaceAll(UNSAFE, escapeOf);
}

/** The same for one row, where newlines and tabs have no place either. */
export function sanitizeLine(text: string): string {
  return sanitize(text).replaceAll("\n", "\\n").replaceAll("\t", " ");
}

/** The same for all strings in plain data. */
export function sanitizeData<T>(data: T): T {
  return sanitizeAny(data) as T; // the same shape: only the text of strings changes
}

function sanitizeAny(data: unknown): unknown {
  if (typeof data === "string") return sanitize(data);
  if (Array.isArray(data)) return data.map(sanitizeAny);
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, sanitizeAny(value)]));
}

/**
 * Output of user code, piece after piece: colours stay, everything else is escaped. A colour that is
 * open at the end of a piece is closed there and opened again at the start of the next, so that it
 * never reaches the prompt.
 */
export class OutputSanitizer {
  readonly #keepsColors: boolean;
  /** What is switched on: the property → the sequence that did it. */
  readonly #open = new Map<string, string>();

  constructor(keepsColors: boolean) {
    this.#keepsColors = keepsColors;
  }

  next(text: string): string {
    let result = [...this.#open.values()].join("");
    let end = 0;
    for (const match of text.matchAll(SGR)) {
      result += sanitize(text.slice(end, match.index));
      end = match.index + match[0].length;
      if (!this.#keepsColors) continue;
      result += match[0];
      this.#note(match[1] ?? "");
    }
    result += sanitize(text.slice(end));
    if (this.#open.size === 0) return result;
    // Before the last newline: what follows the text would otherwise stand on a line of its own.
    return result.endsWith("\n")
      ? `${result.slice(0, -1)}${RESET_COLORS}\n`
      : result + RESET_COLORS;
  }

  /** Follows one sequence's parameters: `1;31`, `38;5;208`, `39`. */
  #note(parameters: string): void {
    const codes = parameters.split(/[;:]/).map(Number);
    for (let at = 0; at < codes.length; at++) {
      const code = codes[at] ?? 0;
      if (code === 38 || code === 48 || code === 58) {
        // A colour by number or by its parts takes two or four more parameters.
        const length = codes[at + 1] === 2 ? 5 : 3;
        this.#open.set(PROPERTIES[code] ?? "", `\x1b[${codes.slice(at, at + length).join(";")}m`);
        at += length - 1;
        continue;
      }
      const property = propertyOf(code);
      if (code === 0) this.#open.clear();
      else if (OFF.has(code)) this.#open.delete(property);
      else if (property !== "") this.#open.set(property, `\x1b[${code}m`);
    }
  }
}

const PROPERTIES: Readonly<Record<number, string>> = {
  38: "text",
  48: "back",
  58: "underline color",
};
/** Codes that switch a property off. */
const OFF = new Set([22, 23, 24, 25, 27, 28, 29, 39, 49, 55, 59]);

/** What an SGR code changes; empty for one that changes nothing we know. */
function propertyOf(code: number): string {
  if ((code >= 30 && code <= 39) || (code >= 90 && code <= 97)) return "text";
  if ((code >= 40 && code <= 49) || (code >= 100 && code <= 107)) return "back";
  if (code === 59) return "underline color";
  if (code === 53 || code === 55) return "overline";
  if (code === 1 || code === 2 || code === 22) return "weight";
  if (code === 21) return "4";
  if (code >= 3 && code <= 9) return String(code);
  return code >= 23 && code <= 29 ? String(code - 20) : "";
}

function escapeOf(character: string): string {
  const code = character.charCodeAt(0);
  return code <= 0xff
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}
