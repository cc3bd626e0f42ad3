import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { columnsOf } from "../../../../runtime/values/escape.ts";
import { preview } from "../../../../runtime/values/preview.ts";
import type { Preview } from "../../../../runtime/values/shape.ts";

const touched = (): never => {
  throw new Error("the value's code ran");
};
const allTraps: ProxyHandler<object> = {
  get: touched,
  has: touched,
  ownKeys: touched,
  getOwnPropertyDescriptor: touched,
  getPrototypeOf: touched,
  apply: touched,
};

const UNSAFE =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/u;

function expectSafe(shown: Preview): void {
  expect(shown.line).not.toMatch(UNSAFE);
  expect(shown.line).not.toContain("\n");
  expect(columnsOf(shown.line)).toBeLessThanOrEqual(80);
  const all = JSON.stringify(shown);
  expect(all.length).toBeLessThanOrEqual(60_000);
  for (const text of strings(shown)) expect(text).not.toMatch(UNSAFE);
}

function strings(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(strings) : [];
}

function deep(levels: number): object {
  let value: object = {};
  for (let level = 0; level < levels; level++) value = { value };
  return value;
}

const revoked = Proxy.revocable({}, {});
revoked.revoke();
const cyclicCause = new Error("a");
cyclicCause.cause = cyclicCause;
class BadError extends Error {
  override get name(): string {
    return touched();
  }
  override get message(): string {
    return touched();
  }
  override get stack(): string {
    return touched();
  }
}
class Odd {}
Object.defineProperty(Odd, "name", { value: "A\u202e\n" });
class Thenable {
  // biome-ignore lint/suspicious/noThenProperty: that nobody reads it is what is tested
  get then() {
    return touched();
  }
}
const detached = new ArrayBuffer(8);
structuredClone(detached, { transfer: [detached] });

const HOSTILE: Record<string, unknown> = {
  "throwing getter": {
    get a() {
      return touched();
    },
  },
  "throwing toStringTag": {
    get [Symbol.toStringTag]() {
      return touched();
    },
  },
  "throwing constructor": Object.create({
    get constructor() {
      return touched();
    },
  }),
  "constructor with a throwing name": Object.create({
    constructor: Object.defineProperty(() => 1, "name", { get: touched }),
  }),
  "throwing inspector": { [Symbol.for("nodejs.util.inspect.custom")]: touched },
  "throwing function name": Object.defineProperty(() => 1, "name", { get: touched }),
  "throwing then": new Thenable(),
  "throwing toJSON and toString": {
    toJSON: touched,
    toString: touched,
    valueOf: touched,
    [Symbol.toPrimitive]: touched,
  },
  "throwing iterator": { [Symbol.iterator]: touched, length: 3 },
  "trapping proxy": new Proxy({ a: 1 }, allTraps),
  "trapping function proxy": new Proxy(() => 1, allTraps),
  "revoked proxy": revoked.proxy,
  "proxy as prototype": Object.create(new Proxy({}, allTraps)),
  "proxy inside": { a: [new Proxy([], allTraps)] },
  "proxied error": new Proxy(new Error("x"), allTraps),
  "error of throwing fields": Object.create(BadError.prototype),
  "error with odd fields": Object.assign(Object.create(Error.prototype), {
    name: 7,
    message: null,
    stack: {},
    cause: undefined,
  }),
  "cyclic cause": cyclicCause,
  "5,000 levels": deep(5_000),
  "10⁷ elements": new Array(10_000_000).fill(0),
  "10⁷ numbers": new Float64Array(10_000_000),
  "100,000 keys": Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i])),
  "a key of 1 MB": { ["k".repeat(1_000_000)]: 1 },
  "a string of 1 MB": "x".repeat(1_000_000),
  "a message of 1 MB": new Error("x".repeat(1_000_000)),
  "a thousand lines": "\n".repeat(1_000),
  "bidi in keys and values": { "\u202ekey": "\u2066value\u2069", ["\ud800"]: "\udfff" },
  "bidi in a function name": Object.defineProperty(() => 1, "name", { value: "\u202ename\n" }),
  "bidi in a class name": new Odd(),
  "bidi in a symbol": Symbol("\u202e\n"),
  "escapes in an error": Object.assign(new Error("\x1b[2J\u202e"), { "\u202ekey": "\x1b[0m" }),
  script: "</script><script>alert(1)</script>",
  "detached buffer": detached,
  "wide text": "👩‍👩‍👧‍👦".repeat(1_000),
  "combining marks": "a\u0301".repeat(10_000),
  "faked error class": { constructor: { name: "Error" } },
  "map with an own size": Object.defineProperty(new Map([[1, 2]]), "size", { get: touched }),
  "date with own methods": Object.assign(new Date(0), { toISOString: touched, getTime: touched }),
};

