import { expect, test } from "vitest";
import { locatedPiece, locatedStack } from "../../../../runtime/session/host/piece-places.ts";

const piece = (text: string, line: number) =>
  locatedPiece(
    {
      ...{ text, name: "fit", isMethod: false, file: `c${line}`, line, column: 5 },
      ...{ segments: ["$0"], support: "$x", flags: "$i" },
    },
    // The cell begins in the second line of what was compiled.
    (row, column) => ({ line: row - 1, column }),
  );
const CODE = "function fit() {\n  throw 1;\n}";

test("places are said from the beginning of the declaration, wherever the cell has it", () => {
  const high = piece(CODE, 3);
  const low = piece(CODE, 40);
  expect(low.locate(2, 3)).toEqual({ line: 2, column: 3 });
  expect(low.locate(2, 3)).toEqual(high.locate(2, 3));
  expect(low.locate(1, 1)).toEqual({ line: 1, column: 5 });
  expect(low.source).toBe(high.source);
  expect(piece("function fit() {}", 3).source).not.toBe(low.source);
});

test("stacks of a cluster get the places of cells, of pieces that were sent", () => {
  const sent = piece(CODE, 40);
  const pieces = new Map([[sent.source, sent]]);
  const label = (file: string) => (file === "c40" ? "In [3]" : undefined);
  const stack = [
    `    at fit (my_notebook/[${sent.source}]:2:3)`,
    `    at my_notebook/[${sent.source}]:1:9`,
    "    at other (my_notebook/[other@0000]:1:1)",
    "    at list[0]:1 (/app/a.py:3:4)",
  ].join("\n");
  expect(locatedStack(stack, pieces, label).split("\n")).toEqual([
    "    at fit (In [3]:40:3)",
    "    at In [3]:39:9",
    "    at other (my_notebook/[other@0000]:1:1)",
    "    at list[0]:1 (/app/a.py:3:4)",
  ]);
});
