import { tableFromArrays } from "apache-arrow";
import { desc, table } from "arquero";
import { describe, expect, test } from "vitest";
import { displayBundle } from "../../../../runtime/values/bundle.ts";
import { preview } from "../../../../runtime/values/preview.ts";

const ids = Int32Array.from({ length: 1_204 }, (_, id) => id);
const orders = tableFromArrays({
  id: ids,
  day: Array.from(ids, (id) => (id % 3 === 0 ? null : `2026-11-${10 + (id % 20)}`)),
  at: Array.from(ids, (id) => new Date(id * 86_400_000)),
  amount: Float64Array.from(ids, (id) => id / 4),
});

describe("a table of apache-arrow", () => {
  test("is a line with its size, and its first rows with types when it is unfolded", () => {
    const { line, kind, body } = preview(orders);
    expect([line, kind]).toEqual(["Table 1,204 × 4", "table"]);
    expect(body).toMatchObject({
      as: "table",
      columns: [
        { name: "id", type: "Int32" },
        { name: "day", type: "Dictionary<Int32, Utf8>" },
        { name: "at", type: "Timestamp<MILLISECOND>" },
        { name: "amount", type: "Float64" },
      ],
      caption: expect.stringMatching(/^10 of 1,204 rows · 4 of 4 columns · [\d.]+ kB$/),
    });
    const rows = body?.as === "table" ? body.rows : [];
    expect(rows.length).toBe(10);
    expect(rows.slice(0, 2)).toEqual([
      ["0", null, "1970-01-01T00:00:00.000Z", "0"],
      ["1", "2026-11-11", "1970-01-02T00:00:00.000Z", "0.25"],
    ]);
  });

  test("of many columns shows twelve, and counts them; an empty one has none", () => {
    const wide = tableFromArrays(
      Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`c${n}`, Int32Array.of(n)])),
    );
    const { body } = preview(wide);
    expect(body).toMatchObject({
      caption: expect.stringMatching(/^1 of 1 rows · 12 of 30 columns/),
    });
    expect(preview(orders.slice(0, 0)).line).toBe("Table 0 × 4");
  });

  test("reads no more than it shows", () => {
    let read = 0;
    // As the class is made: its data are its own, its methods inherited.
    const counting = Object.assign(
      Object.create({
        getChildAt: (index: number) => ({
          get: (row: number) => {
            read++;
            return orders.getChildAt(index)?.get(row);
          },
        }),
      }),
      { schema: orders.schema, batches: orders.batches },
    );
    expect(preview(counting).line).toBe("Table 1,204 × 4");
    expect(read).toBe(40);
  });
});

describe("a table of arquero", () => {
  const sales = table({
    region: ["eu", "us", null, "eu"],
    amount: [3, 1, 2, 4],
    weights: new Float64Array([0.5, 1, 2, 3]),
  });

  test("is read as it stands: filtered and ordered", () => {
    const chosen = sales.filter((d: { amount: number }) => d.amount > 1).orderby(desc("amount"));
    const { line, body } = preview(chosen);
    expect(line).toBe("Table 3 × 3");
    expect(body).toMatchObject({
      columns: [
        { name: "region", type: "string" },
        { name: "amount", type: "number" },
        { name: "weights", type: "Float64" },
      ],
      rows: [
        ["eu", "4", "3"],
        ["eu", "3", "0.5"],
        [null, "2", "2"],
      ],
      caption: "3 of 3 rows · 3 of 3 columns",
    });
  });
});

test("columns with a secret's name are hidden, and so is a frame under one", () => {
  const logins = table({ user: ["me"], password: ["hunter2hunter2"] });
  expect(JSON.stringify(preview(logins))).not.toContain("hunter2");
  expect(
    JSON.stringify(preview(table({ note: ["hunter2hunter2"] }), { name: "secret" })),
  ).not.toContain("hunter2");
});

test("what only looks like a table is shown as what it is", () => {
  for (const fake of [
    { schema: { fields: [1] }, batches: [], getChildAt: () => null },
    { schema: { fields: [] }, batches: [{}], getChildAt: () => null },
    { _names: ["a"], _data: {}, scan() {}, numRows: () => 1, columnNames() {} },
  ]) {
    expect(() => preview(fake)).not.toThrow();
  }
  const proxied = new Proxy(orders, {
    get() {
      throw new Error("trapped");
    },
  });
  expect(preview(proxied).line).toBeTypeOf("string");
});

