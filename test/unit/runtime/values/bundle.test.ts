import { describe, expect, test } from "vitest";
import { bundleOf, displayBundle, mimeBundle } from "../../../../runtime/values/bundle.ts";

const HOOK = Symbol.for("Jupyter.display");
const PATIENT = Symbol.for("eagerdeck.patient");

const PNG = Buffer.from("89504e470d0a1a0a0000000d4948445200000280000000f0", "hex");
const SVG = '<svg width="1" height="2"></svg>';

function text(value: unknown, columns = 80): unknown {
  return mimeBundle(value, columns)["text/plain"];
}

test("values read as in Node", () => {
  expect([0, "", "a'b", undefined, [2, 3, 4], { a: 1 }, 10n].map((value) => text(value))).toEqual([
    "0",
    "''",
    `"a'b"`,
    "undefined",
    "[ 2, 3, 4 ]",
    "{ a: 1 }",
    "10n",
  ]);
});

test("lines break at the given width", () => {
  const value = { first: "a".repeat(20), second: "b".repeat(20) };
  expect(text(value, 80)).toBe(`{ first: '${"a".repeat(20)}', second: '${"b".repeat(20)}' }`);
  expect(text(value, 40)).toBe(
    `{\n  first: '${"a".repeat(20)}',\n  second: '${"b".repeat(20)}'\n}`,
  );
});

test("a width that is none is the caller's mistake", async () => {
  expect(() => mimeBundle(1, 0)).toThrow(TypeError);
  await expect(displayBundle(1, Number.NaN)).rejects.toThrow(TypeError);
});

test("an error is told by its frames in the person's code and its causes", () => {
  const error = new TypeError("no", { cause: new Error("deeper") });
  error.stack = "TypeError: no\n    at f (In [3]:2:7)\n    at node:internal/x:1:1";
  expect(text(error)).toBe("TypeError: no\n    at f (In [3]:2:7)\n  caused by  Error: deeper");
});

test("image bytes are shown as the image they are", () => {
  expect(mimeBundle(PNG, 80)).toEqual({
    "image/png": PNG.toString("base64"),
    "text/plain": "PNG image 640 × 240 · 24 B",
  });
  expect(mimeBundle(new TextEncoder().encode(SVG), 80)).toMatchObject({ "image/svg+xml": SVG });
  // JupyterLab draws an SVG of a notebook that is not trusted in this form only.
  expect(mimeBundle({ "image/svg+xml": SVG }, 80)["text/html"]).toBe(
    `<img src="data:image/svg+xml;base64,${Buffer.from(SVG).toString("base64")}" alt="SVG image 1 × 2 · 32 B" style="max-width:100%;height:auto">`,
  );
});

describe("an element of a document", () => {
  /** As jsdom and linkedom have it: accessors on the class. */
  class Element {
    readonly #html: string;
    constructor(html: string) {
      this.#html = html;
    }
    get nodeType() {
      return 1;
    }
    get localName() {
      return /<(\w+)/.exec(this.#html)?.[1];
    }
    get outerHTML() {
      return this.#html;
    }
  }

  test("is shown as the HTML it is", () => {
    expect(mimeBundle(new Element("<figure><b>plot</b></figure>"), 80)).toEqual({
      "text/html": "<figure><b>plot</b></figure>",
      "text/plain": "plot",
    });
  });

  test("that is an SVG is shown as a picture that says what it is", () => {
    const bundle = mimeBundle(new Element('<svg width="1" height="2">&nbsp;</svg>'), 80);
    expect(bundle["image/svg+xml"]).toBe(
      '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="2">&#160;</svg>',
    );
    expect(bundle["text/plain"]).toBe("SVG image 1 × 2 · 73 B");
  });

  test("whose accessors throw is shown as any other value", () => {
    class Detached {
      get nodeType(): number {
        throw new Error("detached");
      }
      get outerHTML(): string {
        throw new Error("detached");
      }
    }
    expect(text(new Detached())).toBe("Detached {}");
  });
});

test("a chart that knows its Vega specification is shown as a chart", () => {
  const chart = { toSpec: () => ({ mark: "bar", title: "Rain" }) };
  expect(mimeBundle(chart, 80)).toMatchObject({
    "application/vnd.vegalite.v5+json": { mark: "bar" },
    "text/plain": "Vega-Lite chart: Rain",
  });
  expect(text({ toSpec: () => 5 })).toMatch(/toSpec/);
});

test("text cannot move the cursor or reorder a line", () => {
  class Colours {
    [Symbol.for("nodejs.util.inspect.custom")]() {
      return "\x1b[31mred\u202e";
    }
  }
  expect(text(new Colours())).toBe("\\x1b[31mred\\u202e");
});

test("what inspect cannot take is shown all the same", () => {
  const hostile = {
    get [Symbol.toStringTag]() {
      throw new Error("no");
    },
  };
  class Throws {
    [Symbol.for("nodejs.util.inspect.custom")]() {
      throw new Error("no");
    }
  }
  expect(text(hostile)).toContain("[Getter]");
  expect(text(new Throws())).toContain("Throws");
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  expect(text(revoked.proxy)).toContain("Proxy");
});

test("huge values are bounded, and what is left out is counted", () => {
  const wide = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`k${i}`, i]));
  expect(text(wide)).toMatch(/… 800 more keys$/);
  expect(String(text("x".repeat(1_000_000))).length).toBeLessThan(11_000);
  expect(String(text(Array.from({ length: 1_000 }, () => "y".repeat(9_000)))).length).toBeLessThan(
    101_000,
  );
});

