import { expectTypeOf } from "vitest";
import { type Call, type Graph, task, workflow, z } from "../../runtime/index.ts";

const addOne = task({ inputs: { x: z.int() }, output: z.int() }, ({ x }) => x + 1);

const sub = workflow(
  { inputs: { x: z.int(), y: z.string().optional() }, output: z.int() },
  function sub({ x, y }) {
    expectTypeOf(x).toEqualTypeOf<Promise<number>>();
    expectTypeOf(y).toEqualTypeOf<Promise<string>>();
    const out = addOne({ x });
    // @ts-expect-error: a placeholder is no number
    out + 1;
    // @ts-expect-error: a placeholder is always true
    if (out) addOne({ x });
    return addOne({ x: out });
  },
);
expectTypeOf(sub({ x: 1 })).toEqualTypeOf<Call<number>>();
sub({ x: addOne({ x: 1 }), y: "a" });
expectTypeOf(sub.graph).toEqualTypeOf<Graph>();
// @ts-expect-error: x is a number
sub({ x: "1" });

const bySignature = workflow(function bySignature({ x }: { x: Promise<number> }) {
  return addOne({ x });
});
expectTypeOf(bySignature({ x: 1 })).toEqualTypeOf<Call<number>>();

const several = workflow({ inputs: { x: z.int() } }, function several({ x }) {
  return { one: addOne({ x }), same: x, label: "both" };
});
expectTypeOf(await several({ x: 1 })).toEqualTypeOf<{ one: number; same: number; label: string }>();

// @ts-expect-error: the value does not fit the schema of the output
workflow({ inputs: { x: z.int() }, output: z.string() }, function wrong({ x }) {
  return addOne({ x });
});
