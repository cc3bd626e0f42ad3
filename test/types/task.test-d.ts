import { expectTypeOf } from "vitest";
import { type Call, type Task, type TaskContext, task, z } from "../../runtime/index.ts";

// By the signature
const addOne = task(function addOne({ x }: { x: number }) {
  return x + 1;
});
expectTypeOf(addOne({ x: 1 })).toEqualTypeOf<Call<number>>();
expectTypeOf(await addOne({ x: 1 })).toEqualTypeOf<number>();
addOne({ x: addOne({ x: 1 }) });
addOne({ x: Promise.resolve(1) });
expectTypeOf(addOne.fn({ x: 1 })).toEqualTypeOf<number>();
// @ts-expect-error: no such input
addOne({ y: 1 });
// @ts-expect-error: not a number
addOne({ x: "1" });
// @ts-expect-error: not a promise of a number
addOne({ x: Promise.resolve("1") });
// @ts-expect-error: named inputs, not a value
addOne(1);
// @ts-expect-error: x is needed
addOne({});
// @ts-expect-error: x is needed
addOne();
// @ts-expect-error: a call is not a number
addOne({ x: 1 }) + 1;
// @ts-expect-error: a call is always true, `await` it
if (addOne({ x: 1 })) addOne({ x: 1 });

// Async, with a context, without inputs, with inputs that may be left out
const later = task(async (_inputs: { a?: string; b: number }, context: TaskContext) => {
  expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
  return [context.attempt];
});
expectTypeOf(await later({ b: 1 })).toEqualTypeOf<number[]>();
const hello = task(function hello() {
  return "hello" as const;
});
expectTypeOf(await hello()).toEqualTypeOf<"hello">();
// @ts-expect-error: there are no inputs
hello({ x: 1 });
const optional = task(function optional({ x = 1 }: { x?: number } = {}) {
  return x;
});
expectTypeOf(await optional()).toEqualTypeOf<number>();
optional({ x: 2 });
task(({ x }) => {
  // @ts-expect-error: without an annotation or schema nothing is known of x
  return x.length;
});

// By the schemas
const typed = task(
  {
    inputs: {
      text: z.string().transform((text) => text.length),
      times: z.int().default(2),
      note: z.string().optional(),
    },
    output: z.string().transform((text) => text.length),
  },
  function typed({ text, times, note }, { attempt }) {
    expectTypeOf(text).toEqualTypeOf<number>();
    expectTypeOf(times).toEqualTypeOf<number>();
    expectTypeOf(note).toEqualTypeOf<string | undefined>();
    expectTypeOf(attempt).toEqualTypeOf<number>();
    return "a";
  },
);
expectTypeOf(typed({ text: "a" })).toEqualTypeOf<Call<number>>();
typed({ text: "a", times: Promise.resolve(3), note: "n" });
// @ts-expect-error: what the caller gives, not what the function gets
typed({ text: 1 });
// @ts-expect-error: text is needed
typed({ times: 1 });
// @ts-expect-error: the value does not fit the schema of the output
task({ inputs: { x: z.int() }, output: z.int() }, function wrong({ x }) {
  return String(x);
});
// @ts-expect-error: neither later
task({ output: z.int() }, async function wrong() {
  return "1";
});
const half = task({ inputs: { x: z.int() } }, async function half({ x }) {
  return { half: x / 2 };
});
expectTypeOf(await half({ x: 1 })).toEqualTypeOf<{ half: number }>();
const named = task({ name: "a name", output: z.int() }, ({ x }: { x: number }) => x);
expectTypeOf(await named({ x: 1 })).toEqualTypeOf<number>();
const empty = task({ inputs: {} }, () => 1);
empty();

// What a person writes down
expectTypeOf(addOne).toExtend<Task<{ x: number }, number>>();
expectTypeOf(typed({ text: "a" }).state).toEqualTypeOf<
  "queued" | "running" | "retrying" | "ok" | "cached" | "failed" | "cancelled"
>();
