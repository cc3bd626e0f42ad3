/**
 * Markdown → HTML. Loads markdown-it: import it when there is Markdown to show.
 * @module
 */
import MarkdownIt from "markdown-it";

// HTML in Markdown stays text; addresses are left as written, since what looks like one may be a file's name.
const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });

// Headings of a deck are its own: those of the user begin below them.
markdown.core.ruler.push("headings", ({ tokens }) => {
  for (const token of tokens) {
    if (/^h[1-4]$/.test(token.tag)) token.tag = `h${Math.min(6, Number(token.tag[1]) + 2)}`;
  }
});

/** Pictures stay pictures here; `safeHtml` turns those of a network into links. */
export function markdownToHtml(text: string): string {
  return markdown.render(text);
}
