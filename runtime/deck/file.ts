/**
 * A deck as a page of its own.
 * @module
 */
import { escapeLine } from "../values/escape.ts";

/** First in the head: whatever a value smuggled in, nothing runs and nothing is requested. */
const POLICY =
  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">";

const STYLE =
  ":root{color-scheme:light dark}" +
  "body{margin:0 auto;max-width:1080px;padding:24px;font-family:system-ui,sans-serif;" +
  "background:light-dark(#fff,#111);color:light-dark(rgba(0,0,0,.87),rgba(255,255,255,.92))}" +
  "a{color:light-dark(#1563b8,#6cb6ff);text-decoration:none}" +
  "code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}";

/**
 * @param title plain text.
 * @param body HTML that is escaped already.
 */
export function page(title: string, body: string): string {
  return [
    `<!doctype html>`,
    `<html lang="en"><head>${POLICY}<meta charset="utf-8">`,
    `<meta name="viewport" content="width=device-width,initial-scale=1">`,
    `<title>${escapeHtml(escapeLine(title))}</title>`,
    `<style>${STYLE}</style></head><body>`,
    body,
    `</body></html>`,
    "",
  ].join("\n");
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
