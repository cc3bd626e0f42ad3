import { expect, test } from "vitest";
import type { CellError } from "../../../../../runtime/session/cell-error.ts";
import { cellErrorText } from "../../../../../runtime/session/client/error-text.ts";

const PAGE = "https://console.example.org/console/projects/p/domains/d/executions/e-1";

test("a failed call on a cluster ends with the address of its page, after the stack of there", () => {
  const error: CellError = {
    name: "EagerException",
    message: "clean failed: TypeError: no",
    code: "REMOTE_FAILED",
    frames: [{ file: "In [3]", line: 1, column: 7, from: "cell" }],
    url: PAGE,
    cause: {
      name: "TypeError",
      message: "no",
      frames: [],
      trace: ["Traceback (most recent call last):", '  File "etl.py", line 12, in clean'],
    },
  };
  expect(cellErrorText(error)).toBe(
    [
      "In [3]:1:7  EagerException: clean failed: TypeError: no",
      "caused by TypeError: no",
      "    Traceback (most recent call last):",
      '      File "etl.py", line 12, in clean',
      PAGE,
    ].join("\n"),
  );
});
