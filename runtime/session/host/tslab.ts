/**
 * `import * as tslab from "tslab"` in a cell: tslab's display functions over our own messages, so that
 * notebooks written for it run unchanged. The real package is never loaded.
 * @see https://github.com/yunabe/tslab
 * @module
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { packageRoot } from "../package-root.ts";
import { displays } from "./display.ts";

type Bytes = Uint8Array;

/** What tslab's `Display` offers; each call of one object shows under one display id. */
export interface Display {
  javascript(text: string): void;
  html(text: string): void;
  markdown(text: string): void;
  latex(text: string): void;
  svg(text: string): void;
  png(bytes: Bytes): void;
  jpeg(bytes: Bytes): void;
  gif(bytes: Bytes): void;
  pdf(bytes: Bytes): void;
  text(text: string): void;
  /** Shows `data` as the given media type. */
  raw(contentType: string, data: string | Bytes): void;
}

function displayTo(show: (bundle: Record<string, unknown>) => void): Display {
  const raw = (contentType: string, data: string | Bytes) => {
    // Base64 whatever the type is, as there.
    show({ [contentType]: typeof data === "string" ? data : Buffer.from(data).toString("base64") });
  };
  return {
    raw,
    javascript: (text) => raw("text/javascript", text),
    html: (text) => raw("text/html", text),
    markdown: (text) => raw("text/markdown", text),
    latex: (text) => raw("text/latex", text),
    svg: (text) => raw("image/svg+xml", text),
    png: (bytes) => raw("image/png", bytes),
    jpeg: (bytes) => raw("image/jpeg", bytes),
    gif: (bytes) => raw("image/gif", bytes),
    pdf: (bytes) => raw("application/pdf", bytes),
    text: (text) => raw("text/plain", text),
  };
}

export const display: Display = displayTo((bundle) => displays().displayBundle(bundle));

/** A display of its own: the first call shows it, later calls replace what it shows. */
export function newDisplay(): Display {
  return displayTo(displays().newPlace());
}

const require = createRequire(import.meta.url);

function versionOf(packageFile: string): string {
  return JSON.parse(readFileSync(packageFile, "utf8")).version;
}

export const versions: {
  readonly tslab: string;
  readonly typescript: string;
  readonly node: string;
} = {
  tslab: versionOf(join(packageRoot, "package.json")),
  typescript: versionOf(require.resolve("typescript-native/package.json")),
  node: process.version,
};
