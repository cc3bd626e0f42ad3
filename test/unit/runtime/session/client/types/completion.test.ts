import { expect, test } from "vitest";
import type { CompletionItem } from "vscode-languageserver-protocol";
import {
  chosenItems,
  cleanSignature,
  hoverAt,
  placeAt,
  toItem,
  toSignature,
  withoutDocuments,
  wordAt,
} from "../../../../../../runtime/session/client/types/completion.ts";

const items = (...labels: string[]): CompletionItem[] =>
  labels.map((label) => ({ label, sortText: "11" }));
const labels = (found: CompletionItem[]) => found.map(({ label }) => label);

test("the replaced word spans the cursor, in any alphabet", () => {
  expect(wordAt("a.größe + 1", 4)).toEqual({ start: 2, end: 7 });
  expect(wordAt("a.", 2)).toEqual({ start: 2, end: 2 });
  expect(wordAt("", 0)).toEqual({ start: 0, end: 0 });
  expect(wordAt("$x", 1)).toEqual({ start: 0, end: 2 });
});

test("what begins as typed comes first, then what differs in case, then nothing", () => {
  expect(labels(chosenItems(items("Map", "mapTask", "other", "remap", "map"), "map"))).toEqual([
    "map",
    "mapTask",
    "Map",
  ]);
});

test("letter by letter counts only when nothing begins that way", () => {
  expect(labels(chosenItems(items("readFileSync", "read", "other"), "rfs"))).toEqual([
    "readFileSync",
  ]);
  expect(labels(chosenItems(items("a", "b"), "zz"))).toEqual([]);
});

test("the server's own order holds within a rank, at most 500 come through, our documents never", () => {
  const found = chosenItems(
    [
      { label: "b", sortText: "15" },
      { label: "a", sortText: "16" },
      { label: "c", sortText: "11" },
      { label: "__eagerdeck_c3" },
    ],
    "",
  );
  expect(labels(found)).toEqual(["c", "b", "a"]);
  expect(chosenItems(items(...Array.from({ length: 2_000 }, (_, n) => `n${n}`)), "n")).toHaveLength(
    500,
  );
});

test("session names get the kind of what they stand for, on one line", () => {
  expect(
    toItem({
      label: "rows",
      kind: 6,
      detail: "(alias) const rows: {\n    id: number;\n}[]\nimport rows",
    }),
  ).toEqual({
    name: "rows",
    kind: "constant",
    detail: "const rows: { id: number; }[]",
  });
  expect(
    toItem({
      label: "f",
      kind: 6,
      detail: "(alias) function f(a: 1): void\n(alias) function f(a: 2): void\nimport f",
    }),
  ).toEqual({
    name: "f",
    kind: "function",
    detail: "function f(a: 1): void",
  });
  expect(toItem({ label: "x", kind: 10 })).toEqual({ name: "x", kind: "property" });
  expect(toItem({ label: "a-b", kind: 5, insertText: '["a-b"]' })).toEqual({
    name: "a-b",
    kind: "property",
    insert: '["a-b"]',
  });
});

test("types of other cells lose their document, other modules keep theirs", () => {
  expect(
    withoutDocuments(
      'import("/tmp/my notes/__eagerdeck_c3").Row | typeof import("./__eagerdeck_c12.tsx").x',
    ),
  ).toBe("Row | x");
  expect(withoutDocuments('import("./wf").Row')).toBe('import("./wf").Row');
  expect(cleanSignature("(alias) let x: number\nimport x")).toBe("let x: number");
});

test("a hover without code says nothing", () => {
  expect(hoverAt("abc", 1, null)).toBeUndefined();
  expect(hoverAt("abc", 1, { contents: { kind: "markdown", value: "just text" } })).toBeUndefined();
  expect(
    hoverAt("abc", 1, {
      contents: { kind: "markdown", value: "```typescript\nlet abc: 1\n```\nSome *words*." },
    }),
  ).toEqual({
    signature: "let abc: 1",
    documentation: "Some *words*.",
    start: 0,
    end: 3,
  });
});

test("the active parameter is found where labels repeat", () => {
  const help = (activeParameter: number) =>
    toSignature({
      signatures: [
        { label: "f(a: a, a: a): a", parameters: [{ label: "a: a" }, { label: "a: a" }] },
      ],
      activeSignature: 0,
      activeParameter,
    })?.activeParameter;
  expect(help(0)).toEqual({ start: 2, end: 6 });
  expect(help(1)).toEqual({ start: 8, end: 12 });
  expect(help(5)).toBeUndefined();
  expect(toSignature(null)).toBeUndefined();
  expect(toSignature({ signatures: [] })).toBeUndefined();
});

test.each([
  ["train({ ", "key"],
  ["train({ a: f(1, [2]), ", "key"],
  ["const x: T = { a: { ", "key"],
  ["return { ", "key"],
  ["train({ a: ", "name"],
  ["train(a, ", "name"],
  ["[{ a: 1 }, ", "name"],
  ["if (x) { ", "name"],
  ["const f = () => { ", "name"],
  ["{ ", "name"],
  ["f({ a: 1 }); x.", "member"],
  ["f({ a: '", "other"],
])("what may stand behind %j", (before, place) => {
  expect(placeAt(before, before.length)).toBe(place);
});
