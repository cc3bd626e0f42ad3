import { describe, expect, test } from "vitest";
import { currentContext, type EagerException, eager, task } from "../../../../runtime/index.ts";
import { currentScope, Run } from "../../../../runtime/workflow/run.ts";
import { HandExecutor } from "../../../support/hand-executor.ts";
import { observedEvents, rejection, settleTurns } from "../../../support/observed-events.ts";

const job = task(async function job({ x }: { x: number }) {
  return x;
});
const other = task(async function other() {});

describe("an eager function", () => {
  test("that returns while calls still run settles after them, and says which nobody awaited", async () => {
    using observed = observedEvents();
    const hand = new HandExecutor();
    const run = new Run({ title: "test", executor: hand });
    let leftId = "";
    const leaves = eager(async function leaves() {
      const left = job({ x: 1 });
      leftId = left.id;
      void left.id;
      void other().then(() => {});
      return "done";
    });
    const call = run.enter(() => leaves());
    await settleTurns();
    expect(call.state).toBe("running");
    hand.attempt("job").resolve(1);
    await settleTurns();
    expect(call.state).toBe("running");
    hand.attempt("other").resolve();
    expect(await call).toBe("done");
    const settled = observed.of("call-settled");
    expect(settled.map(({ state }) => state)).toEqual(["ok", "ok", "ok"]);
    expect(settled.at(-1)).toMatchObject({ id: call.id, unawaited: [leftId] });
  });

  test("that ignores a failing call is ok; nothing is reported as unhandled", async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", listener);
    try {
      using observed = observedEvents();
      const fails = task(async function fails() {
        throw new Error("nobody looks");
      });
      const ignores = eager(async function ignores() {
        fails();
        return 1;
      });
      expect(await ignores()).toBe(1);
      await settleTurns();
      expect(unhandled).toEqual([]);
      expect(observed.story()).toEqual([
        "run ignores started",
        "ignores call-created",
        "ignores attempt-started",
        "fails call-created",
        "fails attempt-started",
        "fails attempt-failed",
        "fails failed",
        "ignores ok",
        "run ok",
      ]);
    } finally {
      process.off("unhandledRejection", listener);
    }
  });

  test("that throws cancels its running calls, at any depth, before it rejects", async () => {
    using observed = observedEvents();
    const hand = new HandExecutor();
    const run = new Run({ title: "test", executor: hand });
    const thrown = new Error("enough");
    const holds = eager(async function holds() {
      await job({ x: 1 });
    });
    const throws = eager(async function throws() {
      void holds();
      void other();
      await null;
      throw thrown;
    });
    const call = run.enter(() => throws());
    const error = (await rejection(call)) as EagerException;
    expect([error.code, error.cause]).toEqual(["TASK_FAILED", thrown]);
    expect(
      observed.of("call-settled").map(({ id, state, rootFailure }) => [id, state, rootFailure]),
    ).toEqual([
      [hand.attempt("job").id, "cancelled", call.id],
      [hand.attempt("other").id, "cancelled", call.id],
      [expect.any(String), "cancelled", call.id],
      [call.id, "failed", undefined],
    ]);
    for (const { context } of hand.attempts) expect(context.signal.reason).toBe(thrown);
    expect(run.pendingCalls).toBe(0);
  });

  test("whose call fails names that call as the root of the failure, also for its siblings", async () => {
    using observed = observedEvents();
    const hand = new HandExecutor();
    const run = new Run({ title: "test", executor: hand });
    const both = eager(async function both() {
      await Promise.all([job({ x: 1 }), other()]);
    });
    const call = run.enter(() => both());
    hand.attempt("job").reject(new Error("503"));
    await rejection(call);
    const root = hand.attempt("job").id;
    expect(
      observed.of("call-settled").map(({ id, state, rootFailure }) => [id, state, rootFailure]),
    ).toEqual([
      [root, "failed", undefined],
      [hand.attempt("other").id, "cancelled", root],
      [call.id, "failed", root],
    ]);
  });

  test("that catches a failing call goes on", async () => {
    const fails = task(async function fails(): Promise<number> {
      throw new Error("no");
    });
    const goesOn = eager(async function goesOn() {
      const first = await fails().catch(() => -1);
      return first + (await job({ x: 10 }));
    });
    expect(await goesOn()).toBe(9);
  });

  test("that returned can be called for by a timer it left, which then is a run of its own", async () => {
    using observed = observedEvents();
    const { promise, resolve } = Promise.withResolvers<number>();
    const leavesTimer = eager(async function leavesTimer() {
      setImmediate(() => resolve(job({ x: 4 })));
    });
    await leavesTimer();
    expect(await promise).toBe(4);
    expect(observed.story().filter((line) => line.startsWith("run"))).toEqual([
      "run leavesTimer started",
      "run ok",
      "run leavesTimer started",
      "run ok",
    ]);
    const [first, second] = observed.of("run-started");
    expect(second?.linkedTo).toBe(first?.runId);
  });

  test("that failed gets no more calls through by a timer it left", async () => {
    using observed = observedEvents();
    const thrown = new Error("over");
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const leavesTimer = eager(async function leavesTimer() {
      setImmediate(() => resolve(rejection(job({ x: 4 }))));
      throw thrown;
    });
    await rejection(leavesTimer());
    expect(await promise).toMatchObject({ code: "CANCELLED", cause: thrown });
    expect(observed.of("call-created")).toHaveLength(1);
  });
});

