/**
 * One safe line for any value, and what is seen when the row is unfolded.
 *
 * Invariants
 *   P1  Never throws, blocks or consumes: no getter, trap, iterator or `then` of the value runs.
 *   P2  Bounded: a line has at most 80 columns and 512 bytes, a body 20 kB (images 1 MB), whatever the value.
 *   P3  No control or bidi character, and no secret of a known name or shape, is in any of it.
 * @module
 */
import { types } from "node:util";
import { bytesBody, fileType, IMAGE_BYTES_MAX, imageLine, isImage } from "./bytes.ts";
import { errorBody, errorLine, isError } from "./error-body.ts";
import { beginning, cutText, escapeText } from "./escape.ts";
import { formatAge, formatCount, formatUtc } from "./format.ts";
import { frameBody, frameLine, frameOf } from "./frame.ts";
import { builtIn } from "./guard.ts";
import { type Limits, look, Viewing } from "./kinds.ts";
import { asBytes } from "./leaves.ts";
import { quoted } from "./quoted.ts";
import { beginningRedacted, cutRedacted, HIDDEN, isSecretName, redactText } from "./redact.ts";
import { hookPreview, imagePreview } from "./rich.ts";
import type { Preview, PreviewBody } from "./shape.ts";
import { fitted, multiLine, oneLine } from "./shown.ts";
import { typedArrayText } from "./statistics.ts";
import { tableBody } from "./table.ts";

const LINE_COLUMNS_MAX = 80;
/** Lists stop earlier than texts: rows of a deck are narrow. */
const LIST_COLUMNS_MAX = 60;
const STRING_LENGTH_MAX = 60;
const TEXT_LENGTH_MAX = 2_000;
const BODY_BYTES_MAX = 20_000;
const LINE_BYTES_MAX = 512;
const BODY_COLUMNS = 78;

const IN_LINE: Limits = { depth: 1, items: 20, stringLength: 24, areShapesTold: true };
const IN_BODY: Limits = { depth: 4, items: 20, stringLength: 200, areShapesTold: false };

export interface PreviewOptions {
  /** The name the value goes under; text and bytes under a secret's name are hidden. */
  readonly name?: string;
  /** A clock in milliseconds, for the time a preview may take. */
  readonly now?: () => number;
}

/** Looks at a value once, when it exists. Never throws. */
export function preview(value: unknown, { name, now }: PreviewOptions = {}): Preview {
  const simple = simplePreview(value);
  if (simple) return simple;
  try {
    if (typeof value === "string") return shortened(stringPreview(value, name));
    const viewing = new Viewing(now);
    const shown = shortened(objectOrOther(value, name, viewing));
    return viewing.note === undefined ? shown : { missing: viewing.note, ...shown };
  } catch {
    // What no rule foresaw: the row stays, without the value.
    return { line: "[cannot be shown]", kind: "unknown", missing: "looking at the value failed" };
  }
}

/** A line of few columns may have many bytes: marks that stand on one letter, a family in one picture. */
function shortened(shown: Preview): Preview {
  const { line } = shown;
  if (line.length * 3 <= LINE_BYTES_MAX || Buffer.byteLength(line) <= LINE_BYTES_MAX) return shown;
  return { ...shown, line: `${beginning(line, Math.floor(LINE_BYTES_MAX / 3) - 1)}…` };
}

/** What most values are. */
function simplePreview(value: unknown): Preview | undefined {
  switch (typeof value) {
    case "number":
      return { line: Object.is(value, -0) ? "-0" : String(value), kind: "number" };
    case "boolean":
      return { line: String(value), kind: "boolean" };
    case "undefined":
      return { line: "undefined", kind: "undefined" };
    default:
      return value === null ? { line: "null", kind: "null" } : undefined;
  }
}

function objectOrOther(value: unknown, name: string | undefined, viewing: Viewing): Preview {
  if (typeof value === "object" && value !== null && !types.isProxy(value)) {
    return objectPreview(value, name, viewing);
  }
  const { kind, shown } = look(value, IN_LINE, name, viewing);
  return { line: fitted(shown, LIST_COLUMNS_MAX), kind };
}

/** The line alone, of a value whose code must not run: its display hook is not asked either. */
export function plainLine(value: unknown, name?: string): string {
  if (typeof value !== "object" || value === null || types.isProxy(value)) {
    return preview(value, name === undefined ? {} : { name }).line;
  }
  try {
    if (isError(value)) return cutRedacted(errorLine(value), LINE_COLUMNS_MAX);
    const { shown } = look(value, IN_LINE, name);
    return fitted(shown, typeof shown === "string" ? LINE_COLUMNS_MAX : LIST_COLUMNS_MAX);
  } catch {
    return "[cannot be shown]";
  }
}

