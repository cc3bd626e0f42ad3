import { describe, expect, test } from "vitest";
import { type EagerException, eager, task } from "../../../../runtime/index.ts";
import { numberCallsFrom, observe, setLocator } from "../../../../runtime/workflow/engine.ts";
import { Run } from "../../../../runtime/workflow/run.ts";
import { HandExecutor } from "../../../support/hand-executor.ts";
import { observedEvents, rejection, settleTurns } from "../../../support/observed-events.ts";

const addOne = task(function addOne({ x }: { x: number }) {
  return x + 1;
});
const job = task(async function job({ x }: { x: number }) {
  return x;
});

describe("a run", () => {
  test("without calls says nothing and ends at once", async () => {
    using observed = observedEvents();
    const run = new Run({ title: "In [1]" });
    expect(run.enter(() => 7)).toBe(7);
    await run.end("ok");
    expect([run.isAnnounced, run.pendingCalls, observed.events]).toEqual([false, 0, []]);
  });

  test("starts with its first call and names its cell", async () => {
    using observed = observedEvents();
    const run = new Run({ title: "In [7]", cell: 12, n: 7, cellId: "abc", linkedTo: "r1" });
    await run.enter(() => addOne({ x: 1 }));
    await run.end("ok");
    expect(observed.of("run-started")).toEqual([
      {
        kind: "run-started",
        runId: run.id,
        at: expect.any(Number),
        v: 1,
        title: "In [7]",
        cell: 12,
        n: 7,
        cellId: "abc",
        linkedTo: "r1",
        backend: "local",
        versions: {
          eagerdeck: expect.stringMatching(/^\d+\.\d+\.\d+/),
          node: process.versions.node,
        },
      },
    ]);
    expect(observed.of("run-ended")).toEqual([
      { kind: "run-ended", runId: run.id, at: expect.any(Number), state: "ok" },
    ]);
  });

  test("ends after its last call, with the error and the calls that nobody awaited", async () => {
    using observed = observedEvents();
    const hand = new HandExecutor();
    const run = new Run({ title: "In [1]", executor: hand });
    const left = run.enter(() => job({ x: 1 }));
    const awaited = run.enter(() => job({ x: 2 }));
    void awaited.then(() => {});
    let ended = false;
    const end = run.end("failed", new TypeError("after its calls")).then(() => {
      ended = true;
    });
    await settleTurns();
    expect([ended, run.pendingCalls, observed.of("run-ended")]).toEqual([false, 2, []]);
    for (const attempt of hand.attempts) attempt.resolve(attempt.inputs["x"]);
    await end;
    expect(observed.of("run-ended")).toMatchObject([
      {
        state: "failed",
        unawaited: [left.id],
        error: { line: expect.stringContaining("after its calls") },
      },
    ]);
  });

  test("ends once, however often that is said", async () => {
    using observed = observedEvents();
    const run = new Run({ title: "In [1]" });
    await run.enter(() => addOne({ x: 1 }));
    await Promise.all([run.end("ok"), run.end("failed", new Error("late"))]);
    expect(observed.of("run-ended").map(({ state }) => state)).toEqual(["ok"]);
  });

  test("is one per root call in plain Node, named after it", async () => {
    using observed = observedEvents();
    const simple = eager(async function simple() {
      return await addOne({ x: await addOne({ x: 1 }) });
    });
    await simple();
    await addOne({ x: 1 });
    expect(observed.story()).toEqual([
      "run simple started",
      "simple call-created",
      "simple attempt-started",
      "addOne call-created",
      "addOne attempt-started",
      "addOne ok",
      "addOne call-created",
      "addOne attempt-started",
      "addOne ok",
      "simple ok",
      "run ok",
      "run addOne started",
      "addOne call-created",
      "addOne attempt-started",
      "addOne ok",
      "run ok",
    ]);
  });
});