test("a function that ended well gets no more calls through once its parent has failed", async () => {
  const thrown = new Error("over");
  const hand = new HandExecutor();
  const run = new Run({ title: "test", executor: hand });
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const leavesTimer = eager(async function leavesTimer() {
    setImmediate(() => resolve(rejection(job({ x: 4 }))));
  });
  const parent = eager(async function parent() {
    await leavesTimer();
    throw thrown;
  });
  await rejection(run.enter(() => parent()));
  expect(await promise).toMatchObject({ code: "CANCELLED", cause: thrown });
  expect(hand.attempts).toEqual([]);
});

describe("a task that calls tasks", () => {
  test("waits for them too, also when it is synchronous", async () => {
    const hand = new HandExecutor();
    const seen: string[] = [];
    const run = new Run({ title: "test", executor: hand });
    const calls = eager({ name: "calls" }, (() => {
      void job({ x: 1 });
      return "sync";
    }) as unknown as () => Promise<string>);
    const call = run.enter(() => calls());
    void call.then((value) => seen.push(value));
    await settleTurns();
    expect(seen).toEqual([]);
    hand.attempt("job").resolve(1);
    await settleTurns();
    expect(seen).toEqual(["sync"]);
  });
});

describe("the context", () => {
  test("is the second argument and currentContext(), also after an await", async () => {
    const looks = task(async function looks(_inputs: Record<string, never>, context) {
      const before = currentContext();
      await null;
      return [before === context, currentContext() === context, context.attempt, context.call];
    });
    const outer = eager(async function outer() {
      return [await looks(), currentContext().call.path];
    });
    const call = outer();
    expect(await call).toEqual([
      [true, true, 1, { id: expect.any(String), name: "looks", path: ["outer", "looks"] }],
      ["outer"],
    ]);
  });

  test("outside of a call is an error that says so", () => {
    expect(() => currentContext()).toThrow(/here is no call/);
  });

  test("logs lines and reports progress for its own call", async () => {
    using observed = observedEvents();
    const works = task(async function works({ x }: { x: number }, { log, progress }) {
      log("page %d", x, { of: 3 });
      progress(1);
      progress(2, 3, "pages");
    });
    const run = new Run({ title: "test", cell: 9 });
    const call = run.enter(() => works({ x: 1 }));
    await call;
    expect(observed.of("log")).toMatchObject([
      { id: call.id, cell: 9, stream: "log", text: "page 1 { of: 3 }\n", runId: run.id },
    ]);
    expect(
      observed
        .of("call-progress")
        .map(({ id, done, total, message }) => [id, done, total, message]),
    ).toEqual([
      [call.id, 1, undefined, undefined],
      [call.id, 2, 3, "pages"],
    ]);
  });

  test("tells console.log and friends whose text it is", async () => {
    const run = new Run({ title: "test" });
    const asks = task(async function asks() {
      await null;
      return currentScope();
    });
    const call = run.enter(() => asks());
    expect(await call).toEqual({ run, callId: call.id });
    expect(run.enter(() => currentScope())).toEqual({ run });
    expect(currentScope()).toBeUndefined();
  });
});
