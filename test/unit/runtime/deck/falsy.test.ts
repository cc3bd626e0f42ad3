/** A result is there when it is present, not when it is truthy. */
import { describe, expect, test } from "vitest";
import { deckBundle, deckPage, liveBundle } from "../../../../runtime/deck/views.ts";
import { htmlText } from "../../../support/html-text.ts";
import { RunEvents, START_MS } from "../../../support/run-events.ts";

const FALSY: readonly (readonly [value: unknown, text: string])[] = [
  [0, "0"],
  [-0, "-0"],
  ["", '""'],
  [false, "false"],
  [null, "null"],
  [undefined, "undefined"],
  [Number.NaN, "NaN"],
  [0n, "0n"],
  [[], "[]"],
];

describe.each(FALSY)("%o as a result", (output, text) => {
  const build = (siblings: number, isOpen = false) => {
    const run = new RunEvents();
    const root = run.call("outer", { inputs: { given: output } });
    for (let index = 0; index < siblings; index++)
      run.ok(`inner${index}`, { parent: root, output });
    if (!isOpen) {
      run.settle(root, 3, { output });
      run.end(4);
    }
    return run.record();
  };

  const expectResults = (form: string, results: number) => {
    expect(form).not.toMatch(/error|failed|✕/i);
    // Followed by something that is no part of a longer value.
    const escaped = text.replaceAll(/[[\]]/g, "\\$&");
    const found = form.match(new RegExp(`(?<![\\w"[-])${escaped}(?![\\w"\\]])`, "g"))?.length ?? 0;
    expect(found, form).toBeGreaterThanOrEqual(results);
  };

  test("is a value in the one-line form", async () => {
    const bundle = await deckBundle(build(2));
    expectResults(htmlText(bundle["text/html"] as string), 4);
    expectResults((bundle["text/markdown"] as string).replaceAll("\\", ""), 4);
    expectResults(bundle["text/plain"] as string, 4);
  });

  test("is a value in the deck", async () => {
    const bundle = await deckBundle(build(6));
    expectResults(htmlText(bundle["text/html"] as string), 8);
    expectResults((bundle["text/markdown"] as string).replaceAll("\\", ""), 8);
    expectResults(bundle["text/plain"] as string, 8);
  });

  test("is a value in the live tree", async () => {
    const bundle = await liveBundle(build(3, true), START_MS + 1_000);
    expectResults(htmlText(bundle["text/html"] as string), 4);
    expectResults((bundle["text/markdown"] as string).replaceAll("\\", ""), 4);
    expectResults(bundle["text/plain"] as string, 4);
  });

  test("is a value in the page", async () => {
    expectResults(htmlText(await deckPage(build(6))).replace(/^.*?<body>/s, ""), 8);
  });
});