describe("events", () => {
  test("carry previews, dependencies and the place of the call", async () => {
    setLocator(() => ({ file: "In [3]", line: 2, column: 7 }));
    try {
      using observed = observedEvents();
      const run = new Run({ title: "In [3]" });
      const first = run.enter(() => addOne({ x: 1 }));
      const second = run.enter(() => job({ x: first }));
      await second;
      const [, created] = observed.of("call-created");
      expect(created).toMatchObject({
        id: second.id,
        seq: 2,
        name: "job",
        entity: "task",
        version: expect.stringMatching(/^[0-9a-f]{8}$/),
        where: "local",
        deps: [first.id],
        inputs: [{ name: "x", preview: { line: `← ${first.id} addOne`, kind: "call" } }],
        source: { file: "In [3]", line: 2, column: 7 },
      });
      expect(observed.of("attempt-started").at(-1)).toMatchObject({
        id: second.id,
        attempt: 1,
        inputs: [{ name: "x", preview: { line: "2" } }],
      });
      expect(observed.of("call-settled").at(-1)).toMatchObject({
        state: "ok",
        output: { line: "2" },
      });
      const fails = task(async function fails() {
        await null;
        throw new Error("no");
      });
      const error = (await rejection(run.enter(() => fails()))) as EagerException;
      expect(error.source).toEqual({ file: "In [3]", line: 2, column: 7 });
      // It failed after an `await`, where the stack does not know the caller any more.
      expect(error.stack?.split("\n")).toEqual([
        "EagerException: fails failed: Error: no",
        "    at In [3]:2:7",
      ]);
    } finally {
      setLocator(undefined);
    }
  });

  test("have the same version for the same source, another one for another", async () => {
    using observed = observedEvents();
    const make = (step: () => number) => task({ name: "step" }, step);
    await make(() => 1)();
    await make(() => 1)();
    await make(() => 2)();
    const [a, b, c] = observed.of("call-created").map(({ version }) => version);
    expect([a === b, a === c]).toEqual([true, false]);
  });

  test("are not made while nobody listens: no place of a call is looked up", async () => {
    let asked = 0;
    setLocator(() => {
      asked++;
      return undefined;
    });
    try {
      await addOne({ x: 1 });
      expect(asked).toBe(0);
      const stop = observe(() => {});
      await addOne({ x: 1 });
      stop();
      await addOne({ x: 1 });
      expect(asked).toBe(1);
    } finally {
      setLocator(undefined);
    }
  });

  test("reach all listeners although one of them throws, and the call is not harmed", async () => {
    const uncaught: unknown[] = [];
    const kept = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => uncaught.push(error));
    try {
      const bug = new Error("bug of a reader");
      const stop = observe(() => {
        throw bug;
      });
      using observed = observedEvents();
      expect(await addOne({ x: 1 })).toBe(2);
      stop();
      await settleTurns();
      expect(observed.story().at(-1)).toBe("run ok");
      expect(new Set(uncaught)).toEqual(new Set([bug]));
    } finally {
      process.removeAllListeners("uncaughtException");
      for (const listener of kept) process.on("uncaughtException", listener);
    }
  });

  test("never run backwards", async () => {
    using observed = observedEvents();
    await Promise.all(Array.from({ length: 200 }, (_, x) => job({ x })));
    const times = observed.events.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(Math.abs((times[0] ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  test("of an argument that is no object show it all the same", async () => {
    using observed = observedEvents();
    await rejection((addOne as unknown as (x: number) => Promise<number>)(5));
    expect(observed.of("call-created")).toMatchObject([
      { inputs: [{ name: "argument", preview: { line: "5" } }] },
    ]);
    expect(observed.story()).toEqual([
      "run addOne started",
      "addOne call-created",
      "addOne failed",
      "run failed",
    ]);
  });
});

test("calls are numbered from where the last user process stopped", async () => {
  numberCallsFrom(4_000);
  expect(addOne({ x: 1 }).id).toBe("t4000");
  expect(addOne({ x: 1 }).id).toBe("t4001");
});