describe("a display hook", () => {
  test("gives the bundle; text is added when it has none", async () => {
    class Chart {
      [HOOK]() {
        return { "text/html": "<b>hi</b>", "application/json": { a: 1 } };
      }
    }
    const bundle = mimeBundle(new Chart(), 80);
    expect(bundle).toEqual({ "text/html": "<b>hi</b>", "text/plain": "hi" });
    expect(await displayBundle(new Chart(), 80)).toEqual(bundle);
  });

  test("keeps JSON when there is nothing richer", () => {
    const value = { [HOOK]: () => ({ "application/json": { a: [1] }, "text/plain": "a" }) };
    expect(mimeBundle(value, 80)).toEqual({ "application/json": { a: [1] }, "text/plain": "a" });
  });

  test("may give bytes and lists of lines", () => {
    const value = {
      [HOOK]: () => ({
        "image/png": new Uint8Array([1, 2]),
        "text/html": ["<b>", "</b>"],
        "text/plain": "x",
      }),
    };
    expect(mimeBundle(value, 80)).toEqual({
      "image/png": "AQI=",
      "text/html": "<b></b>",
      "text/plain": "x",
    });
  });

  test("keeps its content of vendor types as objects, also when it is given as text", () => {
    const type = "application/vnd.plotly.v1+json";
    const shown = (content: unknown) => mimeBundle({ [HOOK]: () => ({ [type]: content }) }, 80);
    expect(shown({ data: [] })[type]).toEqual({ data: [] });
    expect(shown('{"data":[]}')[type]).toEqual({ data: [] });
    expect(shown({ data: [] })["text/plain"]).toMatch(/Jupyter\.display/);
  });

  test.each([
    ["text/markdown", "**b**", "**b**"],
    ["text/latex", "$x$", "$x$"],
    ["text/html", "<p>a <b>b</b></p>", "a b"],
    ["image/png", PNG.toString("base64"), "PNG image 640 × 240 · 24 B"],
    ["image/svg+xml", SVG, "SVG image 1 × 2 · 32 B"],
    ["image/jpeg", "AQI=", "JPEG image · 2 B"],
    ["application/pdf", Buffer.from("%PDF-1.7").toString("base64"), "PDF · 8 B"],
    ["application/javascript", "alert(1)", "JavaScript · 8 B"],
  ])("without plain text gets some: %s", (type, content, text) => {
    expect(mimeBundle({ [HOOK]: () => ({ [type]: content }) }, 80)["text/plain"]).toBe(text);
  });

  test("of a function is asked for too", () => {
    const chart = Object.assign(() => undefined, { [HOOK]: () => ({ "text/plain": "chart" }) });
    expect(text(chart)).toBe("chart");
  });

  test("of a proxy, as data frames of polars are, is called", () => {
    const frame = new Proxy(
      { [HOOK]: () => ({ "text/html": "<table>", "text/plain": "3 × 2" }) },
      {},
    );
    expect(mimeBundle(frame, 80)).toEqual({ "text/html": "<table>", "text/plain": "3 × 2" });
  });

  test("that need not be awaited is answered at once", () => {
    expect(bundleOf({ [HOOK]: () => ({ "text/plain": "now" }) }, 80)).toEqual({
      "text/plain": "now",
    });
    expect(bundleOf({ [HOOK]: async () => ({ "text/plain": "later" }) }, 80)).toBeInstanceOf(
      Promise,
    );
  });

  test("may be asynchronous where the value is waited for", async () => {
    const value = { [HOOK]: async () => ({ "text/plain": "later" }) };
    expect(await displayBundle(value, 80)).toEqual({ "text/plain": "later" });
    expect(mimeBundle(value, 80)["text/plain"]).not.toBe("later");
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("no chart");
      },
      "its display hook failed: Error: no chart",
    ],
    [
      "rejects",
      () => Promise.reject(new Error("no chart")),
      "its display hook failed: Error: no chart",
    ],
    ["gives nonsense", () => 5, "its display hook returned 5 instead of an object of media types"],
    [
      "gives nothing",
      () => undefined,
      "its display hook returned undefined instead of an object of media types",
    ],
    ["gives no media type", () => ({ html: "x" }), "instead of an object of media types"],
    [
      "gives what throws",
      () => ({
        get "text/plain"() {
          throw new Error("trap");
        },
      }),
      "Error: trap",
    ],
    [
      "gives a cycle",
      () => {
        const a: Record<string, unknown> = {};
        a["text/html"] = a;
        return a;
      },
      "its display hook returned text/html that cannot be written as JSON: Converting circular structure",
    ],
    [
      "takes for ever",
      () => new Promise(() => undefined),
      "its display hook took longer than 250 ms",
    ],
  ])("that %s leaves the plain value with a note", async (_, hook, note) => {
    class Chart {}
    const value = Object.defineProperty(new Chart(), HOOK, { value: hook });
    const shown = (await displayBundle(value, 80))["text/plain"];
    expect(shown).toContain("Chart {}");
    expect(shown).toContain(note);
  });

  test("that is marked as patient is waited for longer", async () => {
    const { promise, resolve } = Promise.withResolvers<object>();
    const hook = Object.defineProperty(() => promise, PATIENT, { value: true });
    const showing = displayBundle({ [HOOK]: hook }, 80);
    resolve({ "text/plain": "deck" });
    expect(await showing).toEqual({ "text/plain": "deck" });
  });

  test("of a proxy is not asked for", () => {
    const trap = new Proxy(
      { a: 1 },
      {
        get: () => {
          throw new Error("trap");
        },
      },
    );
    expect(text(trap)).toBe("{ a: 1 }");
  });
});
