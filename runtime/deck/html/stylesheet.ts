/**
 * Inline styles → classes and one stylesheet, for pages that keep their `<style>`: a row is then a fifth of its size.
 *
 * Works on the finished markup, so that components know one form only. That is safe because React escapes `<`, `>` and
 * `"` in every text and attribute: what looks like a tag here is one.
 *
 * Invariants
 *   S1  Every declaration is kept, and the same markup gives the same names.
 *   S2  What is measured of a run (`left:12.34%`) stays with its element: a class of its own would be longer.
 * @module
 */

export interface StyledMarkup {
  readonly html: string;
  /** One rule per distinct style. */
  readonly css: string;
}

const TAG = /<[a-z][^<>]*>/g;
const STYLE = / style="([^"]*)"/;
const CLASS = / class="([^"]*)"/;
/** Shares of a run have two decimals; no fixed width does. */
const MEASURED = /^(?:left|width):\d+\.\d\d%$/;
/** HTML closes them by itself when the next one begins. */
const IMPLIED = /<\/t[dr]>/g;
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

export function withStylesheet(markup: string): StyledMarkup {
  const names = classNames(markup);
  const html = markup.replaceAll(TAG, (tag) => {
    const style = STYLE.exec(tag)?.[1];
    if (style === undefined) return tag;
    const { fixed, measured } = parted(style);
    const classes = [CLASS.exec(tag)?.[1], names.get(fixed)]
      .filter((name) => name !== undefined)
      .join(" ");
    // A replacement function: `$` in a title must not become a pattern. Unquoted, where HTML allows it.
    // The slash of `<img/>` would belong to such a value; HTML has no use for it.
    return tag
      .replace(/\/>$/, ">")
      .replace(CLASS, "")
      .replace(STYLE, () => {
        const list = classes.includes(" ") ? `"${classes}"` : classes;
        return `${classes === "" ? "" : ` class=${list}`}${measured === "" ? "" : ` style=${measured}`}`;
      });
  });
  const css = [...names].map(([style, name]) => `.${name}{${style}}`).join("\n");
  return { html: html.replaceAll(IMPLIED, ""), css };
}

function parted(style: string): { readonly fixed: string; readonly measured: string } {
  const declarations = style.replaceAll("&#x27;", "'").split(";");
  return {
    fixed: declarations.filter((declaration) => !MEASURED.test(declaration)).join(";"),
    measured: declarations.filter((declaration) => MEASURED.test(declaration)).join(";"),
  };
}

/** The shortest names for what is used most. */
function classNames(markup: string): Map<string, string> {
  const uses = new Map<string, number>();
  for (const [tag] of markup.matchAll(TAG)) {
    const style = STYLE.exec(tag)?.[1];
    if (style === undefined) continue;
    const { fixed } = parted(style);
    if (fixed !== "") uses.set(fixed, (uses.get(fixed) ?? 0) + 1);
  }
  // The sort is stable: equals stay in order of first use.
  const sorted = [...uses].sort(([, a], [, b]) => b - a);
  return new Map(sorted.map(([style], index) => [style, nameOf(index)]));
}

function nameOf(index: number): string {
  const letter = LETTERS[index % LETTERS.length] ?? "";
  const round = Math.floor(index / LETTERS.length);
  return round === 0 ? letter : `${letter}${round}`;
}
