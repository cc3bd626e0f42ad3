import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  emptyNotebook,
  formatNotebook,
  formatScript,
  type Notebook,
  newCell,
  notebookDialect,
  parseNotebook,
  parseScript,
  readNotebook,
  writeNotebook,
} from "../../../../runtime/session/notebook-file.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

/** As `nbformat.write` of Python's nbformat 5.10 writes it: sorted keys, one blank of indent, lists of lines. */
const WRITTEN_BY_PYTHON = `{
 "cells": [
  {
   "cell_type": "markdown",
   "id": "a1",
   "metadata": {},
   "source": [
    "# Títle\\n",
    "text"
   ]
  },
  {
   "cell_type": "code",
   "execution_count": 1,
   "id": "b2",
   "metadata": {
    "tags": [
     "parameters"
    ]
   },
   "outputs": [
    {
     "name": "stdout",
     "output_type": "stream",
     "text": [
      "one\\n",
      "two\\n"
     ]
    },
    {
     "data": {
      "application/vnd.vega.v5+json": {
       "mark": [
        "bar"
       ]
      },
      "image/png": "aGVsbG8=\\n",
      "text/plain": [
       "3"
      ]
     },
     "execution_count": 1,
     "metadata": {},
     "output_type": "execute_result"
    }
   ],
   "source": []
  }
 ],
 "metadata": {
  "custom": {
   "kept": true
  }
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
`;

describe("ipynb", () => {
  test("text is joined when read, and written back byte for byte as Python writes it", () => {
    const notebook = parseNotebook(WRITTEN_BY_PYTHON);
    expect(notebook.cells[0]?.source).toBe("# Títle\ntext");
    expect(notebook.cells[1]).toMatchObject({
      outputs: [
        { text: "one\ntwo\n" },
        { data: { "text/plain": "3", "application/vnd.vega.v5+json": { mark: ["bar"] } } },
      ],
    });
    expect(formatNotebook(notebook)).toBe(WRITTEN_BY_PYTHON);
  });

  test("any source survives", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (source) => {
        const notebook = emptyNotebook();
        notebook.cells.push(newCell("code", source));
        expect(parseNotebook(formatNotebook(notebook))).toEqual(notebook);
      }),
    );
  });

  test("notebooks of format 4.0 to 4.4 get ids, doubled ids are replaced", () => {
    const cell = {
      cell_type: "code",
      source: "x",
      metadata: {},
      outputs: [],
      execution_count: null,
    };
    const old = parseNotebook(
      JSON.stringify({
        nbformat: 4,
        nbformat_minor: 2,
        metadata: {},
        cells: [cell, { ...cell, id: "a" }, { ...cell, id: "a" }],
      }),
    );
    expect(old.nbformat_minor).toBe(5);
    const ids = old.cells.map(({ id }) => id);
    expect(ids[1]).toBe("a");
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[\w-]{1,64}$/);
  });

  test("what is no notebook is one sentence that says where", () => {
    expect(() => parseNotebook("{")).toThrow("it is not JSON");
    expect(() => parseNotebook('{"nbformat": 3, "worksheets": []}')).toThrow("only format 4");
    expect(() => parseNotebook("{}")).toThrow("not a notebook: cells");
    expect(() =>
      parseNotebook('{"nbformat": 4, "cells": [{"cell_type": "code", "source": 5}]}'),
    ).toThrow("cells.0.source");
  });
});

describe("scripts", () => {
  const SCRIPT = `import { task } from "eagerdeck";

// %% [markdown]
// # Title
//
// text

// %% Sum tags=["a b","c"] id="sum"
const x = 1;

x + 1

// %%
`;

  test("cells begin with their marker", () => {
    const { cells } = parseScript(SCRIPT);
    expect(cells.map(({ cell_type, source }) => [cell_type, source])).toEqual([
      ["code", 'import { task } from "eagerdeck";'],
      ["markdown", "# Title\n\ntext"],
      ["code", "const x = 1;\n\nx + 1"],
      ["code", ""],
    ]);
    expect(cells[2]).toMatchObject({ id: "sum", metadata: { title: "Sum", tags: ["a b", "c"] } });
  });

  test("a script that was written is read as the same cells", () => {
    const notebook = parseScript(SCRIPT);
    const again = parseScript(formatScript(notebook));
    const content = ({ cells }: Notebook) =>
      cells.map(({ cell_type, source, metadata }) => ({ cell_type, source, metadata }));
    expect(content(again)).toEqual(content(notebook));
    expect(formatScript(again)).toBe(formatScript(notebook));
  });

  test("an empty file has no cells, a file without markers is one", () => {
    expect(parseScript("\n \n").cells).toEqual([]);
    expect(parseScript("let x = 1\r\nx\r\n").cells.map(({ source }) => source)).toEqual([
      "let x = 1\nx",
    ]);
  });

  test("a cell that contains a marker cannot be written", () => {
    const notebook = emptyNotebook();
    notebook.cells.push(newCell("code", "a\n// %% b"));
    expect(() => formatScript(notebook)).toThrow("cell 1 contains a line");
  });
});

describe("files", () => {
  test("the extension decides the form, and nothing but the file stays behind", async () => {
    using folder = tempFolder();
    const notebook = parseNotebook(WRITTEN_BY_PYTHON);
    await writeNotebook(join(folder.path, "a.ipynb"), notebook);
    await writeNotebook(join(folder.path, "a.ts"), notebook);
    expect(await readNotebook(join(folder.path, "a.ipynb"))).toEqual(notebook);
    expect(readFileSync(join(folder.path, "a.ts"), "utf8")).toContain(
      "// %% [markdown]\n// # Títle",
    );
    expect(readdirSync(folder.path).sort()).toEqual(["a.ipynb", "a.ts"]);
  });

  test("a broken file is named", async () => {
    using folder = tempFolder({ "b.ipynb": "[]" });
    await expect(readNotebook(join(folder.path, "b.ipynb"))).rejects.toThrow(
      /b\.ipynb: not a notebook/,
    );
  });
});

test.each([
  [{ kernelspec: { name: "tslab", language: "typescript" } }, "tslab"],
  [{ kernelspec: { name: "jslab", language: "javascript" } }, "jslab"],
  [{ kernelspec: { name: "javascript-of-mine", language: "javascript" } }, "jslab"],
  [{ language_info: { name: "javascript" } }, "jslab"],
  [{ kernelspec: { name: "deno", language: "typescript" } }, "deno"],
  [{ kernelspec: { name: "eagerdeck", language: "typescript" } }, undefined],
  [{ kernelspec: "toString" }, undefined],
  [{ kernelspec: { name: "toString" } }, undefined],
  [{}, undefined],
])("for which kernel a notebook was written is told by its metadata: %j", (metadata, dialect) => {
  expect(notebookDialect({ ...emptyNotebook(), metadata })).toBe(dialect);
});
