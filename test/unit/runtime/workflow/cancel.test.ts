import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { type EagerException, eager, task, z } from "../../../../runtime/index.ts";
import { Run, runsWithPendingCalls } from "../../../../runtime/workflow/run.ts";
import { HandExecutor } from "../../../support/hand-executor.ts";
import { observedEvents, rejection, settleTurns } from "../../../support/observed-events.ts";

const job = task(async function job({ x }: { x: number }) {
  return x;
});
const holds = eager(async function holds() {
  return await job({ x: 1 });
});

function handRun(): { hand: HandExecutor; run: Run } {
  const hand = new HandExecutor();
  return { hand, run: new Run({ title: "test", executor: hand }) };
}

describe("call.cancel", () => {
  test("rejects at once with CANCELLED and the reason, though the function goes on", async () => {
    const { hand, run } = handRun();
    const call = run.enter(() => job({ x: 1 }));
    const reason = new Error("changed my mind");
    call.cancel(reason);
    expect(call.state).toBe("cancelled");
    const error = (await rejection(call)) as EagerException;
    expect(error).toMatchObject({ code: "CANCELLED", kind: "cancelled", attempts: 1 });
    expect(error.cause).toBe(reason);
    expect(error.message).toBe("job was cancelled: Error: changed my mind");
    hand.attempt("job").resolve("too late");
    await settleTurns();
    expect(call.state).toBe("cancelled");
  });

  test("drops a late value unseen: the schema of the output is not asked", async () => {
    let asked = 0;
    const checked = task(
      { name: "checked", output: z.any().refine(() => ++asked > 0) },
      async () => 1,
    );
    const { hand, run } = handRun();
    const call = run.enter(() => checked());
    call.cancel("stop");
    hand.attempt("checked").resolve(1);
    await rejection(call);
    await settleTurns();
    expect(asked).toBe(0);
  });

  test("aborts the signals of the call and of all calls it made with the same reason", async () => {
    const { hand, run } = handRun();
    const call = run.enter(() => holds());
    const { signal } = hand.attempt("job").context;
    const heard: unknown[] = [];
    signal.addEventListener("abort", () => heard.push(signal.reason));
    call.cancel("stop");
    expect(heard).toEqual(["stop"]);
    expect((await rejection(call)) as EagerException).toMatchObject({ cause: "stop" });
    expect(run.pendingCalls).toBe(0);
  });

  test("gives a signal that is aborted already to whoever looks later", async () => {
    const { hand, run } = handRun();
    const call = run.enter(() => job({ x: 1 }));
    call.cancel("stop");
    const { signal } = hand.attempt("job").context;
    expect([signal.aborted, signal.reason]).toEqual([true, "stop"]);
    await rejection(call);
  });

  test("without a reason gives an AbortError, as AbortController does", async () => {
    const { run } = handRun();
    const call = run.enter(() => job({ x: 1 }));
    call.cancel();
    expect(((await rejection(call)) as EagerException).cause).toMatchObject({ name: "AbortError" });
  });

  test("does nothing to a call that has settled, and nothing the second time", async () => {
    using observed = observedEvents();
    const { hand, run } = handRun();
    const done = run.enter(() => job({ x: 1 }));
    hand.attempt("job").resolve(1);
    expect(await done).toBe(1);
    done.cancel("late");
    expect(done.state).toBe("ok");
    const twice = run.enter(() => job({ x: 2 }));
    twice.cancel("first");
    twice.cancel("second");
    expect(await rejection(twice)).toMatchObject({ cause: "first" });
    expect(observed.of("call-settled")).toHaveLength(2);
  });

  test("ends a call that still waits for its inputs; the function never runs", async () => {
    const { hand, run } = handRun();
    const input = Promise.withResolvers<number>();
    const call = run.enter(() => job({ x: input.promise }));
    expect(call.state).toBe("queued");
    call.cancel("stop");
    input.resolve(1);
    await rejection(call);
    await settleTurns();
    expect(hand.attempts).toEqual([]);
  });

  test("of a call in an eager one lets that catch it and go on", async () => {
    const { run } = handRun();
    const goesOn = eager(async function goesOn() {
      const call = job({ x: 1 });
      call.cancel("not needed");
      return await call.catch((error: EagerException) => error.code);
    });
    expect(await run.enter(() => goesOn())).toBe("CANCELLED");
  });

  test("reaches a chain of 20,000 calls", async () => {
    const { hand, run } = handRun();
    const down = eager(async function downOne({ n }: { n: number }): Promise<number> {
      return n === 0 ? await job({ x: 1 }) : await down({ n: n - 1 });
    });
    const call = run.enter(() => down({ n: 20_000 }));
    while (hand.attempts.length === 0) await settleTurns();
    expect(run.pendingCalls).toBe(20_002);
    call.cancel("stop");
    expect(run.pendingCalls).toBe(0);
    await rejection(call);
  });
});

