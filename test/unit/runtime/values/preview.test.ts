import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { preview } from "../../../../runtime/values/preview.ts";

function lines(values: readonly unknown[]): string {
  return values
    .map((value) => {
      const { kind, line, body } = preview(value);
      return `${kind}: ${line}${body ? ` + ${body.as}` : ""}`;
    })
    .join("\n");
}

test("falsy values are values", () => {
  expect(lines([0, -0, "", false, null, undefined, Number.NaN, 0n, [], {}])).toMatchInlineSnapshot(`
    "number: 0
    number: -0
    string: ""
    boolean: false
    null: null
    undefined: undefined
    number: NaN
    bigint: 0n
    array: []
    object: {}"
  `);
});

test("primitives print as JavaScript prints them, never rounded", () => {
  expect(
    lines([1.0831, 1e21, 0.1 + 0.2, 12n, true, Symbol("x"), 10n ** 100n, 1n << 100_000n]),
  ).toMatchInlineSnapshot(`
    "number: 1.0831
    number: 1e+21
    number: 0.30000000000000004
    bigint: 12n
    boolean: true
    symbol: Symbol(x)
    bigint: 1000000000000000000000000000000000000000… 101 digits
    bigint: [bigint of about 100,004 bits]"
  `);
});

test("strings are quoted, escaped, cut with their length", () => {
  expect(
    lines([
      "eu",
      'say "hi" \\',
      "a\nb",
      "\x1b[31mred\u202e",
      "x".repeat(8_013),
      "日".repeat(60),
      "\x00".repeat(60),
    ]),
  ).toMatchInlineSnapshot(`
    "string: "eu"
    string: "say \\"hi\\" \\\\"
    string: "a\\nb" + text
    string: "\\x1b[31mred\\u202e"
    string: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" 8,013 characters + text
    string: "日日日日日日日日日日日日日日日日日日日日日日日日日日日日日日日…" 60 characters + text
    string: "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x…" 60 characters + text"
  `);
});

test("functions and classes", () => {
  class Doc {}
  class Invoice extends Doc {}
  expect(
    lines([
      function add() {},
      () => 1,
      async function later() {},
      function* many() {},
      Doc,
      Invoice,
    ]),
  ).toMatchInlineSnapshot(`
    "function: [Function add]
    function: [Function (anonymous)]
    function: [AsyncFunction later]
    function: [GeneratorFunction many]
    class: [class Doc]
    class: [class Invoice extends Doc]"
  `);
});

test("dates, addresses, patterns", () => {
  expect(
    lines([
      new Date(Date.UTC(2026, 10, 22)),
      new Date(Number.NaN),
      new URL("https://example.org/a?b=c"),
      /a+/gi,
    ]),
  ).toMatchInlineSnapshot(`
    "date: 2026-11-22T00:00:00.000Z + text
    date: Invalid Date
    url: https://example.org/a?b=c
    regexp: /a+/gi"
  `);
});

test("arrays", () => {
  const objects = Array.from({ length: 50 }, (_, id) => ({ id, name: `n${id}`, a: 1, b: 2, c: 3 }));
  const sparse: unknown[] = [1];
  sparse[3] = 4;
  expect(
    lines([
      [1, 2, 3],
      Array.from({ length: 1_204 }, (_, i) => i + 1),
      objects,
      sparse,
      [[1, [2, [3]]]],
    ]),
  ).toMatchInlineSnapshot(`
    "array: [1, 2, 3]
    array: Array(1,204) [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, … 1,194 more] + text
    array: Array(50) of { id, name, a, b, … 1 more } + table
    array: [1, <empty>, <empty>, 4]
    array: [[1, [Array]]] + text"
  `);
});

test("typed arrays and bytes", () => {
  const numbers = Float64Array.from({ length: 14 }, (_, i) => 10_412.5 - i * 10);
  numbers[3] = Number.NaN;
  expect(
    lines([
      numbers,
      new Uint8Array([1, 2, 3]),
      new BigInt64Array([1n, 2n]),
      Buffer.from("hello"),
      Buffer.alloc(0),
      new ArrayBuffer(4),
      Buffer.from("89504e470d0a1a0a0000000d4948445200000280000000f0", "hex"),
      new Blob(["abc"], { type: "text/csv" }),
    ]),
  ).toMatchInlineSnapshot(`
    "typed-array: Float64Array(14) [10412.5, 10402.5, 10392.5, … min 10.3k max 10.4k NaN × 1] + text
    typed-array: Uint8Array(3) [1, 2, 3]
    typed-array: BigInt64Array(2) [1n, 2n]
    bytes: Buffer 5 B 68 65 6c 6c 6f + text
    bytes: Buffer 0 B
    bytes: ArrayBuffer 4 B 00 00 00 00 + text
    image: PNG image 640 × 240 · 24 B + image
    bytes: Blob 3 B text/csv"
  `);
  expect(preview(numbers).body).toMatchInlineSnapshot(`
    {
      "as": "text",
      "text": "10412.5, 10402.5, 10392.5, NaN, 10372.5, 10362.5, 10352.5, 10342.5, 10332.5,
    10322.5, 10312.5, 10302.5, 10292.5, 10282.5
    min 10.3k · median 10.3k · max 10.4k · NaN × 1
    ██▇ ▆▅▅▄▄▃▂▂▁▁",
    }
  `);
  expect(preview(Buffer.from("hello")).body).toMatchInlineSnapshot(`
    {
      "as": "text",
      "text": "000000  68 65 6c 6c 6f                                   hello",
    }
  `);
});

