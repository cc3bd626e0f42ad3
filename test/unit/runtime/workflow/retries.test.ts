import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { currentContext, type EagerException, eager, task, z } from "../../../../runtime/index.ts";
import { Run } from "../../../../runtime/workflow/run.ts";
import { HandExecutor } from "../../../support/hand-executor.ts";
import { observedEvents, rejection, settleTurns } from "../../../support/observed-events.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0); // a timer that is left would keep the process alive
  vi.useRealTimers();
});

const job = task({ name: "job", retries: 2 }, async (_: { x?: number }): Promise<number> => 0);

function started(options: { retries?: number; timeout?: number | string } = {}) {
  const hand = new HandExecutor();
  const run = new Run({ title: "test", executor: hand });
  const call = run.enter(() => job.with(options)({ x: 1 }));
  return { hand, run, call };
}

describe("retries", () => {
  test("a failed attempt is followed by another after a pause that doubles", async () => {
    using observed = observedEvents();
    const { hand, call } = started();
    hand.attempt("job").reject(new Error("one"));
    await settleTurns();
    expect(call.state).toBe("retrying");
    await vi.advanceTimersByTimeAsync(99);
    expect(hand.attempts).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect([call.state, hand.attempt("job").context.attempt]).toEqual(["running", 2]);
    hand.attempt("job").reject("two");
    await vi.advanceTimersByTimeAsync(199);
    expect(hand.attempts).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    hand.attempt("job").resolve(7);
    expect(await call).toBe(7);
    expect(
      observed.of("attempt-failed").map(({ attempt, error }) => [attempt, error.line]),
    ).toEqual([
      [1, "Error: one"],
      [2, '"two"'],
    ]);
    const [first] = observed.of("attempt-failed");
    expect((first?.retryAt ?? 0) - (first?.at ?? 0)).toBeCloseTo(100, -1);
    expect(observed.of("call-settled")).toHaveLength(1);
  });

  test("when the last one fails, the call fails with its cause and the number of attempts", async () => {
    const { hand, call } = started({ retries: 1 });
    hand.attempt("job").reject(new Error("one"));
    await vi.advanceTimersByTimeAsync(100);
    hand.attempt("job").reject(new Error("two"));
    const error = (await rejection(call)) as EagerException;
    expect([error.code, error.attempts, error.cause]).toEqual(["TASK_FAILED", 2, new Error("two")]);
  });

  test("the pause may be one length of time, or worked out from the failed attempt", async () => {
    const pauses: number[] = [];
    const flaky = task(
      {
        name: "flaky",
        retries: {
          count: 2,
          backoff: (attempt) => {
            pauses.push(attempt);
            return "1s";
          },
        },
      },
      () => {
        throw new Error("no");
      },
    );
    const call = flaky();
    const ended = rejection(call);
    await vi.advanceTimersByTimeAsync(1_999);
    expect(call.state).toBe("retrying");
    await vi.advanceTimersByTimeAsync(1);
    await ended;
    expect(pauses).toEqual([1, 2]);
    expect(call.state).toBe("failed");
  });

  test("a backoff that throws ends the call, and says so beside the failure itself", async () => {
    const broken = task(
      {
        name: "broken",
        retries: {
          count: 2,
          backoff: () => {
            throw new RangeError("no pause");
          },
        },
      },
      () => {
        throw new Error("the failure");
      },
    );
    const error = (await rejection(broken())) as EagerException;
    expect(error.message).toBe(
      "broken is not tried again, its backoff failed: RangeError: no pause",
    );
    expect(error.cause).toEqual(new Error("the failure"));
  });

  test("an error that carries `recoverable: false` is not tried again", async () => {
    const { hand, call } = started();
    hand.attempt("job").reject(Object.assign(new Error("final"), { recoverable: false }));
    expect(((await rejection(call)) as EagerException).attempts).toBe(1);
  });

  test("inputs and values that do not fit are not tried again", async () => {
    let runs = 0;
    const odd = task({ name: "odd", retries: 3, output: z.int() }, () => {
      runs++;
      return "text" as never;
    });
    expect(await rejection(odd())).toMatchObject({ code: "OUTPUT_INVALID", attempts: 1 });
    expect(runs).toBe(1);
  });

  test("a cancel during the pause ends the call, and no attempt comes any more", async () => {
    const { hand, call } = started();
    hand.attempt("job").reject(new Error("one"));
    await settleTurns();
    call.cancel("enough");
    expect(await rejection(call)).toMatchObject({ code: "CANCELLED", cause: "enough" });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(hand.attempts).toHaveLength(1);
  });

  test("an eager workflow is tried again too: the calls of the failed attempt are cancelled", async () => {
    const hand = new HandExecutor();
    const run = new Run({ title: "test", executor: hand });
    const child = task(async function child(_: { n: number }) {});
    const parent = eager({ name: "parent", retries: 1 }, async () => {
      const n = currentContext().attempt;
      const pending = child({ n });
      if (n === 1) throw new Error("first");
      await pending;
      return n;
    });
    const call = run.enter(() => parent());
    await settleTurns();
    expect(hand.attempts[0]?.context.signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(100);
    expect(hand.attempts[1]?.inputs).toEqual({ n: 2 });
    hand.attempts[1]?.resolve();
    expect(await call).toBe(2);
  });
});

describe("a timeout", () => {
  test("aborts the signal and fails the call with TIMED_OUT; a value that comes later is dropped and noted", async () => {
    using observed = observedEvents();
    const { hand, call } = started({ retries: 0, timeout: "30s" });
    const { signal } = hand.attempt("job").context;
    await vi.advanceTimersByTimeAsync(29_999);
    expect(signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(signal.reason).toMatchObject({ name: "TimeoutError" });
    const error = (await rejection(call)) as EagerException;
    expect([error.code, error.kind, error.message]).toEqual([
      "TIMED_OUT",
      "timeout",
      "job timed out after 30.0 s",
    ]);
    expect(error.cause).toBe(signal.reason);
    expect(observed.of("log")).toEqual([]);
  });

  test("is of one attempt: the next one has its own, and what the old one still does changes nothing", async () => {
    using observed = observedEvents();
    const { hand, call } = started({ retries: 1, timeout: 1_000 });
    const late = hand.attempt("job");
    await vi.advanceTimersByTimeAsync(1_100);
    expect([call.state, hand.attempt("job").context.attempt]).toEqual(["running", 2]);
    expect(late.context.signal.aborted).toBe(true);
    expect(hand.attempt("job").context.signal.aborted).toBe(false);
    late.resolve(1);
    await settleTurns();
    expect(call.state).toBe("running");
    expect(observed.of("log").map(({ text }) => text)).toEqual([
      "attempt 1 returned 1 after its timeout; dropped\n",
    ]);
    hand.attempt("job").resolve(2);
    expect(await call).toBe(2);
  });

  test("refuses the calls that a timed-out attempt still makes", async () => {
    const hand = new HandExecutor();
    const run = new Run({ title: "test", executor: hand });
    const child = task(async function child() {});
    const gate = Promise.withResolvers<void>();
    let refused: unknown;
    const slow = eager({ name: "slow", timeout: 1_000, retries: 1 }, async () => {
      if (currentContext().attempt > 1) return "second";
      await gate.promise;
      refused = await child().catch((error: unknown) => error);
      return "first";
    });
    const call = run.enter(() => slow());
    await vi.advanceTimersByTimeAsync(1_000);
    gate.resolve();
    await settleTurns();
    expect(refused).toMatchObject({ code: "CANCELLED" });
    expect(hand.attempts).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(await call).toBe("second");
  });

  test("counts until the calls that a function left behind have settled", async () => {
    const hand = new HandExecutor();
    const run = new Run({ title: "test", executor: hand });
    const child = task(async function child() {});
    const parent = eager({ name: "parent", timeout: 1_000 }, async () => {
      void child();
      return 1;
    });
    const call = run.enter(() => parent());
    const ended = rejection(call);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await ended).toMatchObject({ code: "TIMED_OUT" });
    expect(hand.attempt("child").context.signal.aborted).toBe(true);
  });

  test("longer than any timer, or endless, is none", async () => {
    for (const timeout of ["30d", Number.POSITIVE_INFINITY]) {
      const { hand, call } = started({ timeout });
      expect(vi.getTimerCount()).toBe(0);
      hand.attempt("job").resolve(1);
      expect(await call).toBe(1);
    }
  });
});
