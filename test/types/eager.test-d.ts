import { expectTypeOf } from "vitest";
import {
  type Call,
  currentContext,
  EagerException,
  eager,
  type TaskContext,
  task,
  z,
} from "../../runtime/index.ts";

const addOne = task({ inputs: { x: z.int() }, output: z.int() }, ({ x }) => x + 1);

const simple = eager({ inputs: { x: z.int() }, output: z.int() }, async function simple({ x }) {
  const out = await addOne({ x });
  expectTypeOf(out).toEqualTypeOf<number>();
  return out < 0 ? -1 : out;
});
expectTypeOf(simple({ x: 5 })).toEqualTypeOf<Call<number>>();
simple({ x: addOne({ x: 1 }) });

const bare = eager(async function bare({ x }: { x: number }) {
  return await Promise.all([addOne({ x }), simple({ x })]);
});
expectTypeOf(await bare({ x: 1 })).toEqualTypeOf<[number, number]>();
const none = eager(async () => {});
expectTypeOf(await none()).toEqualTypeOf<void>();

// @ts-expect-error: an eager workflow is async
eager(function sync() {
  return 1;
});
// @ts-expect-error: with an output as well
eager({ output: z.int() }, function sync() {
  return 1;
});
// @ts-expect-error: the value does not fit the schema of the output
eager({ inputs: { x: z.int() }, output: z.int() }, async function wrong() {
  return "1";
});

expectTypeOf(currentContext()).toEqualTypeOf<TaskContext>();

const caught: unknown = null;
if (caught instanceof EagerException) {
  expectTypeOf(caught.kind).toEqualTypeOf<"user" | "system" | "cancelled" | "timeout">();
  expectTypeOf(caught.root).toEqualTypeOf<EagerException>();
  expectTypeOf(caught.cause).toEqualTypeOf<unknown>();
}
