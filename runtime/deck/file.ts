/**
 * A deck as a page of its own.
 *
 * Invariants
 *   F1  The policy is first in the head: whatever a value smuggled in, nothing runs and nothing is requested.
 *   F2  The same markup gives the same bytes.
 * @module
 */
import { createHash } from "node:crypto";
import { escapeHtml, escapeLine } from "../values/escape.ts";
import { OPTIONAL_STYLE } from "./html/styles.ts";
import type { StyledMarkup } from "./html/stylesheet.ts";
import { NONCE_MARK } from "./user-deck.ts";

const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

const STYLE =
  ":root{color-scheme:light dark}" +
  "body{margin:0 auto;max-width:1080px;padding:24px;font-family:system-ui,sans-serif;" +
  "background:light-dark(#fff,#111);color:light-dark(rgba(0,0,0,.87),rgba(255,255,255,.92))}" +
  "a{color:light-dark(#1563b8,#6cb6ff);text-decoration:none}" +
  "code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}";

export interface PageOptions {
  /** Scripts that hold `NONCE_MARK` get the page's permission; no others do. */
  readonly hasScripts?: boolean;
}

/**
 * @param title plain text.
 * @param markup HTML that is escaped already, and its styles.
 */
export function page(
  title: string,
  markup: StyledMarkup,
  { hasScripts = false }: PageOptions = {},
): string {
  const marked = withPolicy(title, markup, `${POLICY}${hasScripts ? scriptsFrom(NONCE_MARK) : ""}`);
  if (!hasScripts) return marked;
  // A frame inherits the page's policy, so a script needs the page's permission. It cannot be random, for the same record
  // has to give the same bytes; so it is a hash of the whole page. Whoever wants to smuggle in a script that runs would
  // have to write the hash of a page in which that hash stands.
  const nonce = createHash("sha256").update(marked).digest("hex").slice(0, 32);
  const permitted = {
    ...markup,
    html: markup.html.replaceAll(`nonce=&quot;${NONCE_MARK}&quot;`, `nonce=&quot;${nonce}&quot;`),
  };
  return withPolicy(title, permitted, `${POLICY}${scriptsFrom(nonce)}`);
}

function scriptsFrom(nonce: string): string {
  return `; script-src 'nonce-${nonce}'`;
}

function withPolicy(title: string, { html, css }: StyledMarkup, policy: string): string {
  return [
    `<!doctype html>`,
    `<html lang="en"><head><meta http-equiv="Content-Security-Policy" content="${policy}"><meta charset="utf-8">`,
    `<meta name="viewport" content="width=device-width,initial-scale=1">`,
    `<title>${escapeHtml(escapeLine(title))}</title>`,
    `<style>${STYLE}`,
    `${css}</style>`,
    `${OPTIONAL_STYLE}</head><body>`,
    html,
    `</body></html>`,
    "",
  ].join("\n");
}
