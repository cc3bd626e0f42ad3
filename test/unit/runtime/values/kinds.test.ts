import { Readable } from "node:stream";
import { tableFromArrays } from "apache-arrow";
import { table } from "arquero";
import { expect, test } from "vitest";
import { preview } from "../../../../runtime/values/preview.ts";

/** What nobody may call while a value is looked at. */
const touched = (): never => {
  throw new Error("the value's code ran");
};
const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 240"></svg>';
const png = Buffer.from("89504e470d0a1a0a0000000d4948445200000280000000f0", "hex");
const jpeg = Buffer.from("ffd8ffe000104a46494600010100000100010000ffc0001108002000400300", "hex");
const utf8 = (text: string) => new TextEncoder().encode(text);
class Doc {}
class Invoice extends Doc {
  readonly id = 7;
  get total() {
    return touched();
  }
}
class Stack extends Array<number> {}
class Registry extends Map<string, number> {}
const circular: Record<string, unknown> = { a: 1 };
circular["self"] = circular;

/** One row per kind of value: what it is, the value, its kind, its line, and its body if that says more. */
const ROWS: readonly (readonly [
  what: string,
  value: unknown,
  kind: string,
  line: string,
  body?: string,
])[] = [
  ["undefined", undefined, "undefined", "undefined"],
  ["null", null, "null", "null"],
  ["false", false, "boolean", "false"],
  ["number", 1.0831, "number", "1.0831"],
  ["negative zero", -0, "number", "-0"],
  ["no number", Number.NaN, "number", "NaN"],
  ["bigint", 12n, "bigint", "12n"],
  ["empty string", "", "string", '""'],
  ["string", 'say "hi"\n', "string", '"say \\"hi\\"\\n"', 'say "hi"\n'],
  ["symbol", Symbol("x"), "symbol", "Symbol(x)"],
  ["function", function add() {}, "function", "[Function add]"],
  ["class", Invoice, "class", "[class Invoice extends Doc]"],
  ["invalid date", new Date(Number.NaN), "date", "Invalid Date"],
  ["URL", new URL("https://a.b/c?d"), "url", "https://a.b/c?d"],
  ["RegExp", /a+/g, "regexp", "/a+/g"],
  ["array", [1, "a", [2]], "array", '[1, "a", [2]]'],
  ["empty array", [], "array", "[]"],
  ["array subclass", Stack.from([1, 2]), "array", "Stack(2) [1, 2]"],
  ["typed array", Int8Array.of(1, -2), "typed-array", "Int8Array(2) [1, -2]"],
  [
    "typed array with NaN",
    new Float64Array(9).fill(Number.NaN, 1),
    "typed-array",
    "Float64Array(9) [0, NaN, NaN, … min 0 max 0 NaN × 8]",
    "0, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN\nmin 0 · median 0 · max 0 · NaN × 8\n▁        ",
  ],
  [
    "typed array beyond all bounds",
    Float32Array.of(1, 2, 3, 4, 5, 6, Number.POSITIVE_INFINITY),
    "typed-array",
    "Float32Array(7) [1, 2, 3, … min 1 max Infinity]",
    "1, 2, 3, 4, 5, 6, Infinity\nmin 1 · median 4 · max Infinity\n▁▂▄▅▇█ ",
  ],
  [
    "typed array of bigints",
    new BigInt64Array(7).fill(-3n),
    "typed-array",
    "BigInt64Array(7) [-3n, -3n, -3n, … min -3 max -3]",
    "-3n, -3n, -3n, -3n, -3n, -3n, -3n\nmin -3 · median -3 · max -3\n▁▁▁▁▁▁▁",
  ],
  [
    "Buffer",
    Buffer.from("PAR1"),
    "bytes",
    "Buffer 4 B 50 41 52 31 (Parquet)",
    "000000  50 41 52 31                                      PAR1",
  ],
  [
    "ArrayBuffer",
    new ArrayBuffer(2),
    "bytes",
    "ArrayBuffer 2 B 00 00",
    "000000  00 00                                            ..",
  ],
  ["PNG", png, "image", "PNG image 640 × 240 · 24 B", "image/png"],
  ["JPEG", jpeg, "image", "JPEG image 64 × 32 · 31 B", "image/jpeg"],
  ["SVG as bytes", utf8(svg), "image", "SVG image 640 × 240 · 68 B", "image/svg+xml"],
  ["SVG as text", svg, "image", "SVG image 640 × 240 · 68 B", "image/svg+xml"],
  [
    "image bundle",
    { "image/png": png.toString("base64") },
    "image",
    "PNG image 640 × 240 · 24 B",
    "image/png",
  ],
  ["half an SVG", "<svg width='1'>", "string", "\"<svg width='1'>\""],
  ["Blob", new Blob(["abc"], { type: "text/csv" }), "bytes", "Blob 3 B text/csv"],
  [
    "File",
    new File(["abc"], "a.csv", { type: "text/csv", lastModified: 0 }),
    "bytes",
    "File a.csv 3 B text/csv",
    "last modified 1970-01-01 00:00:00Z\ncontent not read",
  ],
  ["Map", new Map([["USD", 1.0831]]), "map", 'Map(1) { "USD" → 1.0831 }'],
  ["Map subclass", new Registry([["a", 1]]), "map", 'Registry(1) { "a" → 1 }'],
  ["Set", new Set([1, "a"]), "set", 'Set(2) { 1, "a" }'],
  ["object", { region: "eu", days: 3 }, "object", '{ region: "eu", days: 3 }'],
  ["object without a prototype", Object.create(null), "object", "{}"],
  ["instance", new Invoice(), "object", "Invoice { id: 7 }"],
  ["circular object", circular, "object", "<ref *1> { a: 1, self: [Circular *1] }"],
  [
    "getters",
    Object.defineProperties(
      {},
      { a: { get: touched, enumerable: true }, b: { set: touched, enumerable: true } },
    ),
    "object",
    "{ a: [Getter], b: [Setter] }",
  ],
  [
    "deep object",
    { a: { b: { c: 1 } } },
    "object",
    "{ a: { b: [Object] } }",
    "{ a: { b: { c: 1 } } }",
  ],
  ["Headers", new Headers({ accept: "x" }), "map", 'Headers { accept: "x" }'],
  ["stream", Readable.from(["a"]), "stream", "Readable (not read)"],
  ["web stream", new ReadableStream(), "stream", "ReadableStream (not read)"],
  ["Response", new Response("x", { status: 201 }), "stream", "Response 201 (body not read)"],
  ["Request", new Request("http://a.b/"), "stream", "Request GET http://a.b/ (body not read)"],
  ["generator", (function* () {})(), "iterator", "Generator (not read)"],
  ["async generator", (async function* () {})(), "iterator", "AsyncGenerator (not read)"],
  ["iterator", [1].values(), "iterator", "Array Iterator (not read)"],
  [
    "iterator helper",
    Reflect.get([1].values(), "map").call([1].values(), touched),
    "iterator",
    "Iterator Helper (not read)",
  ],
  ["Promise", new Promise(() => undefined), "promise", "Promise { pending }"],
  ["WeakRef", new WeakRef(circular), "weak", "WeakRef { … }"],
  ["Proxy", new Proxy({ a: 1 }, { get: touched, ownKeys: touched }), "proxy", "{ a: 1 }"],
  [
    "display hook",
    { [Symbol.for("Jupyter.display")]: () => ({ "text/plain": "Chart of 3" }) },
    "rich",
    "Chart of 3",
  ],
  [
    "table of apache-arrow",
    tableFromArrays({ id: Int32Array.of(1, 2) }),
    "table",
    "Table 2 × 1",
    "2 of 2 rows · 1 of 1 columns · 8 B",
  ],
  [
    "table of arquero",
    table({ id: [1, 2] }),
    "table",
    "Table 2 × 1",
    "2 of 2 rows · 1 of 1 columns",
  ],
  [
    "objects of one shape",
    [
      { id: 1, at: null },
      { id: 2, at: "x" },
    ],
    "array",
    "Array(2) of { id, at }",
    "2 of 2 rows · 2 of 2 columns",
  ],
];

