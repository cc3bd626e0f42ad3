/**
 * Objects that are drawn by somebody else: elements of a document (jsdom, linkedom; Observable Plot makes them), and
 * charts that know their Vega specification.
 *
 * Known by what they offer, never imported. Whoever asks for a value to be shown lets these accessors run.
 * @module
 */
import { types } from "node:util";
import { findDescriptor } from "./guard.ts";
import type { MimeBundle } from "./shape.ts";
import { vegaBundle } from "./vega.ts";

const ELEMENT_NODE = 1;
const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/** @returns the bundle of an element or chart without its plain text, undefined for any other value. */
export function elementOf(value: unknown): MimeBundle | undefined {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return undefined;
  try {
    return documentElement(value) ?? chart(value);
  } catch {
    // It only looked like one.
    return undefined;
  }
}

function documentElement(value: object): MimeBundle | undefined {
  if (!findDescriptor(value, "outerHTML") || !findDescriptor(value, "nodeType")) return undefined;
  const html: unknown = Reflect.get(value, "outerHTML");
  if (Reflect.get(value, "nodeType") !== ELEMENT_NODE || typeof html !== "string") return undefined;
  const name = String(Reflect.get(value, "localName") ?? "");
  if (name.toLowerCase() !== "svg") return { "text/html": html };
  // Documents write it as HTML, whose one entity for a space no XML knows.
  return { "image/svg+xml": standaloneSvg(html.replaceAll("&nbsp;", "&#160;")) };
}

/** As a picture of its own an SVG has to say what it is; within a document the parser knows. */
export function standaloneSvg(svg: string): string {
  return /<svg\b[^>]*\sxmlns=/i.test(svg)
    ? svg
    : svg.replace(/<svg\b/i, `<svg xmlns="${SVG_NAMESPACE}"`);
}

/** Of vega-lite-api and its like. */
function chart(value: object): MimeBundle | undefined {
  const toSpec = findDescriptor(value, "toSpec")?.value;
  return typeof toSpec === "function" ? vegaBundle(toSpec.call(value)) : undefined;
}
