import { expect, test } from "vitest";
import { jsonBundle } from "../../../../runtime/values/json-tree.ts";

const html = (value: unknown) => String(jsonBundle(value)["text/html"]);
const words = (value: unknown) =>
  html(value)
    .replaceAll(/<[^>]*>/g, "¦")
    .replaceAll(/¦+/g, "¦");

test("a value is a tree that folds, and JSON in text; never application/json, which front ends rank above HTML", () => {
  const bundle = jsonBundle({ a: [1, "two"], b: null, at: new Date(0) });
  expect(Object.keys(bundle)).toEqual(["text/html", "text/plain"]);
  expect(bundle["text/plain"]).toBe('{"a":[1,"two"],"b":null,"at":"1970-01-01T00:00:00.000Z"}');
  expect(words({ a: [1, "two"], b: null })).toBe(
    "¦{ ¦2 keys¦ }¦a:¦ [ ¦2 items¦ ]¦0:¦ 1¦1:¦ &quot;two&quot;¦b:¦ null¦",
  );
  expect(html({ a: { b: 1 } }).match(/<details( open)?>/g)).toEqual([
    "<details open>",
    "<details>",
  ]);
});

test("long JSON is indented in text", () => {
  expect(jsonBundle({ text: "x".repeat(90) })["text/plain"]).toBe(
    `{\n  "text": "${"x".repeat(90)}"\n}`,
  );
});

test("markup in keys and values is text", () => {
  expect(html({ "<b>": "<script>" })).toContain("&lt;b&gt;:</span> &quot;&lt;script&gt;&quot;");
});

test("what is large is bounded, and what is left out is counted", () => {
  expect(words(Array.from({ length: 1_000 }, (_, i) => i))).toContain("¦… 900 more¦");
  expect(words("x".repeat(1_500))).toContain("… 500 more characters");
  const wide = Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => 1));
  expect(html(wide).length).toBeLessThan(200_000);
  let deep: object = {};
  for (let level = 0; level < 1_000; level++) deep = { deep };
  expect(html(deep).match(/<details/g)?.length).toBeLessThan(50);
});

test.each([
  [1n, "the value cannot be written as JSON: Do not know how to serialize a BigInt"],
  [() => 1, "the value cannot be written as JSON: it is"],
  [undefined, "the value cannot be written as JSON: it is undefined"],
])("what JSON cannot write is refused: %s", (value, message) => {
  expect(() => jsonBundle(value)).toThrow(message);
});
