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
    "const f = make(async () => (kept = typeof later, stray = 1, new Error('x')), kept, new Error('y'));";
  const compiled = compile(source, scope);
  scope.publish("kept", "const", false);
  scope.publish("later", "let", false);
  scope.publish("make", "let", false);
  scope.publish("stray", "const", false);
  vi.stubGlobal("later", 1);
  for (const text of ['new Error("x")', 'new Error("y")']) {
    const column = source.indexOf(text.replaceAll('"', "'")) + 1;
    expect(written(compiled, text)).toEqual({ line: 1, column });
  }
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

test.each([
  ["(1n as any) + 1", " + ", 1],
  ["(1n as A | B) | 2", " | ", 1],
  ["Symbol() + ''", " + ", 1],
  ["null![Symbol.iterator]", "[", 0],
  ["const a: any = 1n; a * (2 as any)", " * ", 1],
  ["f(1)(2)(3)", "(3", 0],
])("an operator of %s is where it was written", (source, sign, shift) => {
  const { code, locate } = compile(source, new SessionScope());
  const lines = code.split("\n");
  // The value is the last statement.
  const line = lines.findLastIndex((text) => text.includes("$x.value"));
  const column = (lines[line] ?? "").lastIndexOf(sign) + shift;
  expect(locate(line + 1, column + 1)).toEqual({
    line: 1,
    column: source.lastIndexOf(sign) + shift + 1,
  });
});

// The engine counts U+2028 and U+2029 as line breaks in what it is given, editors do not in what people wrote.
test.each([
  ["a paragraph separator between statements", "1;\u2029here", 1, 4],
  ["a line separator in a template", "const a: string = `x\u2028y`; here", 1, 26],
  ["a carriage return of its own, and names before it", "let n = 1; n\r+ n;\r here", 3, 2],
  ["every kind of break", "let a = 1;\r\na;\u2028a;\na;\r  a; here", 4, 6],
])("positions behind %s are those of an editor", (_, source, line, column) => {
  const { code, locate } = compile(source, new SessionScope());
  const lines = code.split(/\r\n|[\n\r\u2028\u2029]/);
  const at = lines.findIndex((text) => text.includes("here"));
  expect(locate(at + 1, (lines[at] ?? "").indexOf("$0.here") + 1)).toEqual({ line, column });
});
