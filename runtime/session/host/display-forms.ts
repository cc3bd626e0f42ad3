/**
 * What `display.html(text)` and its like make of what they are given. Each says what it wants when it gets something else.
 * @module
 */
import { mimeBundle } from "../../values/bundle.ts";
import { fileType, firstBytes } from "../../values/bytes.ts";
import { standaloneSvg } from "../../values/element.ts";
import { jsonBundle } from "../../values/json-tree.ts";
import { asBytes } from "../../values/leaves.ts";
import { ownBundle } from "../../values/own-bundle.ts";
import { preview } from "../../values/preview.ts";
import type { MimeBundle } from "../../values/shape.ts";
import { vegaBundle } from "../../values/vega.ts";

/** A picture has one line of text. */
const COLUMNS = 80;

/** Bytes of a file: `await readFile(path)`, a typed array, an ArrayBuffer, or base64. */
type FileBytes = Uint8Array | ArrayBuffer | string;

/** By name: what is given → bundle. */
export const forms = {
  html: text("html", "text/html"),
  markdown: text("markdown", "text/markdown"),
  latex: text("latex", "text/latex"),
  svg: svgForm,
  text: text("text", "text/plain"),
  javascript: text("javascript", "application/javascript"),
  png: file("png", "image/png"),
  jpeg: file("jpeg", "image/jpeg"),
  gif: file("gif", "image/gif"),
  pdf: file("pdf", "application/pdf"),
  json: jsonBundle,
  vega: vegaBundle,
} satisfies Record<string, (given: never) => MimeBundle>;

export type FormName = keyof typeof forms;
export type Given<N extends FormName> = Parameters<(typeof forms)[N]>[0];

function text(name: string, type: string) {
  return (given: string | { toString(): string }): MimeBundle => {
    // `html` tags and URLs are text too; of other objects the text would be "[object Object]".
    const said = typeof given === "string" ? given : ownText(given);
    if (said === undefined) {
      throw new TypeError(`display.${name} takes a text, not ${preview(given).line}`);
    }
    return ownBundle({ [type]: said }, () => said);
  };
}

function ownText(given: unknown): string | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const said = String(given);
  return said.startsWith("[object ") || Array.isArray(given) ? undefined : said;
}

/** With a form of it that JupyterLab draws in a notebook that is not trusted. */
function svgForm(given: string | { toString(): string }): MimeBundle {
  const said = typeof given === "string" ? given : ownText(given);
  if (said === undefined || fileType(Buffer.from(said))?.mime !== "image/svg+xml") {
    const what = preview(given).line;
    throw new TypeError(`display.svg takes the text of an SVG document, <svg …>, not ${what}`);
  }
  return mimeBundle({ "image/svg+xml": standaloneSvg(said) }, COLUMNS);
}

function file(name: string, type: string) {
  return (given: FileBytes): MimeBundle => {
    const bytes = typeof given === "string" ? base64Bytes(given) : asBytes(given);
    if (bytes === undefined || bytes.length === 0) {
      const what = preview(given).line;
      throw new TypeError(
        `display.${name} takes the bytes of a file or their base64, not ${what}; of a file: display.${name}(await fs.promises.readFile(path))`,
      );
    }
    const found = fileType(bytes);
    if (found?.mime !== type) {
      const what = found ? `${found.name}` : `something else (they begin ${firstBytes(bytes, 8)})`;
      throw new TypeError(`display.${name} takes ${name.toUpperCase()} bytes; these are ${what}`);
    }
    return ownBundle({ [type]: bytes }, () => found.name);
  };
}

/** @returns undefined for a text that is no base64, as a path is none. */
function base64Bytes(text: string): Uint8Array | undefined {
  const packed = text.replace(/^data:[\w/+.-]+;base64,/, "").replaceAll(/\s/g, "");
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(packed) ? Buffer.from(packed, "base64") : undefined;
}
