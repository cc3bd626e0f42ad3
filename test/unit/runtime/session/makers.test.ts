import { describe, expect, test } from "vitest";
import { callAround, initializerOf, readsAtOnce } from "../../../../runtime/session/host/makers.ts";
import { parseCompiled } from "../../../../runtime/session/host/references.ts";

function cell(body: string) {
  const code = `(async function($0,$x,$i){"use strict";\n${body}\n})`;
  const program = parseCompiled(code);
  if (!program) throw new Error("the cell does not parse");
  return { code, program };
}

function initializer(body: string): string | undefined {
  const { code, program } = cell(body);
  const found = initializerOf(program, "row");
  if (found?.kind !== "expression") return found?.kind;
  const text = code.slice(found.node.start, found.node.end);
  return found.isAwaited ? `awaited ${text}` : text;
}

describe("what a name was given", () => {
  test.each([
    ["a declaration", "const row = f(1), $p1 = ($0.row = row, $x.published(0));", "f(1)"],
    ["an assignment", "$0.row = f(2);", "f(2)"],
    ["the last value of a cell", "$x.value = $0.row = f(3);", "f(3)"],
    ["the last one of several", "let row = f(1), $p1 = ($0.row = row);\n$0.row = f(2);", "f(2)"],
    ["what is awaited", "const row = $x.live(await f());", "awaited $x.live(await f())"],
    ["a function that awaits", "const row = f(async () => await g());", "f(async () => await g())"],
    ["another name", "const rows = 1; $0.other = 2; $0.table.row = 3;", undefined],
    ["a pattern", "const { row } = f();", "other"],
    ["an assignment by a pattern", "({ a: $0.row } = f());", "other"],
    ["an assignment in a block", "const row = f(1);\nif (a) { $0.row = f(2); }", "other"],
    ["an assignment in a function", "const row = f(1);\nconst g = () => { $0.row = 2; };", "other"],
    ["an update", "let row = 1;\n$0.row++;", "other"],
    ["an addition", "let row = 1;\n$0.row += 1;", "other"],
    ["a name of a function", "function g() { const row = 1; return row; }", undefined],
  ])("%s", (_what, body, expected) => {
    expect(initializer(body)).toBe(expected);
  });
});

describe("the call around a function", () => {
  const around = (body: string, fn: string) => {
    const { code, program } = cell(body);
    const start = code.indexOf(fn);
    const found = callAround(program, { start, end: start + fn.length });
    return found && code.slice(found.start, found.end);
  };

  test("is the one that takes it as an argument", () => {
    const fn = "function fit() {}";
    expect(around(`const fit = (0, $0.task)({ a: 1 }, ${fn});`, fn)).toBe(
      `(0, $0.task)({ a: 1 }, ${fn})`,
    );
  });

  test("is found behind the name that a cell gives it", () => {
    const fn = "() => 1";
    const call = `(0, $0.task)({ "fit": ${fn} }["fit"])`;
    expect(around(`const fit = ${call};`, fn)).toBe(call);
  });

  test("is none of a function that is declared, or within another", () => {
    const fn = "function fit() {}";
    expect(around(`${fn}\n(0, $0.task)(fit);`, fn)).toBeUndefined();
    expect(around(`(0, $0.task)(() => { const a = ${fn}; });`, fn)).toBeUndefined();
  });
});

test("a name is read at once where no function reads it later", () => {
  const reads = (text: string) => {
    const found = initializerOf(cell(`const made = ${text};`).program, "made");
    return found?.kind === "expression" && readsAtOnce(found.node, "row");
  };
  expect(reads("$0.row.extend({})")).toBe(true);
  expect(reads("f({ a: [$0.row] })")).toBe(true);
  expect(reads("f(() => $0.row)")).toBe(false);
  expect(reads("f($0.rows, $0.table.row)")).toBe(false);
});
