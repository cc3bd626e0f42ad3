import xterm from "@xterm/headless";
import { describe, expect, test } from "vitest";
import { canRedraw } from "../../../cli/progress.ts";
import { Region } from "../../../cli/region.ts";

/** A terminal of that size; what it shows can be asked for. */
function terminal(columns: number, rows: number) {
  const screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const written: string[] = [];
  return {
    written,
    get columns() {
      return screen.cols;
    },
    get rows() {
      return screen.rows;
    },
    write(text: string) {
      written.push(text);
      screen.write(text.replaceAll("\n", "\r\n"));
      return true;
    },
    resize: (to: number) => screen.resize(to, rows),
    /** All rows with the scrollback, until the last one that is not empty. */
    async shown(): Promise<string[]> {
      await new Promise<void>((resolve) => screen.write("", resolve));
      const buffer = screen.buffer.active;
      const all = Array.from({ length: buffer.length }, (_, y) =>
        (buffer.getLine(y)?.translateToString(true) ?? "").trimEnd(),
      );
      return all.slice(0, all.findLastIndex((row) => row !== "") + 1);
    },
  };
}

const rows = (...texts: string[]) => texts.map((text) => ({ text, width: text.length }));

describe("rows at the bottom", () => {
  test("are drawn in their place, more or fewer of them, below the text that came", async () => {
    const at = terminal(20, 6);
    const region = new Region(at);
    region.draw(rows("a 1", "b 1"));
    region.draw(rows("a 2", "b 2", "c 2"), "first\n");
    region.draw(rows("a 3"), "second, longer than a row\n");
    expect(await at.shown()).toEqual(["first", "second, longer than", "a row", "a 3"]);
    region.draw([]);
    expect(await at.shown()).toEqual(["first", "second, longer than", "a row"]);
  });

  test("leave nothing behind when text scrolls them to the last row of the screen", async () => {
    const at = terminal(20, 4);
    const region = new Region(at);
    const lines = Array.from({ length: 9 }, (_, n) => `line ${n}`);
    for (const line of lines) region.draw(rows("a", "b", line), `${line}\n`);
    expect(await at.shown()).toEqual([...lines, "a", "b", "line 8"]);
  });

  test("leave nothing behind in a window that became narrow, or wide", async () => {
    const at = terminal(30, 12);
    const region = new Region(at);
    region.draw(rows("x".repeat(29), "y".repeat(29), "z"), "above\n");
    at.resize(12);
    region.draw(rows("x".repeat(11), "y".repeat(11), "z"));
    expect(await at.shown()).toEqual(["above", "x".repeat(11), "y".repeat(11), "z"]);
    at.resize(30);
    region.draw(rows("x", "y"));
    expect(await at.shown()).toEqual(["above", "x", "y"]);
  });

  test("are written only when they differ, in one write, with the cursor visible", () => {
    const at = terminal(30, 12);
    const region = new Region(at);
    region.draw([]);
    expect(at.written).toEqual([]);
    region.draw(rows("a"));
    region.draw(rows("a"));
    expect(at.written).toHaveLength(1);
    region.draw(rows("a"), "text\n");
    region.draw(rows("b"));
    expect(at.written).toHaveLength(3);
    expect(at.written.join("")).not.toContain("\x1b[?25l");
  });

  test("are not erased once somebody else has had the terminal", async () => {
    const at = terminal(30, 12);
    const region = new Region(at);
    region.draw(rows("a"));
    at.write("$ fg\n");
    region.forget();
    region.draw(rows("a 2"));
    expect(await at.shown()).toEqual(["a", "$ fg", "a 2"]);
  });
});

test.each([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: "1" }, true, false],
  [{ NO_COLOR: "" }, true, true],
  [{ TERM: "dumb" }, true, false],
  [{ CI: "true" }, true, false],
  [{ INK_SCREEN_READER: "1" }, true, false],
])("%j, a terminal: %j, redraws: %j", (environment, isTerminal, can) => {
  expect(canRedraw(environment, isTerminal)).toBe(can);
});
