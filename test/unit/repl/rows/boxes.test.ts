import { expect, test } from "vitest";
import { popupRows, searchRows, signatureRows } from "../../../../repl/rows/boxes.ts";
import { createStyle } from "../../../../repl/terminal/style.ts";
import { widthOf } from "../../../../repl/terminal/width.ts";

const style = createStyle({ hasColor: false, isAscii: false });
const colored = createStyle({ hasColor: true, isAscii: false });
const box = { style, rowsMax: 9, width: 40, column: 4 };

test("the popup shows name, kind and type below the word, and what the chosen item is", () => {
  const items = [
    { name: "at", kind: "method", detail: "(method) at(i: number): T" },
    { name: "concat", kind: "method" },
  ] as const;
  const popup = { start: 0, tailLength: 0, all: items, items, chosen: 0 };
  const about = { name: "at", text: "at(i): the item" };
  expect(popupRows({ ...popup, about }, { ...box, style: colored })).toEqual([
    "    \x1b[7mat    \x1b[27m  \x1b[2mmethod  at(i: number): T\x1b[22m",
    "    concat  \x1b[2mmethod\x1b[22m",
    "    \x1b[2mat(i): the item\x1b[22m",
  ]);
});

test("without colour the chosen item has a mark", () => {
  const items = [
    { name: "at", kind: "method" },
    { name: "concat", kind: "method" },
  ] as const;
  const popup = { start: 0, tailLength: 0, all: items, items, chosen: 1 };
  expect(popupRows(popup, box)).toEqual(["    at      method", "   ❯concat  method"]);
  const ascii = createStyle({ hasColor: false, isAscii: true });
  expect(popupRows(popup, { ...box, style: ascii })).toContain("   >concat  method");
});

test("a long list is a window around the chosen item", () => {
  const items = Array.from({ length: 30 }, (_, at) => ({
    name: `n${at}`,
    kind: "variable" as const,
  }));
  const popup = { start: 0, tailLength: 0, all: items, items, chosen: 20 };
  const rows = popupRows(popup, { ...box, rowsMax: 5 });
  expect(rows).toHaveLength(5);
  expect(rows.at(-1)).toContain("n20");
});

test("hits are marked, and those of several lines say how many", () => {
  const hits = [
    { source: "load(1)", positions: [0, 1] },
    { source: "for (;;) {\n  a\n}", positions: [] },
  ];
  expect(searchRows({ query: "", hits, chosen: 0 }, box)).toEqual([
    "❯ load(1)",
    "  for (;;) {  +2 lines",
  ]);
});

test("the current parameter is marked", () => {
  const help = {
    label: "f(a: number, b: string): void",
    activeParameter: { start: 13, end: 22 },
    documentation: "Does\nthis.",
  };
  const rows = signatureRows(help, { ...box, style: colored });
  expect(rows[0]).toContain("\x1b[1;4mb: string\x1b[22;24m");
  expect(rows[1]).toContain("Does this.");
});

test("of a long signature the current parameter is seen, within the width", () => {
  const names = Array.from({ length: 40 }, (_, at) => `parameter${at}: number`);
  const label = `f(${names.join(", ")})`;
  const start = label.indexOf("parameter30");
  const help = { label, activeParameter: { start, end: start + 19 }, documentation: "" };
  const [row = ""] = signatureRows(help, box);
  expect(row).toContain("parameter30");
  expect(widthOf(row)).toBeLessThanOrEqual(40);
});

test("escape sequences in names, hits and signatures are made visible", () => {
  const evil = "a\x1b[2J\u202eb";
  const items = [{ name: evil, kind: "variable" as const }];
  const rows = [
    ...popupRows({ start: 0, tailLength: 0, all: items, items }, box),
    ...searchRows({ query: "", hits: [{ source: evil, positions: [] }], chosen: 0 }, box),
    ...signatureRows({ label: evil, documentation: evil }, box),
  ];
  expect(rows).toHaveLength(4);
  for (const row of rows) expect(row).not.toMatch(/[\x1b\u202e]/);
});
