import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  Highlighter,
  highlight,
  loadTokenizer,
  REST_MS,
  type Tokenize,
} from "../../../../repl/editor/highlight.ts";
import { paintEditor, paintSource } from "../../../../repl/editor/paint.ts";
import { matchBracket } from "../../../../repl/editor/scan.ts";
import { editorView } from "../../../../repl/editor/view.ts";
import { SGR } from "../../../../repl/terminal/escapes.ts";
import { createStyle } from "../../../../repl/terminal/style.ts";

let tokenize: Tokenize;
beforeAll(async () => {
  tokenize = await loadTokenizer();
});

/** `keyword:const numberLiteral:1`, of one line. */
function tones(text: string, line = 0): string {
  const source = text.split("\n")[line] ?? "";
  const [spans = []] = highlight(text, { from: line, to: line + 1 }, tokenize);
  return spans.map(({ start, end, tone }) => `${tone}:${source.slice(start, end)}`).join(" ");
}

describe("what has which colour", () => {
  test.each([
    ["const x = 1", "keyword:const numberLiteral:1"],
    ["f('a') // why", "function:f string:'a' comment:// why"],
    ["/a[/]b/.test(x)", "string:/a[/]b/ function:test"],
    ["let d: Date = new Map<string, T>()", "keyword:let keyword:new type:Map"],
    ["`a ${b + 1} c`", "string:`a  numberLiteral:1 string: c`"],
  ])("%s", (text, expected) => {
    for (const part of expected.split(/ (?=\w+:)/)) expect(tones(text)).toContain(part);
  });

  test("a line within a comment, or a template, is one although it begins before", () => {
    expect(tones("/* a\nconst\n*/", 1)).toBe("comment:const");
    expect(tones("const t = `\nconst ${x}\n`", 1)).toContain("string:const");
  });

  test("far down in a long text the window still knows where it is", () => {
    const text = `\`${"line of a template\n".repeat(300)}last\``;
    expect(tones(text, 290)).toBe("string:line of a template");
  });
});

test("spans lie within their line, in order, without overlap, whatever the text", () => {
  const pieces = fc.constantFrom(
    "const ",
    "`",
    "${",
    "}",
    "'",
    '"',
    "/*",
    "*/",
    "//",
    "\n",
    "/",
    "a",
    "1",
    "(",
    "<b>",
    "日",
    "\\",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), fc.nat(5), (parts, from) => {
      const text = parts.join("");
      const lines = text.split("\n");
      const found = highlight(text, { from, to: from + 3 }, tokenize);
      for (const [index, spans] of found.entries()) {
        let last = 0;
        for (const { start, end } of spans) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(lines[from + index]?.length ?? 0);
          last = end;
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("without its escapes a painted row is the plain row", () => {
  const style = createStyle({ hasColor: true, isAscii: false });
  const highlighter = new Highlighter(tokenize, () => 0);
  const pieces = fc.constantFrom(
    "const ",
    "(",
    ")",
    "'a'",
    "日本",
    "\t",
    "\n",
    "e\u0301",
    "👩‍👩‍👧",
    "1 + ",
    "`${x}`",
  );
  fc.assert(
    fc.property(
      fc.array(pieces, { maxLength: 40 }),
      fc.integer({ min: 3, max: 40 }),
      (parts, width) => {
        const text = parts.join("");
        const view = editorView({
          text,
          cursor: text.length,
          prompt: "> ",
          rowsMax: 9,
          columns: width,
        });
        const options = { text, cursor: text.length, style, highlighter, isCommand: false };
        const painted = paintEditor(view, options).map((row) => row.replaceAll(SGR, ""));
        expect(painted).toEqual(view.rows.map((row) => row.prompt + row.code));
      },
    ),
    { numRuns: 300 },
  );
});

test("a character of two units at the end of what is read keeps one colour", () => {
  for (let shift = 0; shift < 4; shift++) {
    const text = `${" ".repeat(shift)}// ${"a ".repeat(7_997)}😀 b`;
    const [spans = []] = highlight(text, { from: 0, to: 1 }, tokenize);
    expect(spans.length).toBeGreaterThan(0);
    for (const { start, end } of spans) expect(text.slice(start, end).isWellFormed()).toBe(true);
  }
});

test("a base64 text of 50 kB is coloured in no time, for its long words are masked", () => {
  const text = `const data = "${Buffer.alloc(37_500, 7).toString("base64")}"`;
  let passed = 0;
  const counted: Tokenize = (piece) => {
    passed = Math.max(passed, /\w{101,}/.test(piece) ? piece.length : 0);
    return tokenize(piece);
  };
  highlight(text, { from: 0, to: 1 }, counted);
  expect(passed).toBe(0);
});

test("while keys come faster than a slow text can be read, the old colours stay", () => {
  let nowMs = 0;
  let reads = 0;
  const slow: Tokenize = (text) => {
    nowMs += 50;
    reads++;
    return tokenize(text);
  };
  const highlighter = new Highlighter(slow, () => nowMs);
  const range = { from: 0, to: 1 };
  highlighter.spans("const a", range);
  expect(highlighter.spans("const ab", range)).toEqual([[{ start: 0, end: 5, tone: "keyword" }]]);
  expect([reads, highlighter.isStale]).toEqual([1, true]);
  nowMs += REST_MS;
  highlighter.spans("const ab", range);
  expect([reads, highlighter.isStale]).toEqual([2, false]);
});

describe("brackets", () => {
  test.each([
    ["f(|a)", { at: 1, partner: 3 }],
    ["f(a)|", { at: 3, partner: 1 }],
    ["f(|a", undefined],
    ["f)|", { at: 1, isUnmatched: true }],
    ["'('|)", { at: 3, isUnmatched: true }],
    ["/[(]/.test(|x)", { at: 10, partner: 12 }],
    ["`${f(|1)}`", { at: 4, partner: 6 }],
    ["a / (|b) / c", { at: 4, partner: 6 }],
    ["// (|", undefined],
    ["(]|", { at: 1, isUnmatched: true }],
  ])("%s", (notation, expected) => {
    const cursor = notation.indexOf("|");
    expect(matchBracket(notation.replace("|", ""), cursor)).toEqual(expected);
  });

  test("the partner is marked, a closer without opener too", () => {
    const style = createStyle({ hasColor: true, isAscii: false });
    const row = (text: string) => {
      const view = editorView({ text, cursor: text.length, prompt: "> ", rowsMax: 1, columns: 40 });
      return paintEditor(view, { text, cursor: text.length, style, isCommand: false })[0];
    };
    expect(row("f(a)")).toContain("f\x1b[1;4m(\x1b[22;24ma)");
    expect(row("a)")).toContain("a\x1b[31m)\x1b[39m");
  });
});

test("of a command the name alone has a colour", () => {
  const style = createStyle({ hasColor: true, isAscii: false });
  const [row] = paintSource(".type const", { style, tokenize, isCommand: true });
  expect(row).toBe("\x1b[35m.type\x1b[39m const");
});
