import { expect, test } from "vitest";
import { fitExcerpts } from "../../../../repl/live/excerpt.ts";
import { widthOf } from "../../../../repl/terminal/width.ts";
import { codeFrame } from "../../../../runtime/session/code-frame.ts";

/** What the carets stand below. */
function marked(excerpt: string): string {
  const rows = excerpt.split("\n");
  const at = rows.findIndex((row) => /│ *\^+$/.test(row));
  const [from, to] = [(rows[at] ?? "").indexOf("^"), (rows[at] ?? "").length];
  return (rows[at - 1] ?? "").slice(from, to);
}

test("what fits stays as it is", () => {
  const frame = codeFrame("const a = 1\nb()", { line: 2, column: 1 });
  expect(fitExcerpts(frame, 79)).toBe(frame);
});

test("a long line is cut behind its caret", () => {
  const frame = codeFrame("bad(1) + good('a long text that goes on')", { line: 1, column: 1 });
  expect(fitExcerpts(frame, 24)).toBe("❯ 1 │ bad(1) + good('a …\n    │ ^");
});

test("rows move to the left together until the caret shows", () => {
  const source = "const first = 1\nconst total = first + second + third + missing + last\nfirst";
  const column = source.split("\n")[1]?.indexOf("missing") ?? 0;
  const frame = codeFrame(source, { line: 2, column: column + 1, endColumn: column + 8 });
  for (const columns of [60, 40, 30]) {
    const fitted = fitExcerpts(frame, columns);
    expect(marked(fitted)).toBe("missing");
    for (const row of fitted.split("\n")) expect(widthOf(row)).toBeLessThanOrEqual(columns);
  }
});

test("lines between excerpts are left alone, and each excerpt is cut by its own caret", () => {
  const first = codeFrame("x(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, bad)", { line: 1, column: 35 });
  const second = codeFrame("bad(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)", { line: 1, column: 1 });
  const says = "In [3]:1:35 error TS2304: a sentence that is wider than the screen";
  const fitted = fitExcerpts(`${says}\n${first}\n${says}\n${second}`, 30).split("\n");
  expect(fitted.filter((row) => row === says)).toHaveLength(2);
  expect(marked(fitted.slice(0, 3).join("\n"))).toBe("b");
  expect(fitted[4]).toBe("❯ 1 │ bad(aaaaaaaaaaaaaaaaaaa…");
});
