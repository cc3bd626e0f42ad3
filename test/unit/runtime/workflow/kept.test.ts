import { afterEach, describe, expect, test } from "vitest";
import { task, workflow } from "../../../../runtime/index.ts";
import { keepCalls, keptCall } from "../../../../runtime/workflow/kept.ts";
import { rejection } from "../../../support/observed-events.ts";

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

  test("run again with the newest definition of their name, old inputs and changes", async () => {
    keepCalls(10);
    const call = makeStep(1)({ x: 1, y: 10 });
    expect(await call).toBe(12);
    makeStep(100);
    expect(await keptCall(call.id)?.rerun()).toBe(111);
    expect(await keptCall(call.id)?.rerun({ x: 2 })).toBe(112);
    expect(keptCall(call.id)?.inputs).toEqual({ x: 1, y: 10 });
  });

  test("run again also when they were defined before calls were kept", async () => {
    const early = makeStep(1);
    keepCalls(10);
    const call = early({ x: 1 });
    expect(await keptCall(call.id)?.rerun({ x: 5 })).toBe(6);
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
