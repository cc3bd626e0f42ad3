import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { EagerException, eager, task } from "../../../../runtime/index.ts";
import { innermost } from "../../../../runtime/workflow/errors.ts";
import { rejection } from "../../../support/observed-events.ts";

async function failure(promise: Promise<unknown>): Promise<EagerException> {
  return (await rejection(promise)) as EagerException;
}

describe("a failed call", () => {
  test("rejects with an EagerException whose cause is what was thrown, unchanged", async () => {
    const thrown = new TypeError("x must be positive");
    const raises = task(function raises() {
      throw thrown;
    });
    const call = raises();
    const error = await failure(call);
    expect(error).toBeInstanceOf(EagerException);
    expect(error).toBeInstanceOf(Error);
    expect(error.cause).toBe(thrown);
    expect(error).toMatchObject({
      name: "EagerException",
      code: "TASK_FAILED",
      kind: "user",
      task: "raises",
      callId: call.id,
      attempts: 1,
      message: "raises failed: TypeError: x must be positive",
    });
    expect(error.root).toBe(error);
  });

  test.each([["a string"], [7], [undefined], [null], [Symbol("s")], [{ a: 1 }], [() => 1]])(
    "keeps a thrown %o that is no Error as its cause",
    async (thrown) => {
      const throws = task(async function throws() {
        throw thrown;
      });
      const error = await failure(throws());
      expect("cause" in error).toBe(true);
      expect(error.cause).toBe(thrown);
      expect(error.message).toMatch(/^throws failed: ./);
    },
  );

  test("survives a thrown value that throws when it is looked at", async () => {
    const hostile = new Proxy(
      {},
      {
        get() {
          throw new Error("trap");
        },
        getPrototypeOf() {
          throw new Error("trap");
        },
        has() {
          throw new Error("trap");
        },
      },
    );
    const nameless = Object.defineProperty(new Error("m"), "message", {
      get() {
        throw new Error("trap");
      },
    });
    for (const thrown of [hostile, nameless]) {
      const throws = task(function throws() {
        throw thrown;
      });
      const error = await failure(throws());
      expect([error.code, error.cause === thrown]).toEqual(["TASK_FAILED", true]);
    }
  });

  test("inside an eager one rejects that with its own exception, down to the root", async () => {
    const inner = task(function inner() {
      throw new RangeError("deep");
    });
    const middle = eager(async function middle() {
      await inner();
    });
    const outer = eager(async function outer() {
      try {
        await middle();
      } catch (error) {
        throw new Error("wrapped on the way", { cause: error });
      }
    });
    const error = await failure(outer());
    expect(error.task).toBe("outer");
    expect((error.cause as Error).message).toBe("wrapped on the way");
    expect((error.cause as Error).cause).toMatchObject({ task: "middle" });
    expect(error.root).toMatchObject({ task: "inner", cause: new RangeError("deep") });
    expect(error.message).toBe("outer failed because of inner failed: RangeError: deep");
  });

  test("has the frames of its caller and none of the engine's", async () => {
    const raises = task(function raises() {
      throw new Error("no");
    });
    const caller = eager(async function callerOfRaises() {
      await raises();
    });
    const error = (await failure(caller())).cause as EagerException;
    const frames = error.stack?.split("\n").slice(1) ?? [];
    expect(frames[0]).toContain("callerOfRaises");
  });
});

describe("EagerException", () => {
  test("is recognised by its brand: another copy of the package, another realm", () => {
    const foreign = runInNewContext(
      "const e = new Error('x'); e[Symbol.for('eagerdeck.EagerException')] = true; e",
    );
    expect(foreign instanceof Error).toBe(false);
    expect(foreign instanceof EagerException).toBe(true);
    for (const other of [new Error("x"), undefined, null, "EagerException", {}]) {
      expect(other instanceof EagerException).toBe(false);
    }
  });

  test("is printed once, with its cause", () => {
    const error = new EagerException("TASK_FAILED", "a failed", { task: "a", cause: "why" });
    error.stack = "EagerException: a failed";
    expect(inspect(error)).toMatchInlineSnapshot(`
      "[EagerException: a failed] {
        code: 'TASK_FAILED',
        kind: 'user',
        task: 'a',
        callId: '',
        attempts: 0,
        [cause]: 'why'
      }"
    `);
  });

  test("without a cause has none", () => {
    expect("cause" in new EagerException("WORKFLOW_COMPILE", "m")).toBe(false);
  });

  test("finds the innermost of a chain that is a cycle, or 100,000 long", () => {
    const a = new EagerException("TASK_FAILED", "a");
    const b = new EagerException("TASK_FAILED", "b", { cause: a });
    a.cause = b;
    expect([a, b]).toContain(innermost(a));
    let error = new EagerException("TASK_FAILED", "root");
    const root = error;
    for (let depth = 0; depth < 100_000; depth++) {
      error = new EagerException("TASK_FAILED", "outer", { cause: error });
    }
    expect(error.root).toBe(root);
  });
});