/** Printable ASCII that stands in quotes as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;

function isWholeSvg(text: string): boolean {
  return /^<(?:svg|\?xml)[\s>]/.test(text) && text.trimEnd().endsWith("</svg>");
}

function stringPreview(value: string, name: string | undefined): Preview {
  if (name !== undefined && isSecretName(name)) return { line: HIDDEN, kind: "string" };
  // As plot libraries return it.
  if (value.length <= IMAGE_BYTES_MAX && isWholeSvg(value)) {
    const picture = imagePreview({ "image/svg+xml": value });
    if (picture) return picture;
  }
  if (value.length <= STRING_LENGTH_MAX && PLAIN.test(value) && redactText(value) === value) {
    return { line: `"${value}"`, kind: "string" };
  }
  const line = stringLine(value);
  const isWhole = line === quoted(value, STRING_LENGTH_MAX) && value.length <= STRING_LENGTH_MAX;
  if (isWhole && !value.includes("\n")) return { line, kind: "string" };
  const safe = redactText(beginning(value, TEXT_LENGTH_MAX * 2));
  const text = escapeText(beginningRedacted(safe, TEXT_LENGTH_MAX));
  const left = value.length - TEXT_LENGTH_MAX;
  const more = left > 0 ? `… ${formatCount(left)} more characters` : "";
  return { line, kind: "string", body: { as: "text", text: text + more } };
}

function stringLine(value: string): string {
  const line = quoted(value, STRING_LENGTH_MAX);
  if (cutRedacted(line, LINE_COLUMNS_MAX) === line) return line;
  // Escapes and wide characters need more columns than the text has characters.
  const count = ` ${formatCount(value.length)} characters`;
  const text = line.slice(1).replace(/…?"(?: [\d,]+ characters)?$/, "");
  return `"${cutRedacted(text, LINE_COLUMNS_MAX - count.length - 3)}"${count}`;
}

function objectPreview(value: object, name: string | undefined, viewing: Viewing): Preview {
  if (isError(value)) return errorPreview(value);
  const isSecret = name !== undefined && isSecretName(name);
  const rich = isSecret ? undefined : (hookPreview(value, viewing) ?? imagePreview(value));
  if (rich) return rich;
  const frame = frameOf(value);
  if (frame) {
    return withBody(
      { line: frameLine(frame), kind: "table" },
      frameBody(frame, isSecret ? name : undefined),
    );
  }
  const { kind, shown, isPart } = look(value, IN_LINE, name, viewing);
  const line = fitted(shown, typeof shown === "string" ? LINE_COLUMNS_MAX : LIST_COLUMNS_MAX);
  if (line === HIDDEN) return { line, kind };
  const bytes = kind === "bytes" ? asBytes(value) : undefined;
  const type = bytes ? fileType(bytes) : undefined;
  if (bytes && isImage(type)) {
    return withBody({ line: imageLine(type, bytes), kind: "image" }, bytesBody(bytes));
  }
  // Most values are small: one look is enough.
  const isWhole = isPart === false && typeof shown !== "string" && oneLine(shown) === line;
  if (isWhole && kind !== "typed-array") return { line, kind };
  return withBody({ line, kind }, bodyOf(value, kind, line, viewing, isSecret ? name : undefined));
}

function withBody(preview: Preview, body: PreviewBody | undefined): Preview {
  return body ? { ...preview, body } : preview;
}

function errorPreview(error: object): Preview {
  const lineOf = (value: unknown, name: string) => preview(value, { name }).line;
  const body = errorBody(error, lineOf);
  return { line: cutRedacted(errorLine(error), LINE_COLUMNS_MAX), kind: "error", body };
}

function bodyOf(
  value: object,
  kind: string,
  line: string,
  viewing: Viewing,
  secretName: string | undefined,
): PreviewBody | undefined {
  if (kind === "date" && types.isDate(value)) {
    const text = Date.prototype.toString.call(value);
    if (text === "Invalid Date") return undefined;
    const age = formatAge(Date.prototype.getTime.call(value), Date.now());
    return { as: "text", text: `${text}\n${age}` };
  }
  if (kind === "bytes") {
    const bytes = asBytes(value);
    return bytes ? bytesBody(bytes) : fileBody(value);
  }
  if (kind === "typed-array" && types.isTypedArray(value)) {
    const text = typedArrayText(value);
    return text === undefined ? undefined : { as: "text", text };
  }
  if (Array.isArray(value)) {
    const table = tableBody(value, secretName);
    if (table) return table;
  }
  const { shown } = look(value, IN_BODY, secretName, viewing);
  if (oneLine(shown) === line) return undefined;
  return { as: "text", text: cutBytes(multiLine(shown, BODY_COLUMNS), BODY_BYTES_MAX) };
}

/** What is known of a file without reading it. */
function fileBody(value: object): PreviewBody | undefined {
  const changedAt = builtIn(File.prototype, "lastModified", value);
  if (typeof changedAt !== "number") return undefined;
  const changed = formatUtc(changedAt);
  return { as: "text", text: `last modified ${changed}\ncontent not read` };
}

/** Cuts a text of more than so many bytes, and counts the characters that are left out. */
function cutBytes(text: string, bytesMax: number): string {
  const bytes = Buffer.byteLength(text);
  if (bytes <= bytesMax) return text;
  // As many characters as fit if all were as wide as the widest: three bytes each, four for two.
  return cutText(text, Math.floor((bytesMax - 100) / (bytes > text.length ? 3 : 1)));
}
