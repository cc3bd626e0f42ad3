/**
 * What if X came before Y: calls under any order of ends, failures, cancels and aborts.
 */
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type EagerException, eager, task } from "../../../../runtime/index.ts";
import type { Call } from "../../../../runtime/workflow/call.ts";
import { Run } from "../../../../runtime/workflow/run.ts";
import { HandExecutor } from "../../../support/hand-executor.ts";
import { observedEvents, settleTurns } from "../../../support/observed-events.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const job = task(async function job(_: { x: unknown }): Promise<number> {
  return 0;
});

/** A tree of calls: an eager function makes its children, awaits some of them, then returns or throws. */
interface Plan {
  readonly children: readonly Plan[];
  /** Whether the parent awaits it. */
  readonly awaited: boolean;
  /** Whether the first child is an input of this job. */
  readonly waits: boolean;
  readonly throws: boolean;
  readonly retries: number;
  /** Milliseconds, of each attempt. */
  readonly timeout: number;
  /** How many of its children run at once. */
  readonly concurrency: number;
}

const plan: fc.Arbitrary<Plan> = fc.letrec<{ plan: Plan; leaf: Plan; node: Plan }>((tie) => {
  const shape = {
    awaited: fc.boolean(),
    waits: fc.boolean(),
    throws: fc.boolean(),
    retries: fc.constantFrom(0, 0, 1, 2),
    timeout: fc.constantFrom(Number.POSITIVE_INFINITY, 50, 500),
    concurrency: fc.constantFrom(Number.POSITIVE_INFINITY, 1, 2),
  };
  return {
    plan: fc.oneof({ maxDepth: 3 }, tie("leaf"), tie("node")),
    leaf: fc.record({ ...shape, children: fc.constant<Plan[]>([]) }),
    node: fc.record({ ...shape, children: fc.array(tie("plan"), { minLength: 1, maxLength: 3 }) }),
  };
}).plan;

type Step =
  | { readonly kind: "resolve" | "reject" | "cancel"; readonly which: number }
  | { readonly kind: "turn" }
  | { readonly kind: "time"; readonly ms: number }
  | { readonly kind: "abort" };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constantFrom("resolve", "reject", "cancel"),
        which: fc.nat({ max: 20 }),
      }),
    },
    { weight: 4, arbitrary: fc.constant<Step>({ kind: "turn" }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("time"), ms: fc.constantFrom(1, 50, 100, 500) }),
    },
    { weight: 1, arbitrary: fc.constant<Step>({ kind: "abort" }) },
  ) as fc.Arbitrary<Step>,
  { maxLength: 40 },
);

