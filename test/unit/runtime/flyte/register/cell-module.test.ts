import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { describe, expect, test, vi } from "vitest";
import { cellModule } from "../../../../../runtime/flyte/register/cell-module.ts";
import type { CellPart, CellPiece, CellSlice } from "../../../../../runtime/workflow/cell-code.ts";

function piece(text: string, of: Partial<CellPiece> = {}): CellPiece {
  return {
    ...{ text, name: "fit", source: "fit@0000", isMethod: false, file: "c1", line: 7, column: 3 },
    ...{ segments: ["$0"], support: "$x", flags: "$i" },
    locate: (line, column) => ({ line, column: column + 100 }),
    ...of,
  };
}

function slice(parts: readonly CellPart[], names: Readonly<Record<string, number>>): CellSlice {
  return {
    ...{ parts, order: [], definitions: new Map(), folder: "/work" },
    names: new Map(Object.entries(names)),
  };
}

describe("the module of pieces of cells", () => {
  test("is the same, whatever cell a piece stands in", () => {
    const part = (of: Partial<CellPiece>): CellPart => ({
      ...{ kind: "code", piece: piece("() => $0.n", of), uses: [1] },
    });
    const n: CellPart = { kind: "value", text: "1" };
    const first = cellModule(slice([part({}), n], { fit: 0, n: 1 }));
    const other = cellModule(slice([part({ file: "c9", line: 80 }), n], { fit: 0, n: 1 }));
    expect(other).toEqual(first);
  });

  test("imports a module once, and reads each of its exports where it is used", () => {
    const from = (exported: string): CellPart => ({
      kind: "import",
      specifier: "./a.ts",
      exported,
    });
    const { code } = cellModule(slice([from("*"), from("b"), from("default")], {}));
    expect(code.match(/import .* "\.\/a\.ts"/g)).toHaveLength(1);
    expect(code).toContain(`() => $m0["default"]`);
  });

  test("maps the words of a piece to its declaration, under the notebook's name", () => {
    vi.stubEnv("JPY_SESSION_NAME", "/home/me/my notebook.ipynb");
    const text = "function fit() {\n  return $0.n;\n}";
    const part: CellPart = { kind: "code", piece: piece(text), uses: [] };
    const { code, map } = cellModule(slice([part], { fit: 0 }));
    vi.unstubAllEnvs();
    const lines = code.split("\n");
    const line = lines.indexOf("  return $0.n;") + 1;
    const found = originalPositionFor(new TraceMap(map), { line, column: 9 });
    expect(found).toMatchObject({
      ...{ line: 2, column: 109 },
      source: expect.stringMatching(/\/my_notebook\/\[fit@0000\]$/),
    });
    // What surrounds the pieces was written by nobody.
    expect(originalPositionFor(new TraceMap(map), { line: 1, column: 0 }).source).toBeNull();
  });
});