describe("run.abort", () => {
  test("rejects what runs and what is called later with the reason, once each", async () => {
    using observed = observedEvents();
    const { run } = handRun();
    const interrupted = Object.assign(new Error("interrupted"), { name: "Interrupted" });
    const running = run.enter(() => holds());
    run.abort(interrupted);
    const late = run.enter(() => job({ x: 2 }));
    expect([running.state, late.state]).toEqual(["cancelled", "cancelled"]);
    for (const call of [running, late]) {
      const error = (await rejection(call)) as EagerException;
      expect([error.code, error.cause]).toEqual(["CANCELLED", interrupted]);
    }
    expect(run.signal.reason).toBe(interrupted);
    await run.end("interrupted");
    expect(observed.story()).toEqual([
      "run test started",
      "holds call-created",
      "holds attempt-started",
      "job call-created",
      "job attempt-started",
      "job cancelled",
      "holds cancelled",
      "job call-created",
      "job cancelled",
      "run interrupted",
    ]);
  });

  test("stops an eager function that catches everything and calls on and on", async () => {
    using observed = observedEvents();
    const { run } = handRun();
    let tried = 0;
    const stubborn = eager(async function stubborn() {
      while (tried < 50) {
        tried++;
        await job({ x: tried }).catch(() => {});
      }
    });
    const call = run.enter(() => stubborn());
    run.abort("stop");
    await rejection(call);
    await run.end("interrupted");
    const told = observed.events.length;
    while (tried < 50) await settleTurns();
    await settleTurns();
    // After the end of the run its refused calls are nobody's news.
    expect(observed.events.length).toBe(told);
  });

  test("of one run leaves the others alone", async () => {
    const { hand, run } = handRun();
    const calm = new Run({ title: "calm", executor: hand });
    const call = calm.enter(() => job({ x: 1 }));
    run.abort("stop");
    hand.attempt("job").resolve(7);
    expect(await call).toBe(7);
  });

  test("a promise that was given to a refused call is no unhandled rejection", async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", listener);
    try {
      const { run } = handRun();
      run.abort("stop");
      const call = run.enter(() => job({ x: Promise.reject(new Error("input")) }));
      await rejection(call);
      await settleTurns();
      expect(unhandled).toEqual([]);
    } finally {
      process.off("unhandledRejection", listener);
    }
  });
});

describe("what stays behind", () => {
  test("is nothing: 1,000 calls that read their signal leave no listener on the run's", async () => {
    const run = new Run({ title: "test" });
    const reads = task(async function reads(_: Record<string, never>, { signal }) {
      return signal.aborted;
    });
    const many = eager(async function many() {
      return await Promise.all(Array.from({ length: 1_000 }, () => reads()));
    });
    expect((await run.enter(() => many())).some(Boolean)).toBe(false);
    expect(getEventListeners(run.signal, "abort")).toEqual([]);
    expect([run.pendingCalls, run.runningCalls.size]).toEqual([0, 0]);
  });

  test("is known: runs whose calls have not settled", async () => {
    const { hand, run } = handRun();
    const before = runsWithPendingCalls();
    const call = run.enter(() => job({ x: 1 }));
    const ended = run.end("ok");
    expect(runsWithPendingCalls()).toEqual([...before, run]);
    hand.attempt("job").resolve(1);
    await call;
    await ended;
    expect(runsWithPendingCalls()).toEqual(before);
  });

  test("an abort listener that cancels and calls again changes nothing", async () => {
    using observed = observedEvents();
    const { hand, run } = handRun();
    const call = run.enter(() => holds());
    const attempt = hand.attempt("job");
    const late: Promise<unknown>[] = [];
    attempt.context.signal.addEventListener("abort", () => {
      call.cancel("again");
      run.abort("and again");
      late.push(rejection(run.enter(() => job({ x: 3 }))));
      attempt.reject(new Error("as fetch does"));
    });
    call.cancel("first");
    expect(await rejection(call)).toMatchObject({ cause: "first" });
    expect(await Promise.all(late)).toMatchObject([{ code: "CANCELLED", cause: "and again" }]);
    await settleTurns();
    expect(observed.of("call-settled")).toHaveLength(3);
  });
});
