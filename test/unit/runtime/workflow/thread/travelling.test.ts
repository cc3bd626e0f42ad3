import { expect, test } from "vitest";
import { EagerException } from "../../../../../runtime/workflow/errors.ts";
import { pack, unpack } from "../../../../../runtime/workflow/thread/travelling.ts";

/** As it arrives in the other thread. */
function arrived(thrown: unknown): unknown {
  const packed = structuredClone(pack(thrown, (line) => line.includes("node_modules")));
  return unpack(packed, (stack) => stack.replaceAll("travelling.test.ts", "In [1]"));
}

/** For errors: what `arrived` gives of one is one. */
function arrivedError(thrown: Error): Error & Record<string, unknown> {
  const error = arrived(thrown);
  expect(error).toBeInstanceOf(Error);
  return error as Error & Record<string, unknown>;
}

test.each([
  ["text", "text"],
  ["undefined", undefined],
  ["an object", { code: 7, list: [new Date(0)] }],
])("%s that was thrown arrives unchanged", (_, thrown) => {
  expect(arrived(thrown)).toEqual(thrown);
});

test("a thrown value that cannot be copied arrives as its text", () => {
  expect(arrived({ f: () => 1 })).toMatch(/^\{ f: /);
});

test("an error keeps its class of the language, name, message and own properties", () => {
  class Missing extends RangeError {
    override name = "Missing";
    code = "E_MISSING";
    details = { id: 4, f: () => 1 };
  }
  const error = arrivedError(new Missing("row 4"));
  expect(error).toBeInstanceOf(RangeError);
  expect([error.name, error.message, error["code"]]).toEqual(["Missing", "row 4", "E_MISSING"]);
  expect(error["details"]).toMatch(/^\{ id: 4, f: /);
  expect(Object.keys(error)).toEqual(["code", "details"]);
});

test("a stack arrives without our frames, with the positions that people know", () => {
  const { stack } = arrivedError(new Error("x"));
  expect(stack).toMatch(/^Error: x\n.*In \[1\]:\d+:\d+/);
  expect(stack).not.toContain("node_modules");
});

test("causes and the errors of an AggregateError arrive, also those that are no errors", () => {
  const cause = new TypeError("inner", { cause: "why" });
  const error = arrivedError(new AggregateError([new RangeError("a"), 5], "many", { cause }));
  expect(error).toBeInstanceOf(AggregateError);
  expect(error["errors"]).toEqual([new RangeError("a"), 5]);
  expect(error.cause).toEqual(cause);
  expect((error.cause as Error).cause).toBe("why");
  expect("cause" in arrivedError(new Error("none"))).toBe(false);
});

test("an error that is its own cause comes to an end", () => {
  const error = new Error("round");
  error.cause = error;
  expect(arrivedError(error).message).toBe("round");
});

test("an abort keeps its name, an EagerException all of its fields", () => {
  expect(arrivedError(new DOMException("stopped", "AbortError")).name).toBe("AbortError");
  const details = { kind: "system", task: "x", callId: "t4", attempts: 2, cause: 0 } as const;
  const error = arrivedError(new EagerException("TIMED_OUT", "late", details));
  expect(error).toBeInstanceOf(EagerException);
  expect(error).toMatchObject({ code: "TIMED_OUT", message: "late", ...details });
});
