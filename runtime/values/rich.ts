/**
 * Values that bring their own picture: a display hook, or a MIME bundle of an image.
 * @module
 */
import { types } from "node:util";
import { bytesBody, fileType, IMAGE_BYTES_MAX, imageLine, isImage } from "./bytes.ts";
import { beginning, cutText, escapeLine, escapeText } from "./escape.ts";
import { formatBytes } from "./format.ts";
import { classNames, dataOf, findDescriptor, slowNote } from "./guard.ts";
import type { Viewing } from "./kinds.ts";
import { cutRedacted, redactPrinted } from "./redact.ts";
import type { Preview } from "./shape.ts";

const HOOK = Symbol.for("Jupyter.display");
const LINE_COLUMNS_MAX = 80;
const TEXT_LENGTH_MAX = 2_000;
const LOOKED_AT_MAX = 20_000;
/** With the text beside it a body stays under 20 kB, or nearly. */
const HTML_LENGTH_MAX = 18_000;

/** The value's `Symbol.for("Jupyter.display")` method, own or inherited. */
export function displayHook(value: unknown): ((this: unknown) => unknown) | undefined {
  if ((typeof value !== "object" && typeof value !== "function") || value === null)
    return undefined;
  const hook: unknown = findDescriptor(value, HOOK)?.value;
  return typeof hook === "function" ? (hook as (this: unknown) => unknown) : undefined;
}

/**
 * What a value with a display hook says in plain text.
 * @returns undefined when it has no hook, or the hook throws.
 */
export function hookPreview(value: object, viewing: Viewing): Preview | undefined {
  const hook = displayHook(value);
  if (hook === undefined) return undefined;
  const name = escapeLine(beginning(classNames(value)[0] ?? "Object", 60));
  const rich: Preview = { line: `${name} (rich)`, kind: "rich" };
  // Nobody waits in a row of a deck; a hook that would have to be awaited is not even started.
  if (types.isAsyncFunction(hook)) return rich;
  let bundle: unknown;
  const startedAt = viewing.now();
  try {
    bundle = hook.call(value);
  } catch {
    // The hook's own failure: the value is shown as any other.
    return undefined;
  } finally {
    viewing.note ??= slowNote(hook, name, viewing.now() - startedAt);
  }
  if (typeof bundle !== "object" || bundle === null || types.isProxy(bundle)) return rich;
  if (types.isPromise(bundle)) {
    // It has started all the same; its failure must not become an unhandled rejection.
    Promise.prototype.then.call(bundle, undefined, () => undefined);
    return rich;
  }
  const html = htmlOf(bundle);
  const text = dataOf(bundle, "text/plain");
  if (typeof text !== "string" || text === "") {
    const image = imagePreview(bundle);
    if (image) return image;
    return html === undefined ? rich : { ...rich, body: { as: "html", html, text: rich.line } };
  }
  const safe = escapeText(redactPrinted(beginning(text, LOOKED_AT_MAX)));
  const line = cutRedacted(safe.split("\n", 1)[0] ?? "", LINE_COLUMNS_MAX);
  const cut = cutText(safe, TEXT_LENGTH_MAX);
  if (html !== undefined) return { line, kind: "rich", body: { as: "html", html, text: cut } };
  return line === safe
    ? { line, kind: "rich" }
    : { line, kind: "rich", body: { as: "text", text: cut } };
}

/** Not filtered: what is safe depends on where it stands, and is the views' business. Half of it would be none. */
function htmlOf(bundle: object): string | undefined {
  const html = dataOf(bundle, "text/html");
  if (typeof html !== "string" || html === "" || html.length > HTML_LENGTH_MAX) return undefined;
  const safe = redactPrinted(html);
  return Buffer.byteLength(safe) <= HTML_LENGTH_MAX ? safe : undefined;
}

const IMAGE_TYPES = ["image/svg+xml", "image/png", "image/jpeg", "image/gif"];

/** The image in a MIME bundle, as plot libraries make them: base64, or text for SVG. */
export function imageBytes(value: object): Uint8Array | undefined {
  for (const mime of IMAGE_TYPES) {
    const data: unknown = Object.getOwnPropertyDescriptor(value, mime)?.value;
    if (typeof data !== "string") continue;
    const bytes = Buffer.from(data, mime === "image/svg+xml" ? "utf8" : "base64");
    if (fileType(bytes)?.mime === mime) return bytes;
  }
  return undefined;
}

export function imagePreview(value: object): Preview | undefined {
  const bytes = imageBytes(value);
  const type = bytes && fileType(bytes);
  if (bytes === undefined || !isImage(type)) return undefined;
  const line = imageLine(type, bytes);
  if (bytes.length > IMAGE_BYTES_MAX) {
    const missing = `images above ${formatBytes(IMAGE_BYTES_MAX)} are not kept`;
    return { line, kind: "image", missing };
  }
  const body = bytesBody(bytes);
  return { line, kind: "image", ...(body && { body }) };
}
