/**
 * The eager workflows of the first notebook as one module: `node notebooks/workflows.ts`,
 * `npx eagerdeck run notebooks/workflows.ts simpleEagerWorkflow --x 5`.
 * @module
 */
import assert from "node:assert/strict";
import { EagerException, eager, task, workflow, z } from "eagerdeck";

export const addOne = task({ inputs: { x: z.int() }, output: z.int() }, function addOne({ x }) {
  return x + 1;
});

export const double = task({ inputs: { x: z.int() }, output: z.int() }, function double({ x }) {
  return x * 2;
});

// A simple eager workflow: `out` is a number, so ordinary code decides how to go on.
export const simpleEagerWorkflow = eager(
  { inputs: { x: z.int() }, output: z.int() },
  async function simpleEagerWorkflow({ x }) {
    const out = await addOne({ x });
    if (out < 0) return -1;
    return await double({ x: out });
  },
);

// Operating on an awaited value.
export const anotherEagerWorkflow = eager(
  { inputs: { x: z.int() }, output: z.int() },
  async function anotherEagerWorkflow({ x }) {
    let out = await addOne({ x });
    out = out - 1;
    return await double({ x: out });
  },
);

export const gt100 = task({ inputs: { x: z.int() }, output: z.boolean() }, function gt100({ x }) {
  return x > 100;
});

// Conditionals, one of which awaits a task.
export const eagerWorkflowWithConditionals = eager(
  { inputs: { x: z.int() }, output: z.int() },
  async function eagerWorkflowWithConditionals({ x }) {
    let out = await addOne({ x });
    if (out < 0) return -1;
    if (await gt100({ x: out })) return 100;
    out = await double({ x: out });
    assert(out >= -1);
    return out;
  },
);

// A loop whose calls run at the same time.
export const eagerWorkflowWithForLoop = eager(
  { inputs: { x: z.int() }, output: z.int() },
  async function eagerWorkflowWithForLoop({ x }) {
    const calls: Promise<number>[] = [];
    for (let i = 0; i < x; i++) calls.push(addOne({ x: i }));
    const outputs = await Promise.all(calls);
    return await double({ x: outputs.reduce((sum, output) => sum + output, 0) });
  },
);

// A static workflow: its graph is known before it runs, so `out` is passed on and never looked at.
export const subworkflow = workflow(
  { inputs: { x: z.int() }, output: z.int() },
  function subworkflow({ x }) {
    const out = addOne({ x });
    return double({ x: out });
  },
);

export const eagerWorkflowWithStaticSubworkflow = eager(
  { inputs: { x: z.int() }, output: z.int() },
  async function eagerWorkflowWithStaticSubworkflow({ x }) {
    const out = await subworkflow({ x });
    assert.equal(out, (x + 1) * 2);
    return out;
  },
);

// Eager workflows nest.
export const eagerSubworkflow = eager(
  { inputs: { x: z.int() }, output: z.int() },
  async function eagerSubworkflow({ x }) {
    return await addOne({ x });
  },
);

export const nestedEagerWorkflow = eager(
  { inputs: { x: z.int() }, output: z.int() },
  async function nestedEagerWorkflow({ x }) {
    const out = await eagerSubworkflow({ x });
    return await double({ x: out });
  },
);

export const raisesExc = task(
  { inputs: { x: z.int() }, output: z.int() },
  function raisesExc({ x }) {
    if (x <= 0) throw new TypeError(`x must be positive, got ${x}`);
    return x;
  },
);

// Whatever a task throws arrives as an EagerException, with what was thrown as its `cause`.
export const eagerWorkflowWithException = eager(
  { inputs: { x: z.int() }, output: z.int() },
  async function eagerWorkflowWithException({ x }) {
    try {
      return await raisesExc({ x });
    } catch (error) {
      if (error instanceof EagerException) return -1;
      throw error;
    }
  },
);

if (process.argv[1] === import.meta.filename) {
  console.log(await simpleEagerWorkflow({ x: 5 }));
}
