/**
 * What a deck of the user's own is filled with → a MIME bundle, made once and bounded.
 *
 * HTML and Markdown stay as they were given: each view makes them safe in its own way. Secrets of a known shape or name
 * are hidden here already, since decks get committed.
 * @module
 */
import { types } from "node:util";
import { mimeBundle } from "../values/bundle.ts";
import { errorBodyToText } from "../values/error-body.ts";
import { escapeHtml } from "../values/escape.ts";
import { formatBytes } from "../values/format.ts";
import { htmlToText } from "../values/html-text.ts";
import { preview } from "../values/preview.ts";
import { redactPrinted, redactText } from "../values/redact.ts";
import { displayHook } from "../values/rich.ts";
import type { MimeBundle, Preview } from "../values/shape.ts";
import { tableBundle } from "../values/table-forms.ts";

const HOOK = Symbol.for("Jupyter.display");
const COLUMNS = 100;
/** Of one piece, in UTF-16 units. */
const PIECE_LENGTH_MAX = 20_000_000;

/** HTML or Markdown that somebody wrote; shows itself where values are shown. */
export class RichText {
  readonly #type: string;
  readonly #text: string;

  constructor(type: "text/html" | "text/markdown", text: string) {
    this.#type = type;
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }

  [HOOK](): MimeBundle {
    const plain = this.#type === "text/html" ? htmlToText(this.#text) : this.#text;
    return { [this.#type]: this.#text, "text/plain": plain };
  }
}

/** HTML: as a tag of a template string interpolations are escaped; as a function the text is taken as it is. */
export function html(parts: TemplateStringsArray | string, ...values: unknown[]): RichText {
  if (typeof parts === "string") return new RichText("text/html", parts);
  return new RichText("text/html", joined("html", parts, values.map(inHtml)));
}

/** Markdown: a template string, or a text. */
export function md(parts: TemplateStringsArray | string, ...values: unknown[]): RichText {
  if (typeof parts === "string") return new RichText("text/markdown", parts);
  return new RichText("text/markdown", joined("md", parts, values.map(asText)));
}

function joined(name: string, parts: TemplateStringsArray, values: readonly string[]): string {
  if (!Array.isArray(parts)) {
    throw new TypeError(`${name} takes a template string or a text, not ${preview(parts).line}`);
  }
  // As written where an escape means nothing to JavaScript (`\d` in a formula); such a part is undefined in `parts`.
  return parts.map((part, index) => (part ?? parts.raw[index]) + (values[index] ?? "")).join("");
}

/** Interpolations are data: escaped, unless they are HTML themselves. */
function inHtml(value: unknown): string {
  if (Array.isArray(value)) return value.map(inHtml).join("");
  const bundle = displayHook(value) === undefined ? {} : mimeBundle(value, COLUMNS);
  const nested = bundle["text/html"] ?? bundle["image/svg+xml"];
  return typeof nested === "string" ? nested : escapeHtml(asText(value));
}

function asText(value: unknown): string {
  if (value === null || typeof value !== "object") return String(value);
  try {
    return String(value);
  } catch {
    // An object without a way to become text, or whose own way throws.
    return preview(value).line;
  }
}

/**
 * @param content `Deck.html`, `Deck.md`, an object with a display hook, a MIME bundle, a text, or any value.
 * @returns a bundle with `text/plain`, without secrets, of at most 20 MB. Never throws for what a value does.
 */
export function contentBundle(content: unknown): MimeBundle {
  const bundle = redacted(bundleOf(content));
  const length = Object.values(bundle).reduce<number>((sum, each) => sum + lengthOf(each), 0);
  if (length <= PIECE_LENGTH_MAX) return bundle;
  return {
    "text/plain": `(a piece of ${formatBytes(length)} was left out: decks keep pieces of at most ${formatBytes(PIECE_LENGTH_MAX)})`,
  };
}

function bundleOf(content: unknown): MimeBundle {
  if (typeof content === "string") return textBundle(content);
  const hook = displayHook(content);
  if (hook !== undefined && types.isAsyncFunction(hook)) {
    const line = `${preview(content).line} (its display hook has to be awaited: give Deck what it resolves to)`;
    return { "text/plain": line };
  }
  if (hook !== undefined) return mimeBundle(content, COLUMNS);
  if (isMimeBundle(content)) return mimeBundle({ [HOOK]: () => content }, COLUMNS);
  return previewBundle(preview(content));
}

function textBundle(text: string): MimeBundle {
  const isMarkup = /^\s{0,20}<[a-z!]/i.test(text.slice(0, 40));
  const hint = isMarkup ? "\n(a text; to show it as HTML: Deck.html(text))" : "";
  return { "text/plain": text + hint };
}

/** A plain object whose keys are all media types. */
function isMimeBundle(value: unknown): value is MimeBundle {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  const keys = Object.keys(value);
  return (
    keys.length > 0 && keys.length < 50 && keys.every((key) => /^[\w.+-]+\/[\w.+-]+$/.test(key))
  );
}

/** A value as an unfolded row shows it. */
function previewBundle({ line, body, missing }: Preview): MimeBundle {
  const note = missing === undefined ? "" : `\n(${missing})`;
  switch (body?.as) {
    case undefined:
      return { "text/plain": line + note };
    case "text":
      return { "text/plain": body.text + note };
    case "error":
      return { "text/plain": errorBodyToText(body) + note };
    case "html":
      return { "text/html": body.html, "text/plain": body.text };
    case "image": {
      const isText = body.mime === "image/svg+xml";
      const data = isText ? Buffer.from(body.base64, "base64").toString() : body.base64;
      return { [body.mime]: data, "text/plain": line };
    }
    case "table":
      return tableBundle(body);
    default:
      return body satisfies never;
  }
}

function redacted(bundle: MimeBundle): MimeBundle {
  const safe: Record<string, unknown> = {};
  for (const [type, content] of Object.entries(bundle)) {
    if (typeof content !== "string") {
      // What is hidden in it would no longer be the JSON that its reader expects.
      const json = JSON.stringify(content);
      if (json !== undefined && redactText(json) === json) safe[type] = content;
    } else if (type === "text/plain") safe[type] = redactPrinted(content);
    else if (type.startsWith("text/") || type === "image/svg+xml") safe[type] = redactText(content);
    else safe[type] = content;
  }
  safe["text/plain"] ??= "";
  return safe;
}

function lengthOf(content: unknown): number {
  return typeof content === "string" ? content.length : (JSON.stringify(content)?.length ?? 0);
}
