import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SGR } from "../../../../repl/terminal/escapes.ts";
import {
  OutputSanitizer,
  sanitize,
  sanitizeData,
  sanitizeLine,
} from "../../../../repl/terminal/sanitize.ts";

describe("what could take over a terminal is shown instead", () => {
  test.each([
    ["clear the screen", "\x1b[2J", "\\x1b[2J"],
    ["alternate screen", "\x1b[?1049h", "\\x1b[?1049h"],
    ["clipboard", "\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07"],
    ["C1 control sequence", "\x9b2J", "\\x9b2J"],
    ["NUL and DEL", "a\0b\x7f", "a\\x00b\\x7f"],
    ["bidi override", "a\u202eb\u2066", "a\\u202eb\\u2066"],
    ["line separator", "a\u2028b", "a\\u2028b"],
    ["half a character", "a\ud800b\udc00", "a\\ud800b\\udc00"],
    ["carriage return", "good\rbad", "good\\x0dbad"],
  ])("%s", (_, text, shown) => {
    expect(sanitize(text)).toBe(shown);
  });
});

test("ordinary text stays as it is: newlines, tabs, emoji, combining marks", () => {
  const text = "a\n\tb 👩‍👧 e\u0301 日本 ✓";
  expect(sanitize(text)).toBe(text);
});

test("one row has no newline", () => {
  expect(sanitizeLine("a\nb\tc")).toBe("a\\nb c");
});

test("all strings of an error are cleaned, its shape stays", () => {
  const error = {
    name: "E\x1b[2J",
    frames: [{ line: 1, file: "a\x07" }],
    cause: { message: "\x9b" },
  };
  expect(sanitizeData(error)).toEqual({
    name: "E\\x1b[2J",
    frames: [{ line: 1, file: "a\\x07" }],
    cause: { message: "\\x9b" },
  });
});

test("colours of output stay, never reach the prompt, and go on in the next piece", () => {
  const output = new OutputSanitizer(true);
  expect(output.next("\x1b[31mred\n")).toBe("\x1b[31mred\x1b[0m\n");
  expect(output.next("still\x1b[0m plain")).toBe("\x1b[31mstill\x1b[0m plain");
  expect(output.next("plain")).toBe("plain");
});

test("a colour that was switched off needs no reset", () => {
  const output = new OutputSanitizer(true);
  const printed = "\x1b[1;33m5\x1b[22;39m \x1b[38;5;208;4mx\x1b[39;24m\n";
  expect(output.next(printed)).toBe(printed);
  expect(output.next("\x1b[48;2;1;2;3mx\n")).toBe("\x1b[48;2;1;2;3mx\x1b[0m\n");
  expect(output.next("y\n")).toBe("\x1b[48;2;1;2;3my\x1b[0m\n");
});

test("without colours, output has none", () => {
  expect(new OutputSanitizer(false).next("\x1b[1;31mred\x1b[0m\x1b[H")).toBe("red\\x1b[H");
});

test("whatever is printed, in whatever pieces, nothing but colours gets through", () => {
  const piece = fc.string({
    unit: fc.constantFrom(
      "\x1b",
      "[",
      "]",
      "3",
      "1",
      ";",
      "m",
      "J",
      "H",
      "\x07",
      "\x9b",
      "a",
      "\n",
      "\r",
      "?",
    ),
  });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const output = new OutputSanitizer(true);
      const printed = pieces.map((text) => output.next(text)).join("");
      const plain = printed.replaceAll(SGR, "");
      expect(plain).not.toMatch(/(?![\n\t])\p{Cc}/u);
    }),
  );
});
