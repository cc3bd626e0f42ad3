import { expect, test } from "vitest";
import { codeFrame } from "../../../../runtime/session/code-frame.ts";

test("the line is shown between its neighbours, the range underlined", () => {
  expect(
    codeFrame("one\ntwo\nthree = four\nfive\nsix", { line: 3, column: 9, endColumn: 13 }),
  ).toBe("  1 │ one\n  2 │ two\n❯ 3 │ three = four\n    │         ^^^^\n  4 │ five");
});

test("a long line is cut around the column and says so", () => {
  const frame = codeFrame(`${"x".repeat(300)}HERE${"y".repeat(300)}`, {
    line: 1,
    column: 301,
    endColumn: 305,
  });
  const [source = "", caret = ""] = frame.split("\n");
  expect(source.slice(caret.indexOf("^"), caret.lastIndexOf("^") + 1)).toBe("HERE");
  expect([source.length < 100, source.includes("│ …x"), source.endsWith("y…")]).toEqual([
    true,
    true,
    true,
  ]);
});

test.each([
  ["an empty text", "", { line: 1, column: 1 }, "❯ 1 │\n    │ ^"],
  ["a line that does not exist", "a", { line: 9, column: 1 }, ""],
  ["a tab before the column", "\tbad", { line: 1, column: 2 }, "❯ 1 │  bad\n    │  ^"],
  ["a column behind the end", "ab", { line: 1, column: 3 }, "❯ 1 │ ab\n    │   ^"],
])("%s", (_, source, position, frame) => {
  expect(codeFrame(source, position)).toBe(frame);
});
