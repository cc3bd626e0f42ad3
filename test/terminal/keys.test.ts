/** Each key of the guide's table, as the bytes that a terminal sends. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openScriptedRepl, type Terminal } from "../support/terminal.ts";

let terminal: Terminal;
beforeAll(async () => {
  terminal = openScriptedRepl({ columns: 80, rows: 30 });
  await terminal.prompt(1);
  // For what walks through the history.
  terminal.type("'older'\r");
  await terminal.idle(2);
  terminal.type("'newer'\r");
  await terminal.idle(3);
});
afterAll(() => terminal[Symbol.dispose]());

/** The editor's lines with `|` at the cursor. */
function editor(): string {
  const rows = terminal.rows();
  const { x, y } = terminal.cursor();
  const first = rows.findLastIndex((row) => row.startsWith("In [3]:"));
  const lines = rows.slice(first, -1).map((row, index) => {
    // The cursor may stand behind blanks, which a row does not keep.
    const line = first + index === y ? row.padEnd(x) : row;
    return (first + index === y ? `${line.slice(0, x)}|${line.slice(x)}` : line).slice(
      "In [3]: ".length,
    );
  });
  return lines.join("\n");
}

test.each([
  ["Ctrl-A", "one two", "\x01", "|one two"],
  ["Ctrl-E", "one two", "\x01\x05", "one two|"],
  ["Ctrl-B", "one two", "\x02", "one tw|o"],
  ["Ctrl-F", "one two", "\x01\x06", "o|ne two"],
  ["Left", "one two", "\x1b[D", "one tw|o"],
  ["Right", "one two", "\x01\x1b[C", "o|ne two"],
  ["Alt-B", "one two", "\x1bb", "one |two"],
  ["Alt-F", "one two", "\x01\x1bf", "one| two"],
  ["Ctrl-Left", "one two", "\x1b[1;5D", "one |two"],
  ["Ctrl-Right", "one two", "\x01\x1b[1;5C", "one| two"],
  ["Home", "one two", "\x1b[H", "|one two"],
  ["End", "one two", "\x01\x1b[F", "one two|"],
  ["PgUp", "one", "\n2\x1b[5~", "|one\n2"],
  ["PgDn", "one", "\n2\x1b[5~\x1b[6~", "one\n2|"],
  ["Backspace", "one", "\x7f", "on|"],
  ["Backspace at a line's start", "one", "\n\x7f", "one|"],
  ["Left at a line's start", "one", "\n2\x01\x1b[D", "one|\n2"],
  ["Ctrl-H", "one", "\x08", "on|"],
  ["Delete", "one", "\x01\x1b[3~", "|ne"],
  ["Ctrl-D in a text", "one", "\x01\x04", "|ne"],
  ["Ctrl-W", "one two", "\x17", "one |"],
  ["Alt-Backspace", "one.two", "\x1b\x7f", "one.|"],
  ["Alt-D", "one two", "\x01\x1bd", "| two"],
  ["Ctrl-K", "one two", "\x01\x1bf\x0b", "one|"],
  ["Ctrl-U", "one two", "\x1bb\x15", "|two"],
  ["Ctrl-Y", "one two", "\x17\x01\x19", "two|one"],
  ["Alt-Y", "a b", "\x17\x01\x06\x0b\x05\x19\x1by", "ab|"],
  ["Ctrl-_", "one two", "\x17\x1f", "one two|"],
  ["Alt-_", "one two", "\x17\x1f\x1b_", "one |"],
  ["Ctrl-J", "one", "\n2", "one\n2|"],
  ["Shift-Enter of the kitty protocol", "one", "\x1b[13;2u2", "one\n2|"],
  ["Enter in an unfinished text", "[", "\r1", "[\n  1|"],
  ["Tab in the indentation", "[", "\r\t1", "[\n    1|"],
  ["Shift-Tab", "[", "\r\t1\x1b[Z", "[\n  1|"],
  ["Up and Down between lines", "one", "\n2\x1b[A\x1b[B", "one\n2|"],
  ["Up through the history", "'", "\x1b[A\x1b[A", "'older'|"],
  ["Ctrl-P and Ctrl-N through the history", "'", "\x10\x10\x0e", "'newer'|"],
  ["Ctrl-R and Enter", "draft", "\x12old\r", "'older'|"],
  ["Ctrl-R and Ctrl-G", "draft", "\x12old\x07", "draft|"],
  ["a suggestion taken by Right", "'ol", "\x1b[C", "'older'|"],
  ["Ctrl-L", "one", "\x0c", "one|"],
  ["Ctrl-X and no second key", "one", "\x18two", "onetwo|"],
])("%s", async (_, text, bytes, expected) => {
  terminal.type(text);
  await terminal.see((shown) => expect(shown).toContain(`In [3]: ${text}`));
  terminal.type(bytes);
  await terminal.see(() => expect(editor()).toBe(expected));
  // To the end, and all lines away: the next row begins with nothing.
  terminal.type(`\x1b[6~${"\x15\x7f".repeat(4)}`);
  await terminal.prompt(3);
});

test.each([
  ["Enter", "40 + 2", "\r"],
  ["Alt-Enter, also within the text", "40 + 3", "\x01\x1b\r"],
  ["Ctrl-Enter of the kitty protocol", "40 + 4", "\x01\x1b[13;5u"],
])("%s runs", async (_, text, bytes) => {
  terminal.type(text);
  await terminal.see((shown) => expect(shown).toContain(text));
  terminal.type(bytes);
  await terminal.see((shown) => expect(shown).toMatch(new RegExp(`\\]: 4${text.at(-1)}\\n`)));
});
