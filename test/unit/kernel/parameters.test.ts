import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { injectParameters, ParameterError } from "../../../kernel/parameters.ts";
import { parseCell } from "../../../runtime/session/analyse.ts";
import {
  emptyNotebook,
  type NotebookCell,
  newCell,
} from "../../../runtime/session/notebook-file.ts";

function tagged(tag: string, source: string, type: NotebookCell["cell_type"] = "code") {
  const cell = newCell(type, source);
  cell.metadata["tags"] = ["other", tag];
  return cell;
}

function inject(cells: readonly NotebookCell[], parameters: Readonly<Record<string, unknown>>) {
  const notebook = { ...emptyNotebook(), cells: [...cells] };
  const { notebook: after, warnings } = injectParameters(
    notebook,
    new Map(Object.entries(parameters)),
  );
  const injected = after.cells.filter((cell) =>
    (cell.metadata["tags"] as string[] | undefined)?.includes("injected-parameters"),
  );
  return { sources: after.cells.map(({ source }) => source), injected, warnings, after, notebook };
}

/** The lines of the injected cell below its heading. */
function lines(parametersCell: string, parameters: Readonly<Record<string, unknown>>) {
  const { injected } = inject([tagged("parameters", parametersCell)], parameters);
  const [heading, ...rest] = injected[0]?.source.split("\n") ?? [];
  expect(heading).toBe("// Parameters");
  return rest;
}

describe("where the values go", () => {
  test("behind the first code cell tagged parameters, and the notebook that was given stays", () => {
    const cells = [
      newCell("code", "first"),
      tagged("parameters", "text", "markdown"),
      tagged("parameters", "let x = 1"),
      tagged("parameters", "let x = 2"),
    ];
    const { sources, warnings, notebook } = inject(cells, { x: 10 });
    expect(sources).toEqual([
      "first",
      "text",
      "let x = 1",
      "// Parameters\nlet x = 10;",
      "let x = 2",
    ]);
    expect(warnings).toEqual([]);
    expect(notebook.cells).toEqual(cells);
  });

  test("in place of all older ones, under the first one's id", () => {
    const older = tagged("injected-parameters", "let x = 5;");
    const { sources, injected } = inject(
      [
        tagged("parameters", "let x = 1"),
        newCell("code", "between"),
        older,
        tagged("injected-parameters", "let x = 6;"),
        newCell("code", "last"),
      ],
      { x: 10 },
    );
    expect(sources).toEqual(["let x = 1", "// Parameters\nlet x = 10;", "between", "last"]);
    expect(injected[0]?.id).toBe(older.id);
  });

  test("where the older one was when no cell is tagged parameters", () => {
    const { sources, warnings } = inject(
      [newCell("code", "a"), tagged("injected-parameters", "let x = 5;"), newCell("code", "b")],
      { x: 10 },
    );
    expect(sources).toEqual(["a", "// Parameters\nlet x = 10;", "b"]);
    expect(warnings).toEqual([]);
  });

  test("first when nothing is tagged, with a warning", () => {
    const { sources, warnings } = inject([newCell("markdown", "# Title")], { x: 10 });
    expect(sources).toEqual(["// Parameters\nlet x = 10;", "# Title"]);
    expect(warnings).toEqual([expect.stringContaining('no code cell is tagged "parameters"')]);
  });

  test("a cell that is tagged as both stays, and no two cells have one id", () => {
    const both = newCell("code", "let x = 1");
    both.metadata["tags"] = ["parameters", "injected-parameters"];
    const { sources, after } = inject([both], { x: 10 });
    expect(sources).toEqual(["let x = 1", "// Parameters\nlet x = 10;"]);
    expect(new Set(after.cells.map(({ id }) => id)).size).toBe(2);
  });

  test("without parameters the notebook is as it was, an older injected cell included", () => {
    const cells = [tagged("injected-parameters", "let x = 5;")];
    const { after, notebook } = inject(cells, {});
    expect(after).toBe(notebook);
  });

  test("tags that are no list are no tags", () => {
    const odd = newCell("code", "let x = 1");
    odd.metadata["tags"] = "parameters";
    expect(inject([odd], { x: 10 }).sources[0]).toBe("// Parameters\nlet x = 10;");
  });
});

describe("what is written", () => {
  test("the type that the variable has in the parameters cell", () => {
    expect(
      lines("let mode: 'fast' | 'slow' = 'fast' // comment: string\nlet n = 1", {
        mode: "slow",
        n: 2,
      }),
    ).toEqual(["let mode: 'fast' | 'slow' = \"slow\";", "let n = 2;"]);
  });

  test("no type when the parameters cell does not parse; it fails on its own", () => {
    expect(lines("let x: number = ", { x: 10 })).toEqual(["let x = 10;"]);
  });

  test("a name that the parameters cell does not declare is a warning", () => {
    const { warnings } = inject([tagged("parameters", "let x = 1")], { y: 10, x: 2 });
    expect(warnings).toEqual(['parameter "y" is not declared in the cell tagged "parameters"']);
  });

  test.each([
    [null, "null"],
    [true, "true"],
    [-0, "-0"],
    [1e21, "1e+21"],
    ["", '""'],
    [`"'\`\\ \${x}`, '"\\"\'`\\\\ ${x}"'],
    ["a\nb\r\t\u0000", '"a\\nb\\r\\t\\u0000"'],
    ["</script> */ //", '"</script> */ //"'],
    ["😀\ud800", '"😀\\ud800"'],
    [[], "[]"],
    [{}, "{}"],
    [[[null, { a: [1] }]], "[[null, { a: [1] }]]"],
    [{ a: 1, "b-c": 2, 3: 4, "": 5, class: 6 }, '{ "3": 4, a: 1, "b-c": 2, "": 5, class: 6 }'],
  ])("%j is written %s", (value, text) => {
    expect(lines("let x", { x: value })).toEqual([`let x = ${text};`]);
  });

  test("a property named __proto__ stays a property", () => {
    const value = JSON.parse('{ "__proto__": { "evil": true } }');
    expect(lines("let x", { x: value })).toEqual(['let x = { ["__proto__"]: { evil: true } };']);
  });

  test("any JSON value is one finished line whose value it is", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const [line = "", ...more] = lines("let x", { x: value });
        expect(more).toEqual([]);
        expect(parseCell(line)).toEqual({ status: "complete" });
        expect(new Function(`${line} return x`)()).toEqual(value);
      }),
    );
  });

  test.each([
    ["my-name", 1, "is no name of a variable"],
    ["x = 1; y", 1, "is no name of a variable"],
    ["class", 1, "is no name of a variable"],
    ["x", Number.POSITIVE_INFINITY, "too large"],
    ["x", undefined, "no JSON value"],
    ["x", [() => 1], "no JSON value"],
    ["x", JSON.parse(`${"[".repeat(5_000)}${"]".repeat(5_000)}`), "nested deeper"],
  ])("%j = %o is refused", (name, value, why) => {
    expect(() => inject([], { [name]: value })).toThrow(ParameterError);
    expect(() => inject([], { [name]: value })).toThrow(why);
  });
});
