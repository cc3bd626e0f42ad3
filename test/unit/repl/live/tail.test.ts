import fc from "fast-check";
import { expect, test } from "vitest";
import { emptyTail, feed } from "../../../../repl/live/tail.ts";

function feedAll(...pieces: string[]) {
  let tail = emptyTail;
  let lines = "";
  for (const piece of pieces) {
    const fed = feed(tail, piece);
    tail = fed.tail;
    lines += fed.lines;
  }
  return { lines, tail: tail.text };
}

test("whole lines go out, the rest waits for its newline", () => {
  expect(feedAll("a\nb")).toEqual({ lines: "a\n", tail: "b" });
  expect(feedAll("a", "b\n", "c")).toEqual({ lines: "ab\n", tail: "c" });
});

test("a progress bar prints once, in its last state", () => {
  expect(feedAll("10 %\r", "50 %\r\x1b[K", "100 %\n")).toEqual({ lines: "100 %\n", tail: "" });
  expect(feedAll("10 %\r")).toEqual({ lines: "", tail: "10 %" });
});

test("CRLF is one line end, also when it is cut in two", () => {
  expect(feedAll("a\r\nb")).toEqual({ lines: "a\n", tail: "b" });
  expect(feedAll("a\r", "\nb")).toEqual({ lines: "a\n", tail: "b" });
});

test("however output is cut, the same lines come out", () => {
  const unit = fc.constantFrom("a", "b", "\n", "\r", " ");
  fc.assert(
    fc.property(fc.array(unit), fc.array(fc.nat({ max: 5 })), (units, sizes) => {
      const text = units.join("");
      const pieces: string[] = [];
      for (let at = 0, index = 0; at < text.length; index++) {
        const size = 1 + (sizes[index % Math.max(1, sizes.length)] ?? 0);
        pieces.push(text.slice(at, at + size));
        at += size;
      }
      expect(feedAll(...pieces)).toEqual(feedAll(text));
    }),
  );
});

test("a line without an end does not grow for ever", () => {
  const { lines, tail } = feedAll("x".repeat(100_000), "y");
  expect([lines.length, tail]).toEqual([100_001, "y"]);
});
