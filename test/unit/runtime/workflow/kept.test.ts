import { afterEach, describe, expect, test } from "vitest";
import { task, workflow } from "../../../../runtime/index.ts";
import { callAgain } from "../../../../runtime/workflow/again.ts";
import { type KeptCall, keepCalls, keptCall } from "../../../../runtime/workflow/kept.ts";
import { Run } from "../../../../runtime/workflow/run.ts";
import { observedEvents, rejection } from "../../../support/observed-events.ts";

afterEach(() => keepCalls(0));

const makeStep = (by: number) =>
  task({ name: "step" }, ({ x, y = 0 }: { x: number; y?: number }) => x + y + by);

describe("kept calls", () => {
  test("are none until somebody asks for it, and none again after", async () => {
    const step = makeStep(1);
    const call = step({ x: 1 });
    await call;
    expect(keptCall(call.id)).toBeUndefined();
    keepCalls(10);
    const kept = step({ x: 1 });
    expect(keptCall(kept.id)).toBeDefined();
    keepCalls(0);
    expect(keptCall(kept.id)).toBeUndefined();
  });

  test("hold the real inputs and the outcome", async () => {
    keepCalls(10);
    const value = { deep: [1] };
    const same = task(function same({ value }: { value: object }) {
      return value;
    });
    const call = same({ value });
    await call;
    const kept = keptCall(call.id);
    expect(kept).toMatchObject({ id: call.id, name: "same", runId: expect.any(String) });
    expect(kept?.inputs["value"]).toBe(value);
    expect(kept?.outcome).toEqual({ ok: true, value });
    const later = same({ value: Promise.resolve(value) });
    expect(keptCall(later.id)?.outcome).toBeUndefined();
    await later;
    expect(keptCall(later.id)?.inputs["value"]).toBe(value);
    const fails = task(function fails() {
      throw new Error("no");
    });
    const failed = fails();
    const error = await rejection(failed);
    expect(keptCall(failed.id)?.outcome).toEqual({ ok: false, error });
  });

  test("are the newest ones only", async () => {
    keepCalls(3);
    const step = makeStep(1);
    const calls = Array.from({ length: 5 }, (_, x) => step({ x }));
    await Promise.all(calls);
    expect(calls.map(({ id }) => keptCall(id) !== undefined)).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  const again = (id: string, changes: object = {}) => {
    const kept = keptCall(id) as KeptCall;
    return callAgain(kept, { ...kept.inputs, ...changes });
  };

  test("run again with the newest definition of their name, old inputs and changes", async () => {
    keepCalls(10);
    const call = makeStep(1)({ x: 1, y: 10 });
    expect(await call).toBe(12);
    makeStep(100);
    using observed = observedEvents();
    expect(await again(call.id)).toBe(111);
    expect(await again(call.id, { x: 2 })).toBe(112);
    expect(keptCall(call.id)?.inputs).toEqual({ x: 1, y: 10 });
    const { runId } = keptCall(call.id) as KeptCall;
    expect(observed.of("run-started").map(({ linkedTo }) => linkedTo)).toEqual([runId, runId]);
  });

  test("run again also when they were defined before calls were kept", async () => {
    const early = makeStep(1);
    keepCalls(10);
    const call = early({ x: 1 });
    expect(await again(call.id, { x: 5 })).toBe(6);
  });

  test("run again within a run are interrupted with it", async () => {
    keepCalls(10);
    const waits = task({ name: "waits" }, async (_: object, { signal }) => {
      if (!signal.aborted)
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
    const call = waits({});
    const run = new Run({ title: "cell" });
    const second = run.enter(() => again(call.id));
    run.abort(new Error("stop"));
    expect(await rejection(second)).toMatchObject({ code: "CANCELLED", cause: new Error("stop") });
    call.cancel();
  });

  test("of a name that nothing has any more says what to do", () => {
    keepCalls(10);
    expect(() => callAgain({ id: "t1", name: "gone", runId: "r1" }, {})).toThrow(
      "there is no task gone in this session: run the cell that defines it first",
    );
  });
});

test("a static workflow follows a task that is defined anew, as an eager one does", async () => {
  keepCalls(10);
  let step = makeStep(1);
  const twice = workflow(function twice({ x }: { x: Promise<number> }) {
    return step({ x: step({ x }) });
  });
  expect(await twice({ x: 0 })).toBe(2);
  step = makeStep(10);
  expect(await twice({ x: 0 })).toBe(20);
});