test("as the value of a cell it is HTML, Markdown and text, nothing else, and bounded", async () => {
  const bundle = await displayBundle(orders, 80);
  expect(Object.keys(bundle).sort()).toEqual(["text/html", "text/markdown", "text/plain"]);
  expect(bundle["text/plain"]).toMatch(/^Table 1,204 × 4\n/);
  expect(bundle["text/plain"]).toMatchInlineSnapshot(`
    "Table 1,204 × 4
       id  day                      at                         amount
    Int32  Dictionary<Int32, Utf8>  Timestamp<MILLISECOND>    Float64
        0  null                     1970-01-01T00:00:00.000Z        0
        1  2026-11-11               1970-01-02T00:00:00.000Z     0.25
        2  2026-11-12               1970-01-03T00:00:00.000Z      0.5
        3  null                     1970-01-04T00:00:00.000Z     0.75
        4  2026-11-14               1970-01-05T00:00:00.000Z        1
        5  2026-11-15               1970-01-06T00:00:00.000Z     1.25
        6  null                     1970-01-07T00:00:00.000Z      1.5
        7  2026-11-17               1970-01-08T00:00:00.000Z     1.75
        8  2026-11-18               1970-01-09T00:00:00.000Z        2
        9  null                     1970-01-10T00:00:00.000Z     2.25
    10 of 1,204 rows · 4 of 4 columns · 29.2 kB"
  `);
  expect(bundle["text/markdown"]).toContain(
    "| id | day | at | amount |\n| ---: | --- | --- | ---: |",
  );
  const hostile = await displayBundle(table({ "<b>|": ["<script>", "a|b\u202e"] }), 80);
  expect(hostile["text/html"]).not.toContain("<script>");
  expect(hostile["text/html"]).not.toContain("<b>");
  expect(hostile["text/markdown"]).toContain("\\<script\\>");
  expect(JSON.stringify(hostile)).not.toContain("\u202e");
});

/** As nodejs-polars does it: everything behind a proxy, shown by the display hook. */
test("a frame behind a proxy with a display hook is shown by it when a person asks, and left alone in a row", async () => {
  let asked = 0;
  const frame = new Proxy(
    {},
    {
      get: (_, key) => {
        asked++;
        return key === Symbol.for("Jupyter.display")
          ? () => ({
              "text/html": "<table><tr><td>1</td></tr></table>",
              "text/plain": "shape: (1, 1)",
            })
          : undefined;
      },
    },
  );
  preview(frame);
  expect(asked).toBe(0);
  expect(await displayBundle(frame, 80)).toEqual({
    "text/html": "<table><tr><td>1</td></tr></table>",
    "text/plain": "shape: (1, 1)",
  });
});

describe("of danfo.js", () => {
  /** The fields that `NDframe` of danfojs 1.2.0 keeps; the package needs TensorFlow's binaries. */
  class NDframe {
    readonly $index: readonly number[];
    readonly $isSeries: boolean;
    readonly $data: readonly unknown[];
    readonly $columns: readonly string[];
    readonly $dtypes: readonly string[];
    constructor(
      data: readonly unknown[],
      columns: readonly string[],
      dtypes: readonly string[],
      isSeries = false,
    ) {
      this.$data = data;
      this.$columns = columns;
      this.$dtypes = dtypes;
      this.$isSeries = isSeries;
      this.$index = data.map((_, index) => index);
    }
  }

  test("a frame shows its first rows with the types of its columns", async () => {
    const rows = ids.slice(0, 30);
    const frame = new NDframe(
      Array.from(rows, (id) => [id, `n${id}`, null]),
      ["id", "name", "note"],
      ["int32", "string", "string"],
    );
    expect(preview(frame).line).toBe("Table 30 × 3");
    const text = String((await displayBundle(frame, 80))["text/plain"]);
    expect(text.split("\n").slice(0, 4)).toEqual([
      "Table 30 × 3",
      "   id  name    note",
      "int32  string  string",
      "    0  n0      null",
    ]);
  });

  test("a series is a table of one column", () => {
    const series = new NDframe([1.5, 2], ["price"], ["float32"], true);
    expect(preview(series)).toMatchObject({
      line: "Table 2 × 1",
      body: { columns: [{ name: "price", type: "float32" }], rows: [["1.5"], ["2"]] },
    });
  });
});
