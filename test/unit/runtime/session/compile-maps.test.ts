import { afterEach, expect, test, vi } from "vitest";
import { type CompiledCell, compileCell } from "../../../../runtime/session/host/compile.ts";
import { SessionScope } from "../../../../runtime/session/host/scope.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

function compile(source: string, scope: SessionScope): CompiledCell {
  const compiled = compileCell(source, scope, () => scope.segments.length);
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message);
  return compiled;
}

/** Where `text` of the compiled code was written. */
function written({ code, locate }: CompiledCell, text: string) {
  const lines = code.split("\n");
  const line = lines.findIndex((candidate) => candidate.includes(text));
  return locate(line + 1, (lines[line] ?? "").indexOf(text) + 1);
}

test("an old cell's positions are right after its names became others of another kind", () => {
  const scope = new SessionScope();
  scope.publish("kept", "let", false);
  scope.publish("make", "const", true);
  const source =
    "const f = make(async () => { kept = typeof later; stray = 1; throw new Error('x') });";
  const compiled = compile(source, scope);
  scope.publish("kept", "const", false);
  scope.publish("later", "let", false);
  scope.publish("make", "let", false);
  scope.publish("stray", "const", false);
  vi.stubGlobal("later", 1);
  const line = compiled.code.split("\n").findIndex((text) => text.includes("new Error"));
  expect(line).toBeGreaterThan(0);
  expect(written(compiled, "new Error")).toEqual({
    line: 1,
    column: source.indexOf("new Error") + 1,
  });
});

test("positions are right for more cells than have their maps kept, in any order", () => {
  const scope = new SessionScope();
  const cells = Array.from({ length: 130 }, (_, i) =>
    compile(`${"\n".repeat(i)}const a: number = ${i}; throw new Error('x')`, scope),
  );
  for (const order of [cells, cells.toReversed()]) {
    for (const cell of order) {
      const line = cells.indexOf(cell) + 1;
      const column = `const a: number = ${line - 1}; throw `.length + 1;
      expect(written(cell, "new Error")).toEqual({ line, column });
    }
  }
});

test("code that nobody wrote has no position", () => {
  const compiled = compile("const a = 1", new SessionScope());
  expect(compiled.locate(1, 5)).toBeUndefined();
});
