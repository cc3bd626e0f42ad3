import { describe, expect, test } from "vitest";
import { type EagerException, eager, task, z } from "../../../../runtime/index.ts";
import { Call } from "../../../../runtime/workflow/call.ts";
import { Run } from "../../../../runtime/workflow/run.ts";
import { HandExecutor } from "../../../support/hand-executor.ts";
import { rejection, settleTurns } from "../../../support/observed-events.ts";

const addOne = task(async function addOne({ x }: { x: number }) {
  return x + 1;
});
const fails = task(async function fails({ message }: { message: string }): Promise<number> {
  throw new Error(message);
});

describe("a call", () => {
  test("starts in the turn it is made in, like a plain function", () => {
    const seen: number[] = [];
    const note = task(function note({ x }: { x: number }) {
      seen.push(x);
    });
    void note({ x: 1 });
    seen.push(2);
    expect(seen).toEqual([1, 2]);
  });

  test("has an id that counts up, a name and a state", async () => {
    const hand = new HandExecutor();
    const run = new Run({ title: "test", executor: hand });
    const first = run.enter(() => addOne({ x: 1 }));
    const second = run.enter(() => addOne({ x: first }));
    expect(Number(second.id.slice(1))).toBe(Number(first.id.slice(1)) + 1);
    expect([first.name, first.state, second.state]).toEqual(["addOne", "running", "queued"]);
    hand.attempt("addOne").resolve(2);
    expect(await first).toBe(2);
    await settleTurns();
    expect([first.state, second.state]).toEqual(["ok", "running"]);
    hand.attempt("addOne").reject(new Error("no"));
    await rejection(second);
    expect(second.state).toBe("failed");
  });

  test("is a promise; what `then`, `catch` and `finally` give are plain ones", async () => {
    const call = addOne({ x: 1 });
    expect(call).toBeInstanceOf(Promise);
    expect(call).toBeInstanceOf(Call);
    for (const derived of [call.then((x) => x), call.catch(() => 0), call.finally(() => {})]) {
      expect(derived.constructor).toBe(Promise);
      expect(await derived).toBe(2);
    }
  });

  test("gives the values of Promise.all, allSettled, race and any as plain promises do", async () => {
    expect(await Promise.all([addOne({ x: 1 }), 7, addOne({ x: 2 })])).toEqual([2, 7, 3]);
    expect(await Promise.race([addOne({ x: 1 }), new Promise(() => {})])).toBe(2);
    expect(await Promise.any([fails({ message: "a" }), addOne({ x: 1 })])).toBe(2);
    const settled = await Promise.allSettled([addOne({ x: 1 }), fails({ message: "a" })]);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    const all = await rejection(Promise.all([addOne({ x: 1 }), fails({ message: "b" })]));
    expect((all as EagerException).cause).toEqual(new Error("b"));
    const none = await rejection(Promise.any([fails({ message: "a" }), fails({ message: "b" })]));
    expect((none as AggregateError).errors.map(({ code }) => code)).toEqual([
      "TASK_FAILED",
      "TASK_FAILED",
    ]);
  });

  test.each([0, -0, "", false, null, undefined, Number.NaN, 0n, []])(
    "resolves with %o when the function returns that",
    async (value) => {
      const give = task(function give() {
        return value;
      });
      const giveLater = task(async function giveLater() {
        return value;
      });
      expect(Object.is(await give(), value)).toBe(true);
      expect(Object.is(await giveLater(), value)).toBe(true);
    },
  );

  test("unwraps what the function returns: a promise, a thenable, another call", async () => {
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what this is about
    const thenable = { then: (resolve: (value: number) => void) => resolve(3) };
    const later = task(function later() {
      return thenable as unknown as Promise<number>;
    });
    const handOn = task(function handOn() {
      return addOne({ x: 3 });
    });
    expect([await later(), await handOn()]).toEqual([3, 4]);
  });

  test("of a function without inputs needs no argument", async () => {
    const hello = task(function hello() {
      return "hello";
    });
    expect(await hello()).toBe("hello");
    expect(await hello({})).toBe("hello");
  });

  test("leaves the bare function to be called without a call", () => {
    const bare = task(function bare({ x }: { x: number }) {
      return x * 3;
    });
    expect(bare.fn({ x: 2 })).toBe(6);
    expect(bare.name).toBe("bare");
  });
});

describe("the name of a task", () => {
  test("is the option's, else the function's", () => {
    expect(task({ name: "fetch orders" }, function other() {}).name).toBe("fetch orders");
    const arrow = () => 1;
    expect(task(arrow).name).toBe("arrow");
  });

  test("cannot be missing", () => {
    expect(() => task(() => 1)).toThrowErrorMatchingInlineSnapshot(
      `[TypeError: task() needs a name: use a named function, task(function addOne({ x }) { … }), or the option name, task({ name: "addOne" }, …)]`,
    );
    expect(() => eager({ name: "" }, async () => 1)).toThrow(TypeError);
  });

  test.each([
    [() => task(undefined as never), "takes a function"],
    [() => task({ name: "a" }, undefined as never), "takes a function"],
    [() => task("name" as never, function a() {}), "the options are an object"],
    [() => task({ inputs: z.object({}) as never }, function a() {}), "names each input"],
    [() => task({ inputs: { x: Number as never } }, function a() {}), "input `x` has no schema"],
    [() => task({ output: {} as z.ZodAny }, function a() {}), "`output` is no schema"],
  ])("other misuse %# is a TypeError with advice", (make, advice) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow(advice);
  });
});

test("a chain of calls 1,000 deep settles, and one 20,000 deep as well", async () => {
  const down = task(async function downOne({ n }: { n: number }): Promise<number> {
    return n === 0 ? 0 : 1 + (await down({ n: n - 1 }));
  });
  expect(await down({ n: 1_000 })).toBe(1_000);
  expect(await down({ n: 20_000 })).toBe(20_000);
});

test("the function of another task in a fan-out of 10,000 sees only its own call", async () => {
  const own = task(async function own({ x }: { x: number }, { call }) {
    await null;
    return [x, call.path.join("/")];
  });
  const fan = eager(async function fan() {
    return await Promise.all(Array.from({ length: 10_000 }, (_, x) => own({ x })));
  });
  const seen = await fan();
  expect(seen.every(([x, path], index) => x === index && path === "fan/own")).toBe(true);
});
