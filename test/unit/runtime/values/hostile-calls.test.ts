/** Values that resist, wherever a call has a value: whoever watches the run must neither fail nor touch them. */
import { describe, expect, test } from "vitest";
import { task } from "../../../../runtime/index.ts";
import { columnsOf } from "../../../../runtime/values/escape.ts";
import { observedEvents, rejection } from "../../../support/observed-events.ts";

let touches = 0;
const touched = (): never => {
  touches++;
  throw new Error("the value's code ran");
};
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const cyclic = new Error("cyclic");
cyclic.cause = new Error("inner", { cause: cyclic });
const deep = () => {
  let value: object = {};
  for (let level = 0; level < 5_000; level++) value = { value };
  return value;
};

const HOSTILE: Readonly<Record<string, () => unknown>> = {
  "a proxy whose traps throw": () =>
    new Proxy({}, { get: touched, has: touched, ownKeys: touched, getPrototypeOf: touched }),
  "a revoked proxy": () => revoked.proxy,
  getters: () => Object.defineProperty({}, "a", { get: touched, enumerable: true }),
  "a throwing toStringTag": () => Object.defineProperty({}, Symbol.toStringTag, { get: touched }),
  "an iterator": () => ({ next: touched, [Symbol.iterator]: touched }),
  "cyclic causes": () => cyclic,
  "5,000 levels": deep,
  "10⁷ elements": () => new Array(10_000_000).fill(0),
  "10⁷ numbers": () => new Float64Array(10_000_000),
  "a megabyte of text": () => "</script>`|<b>".repeat(80_000),
  "text that moves cursors": () => ({ "\u202ea\u001b[2J": "\u2066\u009b\u0007" }),
  "lone surrogates": () => ["\ud800", "a\udc00b", { "\udfff": 1 }],
  "letters with a thousand marks": () => `a${"\u0301".repeat(1_000)}`.repeat(50),
};

/** Neither control nor bidi characters, nor half characters; in an event's own text line breaks stand. */
const UNSAFE =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/u;

describe.each(Object.entries(HOSTILE))("%s", (_, make) => {
  // In an object: a promise that settles with a value reads its `then`, which is the language's doing.
  const given = { inside: make(), list: [make()] };

  test("as input and output leaves the call as it is, in a bounded event", async () => {
    using observed = observedEvents();
    const before = touches;
    const echo = task({ name: "echo" }, ({ value }: { value: unknown }) => [value]);
    const [value] = await echo({ value: given });
    expect(value).toBe(given);
    expect(touches).toBe(before);
    expectSafe(observed.events);
    expect(JSON.stringify(observed.events).length).toBeLessThan(60_000);
  });

  test("as error, cause and field of an error rejects with that error", async () => {
    using observed = observedEvents();
    const before = touches;
    const thrown = Object.assign(new Error("outer", { cause: given.inside }), { given });
    const fail = task({ name: "fail" }, () => {
      throw thrown;
    });
    expect(((await rejection(fail())) as Error).cause).toBe(thrown);
    expect(touches).toBe(before);
    expectSafe(observed.events);
    expect(JSON.stringify(observed.events).length).toBeLessThan(60_000);
  });
});

test.each(["</td><script>", "\u202ename\u001b[2J", "`|`", "x".repeat(100_000), "\ud800"])(
  "a name, an input's name and a log of %j are text like any other",
  async (text) => {
    using observed = observedEvents();
    const logs = task({ name: text.slice(0, 50) }, (_: object, { log }) => {
      log(text, { [text]: text });
      return { [text]: text };
    });
    expect(await logs({ [text]: text })).toEqual({ [text]: text });
    const previews = JSON.stringify(observed.of("call-settled"));
    expect(previews.length).toBeLessThan(60_000);
    for (const { output } of observed.of("call-settled")) {
      expect(columnsOf(output?.line ?? "")).toBeLessThanOrEqual(80);
      expect(Buffer.byteLength(output?.line ?? "")).toBeLessThanOrEqual(512);
    }
  },
);

/** Every text within the previews of these events. */
function expectSafe(value: unknown): void {
  if (typeof value === "string") expect(value).not.toMatch(UNSAFE);
  else if (typeof value === "object" && value !== null) Object.values(value).forEach(expectSafe);
}
