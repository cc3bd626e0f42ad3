import { expect, test } from "vitest";
import { snap } from "../../../../repl/editor/buffer.ts";
import { cleanPaste } from "../../../../repl/editor/paste.ts";
import { indentAt, indentOfOpener } from "../../../../repl/editor/scan.ts";
import { truncate } from "../../../../repl/terminal/width.ts";

test("a paste loses CR, control characters and escape sequences", () => {
  expect(cleanPaste("a\r\nb\rc\x1b[31md\x1b[0m\0\x07\x9b\ud800e\tf")).toBe("a\nb\nc" + "de\tf");
});

test("a pasted transcript loses its prompts, but only when every line has one", () => {
  expect(cleanPaste("In [3]: f(() => {\n   ...:   1\n   ...: })")).toBe("f(() => {\n  1\n})");
  expect(cleanPaste("> 1 + 1\n... 2")).toBe("1 + 1\n2");
  expect(cleanPaste("> 1 + 1\n2")).toBe("> 1 + 1\n2");
  expect(cleanPaste("")).toBe("");
});

test("of a pasted session the code stays, without output and empty prompts", () => {
  const session =
    "In [3]: const q = {\n   ...:   a: 1,\n   ...:\n   ...: }\nIn [4]: await f({ x: q.a })\n✓ f(x: 1) → 2 · 5 ms\n> 1 | f\nOut[4]: 2\nIn [5]: q";
  expect(cleanPaste(session)).toBe("const q = {\n  a: 1,\n\n}\nawait f({ x: q.a })\nq");
  expect(cleanPaste("In [1]:\n\nIn [2]: 1")).toBe("\n\n1");
  expect(cleanPaste("x\nIn [3]: 1")).toBe("x\nIn [3]: 1");
});

test("brackets in strings, comments and templates do not indent or dedent", () => {
  const text = "f({ a: '(', b: `[ ${g(1)} {` /* [ */ // (\n";
  expect(indentOfOpener(text, text.length, "}")).toBe("");
  expect(indentOfOpener(text, text.length, ")")).toBeUndefined();
  expect(indentAt("  x => ", 6)).toBe("    ");
  expect(indentAt("  done; ", 8)).toBe("  ");
});

test("an offset within a character moves behind it", () => {
  expect(snap("a👩‍👧b", 3)).toBe("a👩‍👧".length);
  expect(snap("ab", 1)).toBe(1);
});

test("a text is cut to columns, not to characters", () => {
  expect(truncate("日本語", 6)).toBe("日本語");
  expect(truncate("日本語", 5)).toBe("日本…");
  expect(truncate("abc", 0)).toBe("");
  expect(truncate("x".repeat(1_000_000), 5)).toBe("xxxx…");
});
