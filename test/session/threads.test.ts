/**
 * Tasks of cells in real worker threads.
 * @module
 */
import { expect, test } from "vitest";
import { openSession } from "../support/session.ts";

test("a task of a cell takes imports, functions, classes and constants along", async () => {
  await using open = openSession({ files: { "rate.ts": "export const rate: number = 3;" } });
  await open.run(`
    import { createHash } from "node:crypto";
    import * as local from "./rate.ts";
    const LIMIT: number = 2, table = new Map([["a", { size: 40 }]]);
    enum Kind { Small = 1, Large }`);
  await open.run(`
    interface Sized { size: number }
    function sizeOf(name: string): number { return (table.get(name) as Sized).size + odd(1) }
    const odd = (n: number): number => n > 0 ? 1 + sizeLess(n) : 0;
    function sizeLess(n: number) { return n === 1 ? 0 : odd(n - 1) }
    class Base { value = LIMIT }
    class Doubled extends Base { get double() { return this.value * Kind.Large } }`);
  await open.run(`
    const crunch = task({ thread: true, inputs: { name: z.string() }, output: z.array(z.any()) }, async ({ name }) => {
      const { isMainThread } = await import("node:worker_threads");
      const hash = createHash("md5").update(name).digest("hex").slice(0, 4);
      return [isMainThread, sizeOf(name), hash, local.rate, new Doubled().double, typeof nowhere];
    });`);
  expect(await open.value(`await crunch({ name: "a" })`)).toBe(
    `[ false, 41, '0cc1', 3, 4, 'undefined' ]`,
  );
});
