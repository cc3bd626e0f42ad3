import { describe, expect, test } from "vitest";
import { EagerException, eager, task, workflow, z } from "../../../../runtime/index.ts";
import { Run } from "../../../../runtime/workflow/run.ts";
import { HandExecutor } from "../../../support/hand-executor.ts";
import { observedEvents, rejection, settleTurns } from "../../../support/observed-events.ts";

const int = { inputs: { x: z.int() }, output: z.int() };
const addOne = task(int, function addOne({ x }) {
  return x + 1;
});
const double = task(int, function double({ x }) {
  return x * 2;
});
const sum = task(function sum({ a, b }: { a: number; b: number }) {
  return a + b;
});

function compileFailure(compile: () => unknown): EagerException {
  try {
    compile();
  } catch (error) {
    return error as EagerException;
  }
  throw new Error("expected that it does not compile");
}

describe("a static workflow", () => {
  test("knows its graph before anything runs", () => {
    using observed = observedEvents();
    const diamond = workflow({ inputs: { x: z.int(), y: z.int() } }, function diamond({ x }) {
      const one = addOne({ x });
      return sum({ a: double({ x: one }), b: double({ x: 7 }) });
    });
    expect(diamond.graph).toMatchInlineSnapshot(`
      {
        "inputs": [
          "x",
          "y",
        ],
        "nodes": [
          {
            "entity": "task",
            "id": "n0",
            "inputs": {
              "x": {
                "kind": "input",
                "name": "x",
              },
            },
            "name": "addOne",
          },
          {
            "entity": "task",
            "id": "n1",
            "inputs": {
              "x": {
                "id": "n0",
                "kind": "node",
              },
            },
            "name": "double",
          },
          {
            "entity": "task",
            "id": "n2",
            "inputs": {
              "x": {
                "kind": "value",
                "value": 7,
              },
            },
            "name": "double",
          },
          {
            "entity": "task",
            "id": "n3",
            "inputs": {
              "a": {
                "id": "n1",
                "kind": "node",
              },
              "b": {
                "id": "n2",
                "kind": "node",
              },
            },
            "name": "sum",
          },
        ],
        "output": {
          "id": "n3",
          "kind": "node",
        },
      }
    `);
    expect(observed.events).toEqual([]);
  });

  test("runs each node as soon as its inputs are there, as a call below its own", async () => {
    using observed = observedEvents();
    const hand = new HandExecutor();
    const run = new Run({ title: "test", executor: hand });
    const diamond = workflow(int, function diamond({ x }) {
      const one = addOne({ x });
      return sum({ a: double({ x: one }), b: double({ x: 7 }) });
    });
    const call = run.enter(() => diamond({ x: 1 }));
    expect(hand.attempts.map(({ name, inputs }) => [name, inputs])).toEqual([
      ["addOne", { x: 1 }],
      ["double", { x: 7 }],
    ]);
    hand.attempt("addOne").resolve(2);
    await settleTurns();
    expect(hand.attempt("double").inputs).toEqual({ x: 2 });
    for (const attempt of hand.attempts.slice(1)) attempt.resolve(4);
    await settleTurns();
    expect(hand.attempt("sum").inputs).toEqual({ a: 4, b: 4 });
    hand.attempt("sum").resolve(8);
    expect(await call).toBe(8);
    const created = observed.of("call-created");
    expect(created.slice(1).every(({ parentId }) => parentId === call.id)).toBe(true);
    const ids = created.map(({ id }) => id);
    expect(created.map(({ name, deps }) => [name, deps.map((dep) => ids.indexOf(dep))])).toEqual([
      ["diamond", []],
      ["addOne", []],
      ["double", [1]],
      ["double", []],
      ["sum", [2, 3]],
    ]);
    expect(observed.of("call-settled").some(({ unawaited }) => unawaited)).toBe(false);
  });

  test("gives an input on, a constant, an object or a list of placeholders", async () => {
    const same = workflow(function same({ x }: { x: Promise<number> }) {
      return x;
    });
    const constant = workflow(function constant() {
      return 7;
    });
    const named = workflow(int.inputs && { inputs: int.inputs }, function named({ x }) {
      return { one: addOne({ x }), list: [double({ x }), 5] as const, x, label: "both" };
    });
    expect(await same({ x: 3 })).toBe(3);
    expect(await constant()).toBe(7);
    expect(await named({ x: 4 })).toEqual({ one: 5, list: [8, 5], x: 4, label: "both" });
  });

  test("takes promised inputs, is a node of another one and of an eager one", async () => {
    const inner = workflow(int, function inner({ x }) {
      return double({ x: addOne({ x }) });
    });
    const outer = workflow(int, function outer({ x }) {
      return addOne({ x: inner({ x: inner({ x }) }) });
    });
    const all = eager(async function all() {
      return await outer({ x: addOne({ x: 0 }) });
    });
    expect(await all()).toBe(11);
    expect(outer.graph.nodes.map(({ entity }) => entity)).toEqual(["workflow", "workflow", "task"]);
  });

  test("runs calls whose value goes nowhere", async () => {
    const seen: number[] = [];
    const note = task(function note({ x }: { x: number }) {
      seen.push(x);
    });
    const side = workflow(int, function side({ x }) {
      note({ x });
      return addOne({ x });
    });
    expect(await side({ x: 1 })).toBe(2);
    expect(seen).toEqual([1]);
  });

  test("fails with its first failing node; what waits for that never runs", async () => {
    using observed = observedEvents();
    const hand = new HandExecutor();
    const run = new Run({ title: "test", executor: hand });
    const chain = workflow(int, function chain({ x }) {
      return sum({ a: double({ x: addOne({ x }) }), b: double({ x: 100 }) });
    });
    const call = run.enter(() => chain({ x: 1 }));
    hand.attempt("addOne").reject(new Error("no"));
    const error = (await rejection(call)) as EagerException;
    const root = hand.attempt("addOne").id;
    expect([error.task, error.root.callId]).toEqual(["chain", root]);
    expect(hand.attempts.map(({ name }) => name)).toEqual(["addOne", "double"]);
    const settled = observed.of("call-settled");
    expect(settled.map(({ state }) => state)).toContain("cancelled");
    expect(settled).toHaveLength(5);
    expect(settled.filter(({ rootFailure }) => rootFailure === root)).toHaveLength(4);
  });

  test("may use a task that is written below it", async () => {
    const early = workflow(function early({ x }: { x: Promise<number> }) {
      return later({ x });
    });
    const later = task(function later({ x }: { x: number }) {
      return x * 3;
    });
    expect(await early({ x: 2 })).toBe(6);
    expect(early.graph.nodes.map(({ name }) => name)).toEqual(["later"]);
  });

  test("whose inputs or output do not fit is refused like a task", async () => {
    const wrong = workflow({ output: z.int() }, function wrong({ x }: { x: Promise<number> }) {
      return x;
    });
    expect(await rejection(wrong({ x: 1.5 }))).toMatchObject({ code: "OUTPUT_INVALID" });
    const takes = workflow(int, function takes({ x }) {
      return x;
    });
    expect(await rejection(takes({ x: "1" as never }))).toMatchObject({ code: "INPUT_INVALID" });
  });
});

