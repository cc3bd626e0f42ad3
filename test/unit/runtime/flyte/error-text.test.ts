import { describe, expect, test } from "vitest";
import {
  ERROR_TEXT_MAX_BYTES,
  errorName,
  parseErrorText,
  writeErrorText,
} from "../../../../runtime/flyte/error-text.ts";
import { addSecret } from "../../../../runtime/values/redact.ts";

describe("the text of error.pb", () => {
  test("is laid out as flytekit's, with the causes in the trace", () => {
    const error = new TypeError("x must be\npositive", { cause: new RangeError("was -1") });
    error.stack = "TypeError: x must be\npositive\n    at addOne (/flow.ts:3:9)";
    (error.cause as Error).stack = "RangeError: was -1\n    at check (/flow.ts:9:1)";
    expect(writeErrorText(error)).toBe(
      [
        "Trace:",
        "",
        "    TypeError: x must be",
        "    positive",
        "        at addOne (/flow.ts:3:9)",
        "",
        "    Caused by: RangeError: was -1",
        "        at check (/flow.ts:9:1)",
        "",
        "Message:",
        "",
        "    TypeError: x must be",
        "    positive",
      ].join("\n"),
    );
  });

  test("is read back, also behind what the cluster writes before it", () => {
    const error = new TypeError("x must be positive");
    error.stack = "TypeError: x must be positive\n    at addOne (/flow.ts:3:9)";
    const text = `[1/3] currentAttempt done. Last Error: USER::\n${writeErrorText(error)}`;
    expect(parseErrorText(text)).toEqual({
      name: "TypeError",
      message: "x must be positive",
      stack: "TypeError: x must be positive\n    at addOne (/flow.ts:3:9)",
      attempt: 1,
      attempts: 3,
      origin: "USER",
    });
  });

  test("of Python is read, of its newer and its older layout", () => {
    const newer =
      'Trace:\n\n    Traceback (most recent call last):\n      File "flow.py", line 3, in f\n        raise ValueError("no: way")\n    ValueError: no: way\n\nMessage:\n\n    ValueError: no: way';
    expect(parseErrorText(newer)).toEqual({
      name: "ValueError",
      message: "no: way",
      stack:
        'Traceback (most recent call last):\n  File "flow.py", line 3, in f\n    raise ValueError("no: way")\nValueError: no: way',
    });
    const older =
      'Traceback (most recent call last):\n\n      File "flow.py", line 3, in f\n\nMessage:\n\n    ValueError: no\n\nUser error.';
    expect(parseErrorText(older)).toMatchObject({ name: "ValueError", message: "no" });
  });

  test("that nobody knows is kept whole", () => {
    expect(parseErrorText("pod was evicted: no memory")).toEqual({
      name: "",
      message: "pod was evicted: no memory",
    });
    expect(parseErrorText("Trace:\n\n  half of it")).toEqual({
      name: "",
      message: "Trace:\n\n  half of it",
    });
    expect(parseErrorText("")).toEqual({ name: "", message: "" });
  });

  test("is no longer than it may be and keeps its beginning, its end and the message", () => {
    const error = new Error(`first ${"é".repeat(20_000)} last`);
    const text = writeErrorText(error);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(ERROR_TEXT_MAX_BYTES);
    expect(text).toContain("left out");
    expect(text).not.toContain("\uFFFD");
    expect(parseErrorText(text).message).toMatch(/^first é[\s\S]*é last$/);
  });

  test.each([
    ["a string", "plain text", "Error", "plain text"],
    ["nothing", undefined, "Error", "undefined was thrown"],
    ["an object", { a: 1 }, "Error", "{ a: 1 } was thrown"],
    [
      "a class of one's own",
      Object.assign(new Error("m"), { name: "No Such: Thing" }),
      "No_Such_Thing",
      "m",
    ],
  ])("of %s", (_, thrown, name, message) => {
    expect(errorName(thrown)).toBe(name);
    expect(parseErrorText(writeErrorText(thrown))).toMatchObject({ name, message });
  });

  test("of hostile errors ends: cycles, throwing getters, proxies", () => {
    const cycle = new Error("a");
    cycle.cause = new Error("b", { cause: cycle });
    expect(parseErrorText(writeErrorText(cycle)).message).toBe("a");
    const hostile = new Error("x");
    for (const key of ["name", "message", "stack", "cause"]) {
      Object.defineProperty(hostile, key, {
        get: () => {
          throw new Error("no");
        },
      });
    }
    expect(() => writeErrorText(hostile)).not.toThrow();
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(() => writeErrorText(proxy)).not.toThrow();
  });

  test("has no secrets in it", () => {
    addSecret("s3cr3t-t0ken");
    expect(writeErrorText(new Error("refused s3cr3t-t0ken"))).not.toContain("s3cr3t");
  });
});
