/**
 * HTML that somebody else wrote, made fit to stand within a deck. parse5 is loaded with the first of it.
 *
 * Invariants
 *   H1  Balanced: what is open is closed, what closes more than it opened is dropped, so that a deck cannot be broken.
 *   H2  Nothing in it runs and nothing is requested: no script, frame, plugin, `on…` attribute, `javascript:` address,
 *       and what would be loaded from a network is a link or gone.
 *   H3  What is handed out parses to itself: a browser that reads it sees the tree that was checked.
 * @module
 */
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import type { DefaultTreeAdapterTypes } from "parse5";

type Parent = DefaultTreeAdapterTypes.ParentNode;
type Child = DefaultTreeAdapterTypes.ChildNode;
type Element = DefaultTreeAdapterTypes.Element;

let loadedParser: typeof import("parse5") | undefined;

/** Takes 25 ms, and most runs have no HTML of their own. */
function parse5(): typeof import("parse5") {
  loadedParser ??= createRequire(import.meta.url)("parse5") as typeof import("parse5");
  return loadedParser;
}

export interface SafeHtml {
  readonly html: string;
  /** What was dropped that people may miss, in words. */
  readonly notes: readonly string[];
  /** `sha256-…` of each script that stayed. */
  readonly scripts: readonly string[];
}

export interface SafeHtmlOptions {
  /** Inline scripts stay and get this nonce; those from a network never do. */
  readonly nonce?: string;
}

/** Gone with all that is in them. The last lines are read differently by browsers with and without scripts. */
const DROPPED = new Set([
  ...["script", "iframe", "object", "embed", "link", "meta", "base", "applet", "frame", "frameset"],
  ...["portal", "fencedframe", "template", "animate", "animatemotion", "animatetransform", "set"],
  ...["audio", "video", "source", "track", "feimage", "discard", "handler"],
  ...["noscript", "noembed", "noframes", "plaintext", "xmp", "math", "annotation-xml"],
]);
/** Gone, but what is in them stays. */
const UNWRAPPED = new Set(["form", "html", "head", "body"]);
const LINKING = new Set(["a", "area", "q", "blockquote", "ins", "del"]);
const LINK_ATTRIBUTES = new Set(["href", "xlink:href", "cite", "longdesc"]);
const DROPPED_ATTRIBUTES = new Set([
  ...["srcset", "srcdoc", "ping", "action", "formaction", "background", "poster", "data", "nonce"],
  ...["http-equiv", "manifest", "lowsrc", "dynsrc", "autofocus", "is", "slot"],
]);
const LINK = /^(?:https?:|mailto:|#)/i;
const IMAGE = /^data:image\/(?:png|jpeg|gif|webp|svg\+xml)[;,]/i;
const DEPTH_MAX = 200;
const ROUNDS_MAX = 4;

/**
 * @returns undefined when it cannot be made safe: it is nested too deeply, or changes each time it is read.
 */
export function safeHtml(html: string, { nonce }: SafeHtmlOptions = {}): SafeHtml | undefined {
  const counts = new Map<string, number>();
  const hashes = new Set<string>();
  let before = html;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const fragment = parse5().parseFragment(divContext(), before, {});
    if (!isFlat(fragment)) return undefined;
    clean(fragment, { nonce, counts, hashes });
    const after = parse5().serialize(fragment);
    if (after === before) {
      return { html: after, notes: [...counts].map(noteOf), scripts: [...hashes] };
    }
    before = after;
  }
  return undefined;
}

/** In the context of a `<div>`, where a `<td>` or `</table>` of its own means nothing. */
function divContext(): Element {
  const [div] = parse5().parseFragment("<div></div>").childNodes;
  if (div === undefined || !parse5().defaultTreeAdapter.isElementNode(div))
    throw new Error("no div");
  return div;
}

/** The serializer recurses. */
function isFlat(fragment: Parent): boolean {
  const open: { node: Parent; depth: number }[] = [{ node: fragment, depth: 0 }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at.depth > DEPTH_MAX) return false;
    for (const child of at.node.childNodes) {
      if ("childNodes" in child) open.push({ node: child, depth: at.depth + 1 });
    }
  }
  return true;
}

interface Cleaning {
  readonly nonce: string | undefined;
  readonly counts: Map<string, number>;
  readonly hashes: Set<string>;
}

