/** JupyterLab's own sanitizer, over every rendering: what it drops is what nobody needs. */
import { Sanitizer } from "@jupyterlab/apputils/lib/sanitizer.js";
import { table } from "arquero";
import { type DefaultTreeAdapterTypes, parseFragment } from "parse5";
import { describe, expect, test } from "vitest";
import { displayBundle } from "../../../../runtime/values/bundle.ts";
import { htmlText } from "../../../support/html-text.ts";
import { everyRendering } from "../../../support/shown-runs.ts";

interface Seen {
  readonly elements: string[];
  readonly styles: string[];
  readonly text: string;
}

/** What a viewer makes of HTML, without what may be lost: the optional style, and what the sanitizer adds to links. */
function seen(html: string): Seen {
  const elements: string[] = [];
  const styles: string[] = [];
  let text = "";
  const visit = (node: DefaultTreeAdapterTypes.ChildNode): void => {
    if ("value" in node) text += node.value;
    if (!("tagName" in node) || node.tagName === "style") return;
    const attributes = new Map(node.attrs.map(({ name, value }) => [name, value]));
    const kept = ["src", "alt", "href", "open", "title", "scope"]
      .filter((name) => attributes.has(name))
      .map((name) => `${name}=${attributes.get(name)}`);
    elements.push([node.tagName, ...kept].join(" "));
    for (const declaration of (attributes.get("style") ?? "").split(";")) {
      const [property = "", ...value] = declaration.split(":");
      if (property.trim() !== "")
        styles.push(`${property.trim()}:${value.join(":").replaceAll(/\s/g, "")}`);
    }
    for (const child of node.childNodes) visit(child);
  };
  for (const child of parseFragment(html).childNodes) visit(child);
  return { elements, styles, text };
}

describe("after JupyterLab's sanitizer", async () => {
  const all = await everyRendering();
  const sanitizer = new Sanitizer();

  test.each([...all])("%s is the same: elements, images, texts, each declaration", (name, html) => {
    const before = seen(html);
    const after = seen(sanitizer.sanitize(html));
    expect(after.elements).toEqual(before.elements);
    expect(after.styles).toEqual(before.styles);
    expect(after.text).toBe(before.text);
    expect(name.startsWith("0 calls") || before.styles.length > 5).toBe(true);
  });

  test("a data frame as the value of a cell is the same", async () => {
    const frame = table({ id: [1, 2], note: ["<b>a</b>", null] });
    const html = String((await displayBundle(frame, 80))["text/html"]);
    expect(seen(sanitizer.sanitize(html))).toEqual(seen(html));
    expect(seen(html).styles.length).toBeGreaterThan(20);
  });

  test("the check sees what the sanitizer drops", () => {
    const html =
      '<div style="color:var(--x);width:3px" onclick="x">a<svg><text>b</text></svg></div>';
    const after = seen(sanitizer.sanitize(html));
    expect(after).not.toEqual(seen(html));
    expect(after.styles).toEqual(["width:3px"]);
  });
});

describe("without styles, and without images too", async () => {
  const html = (await everyRendering()).get("everything") ?? "";
  const bare = html.replaceAll(/ style="[^"]*"/g, "");

  test.each([
    ["styles", bare],
    ["styles and images", bare.replaceAll(/<img[^>]*>/g, "")],
  ])("without %s all that is known is text, with spaces between", (_, left) => {
    const words = htmlText(left).replaceAll(/\s+/g, " ");
    for (const part of [
      "✕ failed everything",
      "value_1 (value: null)",
      "✓ ok value_1",
      "◆ cached value_5",
      "⊘ cancelled cancelled",
      "✕ failed retried",
      "HttpError: 503",
      "attempt 1 Error: first",
      "a line and another",
      "cache miss: inputs changed",
      "execution a7k2x9",
      "deck 1 added by everything",
      "page .eagerdeck/runs/r/deck.html",
      "git commit 3f2a91c + changes",
      "r0-1",
      "not shown 1 event of a newer version",
    ]) {
      expect(words.replaceAll(" (", "(")).toContain(part.replaceAll(" (", "("));
    }
  });
});
