import fc from "fast-check";
import { expect, test } from "vitest";
import { CellSplitter, splitCells } from "../../../../repl/plain/cells.ts";

test("cells end at lines that begin with // %%", () => {
  expect(splitCells("a\n// %% [2]\nb\nc\n//%%\n\n// %%\nd // %%\n")).toEqual([
    "a",
    "b\nc",
    "d // %%",
  ]);
  expect(splitCells("if (x) {\n}\nelse {\n}\n")).toEqual(["if (x) {\n}\nelse {\n}"]);
});

test("nothing but blanks is no cell", () => {
  expect(splitCells("")).toEqual([]);
  expect(splitCells("\n \n// %%\n")).toEqual([]);
});

test("Windows line ends are line ends", () => {
  expect(splitCells("a\r\n// %%\r\nb\r\n")).toEqual(["a", "b"]);
});

test("a stream gives the same cells, each as soon as its end is seen", () => {
  const splitter = new CellSplitter();
  expect(splitter.push("a\n// ")).toEqual([]);
  expect(splitter.push("%%\nb")).toEqual(["a"]);
  expect(splitter.end()).toEqual(["b"]);

  const unit = fc.constantFrom("a", "\n", "// %%", "\r\n", " ");
  fc.assert(
    fc.property(fc.array(fc.array(unit).map((units) => units.join(""))), (pieces) => {
      const stream = new CellSplitter();
      const streamed = [...pieces.flatMap((piece) => stream.push(piece)), ...stream.end()];
      expect(streamed).toEqual(splitCells(pieces.join("")));
    }),
  );
});
