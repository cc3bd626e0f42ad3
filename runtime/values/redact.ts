/**
 * What must not be seen in a deck, since decks get committed: secrets by the name they go under, and by their shape.
 *
 * Applied when a preview is made; nothing unredacted enters an event.
 * @module
 */

import { beginning, cutLine, escapeHtml } from "./escape.ts";

const REDACTED = "[redacted]";
/** The same in place of a value. */
export const HIDDEN = `"${REDACTED}"`;

const SECRET_WORDS = new Set([
  "token",
  "secret",
  "secrets",
  "password",
  "passwd",
  "passphrase",
  "authorization",
  "cookie",
  "cookies",
  "credential",
  "credentials",
]);
const KEY_OWNERS = new Set(["api", "access", "private"]);

/** Whether text and bytes under this name are hidden: `apiKey`, `API_KEY`, `session-token`. Numbers stay: `maxTokens: 512`. */
export function isSecretName(name: string): boolean {
  if (name.length > 200) return false;
  const words = name
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/);
  return words.some(
    (word, index) =>
      SECRET_WORDS.has(word) ||
      word === "apikey" ||
      ((word === "key" || word === "keys") && KEY_OWNERS.has(words[index - 1] ?? "")),
  );
}

// Each shape begins with something rare, so that a text without secrets costs one pass. Ends are open: a text may have
// been cut in the middle of a secret.
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  [/\b(Bearer) +[\w.~+/=-]{6,}/gi, `$1 ${REDACTED}`],
  [/\b(Basic) +[A-Za-z\d+/]{15,}={0,2}/g, `$1 ${REDACTED}`],
  [/\bA(?:KIA|SIA)[A-Z\d]{12,}/g, REDACTED],
  [/\bgh[pousr]_[A-Za-z\d]{8,}/g, REDACTED],
  [/\bgithub_pat_\w{8,}/g, REDACTED],
  [/\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?/g, REDACTED],
  [/(\b[a-z][a-z\d+.-]{0,20}:\/\/)[^\s/@:"'<>]{0,200}:[^\s/@"'<>]{1,200}@/gi, `$1${REDACTED}@`],
  [
    /([?&][\w.-]{0,40}(?:token|secret|password|passwd|signature|api[-_]?key|access[-_]?key)=)[^&\s"'<>#]+/gi,
    `$1${REDACTED}`,
  ],
];
const MAY_HOLD =
  /-----BEGIN|Bearer|Basic|A[KS]IA|gh[pousr]_|github_pat_|eyJ|:\/\/|token=|secret=|passw(?:or)?d=|key=|signature=/i;

/** Shorter ones would hide half of every text. */
const SECRET_LENGTH_MIN = 6;
/** Of a secret of many lines, like a certificate, so many are hidden where they stand alone. */
const SECRET_LINES_MAX = 50;

/** Texts that this process knows to be secret, longest first: one may be the beginning of another. */
let secrets: readonly string[] = [];
let rules: readonly RegExp[] = [];

/** From now on this text is hidden wherever it stands; also each line of it. Shorter than 6 characters it is not. */
export function addSecret(secret: string): void {
  const known = new Set(secrets);
  const lines = secret.split("\n").slice(0, SECRET_LINES_MAX);
  for (const part of [secret, ...lines].map((line) => line.trim())) {
    if (part.length < SECRET_LENGTH_MIN) continue;
    // As it stands in HTML, in JSON and in an address.
    const inJson = JSON.stringify(part).slice(1, -1);
    for (const form of [part, escapeHtml(part), inJson, encoded(part)]) known.add(form);
  }
  secrets = [...known].sort((a, b) => b.length - a.length);
}

function encoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    // Half a character has no code.
    return text;
  }
}

/** What else is hidden: texts, or patterns. Replaces what was set before. */
export function setRedaction(own: readonly (RegExp | string)[]): void {
  rules = own.map((rule) =>
    typeof rule === "string"
      ? new RegExp(rule.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&"), "g")
      : new RegExp(rule.source, [...new Set(`${rule.flags.replace("y", "")}g`)].join("")),
  );
}

/** Hides secrets in any text: those of a known shape, those that were handed out, and what one's own rules say. */
export function redactText(text: string): string {
  let safe = text;
  for (const secret of secrets) safe = safe.replaceAll(secret, REDACTED);
  // A pattern that fits everywhere, like the empty one, hides nothing.
  for (const rule of rules) safe = safe.replaceAll(rule, (found) => (found === "" ? "" : REDACTED));
  if (!MAY_HOLD.test(safe)) return safe;
  for (const [shape, replacement] of SHAPES) safe = safe.replaceAll(shape, replacement);
  return safe;
}

/** Whether a secret that was handed out stands in the text. */
export function holdsSecret(text: string): boolean {
  return secrets.some((secret) => text.includes(secret));
}

/** Whether there is anything to hide that only this process knows. */
export function hasOwnSecrets(): boolean {
  return secrets.length > 0 || rules.length > 0;
}

/** The beginning of a redacted text. Half a mark at its end is left out: it would look like a value. */
export function beginningRedacted(text: string, lengthMax: number): string {
  const cut = beginning(text, lengthMax);
  return cut.length < text.length ? withoutHalfMark(cut) : cut;
}

/** A redacted line of at most `columns`; ends in `…` when it is cut. */
export function cutRedacted(line: string, columns: number): string {
  const cut = cutLine(line, columns);
  return cut === line || cut === "" ? cut : `${withoutHalfMark(cut.slice(0, -1))}…`;
}

function withoutHalfMark(text: string): string {
  const at = text.lastIndexOf("[");
  return at >= 0 && text.length - at < REDACTED.length && REDACTED.startsWith(text.slice(at))
    ? text.slice(0, at)
    : text;
}

const PAIR =
  /(["']?)([\w$-]{1,100})\1(\s*(?::\s*[\w$.<>[\]|]{1,60}\s*=|:|=>|=)\s*)("(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|`(?:[^`\\]|\\.)*`?)/g;

/** The same, and by name, in text that somebody else printed or wrote: `token: 'abc'`, `const password: string = "abc"`. */
export function redactPrinted(text: string): string {
  return redactText(text).replaceAll(PAIR, (whole, quote, name, between) =>
    isSecretName(name) ? `${quote}${name}${quote}${between}"${REDACTED}"` : whole,
  );
}
