import { describe, expect, test } from "vitest";
import { eager, mapTask, task, workflow, z } from "../../../../runtime/index.ts";
import { definitionOf } from "../../../../runtime/workflow/definition.ts";
import { durationMs } from "../../../../runtime/workflow/duration.ts";
import { Run } from "../../../../runtime/workflow/run.ts";
import { HandExecutor } from "../../../support/hand-executor.ts";
import { rejection } from "../../../support/observed-events.ts";

const noop = () => undefined;

describe("options", () => {
  test.each([
    [{ retry: 3 }, 'task t has no option "retry"; did you mean retries?'],
    [{ timeOut: 3 }, 'task t has no option "timeOut"; did you mean timeout?'],
    [
      { retries: -1 },
      'task t: retries is -1; write retries: 3, or retries: { count: 3, backoff: "1s" }',
    ],
    [{ retries: { count: 1.5 } }, "retries is { count: 1.5 }"],
    [
      { retries: { count: 1, backoff: "soon" } },
      'the backoff of retries is "soon", not a length of time',
    ],
    [{ timeout: "soon" }, 'task t: timeout is "soon", not a length of time'],
    [{ timeout: 0 }, "no attempt could end in time"],
    [{ timeout: -1 }, "timeout is -1"],
    [{ timeout: Number.NaN }, "timeout is NaN"],
    [{ cache: "yes" }, 'task t: cache is "yes"; write cache: true'],
    [{ cache: { tll: 3 } }, 'task t: cache has no option "tll"; did you mean ttl?'],
    [{ cache: { version: 2 } }, "the version of its cache is text, not 2"],
    [{ cache: { ignore: "x" } }, "cache.ignore lists names of inputs"],
    [{ concurrency: 0 }, "concurrency is how many calls run at once, 1 or more, not 0"],
    [{ thread: 1 }, "thread is true or false, not 1"],
    [{ output: z.int(), outputs: { a: z.int() } }, "give one"],
    [{ outputs: z.int() }, "`outputs` names each output with its schema"],
    [{ outputs: { a: 1 } }, "output `a` has no schema"],
  ])("%j is refused with advice", (options, message) => {
    const make = () => task({ name: "t", ...options } as never, noop);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });

  test("an eager or static workflow runs in no thread", () => {
    expect(() => eager({ name: "e", thread: true }, async () => 1)).toThrow(
      "only a task runs in a thread",
    );
    expect(() => workflow({ name: "w", thread: true }, noop)).toThrow(
      "only a task runs in a thread",
    );
  });

  test("what a cluster needs is taken and says nothing here", async () => {
    const big = task(
      {
        name: "big",
        resources: { cpu: 2, memory: { request: "1Gi", limit: "2Gi" } },
        image: "python:3.12",
        env: { A: "1" },
        secrets: [{ group: "team", key: "token" }],
        labels: { team: "data" },
        deck: true,
      },
      () => 1,
    );
    expect(await big()).toBe(1);
  });
});

describe("with()", () => {
  const addOne = task(
    { inputs: { x: z.int() }, output: z.int(), retries: 1 },
    function addOne({ x }) {
      return x + 1;
    },
  );

  test("changes one call and leaves the task as it is", async () => {
    const patient = addOne.with({ retries: 3, timeout: "1m" });
    expect(await patient({ x: 1 })).toBe(2);
    expect([patient.name, patient.fn]).toEqual(["addOne", addOne.fn]);
    expect(definitionOf(patient)?.settings.retries?.count).toBe(3);
    expect(definitionOf(patient.with({ timeout: "2m" }))?.settings).toMatchObject({
      retries: { count: 3 },
      timeoutMs: 120_000,
    });
    expect(definitionOf(addOne)?.settings.retries?.count).toBe(1);
  });

  test("refuses what is no option of a call", () => {
    expect(() => addOne.with({ inputs: {} } as never)).toThrow(
      'addOne: with() has no option "inputs"',
    );
    expect(() => addOne.with(3 as never)).toThrow("with() takes an object of options");
  });

  test("works for static and eager workflows, and inside of a static one", async () => {
    const static_ = workflow({ inputs: { x: z.int() } }, function static_({ x }) {
      return addOne.with({ retries: 0 })({ x });
    });
    expect(await static_.with({ timeout: "1m" })({ x: 1 })).toBe(2);
    expect(static_.with({ timeout: "1m" }).graph.nodes).toHaveLength(1);
    const both = eager(async function both() {
      return (await addOne({ x: 1 })) + (await static_({ x: 1 }));
    });
    expect(await both.with({ concurrency: 1 })()).toBe(4);
  });
});

describe("on()", () => {
  test("runs one call by something else; what it calls follows its own scope", async () => {
    const hand = new HandExecutor();
    const job = task(async function job(): Promise<number> {
      return 1;
    });
    const run = new Run({ title: "test" });
    const both = run.enter(() => Promise.all([job(), job.on(hand)()]));
    hand.attempt("job").resolve(2);
    expect(await both).toEqual([1, 2]);
    expect(() => job.on("remote" as never)).toThrow(
      'on() takes a FlyteRemote or "local", not "remote"',
    );
  });
});

describe("named outputs", () => {
  const stats = task(
    {
      inputs: { xs: z.array(z.number()) },
      outputs: { mean: z.number(), count: z.int().default(0) },
    },
    function stats({ xs }) {
      return { mean: xs.reduce((a, b) => a + b, 0) / xs.length };
    },
  );

  test("are checked by name, with defaults filled in", async () => {
    expect(await stats({ xs: [1, 3] })).toEqual({ mean: 2, count: 0 });
  });

  test.each([
    ["text", 'expected an object of a, received "text"'],
    [null, "expected an object of a, received null"],
    [{ a: "1" }, "a: "],
    [{}, "a: is missing"],
    [{ a: 1, b: 2 }, "b: is not an output; the outputs are a"],
  ])("%j is refused", async (value, message) => {
    const odd = task({ name: "odd", outputs: { a: z.int() } }, () => value as never);
    const error = await rejection(odd());
    expect(error).toMatchObject({ code: "OUTPUT_INVALID" });
    expect((error as Error).message).toContain(message);
  });
});

test.each([
  [1_500, 1_500],
  ["500ms", 500],
  ["30s", 30_000],
  ["1h 30m", 5_400_000],
  ["1h30m", 5_400_000],
  ["0.5s", 500],
  ["7d", 604_800_000],
  [0, 0],
])("%j is %i ms", (text, ms) => {
  expect(durationMs(text, "x")).toBe(ms);
});

test.each(["", "5", "s", "5 parsecs", "1h x", "-1s", {}, null, undefined, Number.NaN, -1])(
  "%j is no length of time",
  (value) => {
    expect(() => durationMs(value, "timeout")).toThrow(/^timeout is .*, not a length of time/);
  },
);

test("mapTask refuses what is no task, and options that there are not", () => {
  expect(() => mapTask((() => 1) as never)).toThrow("mapTask() takes a task");
  const t = task({ name: "t" }, noop);
  expect(() => mapTask(t, { concurency: 3 } as never)).toThrow("did you mean concurrency?");
  expect(() => mapTask(t, { concurrency: 0 })).toThrow("concurrency is how many calls run at once");
  expect(() => mapTask(t, { minSuccessRatio: 2 })).toThrow(
    "minSuccessRatio is a share from 0 to 1",
  );
});
