import { describe, expect, test } from "vitest";
import { Records } from "../../../../runtime/events/records.ts";
import {
  type EagerException,
  eager,
  mapTask,
  task,
  workflow,
  z,
} from "../../../../runtime/index.ts";
import { Run } from "../../../../runtime/workflow/run.ts";
import { HandExecutor } from "../../../support/hand-executor.ts";
import { observedEvents, rejection, settleTurns } from "../../../support/observed-events.ts";

const square = task({ inputs: { n: z.int() }, output: z.int() }, function square({ n }) {
  return n * n;
});
const job = task(async function job(_: { n: number }): Promise<number> {
  return 0;
});
const inputs = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));

function mapped(
  options: Parameters<typeof mapTask>[1],
  items: Parameters<ReturnType<typeof mapTask<{ n: number }, number, unknown>>>[0],
) {
  const hand = new HandExecutor();
  const run = new Run({ title: "test", executor: hand });
  const call = run.enter(() => mapTask(job, options)(items));
  return { hand, call };
}

describe("mapTask", () => {
  test("gives the values in the order of the inputs, whatever order they come in", async () => {
    expect(await mapTask(square)(inputs(4))).toEqual([0, 1, 4, 9]);
    const { hand, call } = mapped({}, inputs(3));
    await settleTurns();
    for (const index of [2, 0, 1]) hand.attempts[index]?.resolve(index);
    expect(await call).toEqual([0, 1, 2]);
  });

  test("takes whatever iterates, also when it has to be awaited, and inputs that are promises", async () => {
    expect(await mapTask(square)(new Set(inputs(3)))).toEqual([0, 1, 4]);
    async function* source() {
      yield { n: 2 };
      yield { n: square({ n: 2 }) };
    }
    expect(await mapTask(square)(source())).toEqual([4, 16]);
    expect(await mapTask(square)([])).toEqual([]);
  });

  test("is one call with the others below it, and tells how far it is", async () => {
    using observed = observedEvents();
    await mapTask(square)(inputs(3));
    const [map, ...children] = observed.of("call-created");
    expect([map?.entity, map?.name, map?.inputs[0]?.preview.line]).toEqual([
      "map",
      "map square",
      "Array(3) of { n }",
    ]);
    expect(children.map(({ parentId, name }) => [parentId, name])).toEqual(
      Array(3).fill([map?.id, "square"]),
    );
    expect(observed.of("call-progress").at(-1)).toMatchObject({ id: map?.id, done: 3, total: 3 });
  });

  test("iterates over the values as they come", async () => {
    const { hand, call } = mapped({}, inputs(3));
    const seen: number[] = [];
    const reading = (async () => {
      for await (const value of call) seen.push(value);
    })();
    await settleTurns();
    for (const index of [2, 0]) {
      hand.attempts[index]?.resolve(index);
      await settleTurns();
    }
    expect(seen).toEqual([2, 0]);
    hand.attempts[1]?.resolve(1);
    await reading;
    expect(seen).toEqual([2, 0, 1]);
    for await (const value of call) seen.push(value); // also a second time
    expect(seen.slice(3)).toEqual([2, 0, 1]);
  });

  test("lets several iterate at the same time", async () => {
    const { hand, call } = mapped({}, inputs(2));
    const read = async () => {
      const seen: number[] = [];
      for await (const value of call) seen.push(value);
      return seen;
    };
    const both = Promise.all([read(), read()]);
    await settleTurns();
    hand.attempts[1]?.resolve(1);
    await settleTurns();
    hand.attempts[0]?.resolve(0);
    expect(await both).toEqual([
      [1, 0],
      [1, 0],
    ]);
  });

  test("is cancelled when its loop is left, so that an endless source ends", async () => {
    function* endless() {
      for (let n = 0; ; n++) yield { n };
    }
    const call = mapTask(square, { concurrency: 2 })(endless());
    for await (const value of call) if (value > 10) break;
    expect(await rejection(call)).toMatchObject({ code: "CANCELLED" });
  });

  test("a failure ends it although its source has nothing to give", async () => {
    let isClosed = false;
    const stalled: AsyncIterable<{ n: number }> = {
      [Symbol.asyncIterator]: () => {
        let count = 0;
        return {
          next: () =>
            count++ === 0
              ? Promise.resolve({ done: false, value: { n: 1 } })
              : new Promise<never>(() => undefined),
          return: async () => {
            isClosed = true;
            return { done: true, value: undefined };
          },
        };
      },
    };
    const { hand, call } = mapped({}, stalled);
    await settleTurns();
    hand.attempts[0]?.reject(new Error("no"));
    expect(await rejection(call)).toMatchObject({ code: "TASK_FAILED" });
    expect(isClosed).toBe(true);
  });

  test("a promise in the rest of its list that fails is nobody's failure", async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", listener);
    const fails = (text: string) => Promise.reject(new Error(text)) as Promise<number>;
    const call = mapTask(square, { concurrency: 1 })([
      { n: fails("first") },
      { n: fails("second") },
    ]);
    expect(await rejection(call)).toMatchObject({ code: "TASK_FAILED" });
    await settleTurns();
    process.off("unhandledRejection", listener);
    expect(unhandled).toEqual([]);
  });

  test("ends the iteration with the failure of the map", async () => {
    const { hand, call } = mapped({}, inputs(2));
    const seen: number[] = [];
    const reading = rejection(
      (async () => {
        for await (const value of call) seen.push(value);
      })(),
    );
    await settleTurns();
    hand.attempts[0]?.resolve(5);
    hand.attempts[1]?.reject(new Error("no"));
    expect(await reading).toMatchObject({ task: "map job" });
    expect(seen).toEqual([5]);
  });

  test("runs no more calls at once than its limit, and takes no input before there is room", async () => {
    let taken = 0;
    function* source() {
      for (const item of inputs(5)) {
        taken++;
        yield item;
      }
    }
    const { hand, call } = mapped({ concurrency: 2 }, source());
    await settleTurns();
    expect([hand.attempts.length, taken]).toEqual([2, 3]);
    for (let index = 0; index < 5; index++) {
      hand.attempts[index]?.resolve(index);
      await settleTurns();
    }
    expect(await call).toEqual([0, 1, 2, 3, 4]);
  });

  test("the first failure fails the map and cancels what runs", async () => {
    const { hand, call } = mapped({}, inputs(3));
    await settleTurns();
    hand.attempts[1]?.reject(new Error("no"));
    const error = (await rejection(call)) as EagerException;
    expect([error.task, error.root.task, error.root.cause]).toEqual([
      "map job",
      "job",
      new Error("no"),
    ]);
    expect(hand.attempts[2]?.context.signal.aborted).toBe(true);
  });

  test("a share may fail: their values are undefined", async () => {
    const { hand, call } = mapped({ minSuccessRatio: 0.5 }, inputs(4));
    await settleTurns();
    for (const [index, attempt] of hand.attempts.entries()) {
      if (index % 2 === 0) attempt.resolve(index);
      else attempt.reject(new Error("no"));
    }
    expect(await call).toEqual([0, undefined, 2, undefined]);
  });

  test("one failure more than may be fails the map at once, with both numbers", async () => {
    const { hand, call } = mapped({ minSuccessRatio: 0.9 }, inputs(10));
    await settleTurns();
    hand.attempts[0]?.reject(new Error("first"));
    await settleTurns();
    expect(call.state).toBe("running");
    hand.attempts[1]?.reject(new Error("second"));
    const error = (await rejection(call)) as EagerException;
    expect(error.message).toContain("job failed: Error: first");
    expect((error.cause as Error).message).toBe(
      "2 of 10 calls of job failed, 1 may (minSuccessRatio 0.9)",
    );
  });

  test("of a source without a length, the share is judged at its end", async () => {
    async function* source() {
      yield* inputs(3);
    }
    const { hand, call } = mapped({ minSuccessRatio: 0.5 }, source());
    await settleTurns();
    hand.attempts[0]?.reject(new Error("a"));
    hand.attempts[1]?.reject(new Error("b"));
    hand.attempts[2]?.resolve(1);
    expect(await rejection(call)).toMatchObject({
      cause: { message: "2 of 3 calls of job failed, 1 may (minSuccessRatio 0.5)" },
    });
  });

  test.each([["text"], [3], [null], [undefined], [{ n: [1, 2] }]])(
    "%j is no list of inputs",
    async (items) => {
      expect(await rejection(mapTask(square)(items as never))).toMatchObject({
        code: "INPUT_INVALID",
      });
    },
  );

  test("a source that throws fails the map, and what runs is cancelled", async () => {
    function* source() {
      yield { n: 1 };
      throw new Error("dry");
    }
    const { hand, call } = mapped({}, source());
    expect(await rejection(call)).toMatchObject({ code: "TASK_FAILED", cause: new Error("dry") });
    expect(hand.attempts[0]?.context.signal.aborted).toBe(true);
  });

  test("an input that does not fit fails its own call, with its place", async () => {
    const error = (await rejection(
      mapTask(square)([{ n: 1 }, { n: "2" as never }]),
    )) as EagerException;
    expect(error.root).toMatchObject({ code: "INPUT_INVALID", task: "square" });
  });

  test("cancelled, it ends at once and takes no more inputs", async () => {
    let taken = 0;
    function* endless() {
      for (;;) yield { n: taken++ };
    }
    const { hand, call } = mapped({ concurrency: 2 }, endless());
    await settleTurns();
    call.cancel();
    expect(await rejection(call)).toMatchObject({ code: "CANCELLED" });
    hand.attempts[0]?.resolve(0);
    await settleTurns();
    expect(taken).toBe(3);
  });

  test("gives the thread back while an endless source feeds calls that never wait", async () => {
    function* endless() {
      for (let n = 0; ; n++) yield { n };
    }
    const instant = task(function instant(_: { n: number }) {});
    const call = mapTask(instant, { concurrency: 4 })(endless());
    setTimeout(() => call.cancel("stop"), 5);
    expect(await rejection(call)).toMatchObject({ code: "CANCELLED", cause: "stop" });
  });

  test("of an eager workflow runs it once per input", async () => {
    const both = eager(async function both({ n }: { n: number }) {
      return (await square({ n })) + 1;
    });
    expect(await mapTask(both)(inputs(3))).toEqual([1, 2, 5]);
  });

  test("waits for a list that is still to come, and is a node of a static workflow", async () => {
    const list = task({ name: "list" }, ({ count }: { count: number }) => inputs(count));
    expect(await mapTask(square)(list({ count: 3 }))).toEqual([0, 1, 4]);
    const total = task({ name: "total" }, ({ xs }: { xs: number[] }) =>
      xs.reduce((a, b) => a + b, 0),
    );
    const flow = workflow({ name: "flow", inputs: { count: z.int() } }, ({ count }) =>
      total({ xs: mapTask(square, { concurrency: 1 })(list({ count })) }),
    );
    expect(flow.graph.nodes.map(({ name, entity }) => [name, entity])).toEqual([
      ["list", "task"],
      ["map square", "map"],
      ["total", "task"],
    ]);
    expect(await flow({ count: 4 })).toBe(14);
  });

  test("folds into bounded records: counts of all, records of the failures", async () => {
    const records = new Records();
    using observed = observedEvents();
    await mapTask(square)(inputs(12_000));
    for (const event of observed.events) records.apply(event);
    const [run] = records.runs();
    expect(run?.counts?.get("ok")).toBe(12_001);
    expect(run?.calls.size).toBeLessThanOrEqual(10_001);
    expect(observed.of("call-progress").length).toBeLessThan(1_000);
  });
});
