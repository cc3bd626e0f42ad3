import { describe, expect, test } from "vitest";
import { eager, group, task } from "../../../../runtime/index.ts";
import { Run } from "../../../../runtime/workflow/run.ts";
import { HandExecutor } from "../../../support/hand-executor.ts";
import { observedEvents, rejection, settleTurns } from "../../../support/observed-events.ts";

const job = task(async function job(_: { n: number }): Promise<number> {
  return 0;
});

function limited(concurrency: number, body: () => Promise<unknown>) {
  const hand = new HandExecutor();
  const run = new Run({ title: "test", executor: hand });
  const outer = eager({ name: "outer", concurrency }, body);
  const call = run.enter(() => outer());
  return { hand, call, running: () => hand.attempts.map(({ inputs }) => inputs["n"]) };
}

describe("a limit of concurrency", () => {
  test("lets so many calls of an eager workflow run at once, the others in their order", async () => {
    const { hand, call, running } = limited(2, () =>
      Promise.all([1, 2, 3, 4].map((n) => job({ n }))),
    );
    expect(running()).toEqual([1, 2]);
    hand.attempts[1]?.resolve(20);
    await settleTurns();
    expect(running()).toEqual([1, 2, 3]);
    hand.attempts[0]?.resolve(10);
    hand.attempts[2]?.resolve(30);
    await settleTurns();
    hand.attempts[3]?.resolve(40);
    expect(await call).toEqual([10, 20, 30, 40]);
  });

  test("gives the place of a call that failed or was cancelled to the next one", async () => {
    const calls: Promise<unknown>[] = [];
    const { hand, call, running } = limited(1, async () => {
      const made = [1, 2, 3].map((n) => job({ n }));
      calls.push(...made.map((each) => each.catch(() => "caught")));
      made[1]?.cancel();
      return await Promise.all(calls);
    });
    hand.attempts[0]?.reject(new Error("no"));
    await settleTurns();
    expect(running()).toEqual([1, 3]);
    hand.attempts[1]?.resolve(3);
    expect(await call).toEqual(["caught", "caught", 3]);
  });

  test("does not count a call that waits for its inputs, so that it cannot block itself", async () => {
    const { hand, call } = limited(1, async () => await job({ n: job({ n: 1 }) }));
    hand.attempts[0]?.resolve(5);
    await settleTurns();
    expect(hand.attempts[1]?.inputs).toEqual({ n: 5 });
    hand.attempts[1]?.resolve(6);
    expect(await call).toBe(6);
  });

  test("frees the place while a call waits for its next attempt", async () => {
    const patient = job.with({ retries: { count: 1, backoff: "1d" } });
    const { hand, call, running } = limited(1, () =>
      Promise.race([patient({ n: 1 }), job({ n: 2 })]).then((value) => {
        throw new Error(`over with ${value}`);
      }),
    );
    hand.attempts[0]?.reject(new Error("later"));
    await settleTurns();
    expect(running()).toEqual([1, 2]);
    hand.attempts[1]?.resolve(7);
    expect(await rejection(call)).toMatchObject({ cause: { message: "over with 7" } });
  });

  test("counts through groups, which take no place themselves", async () => {
    const { hand, call, running } = limited(1, () =>
      Promise.all([group("a", () => job({ n: 1 })), group("b", () => job({ n: 2 }))]),
    );
    expect(running()).toEqual([1]);
    hand.attempts[0]?.resolve(1);
    await settleTurns();
    expect(running()).toEqual([1, 2]);
    hand.attempts[1]?.resolve(2);
    expect(await call).toEqual([1, 2]);
  });

  test("does not reach into the eager workflows below", async () => {
    const inner = eager(async function inner() {
      return await Promise.all([job({ n: 1 }), job({ n: 2 })]);
    });
    const { hand, call, running } = limited(1, () => inner());
    expect(running()).toEqual([1, 2]);
    for (const attempt of hand.attempts) attempt.resolve(1);
    expect(await call).toEqual([1, 1]);
  });

  test("holds for 100,000 calls that end in the turn they start in", async () => {
    const instant = task(function instant({ n }: { n: number }) {
      return n;
    });
    const all = eager({ name: "all", concurrency: 3 }, async () => {
      const values = await Promise.all(Array.from({ length: 100_000 }, (_, n) => instant({ n })));
      return values.reduce((sum, n) => sum + n, 0);
    });
    expect(await all()).toBe(4_999_950_000);
  });
});

describe("a group", () => {
  test("is a row of the tree with the calls below it, and gives what its function gives", async () => {
    using observed = observedEvents();
    const value = await group("load", async () => await job({ n: 1 }));
    expect(value).toBe(0);
    const [load, child] = observed.of("call-created");
    expect([load?.entity, load?.name]).toEqual(["group", "load"]);
    expect(child?.parentId).toBe(load?.id);
  });

  test("lets through what its function throws, as it is", async () => {
    const error = new RangeError("as it is");
    expect(
      await rejection(
        group("load", () => {
          throw error;
        }),
      ),
    ).toBe(error);
    expect(await rejection(group("load", () => Promise.reject("text")))).toBe("text");
    const inner = (await rejection(group("load", () => failing()))) as {
      code: string;
      task: string;
    };
    expect([inner.code, inner.task]).toEqual(["TASK_FAILED", "failing"]);
  });

  test("needs a name and a function", () => {
    expect(() => group("", () => 1)).toThrow("group() takes a name and a function");
    expect(() => group("a", 3 as never)).toThrow(TypeError);
  });
});

const failing = task(async function failing() {
  throw new Error("below");
});
