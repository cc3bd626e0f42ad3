import fc from "fast-check";
import { expect, test } from "vitest";
import {
  codePointsToUtf16,
  lineColumnToOffset,
  offsetToLineColumn,
  utf16ToCodePoints,
} from "../../../../runtime/session/positions.ts";

const text = fc.string({ unit: "binary", maxLength: 30 });
/** With lone surrogates. */
const units = fc
  .array(fc.constantFrom("a", "\n", "\r", "\ud83d", "\ude00", "é"))
  .map((parts) => parts.join(""));

test("an emoji is one code point and two units", () => {
  expect(codePointsToUtf16("a😀b", 2)).toBe(3);
  expect(utf16ToCodePoints("a😀b", 3)).toBe(2);
});

test("inside a pair is its start, beyond the text its end", () => {
  expect(utf16ToCodePoints("😀😀", 3)).toBe(1);
  expect(codePointsToUtf16("ab", 99)).toBe(2);
  expect(codePointsToUtf16("ab", -1)).toBe(0);
  expect(utf16ToCodePoints("ab", Number.POSITIVE_INFINITY)).toBe(2);
  expect(utf16ToCodePoints("ab", Number.NaN)).toBe(0);
});

test("both directions agree with the iteration of the language, also over lone surrogates", () => {
  fc.assert(
    fc.property(fc.oneof(text, units), (value) => {
      let offset = 0;
      for (const [index, point] of [...value].entries()) {
        expect(codePointsToUtf16(value, index)).toBe(offset);
        expect(utf16ToCodePoints(value, offset)).toBe(index);
        offset += point.length;
      }
    }),
  );
});

test("lines end with any of the three line ends", () => {
  const value = "ab\r\ncd\ref\n";
  expect([0, 2, 4, 7, 10].map((offset) => offsetToLineColumn(value, offset))).toEqual([
    { line: 1, column: 1 },
    { line: 1, column: 3 },
    { line: 2, column: 1 },
    { line: 3, column: 1 },
    { line: 4, column: 1 },
  ]);
  expect(lineColumnToOffset(value, { line: 2, column: 99 })).toBe(6);
  expect(lineColumnToOffset(value, { line: 9, column: 1 })).toBe(value.length);
  expect(lineColumnToOffset(value, { line: 0, column: 5 })).toBe(0);
});

test("a line and column leads back to its offset", () => {
  fc.assert(
    fc.property(units, fc.nat(40), (value, at) => {
      const offset = Math.min(at, value.length);
      if (value[offset - 1] === "\r" && value[offset] === "\n") return; // between the two there is no position
      expect(lineColumnToOffset(value, offsetToLineColumn(value, offset))).toBe(offset);
    }),
  );
});
