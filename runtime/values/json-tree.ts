/**
 * JSON as a tree that folds, in HTML and text.
 *
 * Never as `application/json`: front ends rank it above HTML, JupyterLab draws a tree of its own that a notebook which is
 * not trusted, nbconvert and GitHub do not have, and VS Code shows the raw text.
 * @module
 */
import { cutText, escapeHtml, escapeText } from "./escape.ts";
import { formatCount } from "./format.ts";
import { asJson } from "./own-bundle.ts";
import type { MimeBundle } from "./shape.ts";

const NODES_MAX = 2_000;
const ENTRIES_MAX = 100;
const DEPTH_MAX = 40;
/** Deeper ones are folded at first. */
const OPEN_DEPTH = 1;
const STRING_LENGTH_MAX = 1_000;
const TEXT_LENGTH_MAX = 100_000;
const LINE_COLUMNS_MAX = 80;

const TREE =
  "font-family:var(--jp-code-font-family,ui-monospace,monospace);font-size:13px;line-height:1.45;overflow-x:auto";
const INNER = "margin-left:1.4em";
const MUTED = "opacity:.65";

/**
 * @param value anything that JSON can write; what `toJSON` says counts.
 * @throws {BundleError} for cycles, bigints and what is no value of JSON.
 */
export function jsonBundle(value: unknown): MimeBundle {
  const json = asJson(value, "the value");
  const line = JSON.stringify(json);
  const text = line.length <= LINE_COLUMNS_MAX ? line : JSON.stringify(json, undefined, 2);
  const tree = new Tree().node(undefined, json, 0);
  return {
    "text/html": `<div style="${TREE}">${tree}</div>`,
    "text/plain": cutText(escapeText(text), TEXT_LENGTH_MAX),
  };
}

class Tree {
  #left = NODES_MAX;

  node(key: string | undefined, value: unknown, depth: number): string {
    this.#left--;
    const label =
      key === undefined ? "" : `<span style="${MUTED}">${escapeHtml(cutText(key, 200))}:</span> `;
    if (typeof value !== "object" || value === null) return `<div>${label}${leaf(value)}</div>`;
    const entries = Object.entries(value);
    const [open, close, unit] = Array.isArray(value) ? ["[", "]", "item"] : ["{", "}", "key"];
    if (entries.length === 0) return `<div>${label}${open}${close}</div>`;
    const size = `${formatCount(entries.length)} ${unit}${entries.length === 1 ? "" : "s"}`;
    const head = `${label}${open} <span style="${MUTED}">${size}</span> ${close}`;
    if (depth >= DEPTH_MAX || this.#left <= 0) return `<div>${head}</div>`;
    const shown: string[] = [];
    for (const [name, item] of entries.slice(0, ENTRIES_MAX)) {
      if (this.#left <= 0) break;
      shown.push(this.node(name, item, depth + 1));
    }
    const left = entries.length - shown.length;
    if (left > 0) shown.push(`<div style="${MUTED}">… ${formatCount(left)} more</div>`);
    return `<details${depth < OPEN_DEPTH ? " open" : ""}><summary>${head}</summary><div style="${INNER}">${shown.join("")}</div></details>`;
  }
}

function leaf(value: unknown): string {
  if (typeof value !== "string") return escapeHtml(String(value));
  const more = value.length - STRING_LENGTH_MAX;
  const text = escapeHtml(JSON.stringify(value.slice(0, STRING_LENGTH_MAX)));
  return more > 0
    ? `${text} <span style="${MUTED}">… ${formatCount(more)} more characters</span>`
    : text;
}
