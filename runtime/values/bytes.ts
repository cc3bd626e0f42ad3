/**
 * Bytes: what file they are by their first ones, and how they read.
 * @module
 */

import { formatBytes } from "./format.ts";
import { redactText } from "./redact.ts";
import type { PreviewBody } from "./shape.ts";

/** An image larger than this is not copied into a deck. */
export const IMAGE_BYTES_MAX = 1_000_000;

const MAGIC: readonly (readonly [name: string, mime: string, first: string])[] = [
  ["PNG", "image/png", "89504e470d0a1a0a"],
  ["JPEG", "image/jpeg", "ffd8ff"],
  ["GIF", "image/gif", "47494638"],
  ["PDF", "application/pdf", "255044462d"],
  ["ZIP", "application/zip", "504b0304"],
  ["gzip", "application/gzip", "1f8b"],
  ["Parquet", "application/vnd.apache.parquet", "50415231"],
  ["Arrow", "application/vnd.apache.arrow.file", "4152524f5731"],
  ["SQLite", "application/vnd.sqlite3", "53514c69746520666f726d6174203300"],
  ["WebAssembly", "application/wasm", "0061736d"],
];

export interface FileType {
  readonly name: string;
  readonly mime: string;
}

/** By magic bytes; undefined when they say nothing. */
export function fileType(bytes: Uint8Array): FileType | undefined {
  const first = hex(bytes, 16);
  for (const [name, mime, magic] of MAGIC) {
    if (first.startsWith(magic)) return { name, mime };
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1_000)).toString(
    "latin1",
  );
  return isSvg(text) ? { name: "SVG", mime: "image/svg+xml" } : undefined;
}

/** Whether a text begins as an SVG document does. */
function isSvg(text: string): boolean {
  return /^\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--[\s\S]*?-->\s*)?(?:<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]/i.test(
    text.slice(0, 1_000),
  );
}

export function isImage(type: FileType | undefined): type is FileType {
  return type?.mime.startsWith("image/") ?? false;
}

/** `89 50 4e 47 …`. */
export function firstBytes(bytes: Uint8Array, count: number): string {
  const shown = (hex(bytes, count).match(/../g) ?? []).join(" ");
  return bytes.length > count ? `${shown} …` : shown;
}

/** Rows of 16 bytes with their characters. */
function hexDump(bytes: Uint8Array, rowsMax: number): string {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length && rows.length < rowsMax; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const characters = Array.from(row, (byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".",
    ).join("");
    const digits = (hex(row, 16).match(/../g) ?? []).join(" ");
    rows.push(`${at.toString(16).padStart(6, "0")}  ${digits.padEnd(47)}  ${characters}`);
  }
  const left = bytes.length - rowsMax * 16;
  if (left > 0) rows.push(`… ${formatBytes(left)} more`);
  return rows.join("\n");
}

/** The image itself, or its first bytes. */
export function bytesBody(bytes: Uint8Array): PreviewBody | undefined {
  if (bytes.length === 0) return undefined;
  const type = fileType(bytes);
  if (isImage(type) && bytes.length <= IMAGE_BYTES_MAX) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    // The text in an SVG is text like any other.
    const base64 =
      type.mime === "image/svg+xml"
        ? Buffer.from(redactText(buffer.toString())).toString("base64")
        : buffer.toString("base64");
    return { as: "image", mime: type.mime, base64, alt: imageLine(type, bytes) };
  }
  return { as: "text", text: hexDump(bytes, 8) };
}

/** `PNG image 640 × 240 · 18.4 kB`. */
export function imageLine(type: FileType, bytes: Uint8Array): string {
  const size = imageSize(type, bytes);
  const area = size ? ` ${size.width} × ${size.height}` : "";
  return `${type.name} image${area} · ${formatBytes(bytes.length)}`;
}

function imageSize(
  { mime }: FileType,
  bytes: Uint8Array,
): { readonly width: number; readonly height: number } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (mime === "image/png" && bytes.length >= 24) {
    return { width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (mime === "image/gif" && bytes.length >= 10) {
    return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  }
  if (mime === "image/jpeg") return jpegSize(view);
  if (mime === "image/svg+xml") {
    const tag = /<svg[^>]*>/i.exec(
      Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4_000)).toString(),
    )?.[0];
    const width = /\swidth="(\d+)(?:\.\d+)?(?:px)?"/.exec(tag ?? "")?.[1];
    const height = /\sheight="(\d+)(?:\.\d+)?(?:px)?"/.exec(tag ?? "")?.[1];
    if (width && height) return { width: Number(width), height: Number(height) };
    const box = /\sviewBox=["'][\d.-]+[\s,]+[\d.-]+[\s,]+([\d.]+)[\s,]+([\d.]+)["']/.exec(
      tag ?? "",
    );
    if (box) return { width: Math.round(Number(box[1])), height: Math.round(Number(box[2])) };
  }
  return undefined;
}

/** From the first segment that begins a frame; the segments before it are skipped by their lengths. */
function jpegSize(view: DataView): { readonly width: number; readonly height: number } | undefined {
  let at = 2;
  while (at + 9 <= view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    const isTable = marker === 0xc4 || marker === 0xc8 || marker === 0xcc;
    if (marker >= 0xc0 && marker <= 0xcf && !isTable) {
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

function hex(bytes: Uint8Array, count: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, count)).toString("hex");
}
