/**
 * Tasks that behave as badly as they can: each ends as the engine says it does, and the next call works.
 */
import { expect, test } from "vitest";
import { Records } from "../../../../runtime/events/records.ts";
import { type EagerException, eager, task } from "../../../../runtime/index.ts";
import { observedEvents, rejection } from "../../../support/observed-events.ts";

const refuse = (): never => {
  throw new Error("trapped");
};
const trapping = new Proxy(
  {},
  {
    get: refuse,
    has: refuse,
    ownKeys: refuse,
    getPrototypeOf: refuse,
    getOwnPropertyDescriptor: refuse,
  },
);

test("a task that throws what is no Error fails with it, unchanged", async () => {
  for (const thrown of ["text", 0, undefined, null, Symbol("s"), { code: 1 }, trapping]) {
    const throws = task({ name: "throws" }, () => {
      throw thrown;
    });
    using observed = observedEvents();
    const error = (await rejection(throws())) as EagerException;
    expect([error.code, "cause" in error]).toEqual(["TASK_FAILED", true]);
    expect(Object.is(error.cause, thrown)).toBe(true);
    expect(observed.of("call-settled")[0]?.error?.line).toBeTypeOf("string");
  }
});

test("a task that returns a proxy whose traps throw fails as an async function would", async () => {
  const odd = task({ name: "odd" }, () => trapping);
  expect(await rejection(odd())).toMatchObject({
    code: "TASK_FAILED",
    cause: new Error("trapped"),
  });
});

test("a thenable that settles twice, or throws after it has, settles its call once", async () => {
  const twice = task({ name: "twice" }, () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried
    then(resolve: (value: number) => void, reject: (error: unknown) => void) {
      resolve(1);
      resolve(2);
      reject(new Error("late"));
      throw new Error("later");
    },
  }));
  using observed = observedEvents();
  expect(await twice()).toBe(1);
  expect(observed.of("call-settled")).toHaveLength(1);
});

test("a task that changes its input has its row show what it was given", async () => {
  const records = new Records();
  using observed = observedEvents();
  const orders = [3, 1, 2];
  const sorts = task({ name: "sorts" }, ({ list }: { list: number[] }) => {
    list.sort();
    list.push(99);
    return list.length;
  });
  expect(await sorts({ list: orders })).toBe(4);
  for (const event of observed.events) records.apply(event);
  expect([...(records.runs()[0]?.calls.values() ?? [])][0]?.inputs[0]?.preview.line).toBe(
    "[3, 1, 2]",
  );
});

test("a call that calls itself 20,000 times deep ends, and so does its failure", async () => {
  const down = eager({ name: "down" }, async ({ n }: { n: number }): Promise<number> => {
    if (n > 0) return 1 + (await down({ n: n - 1 }));
    return 0;
  });
  expect(await down({ n: 20_000 })).toBe(20_000);
  const fall = eager({ name: "fall" }, async ({ n }: { n: number }): Promise<number> => {
    if (n > 0) return await fall({ n: n - 1 });
    throw new Error("bottom");
  });
  const error = (await rejection(fall({ n: 20_000 }))) as EagerException;
  expect(error.root.cause).toEqual(new Error("bottom"));
  expect(error.message.length).toBeLessThan(200);
});

test("a task that logs megabytes leaves a bounded tail, and the count of all lines", async () => {
  const records = new Records();
  using observed = observedEvents();
  const chatty = task({ name: "chatty" }, (_: object, { log }) => {
    for (let line = 0; line < 200; line++) log("x".repeat(50_000));
  });
  await chatty({});
  for (const event of observed.events) records.apply(event);
  const [call] = [...(records.runs()[0]?.calls.values() ?? [])];
  expect(call?.log.lines).toBe(200);
  expect(call?.log.tail.join("").length).toBeLessThanOrEqual(10_000);
});