test.each(ROWS)("%s", (_, value, kind, line, body) => {
  const shown = preview(value);
  expect([shown.kind, shown.line]).toEqual([kind, line]);
  expect(bodyText(shown.body)).toBe(body);
});

function bodyText(body: ReturnType<typeof preview>["body"]): string | undefined {
  if (body?.as === "text") return body.text;
  if (body?.as === "table") return body.caption;
  return body?.as === "image" ? body.mime : body?.as;
}

test("a date has its local time and its age in full", () => {
  const { line, body } = preview(new Date(0));
  expect(line).toBe("1970-01-01T00:00:00.000Z");
  expect(body).toMatchObject({ text: expect.stringMatching(/1970 .*\n\d+ years ago$/) });
});

test("a read response says so", async () => {
  const response = new Response("x");
  await response.text();
  expect(preview(response).line).toBe("Response 200 (body read)");
});

test("statistics of more than a million elements say that they are of a part", () => {
  const { line, body } = preview(new Uint16Array(1_000_001).fill(7, 1));
  expect(line).toBe("Uint16Array(1,000,001) [0, 7, 7, … min 0 max 7 of the first 1,000,000]");
  expect(body).toMatchObject({
    text: expect.stringContaining("min 0 · median ~7 · max 7 · of the first 1,000,000"),
  });
});

test("both errors of a SuppressedError are told", () => {
  const error = new SuppressedError(new Error("while closing"), new Error("at work"), "two");
  expect(preview(error).body).toMatchObject({
    errors: [{ message: "while closing" }, { message: "at work" }],
  });
});

test("the text within an SVG is searched for secrets", () => {
  const { body } = preview('<svg width="1" height="1"><text>Bearer hunter2hunter2</text></svg>');
  const image = body?.as === "image" ? Buffer.from(body.base64, "base64").toString() : "";
  expect(image).toBe('<svg width="1" height="1"><text>Bearer [redacted]</text></svg>');
});
