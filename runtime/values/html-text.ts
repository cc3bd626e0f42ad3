/**
 * The words of HTML, for where there is no browser.
 * @module
 */

const TEXT_LENGTH_MAX = 100_000;
const SKIPPED = ["script", "style"];
const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  "#39": "'",
  nbsp: " ",
};

/** What is left of HTML in a terminal: its words. Reads along once; whatever it is given, it ends. */
export function htmlToText(source: string): string {
  let text = "";
  let at = 0;
  while (at < source.length && text.length <= TEXT_LENGTH_MAX) {
    const open = source.indexOf("<", at);
    text += source.slice(at, open < 0 ? source.length : open);
    if (open < 0) break;
    const close = source.indexOf(">", open);
    if (close < 0) break;
    const name = /^<\/?([a-z0-9]*)/i.exec(source.slice(open, open + 20))?.[1]?.toLowerCase() ?? "";
    at = close + 1;
    if (SKIPPED.includes(name) && source[open + 1] !== "/") {
      const end = source.indexOf(`</${name}`, at);
      if (end < 0) break;
      at = end;
    } else if (/^(?:p|div|li|tr|br|h\d|table|ul|ol|pre|section|details|summary)$/.test(name)) {
      text += "\n";
    } else if (/^(?:td|th)$/.test(name)) text += " ";
  }
  return text
    .slice(0, TEXT_LENGTH_MAX)
    .replaceAll(/&(amp|lt|gt|quot|#39|nbsp);/g, (whole, name) => NAMED[name] ?? whole)
    .replaceAll(/[ \t]+/g, " ")
    .replaceAll(/ ?\n\s*/g, "\n")
    .trim();
}