test("maps, sets and headers", () => {
  const rates = new Map(Array.from({ length: 31 }, (_, i) => [`C${i}`, i]));
  expect(
    lines([
      new Map([["USD", 1.0831]]),
      rates,
      new Set(["a", 1]),
      new Map([[{ a: 1 }, [1]]]),
      new Headers({ a: "1" }),
    ]),
  ).toMatchInlineSnapshot(`
    "map: Map(1) { "USD" → 1.0831 }
    map: Map(31) { "C0" → 0, "C1" → 1, "C2" → 2, … 28 more } + text
    set: Set(2) { "a", 1 }
    map: Map(1) { {…} → [1] }
    map: Headers { a: "1" }"
  `);
});

test("objects and instances", () => {
  class Invoice {
    id = 7;
    lines = [1];
    customer = { name: "Ada" };
    get total() {
      throw new Error("never called");
    }
  }
  const circular: Record<string, unknown> = { a: 1 };
  circular["self"] = circular;
  const computed = {
    get now() {
      throw new Error("never called");
    },
    set now(_: unknown) {},
    b: 1,
  };
  expect(
    lines([
      { region: "eu", days: 3, currency: "EUR", model: "ets", channel: "#sales", dryRun: false },
      new Invoice(),
      circular,
      computed,
      Object.create(null),
      { a: { b: { c: { d: { e: { f: { g: 1 } } } } } } },
    ]),
  ).toMatchInlineSnapshot(`
    "object: { region: "eu", days: 3, currency: "EUR", … 3 more } + text
    object: Invoice { id: 7, lines: [1], customer: { name: "Ada" } }
    object: <ref *1> { a: 1, self: [Circular *1] }
    object: { now: [Getter/Setter], b: 1 }
    object: {}
    object: { a: { b: [Object] } } + text"
  `);
  expect(
    preview({
      region: "eu",
      days: 3,
      currency: "EUR",
      model: "ets",
      channel: "#sales",
      dryRun: false,
    }).body,
  ).toMatchInlineSnapshot(`
    {
      "as": "text",
      "text": "{
      region: "eu",
      days: 3,
      currency: "EUR",
      model: "ets",
      channel: "#sales",
      dryRun: false
    }",
    }
  `);
});

test("what would have to be read or awaited is only named", async () => {
  const rejected = Promise.reject(new Error("handled here"));
  rejected.catch(() => undefined);
  const generator = (function* () {
    yield 1;
  })();
  const stream = Readable.from(["a"]);
  expect(
    lines([
      new Promise(() => undefined),
      Promise.resolve(1),
      rejected,
      generator,
      [1].values(),
      new Map().entries(),
      stream,
      new ReadableStream(),
      new Response("body", { status: 201 }),
      new WeakRef({}),
      new WeakMap(),
    ]),
  ).toMatchInlineSnapshot(`
    "promise: Promise { pending }
    promise: Promise { fulfilled }
    promise: Promise { rejected }
    iterator: Generator (not read)
    iterator: Array Iterator (not read)
    iterator: Map Iterator (not read)
    stream: Readable (not read)
    stream: ReadableStream (not read)
    stream: Response 201 (body not read)
    weak: WeakRef { … }
    weak: WeakMap { not listed }"
  `);
  expect(generator.next().value).toBe(1);
  expect(stream.readableFlowing).toBe(null);
});

test("an array of flat objects is a table when unfolded", () => {
  const rows = [
    { day: "2026-11-20", id: 1, amount: 49.9, note: null },
    { day: "2026-11-21", id: 2, amount: 12.5, note: "late" },
  ];
  expect(preview(rows)).toMatchInlineSnapshot(`
    {
      "body": {
        "as": "table",
        "caption": "2 of 2 rows · 4 of 4 columns",
        "columns": [
          {
            "name": "day",
            "type": "string",
          },
          {
            "name": "id",
            "type": "number",
          },
          {
            "name": "amount",
            "type": "number",
          },
          {
            "name": "note",
            "type": "string",
          },
        ],
        "rows": [
          [
            "2026-11-20",
            "1",
            "49.9",
            null,
          ],
          [
            "2026-11-21",
            "2",
            "12.5",
            "late",
          ],
        ],
      },
      "kind": "array",
      "line": "Array(2) of { day, id, amount, note }",
    }
  `);
});

test("a table has at most 10 rows and 12 columns and says so", () => {
  const row = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`c${i}`, i]));
  const { body } = preview(Array.from({ length: 1_204 }, () => row));
  expect(body).toMatchObject({ as: "table", caption: "10 of 1,204 rows · 12 of 30 columns" });
});

