import fc from "fast-check";
import { expect, test } from "vitest";
import { widthOf } from "../../../../repl/terminal/width.ts";
import { wrapText } from "../../../../repl/terminal/wrap.ts";

test("a sentence breaks between words, under its own indentation", () => {
  expect(wrapText("report failed because publish failed", 16)).toBe(
    "report failed\nbecause publish\nfailed",
  );
  expect(wrapText("  one two three", 9)).toBe("  one two\n  three");
});

test("lines that fit stay as they are, with all their blanks", () => {
  const text = "a   b\n\n  c  \n";
  expect(wrapText(text, 8)).toBe(text);
});

test("a word that is wider than a row stays whole", () => {
  expect(wrapText("see /a/very/long/path for more", 10)).toBe("see\n/a/very/long/path\nfor more");
});

test("colours have no width, and wide characters two columns each", () => {
  expect(wrapText("\x1b[31mError\x1b[39m: no", 9)).toBe("\x1b[31mError\x1b[39m: no");
  expect(wrapText("日本 日本 日本", 9)).toBe("日本 日本\n日本");
});

test("nothing is lost, and no row of short words is too wide", () => {
  const word = fc.stringMatching(/^[a-z]{1,8}$/);
  fc.assert(
    fc.property(fc.array(word, { maxLength: 40 }), fc.integer({ min: 8, max: 40 }), (words, n) => {
      const text = words.join(" ");
      const wrapped = wrapText(text, n);
      expect(wrapped.replaceAll("\n", " ")).toBe(text);
      for (const row of wrapped.split("\n")) expect(widthOf(row)).toBeLessThanOrEqual(n);
    }),
  );
});
