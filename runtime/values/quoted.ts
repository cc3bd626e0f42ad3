/**
 * Strings and keys as one writes them in code.
 * @module
 */
import { beginning, escapeLine } from "./escape.ts";
import { formatCount } from "./format.ts";
import { beginningRedacted, redactText } from "./redact.ts";

/** So much of a text beyond what is shown is searched for secrets. */
const LOOKED_AHEAD = 2_000;

/** A quoted string, escaped, at most `lengthMax` characters of it. */
export function quoted(text: string, lengthMax: number): string {
  // Hidden before it is cut: half a secret is one too.
  const looked = beginning(text, lengthMax + LOOKED_AHEAD);
  const safe = redactText(looked);
  const cut = beginningRedacted(safe, lengthMax);
  const inner = escapeLine(cut.replaceAll("\\", "\\\\").replaceAll('"', '\\"'));
  const isCut = cut.length < safe.length || looked.length < text.length;
  return isCut ? `"${inner}…" ${formatCount(text.length)} characters` : `"${inner}"`;
}

/** A key as one writes it in an object. */
export function keyText(key: string): string {
  return /^(?:[\w$]{1,60}|\[Symbol\([\w.]{0,60}\)\])$/.test(key) ? key : quoted(key, 60);
}