describe("WORKFLOW_COMPILE", () => {
  type X = { x: Promise<number> };
  const value = (placeholder: unknown) => placeholder as number & { a: number } & number[];

  test("says what was used how, the line, and to use eager", () => {
    const error = compileFailure(() =>
      workflow(function adds({ x }: X) {
        return double({ x: value(addOne({ x })) + 1 });
      }),
    );
    expect(error).toBeInstanceOf(EagerException);
    expect(error).toMatchObject({ code: "WORKFLOW_COMPILE", task: "adds" });
    expect(error.message).toMatch(
      /^workflow adds computes with the value of addOne at .*workflow\.test\.ts:\d+:\d+, which does not exist .* eager\(async …\)/,
    );
    expect(error.stack?.split("\n")[1]).toMatch(/workflow\.test\.ts:\d+:\d+/);
  });

  test.each<[string, (placeholder: unknown) => unknown]>([
    ["computes with", (p) => value(p) + 1],
    ["computes with", (p) => `${value(p)}`],
    ["computes with", (p) => (value(p) < 0 ? 1 : 2)],
    ["reads .a of", (p) => value(p).a],
    ["loops over", (p) => [...value(p)]],
    ["awaits", (p) => (p as Promise<number>).then(() => 1)],
    ["spreads", (p) => ({ ...(p as object) })],
    ["looks into", (p) => "a" in value(p)],
    ["looks into", (p) => (p as unknown) instanceof Date],
    ["changes", (p) => Object.assign(value(p), { a: 1 })],
  ])("%s a placeholder: %s", (used, use) => {
    const ofCall = compileFailure(() => workflow({ name: "w" }, ({ x }: X) => use(addOne({ x }))));
    expect(ofCall.message).toContain(`workflow w ${used} the value of addOne`);
    const ofInput = compileFailure(() => workflow({ name: "w" }, ({ x }: X) => use(x)));
    expect(ofInput.message).toContain(`workflow w ${used} the input x`);
  });

  test.each<[string, () => unknown]>([
    [
      "is an async function",
      () =>
        workflow(async function w({ x }: X) {
          return await x;
        }),
    ],
    [
      "is an async function or a generator",
      () =>
        workflow(function* w() {
          yield 1;
        }),
    ],
    ["returns a promise", () => workflow({ name: "w" }, () => Promise.resolve(1))],
    [
      "passes a placeholder to addOne",
      () => workflow({ name: "w" }, ({ x }: X) => addOne(x as never)),
    ],
    [
      "hides a placeholder within the input a of sum",
      () => workflow({ name: "w" }, ({ x }: X) => sum({ a: [x] as never, b: 1 })),
    ],
    ["spreads its inputs", () => workflow({ name: "w" }, (inputs: X) => addOne({ ...inputs }))],
  ])("%s", (message, compile) => {
    const error = compileFailure(compile);
    expect([error.code, error.message]).toEqual([
      "WORKFLOW_COMPILE",
      expect.stringContaining(message),
    ]);
  });

  test("what the function itself throws comes through as it is", () => {
    const thrown = new RangeError("own");
    expect(() =>
      workflow(function own() {
        throw thrown;
      }),
    ).toThrow(thrown);
  });

  test("refuses a workflow that calls itself, also through another one", async () => {
    const self = workflow(function itself(): Promise<unknown> {
      return self();
    });
    expect(await rejection(self())).toMatchObject({
      code: "TASK_FAILED",
      cause: { code: "WORKFLOW_COMPILE" },
    });
    const ping = workflow(function ping(): Promise<unknown> {
      return pong();
    });
    const pong = workflow(function pongs(): Promise<unknown> {
      return ping();
    });
    expect(((await rejection(ping())) as EagerException).root).toMatchObject({
      code: "WORKFLOW_COMPILE",
    });
  });

  test("leaves nothing behind: calls after it are real calls", async () => {
    compileFailure(() => workflow({ name: "w" }, ({ x }: X) => value(addOne({ x })) + 1));
    expect(await addOne({ x: 1 })).toBe(2);
  });
});
