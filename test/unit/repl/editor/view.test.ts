import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { editorView } from "../../../../repl/editor/view.ts";
import { widthOf } from "../../../../repl/terminal/width.ts";
import { stateOf } from "../../../support/editor.ts";

function show(notation: string, columns = 24, rowsMax = 5) {
  const { text, cursor } = stateOf(notation);
  const view = editorView({ text, cursor, prompt: "In [1]: ", rowsMax, columns });
  return { rows: view.rows.map(({ prompt, code }) => prompt + code), cursor: view.cursor };
}

test("each line is a row, behind the prompt or its continuation", () => {
  expect(show("f(\n  1|")).toEqual({
    rows: ["In [1]: f(", "   ...:   1"],
    cursor: { x: 11, y: 1 },
  });
});

test("an empty editor shows the prompt with the cursor behind it", () => {
  expect(show("|")).toEqual({ rows: ["In [1]: "], cursor: { x: 8, y: 0 } });
});

test("a long line scrolls sideways with the cursor and says that it goes on", () => {
  expect(show("abcdefghijklmnopqrstuvwxyz|").rows).toEqual(["In [1]: ‹rstuvwxyz"]);
  expect(show("|abcdefghijklmnopqrstuvwxyz").rows).toEqual(["In [1]: abcdefghijklmno›"]);
  expect(show("ab|\n0123456789012345678").rows[1]).toBe("   ...: 012345678901234›");
});

test("more lines than rows: those around the cursor show, the rest is counted", () => {
  const lines = Array.from({ length: 20 }, (_, index) => `l${index}`);
  const { rows, cursor } = show(`${lines.slice(0, 10).join("\n")}|\n${lines.slice(10).join("\n")}`);
  expect(rows).toEqual(["    ↑7: l7", "   ...: l8", "   ...: l9", "   ...: l10", "    ↓8: l11"]);
  expect(cursor).toEqual({ x: 10, y: 2 });
  expect(show("a|\nb\nc", 24, 2).rows).toEqual(["In [1]: a", "    ↓1: b"]);
  expect(show("a\nb\nc|", 24, 2).rows).toEqual(["    ↑1: b", "   ...: c"]);
});

test("wide characters count two columns, a tab two", () => {
  expect(show("日本|").cursor.x).toBe(12);
  expect(show("\ta|")).toEqual({ rows: ["In [1]:   a"], cursor: { x: 11, y: 0 } });
});

describe("a line of 1 MB that is not ASCII", () => {
  const line = "0日".repeat(500_000);
  const show = (cursor: number) =>
    editorView({ text: line, cursor, prompt: "In [1]: ", rowsMax: 5, columns: 80 });

  test("shows what stands around the cursor, which stands behind the character before it", () => {
    for (const cursor of [0, 3, 1_000, 400_001, 777_776, line.length - 1, line.length]) {
      const { rows, cursor: at } = show(cursor);
      const { code = "", offsets = [] } = rows[0] ?? {};
      expect(widthOf(code)).toBeLessThanOrEqual(72);
      expect(code.startsWith("‹")).toBe(cursor > 72);
      expect(code.endsWith("›")).toBe(cursor < line.length - 72);
      const before = cursor === line.length ? code : code.slice(0, offsets.indexOf(cursor));
      expect(at.x).toBe(8 + widthOf(before));
      for (const [unit, offset] of offsets.entries()) {
        if (offset >= 0) expect(code[unit]).toBe(line[offset]);
      }
    }
  });

  test("is measured around the cursor only, not for each key from end to end", () => {
    const segment = vi.spyOn(Intl.Segmenter.prototype, "segment");
    try {
      show(600_000);
      const read = segment.mock.calls.reduce((sum, [text]) => sum + text.length, 0);
      expect(read).toBeGreaterThan(0);
      expect(read).toBeLessThan(20_000);
    } finally {
      segment.mockRestore();
    }
  });
});

describe("for any text, cursor and width", () => {
  test("no row is wider than asked, and the cursor stands within", () => {
    const line = fc.string({
      unit: fc.constantFrom("a", "日", "👩‍👧", "e\u0301", " ", "\t", "(", "x"),
    });
    const lines = fc.array(line, { minLength: 1, maxLength: 8 }).map((all) => all.join("\n"));
    fc.assert(
      fc.property(
        lines,
        fc.integer({ min: 12, max: 60 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(),
        (text, columns, rowsMax, at) => {
          const borders = [...new Intl.Segmenter().segment(text)].map(({ index }) => index);
          const cursor = [...borders, text.length][at % (borders.length + 1)] ?? 0;
          const view = editorView({ text, cursor, prompt: "In [1]: ", rowsMax, columns });
          expect(view.rows.length).toBeLessThanOrEqual(rowsMax);
          expect(view.rows[view.cursor.y]).toBeDefined();
          for (const row of view.rows)
            expect(widthOf(row.prompt + row.code)).toBeLessThanOrEqual(columns);
          expect(view.cursor.x).toBeGreaterThanOrEqual(8);
          expect(view.cursor.x).toBeLessThanOrEqual(columns);
        },
      ),
      { numRuns: 500 },
    );
  });
});