function clean(parent: Parent, cleaning: Cleaning): void {
  // Taken from the front and put back cleaned: an unwrapped element's children are looked at in its place.
  const waiting = [...parent.childNodes].reverse();
  const kept: Child[] = [];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (parse5().defaultTreeAdapter.isTextNode(node)) kept.push(node);
    else if (parse5().defaultTreeAdapter.isElementNode(node)) {
      if (UNWRAPPED.has(node.tagName)) waiting.push(...[...node.childNodes].reverse());
      else {
        const safe = cleanElement(node, cleaning);
        if (safe !== undefined) kept.push(safe);
      }
    }
  }
  for (const child of kept) child.parentNode = parent;
  parent.childNodes = kept;
}

function cleanElement(element: Element, cleaning: Cleaning): Element | undefined {
  const name = element.tagName.toLowerCase();
  if (name === "script" && cleaning.nonce !== undefined) return keptScript(element, cleaning);
  if (DROPPED.has(name)) {
    count(cleaning, name);
    return undefined;
  }
  if (name === "style" && requests(textOf(element))) {
    count(cleaning, "style");
    return undefined;
  }
  const source = attribute(element, "src") ?? (name === "image" ? hrefOf(element) : undefined);
  if ((name === "img" || name === "image") && source !== undefined && !IMAGE.test(trimmed(source)))
    return linkTo(element, source, cleaning);
  element.attrs = element.attrs.filter(({ name: key, value }) => isKept(name, key, value));
  clean(element, cleaning);
  return element;
}

/** As it is, with the page's permission; one that would have to be loaded is left out. */
function keptScript(element: Element, cleaning: Cleaning): Element | undefined {
  const isLoaded = element.attrs.some(({ name }) => name === "src" || name.endsWith("href"));
  if (isLoaded || cleaning.nonce === undefined) {
    count(cleaning, "script from a network");
    return undefined;
  }
  const type = attribute(element, "type");
  element.attrs = [
    ...(type === undefined ? [] : [{ name: "type", value: type }]),
    { name: "nonce", value: cleaning.nonce },
  ];
  const hash = createHash("sha256").update(textOf(element)).digest("base64");
  cleaning.hashes.add(`sha256-${hash}`);
  return element;
}

/** An image that would be requested becomes a link to it. */
function linkTo(element: Element, source: string, cleaning: Cleaning): Element | undefined {
  if (!/^https?:/i.test(trimmed(source))) {
    count(cleaning, "image");
    return undefined;
  }
  const attrs = [
    { name: "href", value: source },
    { name: "rel", value: "noopener" },
  ];
  const link = parse5().defaultTreeAdapter.createElement("a", element.namespaceURI, attrs);
  const text = attribute(element, "alt");
  parse5().defaultTreeAdapter.insertText(link, text === undefined || text === "" ? source : text);
  return link;
}

function isKept(element: string, key: string, value: string): boolean {
  const name = key.toLowerCase();
  // JupyterLab ran commands named by such attributes (CVE-2026-42557).
  if (name.startsWith("on") || name.startsWith("data-commandlinker")) return false;
  if (DROPPED_ATTRIBUTES.has(name)) return false;
  if (name === "style") return !requests(value);
  if (name === "src") return IMAGE.test(trimmed(value));
  if (name === "href" || LINK_ATTRIBUTES.has(name) || name.endsWith(":href")) {
    const address = trimmed(value);
    // What is not followed by a click is loaded at once: `<use href>` of SVG, filters, gradients.
    if (!LINKING.has(element))
      return address.startsWith("#") || (element === "image" && IMAGE.test(address));
    return LINK.test(address);
  }
  // `fill="url(https://…)"` of SVG; `url(#gradient)` is its own.
  return !/url\(/i.test(value) || !requests(value);
}

/** Whether a style sheet would load something, or might: escapes hide what a browser reads. */
function requests(css: string): boolean {
  if (/@import|expression\(|behavior:|-moz-binding|image-set|\\/i.test(css)) return true;
  return [...css.matchAll(/(?:url|src|image)\(\s*["']?\s*([^"')]*)/gi)].some(
    ([, address = ""]) => !address.startsWith("#") && !IMAGE.test(address),
  );
}

/** Browsers skip blanks and control characters in an address. */
function trimmed(address: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  return address.replaceAll(/[\u0000-\u0020\u007f-\u00a0]/g, "");
}

function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((each) => each.name.toLowerCase() === name)?.value;
}

function hrefOf(element: Element): string | undefined {
  return element.attrs.find((each) => each.name.toLowerCase().endsWith("href"))?.value;
}

function textOf(element: Element): string {
  return element.childNodes.map((node) => ("value" in node ? node.value : "")).join("");
}

function count({ counts }: Cleaning, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

function noteOf([what, n]: [string, number]): string {
  return n === 1 ? `1 ${what} left out` : `${n} × ${what} left out`;
}
