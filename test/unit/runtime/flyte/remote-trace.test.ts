import { expect, test } from "vitest";
import { RemoteError } from "../../../../runtime/flyte/failures.ts";
import { remoteTrace } from "../../../../runtime/values/error-body.ts";
import { addSecret } from "../../../../runtime/values/redact.ts";

function traceOf(stack: string, message = "no"): string[] | undefined {
  return remoteTrace(
    new RemoteError("TypeError", message, stack, { flyteCode: "USER:TypeError", origin: "user" }),
  );
}

test("the headline is not said twice: at the end in Python, at the beginning in JavaScript", () => {
  expect(traceOf('Traceback:\n  File "a.py", line 1\nTypeError: no')).toEqual([
    "Traceback:",
    '  File "a.py", line 1',
  ]);
  expect(traceOf("TypeError: no\n    at f (/a.ts:1:2)")).toEqual(["at f (/a.ts:1:2)"]);
  expect(traceOf("TypeError: no")).toEqual([]);
});

test("its lines are indented as far as they are among themselves: who shows them does the rest", () => {
  expect(traceOf("TypeError: no\n    at f (/a.ts:1:2)\n    at g (/a.ts:3:4)")).toEqual([
    "at f (/a.ts:1:2)",
    "at g (/a.ts:3:4)",
  ]);
});

test("a long stack is shortened in its middle, and counts what it lost", () => {
  const lines = Array.from({ length: 100 }, (_, n) => (n === 0 ? "Traceback:" : `  line ${n}`));
  const trace = traceOf(lines.join("\n")) ?? [];
  expect(trace).toHaveLength(16);
  expect(trace.slice(5, 8)).toEqual(["  line 5", "  … 85 more lines", "  line 91"]);
  expect(trace.at(-1)).toBe("  line 99");
});

test("escapes and secrets of another process are as harmless as our own", () => {
  addSecret("hunter2-of-the-pod");
  const [line = ""] = traceOf("\x1b[31mtoken=hunter2-of-the-pod\x1b[0m") ?? [];
  expect(line).not.toContain("\x1b");
  expect(line).not.toContain("hunter2");
});

test("an error of this process has none, whatever it says of itself", () => {
  expect(remoteTrace(new TypeError("no"))).toBeUndefined();
});
