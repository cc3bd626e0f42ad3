/**
 * A MIME bundle that somebody made, made fit to be sent.
 *
 * Invariants
 *   B1  There is always `text/plain`.
 *   B2  Bytes are base64 (RFC 2045 without line breaks), lists of lines are one text, content of JSON types is JSON.
 *   B3  `application/json` stays only where it is all there is: JupyterLab and VS Code rank it above HTML and show a
 *       tree of raw JSON.
 * @module
 */
import { Buffer } from "node:buffer";
import { fileType, imageLine } from "./bytes.ts";
import { formatBytes } from "./format.ts";
import { htmlToText } from "./html-text.ts";
import { asBytes } from "./leaves.ts";
import { preview } from "./preview.ts";
import type { MimeBundle } from "./shape.ts";

/** What is wrong with a bundle, in words for the person who made it. */
export class BundleError extends TypeError {
  static {
    // Read by people as what it is.
    Object.defineProperty(BundleError.prototype, "name", {
      value: "TypeError",
      configurable: true,
    });
  }
}

/** RFC 6838, without parameters. */
const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+$/;

export function isMediaType(text: string): boolean {
  return MEDIA_TYPE.test(text);
}

/**
 * @param made media type → content; keys that are no media type and content that is undefined are passed over.
 * @param plainText what to say in `text/plain` when the bundle says nothing that could be read as text.
 * @throws {BundleError} when it is no bundle, or content cannot be sent; whatever its getters throw.
 */
export function ownBundle(made: unknown, plainText: () => string): MimeBundle {
  if (typeof made !== "object" || made === null || Array.isArray(made)) throw noBundle(made);
  const data = new Map<string, unknown>();
  for (const [type, content] of Object.entries(made)) {
    const sent = isMediaType(type) ? sendable(type, content) : undefined;
    if (sent !== undefined) data.set(type, sent);
  }
  if (data.size === 0) throw noBundle(made);
  const hasBetter = [...data.keys()].some(
    (type) => type !== "application/json" && type !== "text/plain",
  );
  if (hasBetter) data.delete("application/json");
  if (!data.has("text/plain")) data.set("text/plain", textOf(data) ?? plainText());
  return Object.fromEntries(data);
}

function noBundle(made: unknown): BundleError {
  return new BundleError(`${preview(made).line} instead of an object of media types`);
}

function sendable(type: string, content: unknown): unknown {
  if (content === undefined) return undefined;
  if (typeof content === "string") return isVendorJson(type) ? parsed(content) : content;
  const bytes = asBytes(content);
  if (bytes !== undefined) {
    const encoding = type.startsWith("text/") || type === "image/svg+xml" ? "utf8" : "base64";
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(encoding);
  }
  // The notebook format keeps text as a list of lines.
  if (
    Array.isArray(content) &&
    content.every((line) => typeof line === "string") &&
    !isJson(type)
  ) {
    return content.join("");
  }
  const json = asJson(content, `${type} that`);
  return isJson(type) ? json : JSON.stringify(json);
}

/**
 * A copy that JSON can write.
 * @param what it is called in the error.
 * @throws {BundleError} for cycles, bigints, functions: found out here, with the person's own stack, not on the wire.
 */
export function asJson(content: unknown, what: string): unknown {
  let json: string | undefined;
  try {
    json = JSON.stringify(content);
  } catch (error) {
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new BundleError(`${what} cannot be written as JSON: ${reason}`, { cause: error });
  }
  if (json === undefined)
    throw new BundleError(`${what} cannot be written as JSON: it is ${preview(content).line}`);
  return JSON.parse(json);
}

function isJson(type: string): boolean {
  return type === "application/json" || type.endsWith("+json");
}

/** Front ends want an object there: a text of it draws nothing. In `application/json` a text may be the value. */
function isVendorJson(type: string): boolean {
  return type.endsWith("+json");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whoever reads this type may know what it is.
    return text;
  }
}

const IMAGES = ["image/png", "image/jpeg", "image/gif"];

/** What a bundle without plain text says to a reader of plain text. */
function textOf(data: ReadonlyMap<string, unknown>): string | undefined {
  for (const type of ["text/markdown", "text/latex"]) {
    const text = data.get(type);
    if (typeof text === "string") return text;
  }
  const html = data.get("text/html");
  if (typeof html === "string") {
    const words = htmlToText(html);
    if (words !== "") return words;
  }
  const svg = data.get("image/svg+xml");
  if (typeof svg === "string") return fileLine("SVG image", Buffer.from(svg));
  for (const type of IMAGES) {
    const base64 = data.get(type);
    const name = `${type.slice("image/".length).toUpperCase()} image`;
    if (typeof base64 === "string") return fileLine(name, Buffer.from(base64, "base64"));
  }
  const pdf = data.get("application/pdf");
  if (typeof pdf === "string") return fileLine("PDF", Buffer.from(pdf, "base64"));
  for (const type of ["application/javascript", "text/javascript"]) {
    const code = data.get(type);
    if (typeof code === "string") return fileLine("JavaScript", Buffer.from(code));
  }
  return undefined;
}

/** @param name what it is, where its bytes do not tell. */
function fileLine(name: string, bytes: Buffer): string {
  const type = fileType(bytes);
  return type?.mime.startsWith("image/")
    ? imageLine(type, bytes)
    : `${name} · ${formatBytes(bytes.length)}`;
}