describe("hostile values are shown, bounded and untouched", () => {
  test.each(Object.entries(HOSTILE))("%s", (_, value) => {
    expectSafe(preview(value));
    expectSafe(preview([value, { value }]));
    expectSafe(preview(new Map([[value, value]])));
    expectSafe(preview(new Error("outer", { cause: value })));
    expectSafe(preview(Object.assign(new Error("outer"), { value })));
  });
});

test("any JSON value is shown, safe and bounded", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: "binary" }), (value) =>
      expectSafe(preview(value)),
    ),
  );
});

test("any value is shown, safe and bounded", () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withSparseArray: true,
    withNullPrototype: true,
    withBoxedValues: true,
  });
  fc.assert(fc.property(anything, (value) => expectSafe(preview(value))));
});

test("the same value gives the same preview", () => {
  const now = () => 0; // what the clock says is another test's
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(preview(value, { now })).toEqual(preview(value, { now }));
    }),
  );
});

describe("the time a preview may take", () => {
  /** A clock that a value's own code puts forward. */
  function handClock() {
    const clock = { ms: 0, now: () => clock.ms };
    return clock;
  }

  test("is up after 5 ms: what is left reads as stopped, and the line stays", () => {
    const clock = handClock();
    class Slow {
      [Symbol.for("nodejs.util.inspect.custom")]() {
        clock.ms += 3;
        return "slow one";
      }
    }
    const { line } = preview(
      Array.from({ length: 9 }, () => new Slow()),
      { now: clock.now },
    );
    expect(line).toBe("Array(9) [slow one, slow one, … (stopped), … 6 more]");
  });

  test("does not count pauses of the process: a small value is never cut by them", () => {
    let ms = 0;
    const pausing = () => (ms += 1_000);
    expect(preview({ a: [1, 2, { b: 3 }] }, { now: pausing })).toEqual(
      preview({ a: [1, 2, { b: 3 }] }, { now: () => 0 }),
    );
  });

  test("ends a value of many parts at some time also when each is quick", () => {
    let ms = 0;
    const ticking = () => (ms += 2);
    const rows = Array.from({ length: 20 }, () => Array.from({ length: 20 }, () => [1, 2, 3]));
    expect(JSON.stringify(preview(rows, { now: ticking }))).toContain("… (stopped)");
    expect(JSON.stringify(preview(rows, { now: () => 0 }))).not.toContain("… (stopped)");
  });

  test("over 100 ms is noted, once per class", () => {
    const clock = handClock();
    class Report {
      [Symbol.for("nodejs.util.inspect.custom")]() {
        clock.ms += 340;
        return "Report of 3 pages";
      }
    }
    const shown = () => preview(new Report(), { now: clock.now });
    expect(shown()).toEqual({
      line: "Report of 3 pages",
      kind: "object",
      missing: "to show Report took 340 ms, which its class decides",
    });
    expect(shown().missing).toBeUndefined();
  });

  test("of a display hook is noted too", () => {
    const clock = handClock();
    class Chart {
      [Symbol.for("Jupyter.display")]() {
        clock.ms += 2_000;
        return { "text/plain": "Chart of 3" };
      }
    }
    const shown = preview(new Chart(), { now: clock.now });
    expect(shown.line).toBe("Chart of 3");
    expect(shown.missing).toBe("to show Chart took 2.00 s, which its class decides");
  });
});