describe("errors", () => {
  test("are taken apart", () => {
    class HttpError extends Error {
      override name = "HttpError";
      readonly status = 503;
      readonly retryAfter = { seconds: 3 };
    }
    const error = new HttpError("503 Service Unavailable", {
      cause: new Error("connect ECONNREFUSED", { cause: "the cable" }),
    });
    error.stack = [
      "HttpError: 503 Service Unavailable",
      "    at publish (/home/ada/report.ts:41:11)",
      "    at async daily_report (In [7]:12:9)",
      "    at In [7]:14:1",
      "    at next (/home/ada/node_modules/lib/index.js:1:1)",
      "    at process.processTicksAndRejections (node:internal/process/task_queues:103:5)",
    ].join("\n");
    expect(preview(error)).toMatchInlineSnapshot(`
      {
        "body": {
          "as": "error",
          "causes": [
            {
              "message": "connect ECONNREFUSED",
              "name": "Error",
            },
            {
              "message": ""the cable"",
              "name": "",
            },
          ],
          "frames": [
            {
              "function": "publish",
              "location": "/home/ada/report.ts:41:11",
            },
            {
              "function": "daily_report",
              "location": "In [7]:12:9",
            },
            {
              "location": "In [7]:14:1",
            },
          ],
          "message": "503 Service Unavailable",
          "name": "HttpError",
          "properties": [
            {
              "line": "503",
              "name": "status",
            },
            {
              "line": "{ seconds: 3 }",
              "name": "retryAfter",
            },
          ],
        },
        "kind": "error",
        "line": "HttpError: 503 Service Unavailable",
      }
    `);
  });

  test("frames of the engine and of packages stand only when there is nothing else", () => {
    const own = new URL("../../../../runtime/workflow/live-call.ts", import.meta.url);
    const error = new Error("x");
    error.stack = `Error: x\n    at run (${own}:5:1)\n    at lib (/a/node_modules/b/c.js:1:2)\n    at task (In [1]:1:2)`;
    expect(preview(error).body).toMatchObject({
      frames: [{ function: "task", location: "In [1]:1:2" }],
    });
    error.stack = `Error: x\n    at run (${own}:5:1)\n    at lib (/a/node_modules/b/c.js:1:2)`;
    expect(preview(error).body).toMatchObject({
      frames: [{ location: "/a/node_modules/b/c.js:1:2" }],
    });
  });

  test("members of an AggregateError, five at most", () => {
    const error = new AggregateError(
      Array.from({ length: 9 }, (_, i) => new TypeError(`no ${i}`)),
      "all failed",
    );
    const { body } = preview(error);
    expect(body?.as === "error" && body.errors).toHaveLength(5);
  });

  test("a chain of causes that bites its tail ends", () => {
    const error = new Error("a");
    error.cause = new Error("b", { cause: error });
    expect(preview(error).body).toMatchObject({ causes: [{ message: "b" }] });
  });

  test("of another realm or made by hand are errors too", () => {
    expect(preview(new DOMException("stop", "AbortError")).line).toBe("AbortError: stop");
    expect(preview(Object.create(RangeError.prototype)).kind).toBe("error");
  });
});

describe("a display hook", () => {
  const HOOK = Symbol.for("Jupyter.display");

  test("gives the line by its plain text, and its HTML in full", () => {
    expect(preview({ [HOOK]: () => ({ "text/plain": "Chart of 3\nmore" }) })).toEqual({
      line: "Chart of 3",
      kind: "rich",
      body: { as: "text", text: "Chart of 3\nmore" },
    });
    const html = "<b>Bearer hunter2hunter2</b>";
    expect(preview({ [HOOK]: () => ({ "text/plain": "Chart of 3", "text/html": html }) })).toEqual({
      line: "Chart of 3",
      kind: "rich",
      body: { as: "html", html: "<b>Bearer [redacted]</b>", text: "Chart of 3" },
    });
    const long = { [HOOK]: () => ({ "text/plain": "Chart", "text/html": "x".repeat(20_000) }) };
    expect(preview(long)).toEqual({ line: "Chart", kind: "rich" });
  });

  test("without plain text leaves the class", () => {
    class Chart {
      [HOOK]() {
        return { "text/html": "<b>" };
      }
    }
    expect(preview(new Chart())).toEqual({
      line: "Chart (rich)",
      kind: "rich",
      body: { as: "html", html: "<b>", text: "Chart (rich)" },
    });
  });

  test("with an image gives the image", () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="640" height="240"></svg>';
    expect(preview({ [HOOK]: () => ({ "image/svg+xml": svg }) })).toMatchObject({
      line: "SVG image 640 × 240 · 71 B",
      body: { as: "image", mime: "image/svg+xml" },
    });
  });

  test("that must be awaited is not started, one that fails is ignored", () => {
    let started = 0;
    preview({ [HOOK]: async () => void started++ });
    expect(started).toBe(0);
    expect(
      preview({
        a: 1,
        [HOOK]: () => {
          throw new Error("no");
        },
      }).line,
    ).toContain("a: 1");
    expect(preview({ [HOOK]: () => Promise.reject(new Error("late")) }).kind).toBe("rich");
  });
});