test("L1: every call settles exactly once, parents after their children, whatever races", async () => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => unhandled.push(reason);
  process.on("unhandledRejection", listener);
  await fc.assert(
    fc.asyncProperty(plan, steps, async (root, order) => {
      using observed = observedEvents();
      const hand = new HandExecutor();
      const run = new Run({ title: "test", executor: hand });
      const calls: Call<unknown>[] = [];
      const make = (own: Plan): Call<unknown> => {
        let call: Call<unknown>;
        if (own.children.length === 0) {
          const { retries, timeout } = own;
          call = job.with({ retries, timeout })({ x: 1 });
        } else {
          const { retries, timeout, concurrency } = own;
          const node = eager({ name: "node", retries, timeout, concurrency }, async () => {
            const made = own.children.map(make);
            if (own.waits) made.push(track(job({ x: made[0] })));
            if (own.throws) throw new Error("planned");
            await Promise.all(made.filter((_, index) => own.children[index]?.awaited));
          });
          call = node();
        }
        return track(call);
      };
      const track = <T>(call: Call<T>): Call<T> => {
        calls.push(call);
        return call;
      };
      const rootCall = run.enter(() => make(root));
      const ends: Promise<string>[] = [
        rootCall.then(
          () => "ok",
          () => "failed",
        ),
      ];
      for (const step of order) {
        if (step.kind === "turn") await settleTurns();
        else if (step.kind === "time") await vi.advanceTimersByTimeAsync(step.ms);
        else if (step.kind === "abort") run.abort(new Error("abort"));
        else if (step.kind === "cancel")
          calls[step.which % calls.length]?.cancel(new Error("cancel"));
        else if (hand.attempts.length > 0) {
          hand.attempts[step.which % hand.attempts.length]?.[step.kind](new Error("given"));
        }
      }
      // What is left ends well; new attempts may start while others end.
      for (let done = 0; run.pendingCalls > 0; ) {
        for (; done < hand.attempts.length; done++) hand.attempts[done]?.resolve(1);
        await settleTurns();
        if (vi.getTimerCount() > 0) await vi.advanceTimersToNextTimerAsync();
      }
      await run.end("ok");
      await Promise.all(ends);
      await settleTurns();

      const created = observed.of("call-created");
      const settled = observed.of("call-settled");
      expect(settled.map(({ id }) => id).toSorted()).toEqual(
        created.map(({ id }) => id).toSorted(),
      );
      const at = new Map(settled.map((event) => [event.id, observed.events.indexOf(event)]));
      for (const { id, parentId } of created) {
        if (parentId) expect(at.get(id)).toBeLessThan(at.get(parentId) ?? Number.NaN);
      }
      for (const event of settled) {
        expect("output" in event).toBe(event.state === "ok");
        expect("error" in event).toBe(event.state !== "ok");
        // The root of a failure is a call that failed itself, and settled before.
        if (event.rootFailure) {
          const root = settled.find(({ id }) => id === event.rootFailure);
          expect(root && root.state !== "ok").toBe(true);
        }
      }
      for (const call of calls) {
        const state = settled.find(({ id }) => id === call.id)?.state;
        expect(call.state).toBe(state);
        const outcome = await call.then(
          () => "ok",
          (error: EagerException) => (error.code === "CANCELLED" ? "cancelled" : "failed"),
        );
        expect(outcome).toBe(state);
      }
      // What an attempt that timed out still returns is a log line, and may come after everything else.
      const last = observed.events.findLast(({ kind }) => kind !== "log");
      expect(last?.kind).toBe("run-ended");
      expect(run.runningCalls.size).toBe(0);
    }),
    { numRuns: 500 },
  );
  await settleTurns();
  process.off("unhandledRejection", listener);
  expect(unhandled).toEqual([]);
});

test("L2: a cancel in the turn of the end changes nothing, whichever comes first", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("resolve", "reject"),
      fc.boolean(),
      async (end, cancelFirst) => {
        using observed = observedEvents();
        const hand = new HandExecutor();
        const run = new Run({ title: "test", executor: hand });
        const call = run.enter(() => job({ x: 1 }));
        const ending = () => hand.attempt("job")[end](new Error("given"));
        if (cancelFirst) {
          call.cancel("stop");
          ending();
        } else {
          ending();
          call.cancel("stop");
        }
        await call.catch(() => {});
        // The end of a promise takes a turn: a cancel in the same one wins in both orders.
        expect(observed.of("call-settled").map(({ state }) => state)).toEqual(["cancelled"]);
      },
    ),
  );
});

test("any JSON value passes through a task as it is, in and out", async () => {
  const same = task(function same({ value }: { value: unknown }) {
    return value;
  });
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      using observed = observedEvents();
      expect(await same({ value })).toBe(value);
      expect(observed.of("call-settled")[0]?.state).toBe("ok");
    }),
  );
});

test("any name of an input works, also those of Object.prototype", async () => {
  const keys = task(function keys(inputs: Record<string, unknown>) {
    return Object.entries(inputs);
  });
  await fc.assert(
    fc.asyncProperty(fc.string(), async (name) => {
      using observed = observedEvents();
      const inputs = Object.fromEntries([[name, Promise.resolve(1)]]);
      expect(await keys(inputs as never)).toEqual([[name, 1]]);
      expect(observed.of("call-created")[0]?.inputs.map((input) => input.name)).toEqual([name]);
    }),
    { examples: [["__proto__"], ["constructor"], ["then"], ["toString"]] },
  );
});
