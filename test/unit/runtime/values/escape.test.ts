import fc from "fast-check";
import stringWidth from "string-width";
import { expect, test } from "vitest";
import {
  columnsOf,
  cutLine,
  cutText,
  escapeLine,
  escapeText,
  fitLine,
} from "../../../../runtime/values/escape.ts";

test("control, bidi and separator characters become visible", () => {
  expect(escapeLine("a\x1b[31m\u202eb\u2066\u2028\u200f\x85\n\t\x00")).toBe(
    "a\\x1b[31m\\u202eb\\u2066\\u2028\\u200f\\x85\\n\\t\\x00",
  );
});

test("half a surrogate pair becomes visible, a whole one stays", () => {
  expect(escapeLine("\ud83d 😀 \ude00")).toBe("\\ud83d 😀 \\ude00");
});

test("in a text line breaks stay and tabs become blanks", () => {
  expect(escapeText("a\r\nb\tc\rd\x07")).toBe("a\nb    c\\rd\\x07");
});

test("a line is cut by columns, between characters that belong together", () => {
  expect(cutLine("abcdef", 4)).toBe("abc…");
  expect(cutLine("日本語", 5)).toBe("日本…");
  expect(cutLine("日本語", 6)).toBe("日本語");
  expect(cutLine("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 5)).toBe("👩‍👩‍👧‍👦👩‍👩‍👧‍👦…");
  expect(cutLine("abc", 0)).toBe("");
});

test("any cut line fits", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }),
      fc.integer({ min: 1, max: 30 }),
      (text, columns) => {
        expect(columnsOf(cutLine(escapeLine(text), columns))).toBeLessThanOrEqual(columns);
      },
    ),
  );
});

test("a fitted line has exactly its width", () => {
  expect(fitLine("日本", 5)).toBe("日本 ");
  expect(fitLine("3 ms", 6, "right")).toBe("  3 ms");
});

test("a cut text counts what is left out and keeps pairs whole", () => {
  expect(cutText("a😀b", 2)).toBe("a… 3 more characters");
  expect(cutText("abc", 3)).toBe("abc");
});

test("each character, and each pair of neighbours, is as wide as string-width says", () => {
  const texts = Array.from({ length: 0x2_600 }, (_, code) => [
    String.fromCodePoint(code),
    String.fromCodePoint(code, code + 1),
  ]).flat();
  const other = texts.filter((text) => columnsOf(text) !== stringWidth(text));
  expect(other).toEqual([]);
});
