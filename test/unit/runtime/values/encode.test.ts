import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeValue, encodeValue } from "../../../../runtime/values/encode.ts";
import { addSecret } from "../../../../runtime/values/redact.ts";

function roundTrip(value: unknown): unknown {
  const encoded = encodeValue(value);
  if ("missing" in encoded) throw new Error(encoded.missing);
  return decodeValue(encoded.text);
}

function whyNot(value: unknown, name?: string): string {
  const encoded = encodeValue(value, name === undefined ? {} : { name });
  return "missing" in encoded ? encoded.missing : `kept as ${encoded.text}`;
}

describe("values come back as they were", () => {
  test.each([
    0,
    -0,
    "",
    false,
    null,
    undefined,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    0n,
    -12n,
    "a\u2028b</script>",
  ])("%s", (value) => {
    expect(Object.is(roundTrip(value), value)).toBe(true);
    expect(roundTrip([value])).toEqual([value]);
  });

  test("lists with holes, maps, sets, dates, patterns, typed arrays, buffers, URLs", () => {
    const cyclic: unknown[] = [1];
    cyclic.push(cyclic);
    const value = {
      holes: Object.assign(new Array(3), { 0: 1, 2: 3 }),
      map: new Map<unknown, unknown>([["a", { b: 1 }]]),
      set: new Set([1, "x"]),
      date: new Date(0),
      pattern: /a+/gi,
      floats: new Float64Array([1.5, Number.NaN]),
      empty: Buffer.alloc(0),
      bytes: Buffer.from([1, 2, 3]),
      url: new URL("http://localhost/x?y=1"),
      none: Object.assign(Object.create(null), { a: 1 }),
    };
    expect(roundTrip(value)).toEqual(value);
    expect(Buffer.isBuffer((roundTrip(value) as typeof value).bytes)).toBe(true);
    const back = roundTrip(cyclic) as unknown[];
    expect(back[1]).toBe(back);
  });

  test("errors with their class name, stack, causes and what they carry", () => {
    class HttpError extends Error {
      override readonly name = "HttpError";
      readonly status = 503;
    }
    const error = new HttpError("busy", { cause: new TypeError("inner", { cause: "root" }) });
    const back = roundTrip(error) as HttpError;
    expect(back).toBeInstanceOf(Error);
    expect([back.name, back.message, back.status, back.stack]).toEqual([
      "HttpError",
      "busy",
      503,
      error.stack,
    ]);
    expect((back.cause as Error).cause).toBe("root");
  });

  test("any JSON value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const encoded = encodeValue(value);
        // Property names of every kind come up, also those of secrets, and the one that devalue refuses.
        if ("text" in encoded) expect(decodeValue(encoded.text)).toEqual(value);
        else expect(encoded.missing).toMatch(/secret|__proto__/);
      }),
    );
  });
});

describe("what cannot be kept says why, and where", () => {
  class Client {}
  test.each([
    [() => 1, "is a function"],
    [{ a: [{ b: () => 1 }] }, "is a function (at .a[0].b)"],
    [Symbol("s"), "is a symbol"],
    [new Client(), "is an object of class Client"],
    [{ db: new Client() }, "is an object of class Client (at .db)"],
    [new Map([["k", new Client()]]), "is an object of class Client (at .get(…))"],
    [Promise.resolve(1), "is an object of class Promise"],
    [new Proxy({}, {}), "is a proxy"],
    [{ [Symbol("s")]: 1 }, "has symbols as keys"],
    ["x".repeat(1_000_001), "is a text of 1.00 MB"],
    [new Float64Array(1_000_000), "takes more than 1.00 MB"],
    [Array(200_000).fill(1), "has more than 100,000 parts"],
  ])("%o", (value, why) => {
    expect(whyNot(value)).toBe(why);
  });

  test("no getter runs, no trap is asked", () => {
    let touched = 0;
    const touch = () => ++touched;
    const value = {
      get a() {
        return touch();
      },
    };
    expect(whyNot(value)).toBe("has a getter (at .a)");
    const proxy = new Proxy(
      {},
      { get: touch, ownKeys: () => [String(touch())], has: () => !!touch() },
    );
    expect(whyNot({ deep: [proxy] })).toBe("is a proxy (at .deep[0])");
    class Tagged {
      get [Symbol.toStringTag]() {
        return String(touch());
      }
    }
    expect(whyNot(new Tagged())).toBe("is an object of class Tagged");
    expect(touched).toBe(0);
  });

  test("secrets, by their name at any depth and by their shape", () => {
    expect(whyNot("hunter2hunter2", "password")).toBe("may be a secret");
    expect(whyNot({ request: { apiKey: "abc" } })).toBe("may be a secret (at .request.apiKey)");
    expect(whyNot(new Map([["authorization", "Basic"]]))).toMatch(/^may be a secret/);
    expect(whyNot({ note: "use ghp_abcdefghijklmnop" })).toBe("holds what looks like a secret");
    expect(whyNot({ maxTokens: 512, secret: "" })).toMatch(/^kept/);
    expect(whyNot(new URLSearchParams({ token: "abc123" }))).toMatch(/^may be a secret/);
    expect(whyNot(new URLSearchParams({ page: "1" }), "token")).toMatch(/^may be a secret/);
    expect(whyNot([["authorization", "abc123"]])).toMatch(/^may be a secret/);
    addSecret("battery-staple");
    expect(whyNot(Buffer.from("my battery-staple"))).toBe("holds a secret");
    expect(whyNot({ deep: "battery-staple" })).toBe("holds what looks like a secret");
  });

  test("of a view on a buffer the rest of the buffer is not kept", () => {
    const view = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
    expect(roundTrip(view)).toEqual(new Uint8Array([2, 3]));
    expect((roundTrip(view) as Uint8Array).buffer.byteLength).toBe(2);
  });

  test("for telling inputs apart secrets count too, and are not refused", () => {
    expect(encodeValue("hunter2", { name: "password", isForIdentity: true })).toHaveProperty(
      "text",
    );
  });
});
