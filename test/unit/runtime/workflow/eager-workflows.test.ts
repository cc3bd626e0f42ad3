import { describe, expect, test } from "vitest";
import { EagerException, eager, task, workflow, z } from "../../../../runtime/index.ts";

const int = { inputs: { x: z.int() }, output: z.int() };
const addOne = task(int, function addOne({ x }) {
  return x + 1;
});
const double = task(int, function double({ x }) {
  return x * 2;
});
const gt100 = task({ inputs: { x: z.int() }, output: z.boolean() }, function gt100({ x }) {
  return x > 100;
});
const raisesExc = task(int, function raisesExc({ x }) {
  if (x <= 0) throw new TypeError("x must be positive");
  return x;
});

describe("the examples of eager workflows", () => {
  const simple = eager(int, async function simple({ x }) {
    const out = await addOne({ x });
    if (out < 0) return -1;
    return await double({ x: out });
  });

  test("an awaited task is a plain value to decide on", async () => {
    expect(await simple({ x: 5 })).toBe(12);
    expect(await simple({ x: -5 })).toBe(-1);
  });

  test("an awaited task is a plain value to compute with", async () => {
    const another = eager(int, async function another({ x }) {
      let out = await addOne({ x });
      out = out - 1;
      return await double({ x: out });
    });
    expect(await another({ x: 5 })).toBe(10);
  });

  test("conditionals await tasks", async () => {
    const conditional = eager(int, async function conditional({ x }) {
      const out = await addOne({ x });
      if (out < 0) return -1;
      if (await gt100({ x: out })) return 100;
      return await double({ x: out });
    });
    expect(await Promise.all([-5, 5, 100].map((x) => conditional({ x })))).toEqual([-1, 12, 100]);
  });

  test("a loop is gathered with Promise.all", async () => {
    const loop = eager(int, async function loop({ x }) {
      const outputs = await Promise.all(Array.from({ length: x }, (_, i) => addOne({ x: i })));
      return await double({ x: outputs.reduce((sum, output) => sum + output, 0) });
    });
    expect(await loop({ x: 10 })).toBe(110);
    expect(await loop({ x: 0 })).toBe(0);
  });

  const subworkflow = workflow(int, function subworkflow({ x }) {
    const out = addOne({ x });
    return double({ x: out });
  });

  test("a static subworkflow is awaited like a task", async () => {
    const withStatic = eager(int, async function withStatic({ x }) {
      const out = await subworkflow({ x });
      return out === (x + 1) * 2 ? out : -1;
    });
    expect(await withStatic({ x: 5 })).toBe(12);
  });

  test("eager workflows nest", async () => {
    const inner = eager(int, async function inner({ x }) {
      return await addOne({ x });
    });
    const nested = eager(int, async function nested({ x }) {
      return await double({ x: await inner({ x }) });
    });
    expect(await nested({ x: 5 })).toBe(12);
  });

  test("what a task throws is caught as EagerException", async () => {
    const catches = eager(int, async function catches({ x }) {
      try {
        return await raisesExc({ x });
      } catch (error) {
        if (error instanceof EagerException && error.cause instanceof TypeError) return -1;
        throw error;
      }
    });
    expect(await catches({ x: 0 })).toBe(-1);
    expect(await catches({ x: 1 })).toBe(1);
  });
});
