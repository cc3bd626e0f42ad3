import { expectTypeOf } from "vitest";
import {
  type Call,
  type Executor,
  eager,
  group,
  type MapCall,
  mapTask,
  task,
  workflow,
  z,
} from "../../runtime/index.ts";

const addOne = task(
  { inputs: { x: z.int() }, output: z.int(), retries: 2 },
  function addOne({ x }) {
    return x + 1;
  },
);
declare const remote: Executor;

// Options of one call leave the types as they are
expectTypeOf(addOne.with({ retries: 3, timeout: "30s" })).toEqualTypeOf(addOne);
expectTypeOf(addOne.on(remote)({ x: 1 })).toEqualTypeOf<Call<number>>();
// @ts-expect-error: no such option
addOne.with({ retry: 3 });
// @ts-expect-error: not an option of a call
addOne.with({ inputs: {} });
// @ts-expect-error: nothing that runs calls
addOne.on("remote");

// Options are checked where they are written
task({ retries: { count: 2, backoff: (attempt) => attempt * 100 } }, function a() {});
task({ cache: { version: "2", ignore: ["x"], ttl: "1h" }, timeout: 500 }, function b() {});
task({ resources: { cpu: 2, memory: { request: "1Gi" } }, thread: true }, function c() {});
// @ts-expect-error: no such option
task({ retry: 3 }, function d() {});

// Named outputs: what the function gives is checked, what comes back is typed by the schemas
const stats = task(
  { inputs: { xs: z.array(z.number()) }, outputs: { mean: z.number(), count: z.int().default(0) } },
  function stats({ xs }) {
    return { mean: xs.length };
  },
);
expectTypeOf(await stats({ xs: [1] })).toEqualTypeOf<{ mean: number; count: number }>();
// @ts-expect-error: the mean is missing
task({ outputs: { mean: z.number() } }, function without() {
  return { count: 1 };
});
const named = workflow({ inputs: { x: z.int() }, outputs: { a: z.int() } }, function named({ x }) {
  return { a: addOne({ x }) };
});
expectTypeOf(await named({ x: 1 })).toEqualTypeOf<{ a: number }>();
const eagerly = eager({ outputs: { a: z.int() } }, async function eagerly() {
  return { a: 1 };
});
expectTypeOf(await eagerly()).toEqualTypeOf<{ a: number }>();

// Maps
const map = mapTask(addOne, { concurrency: 4 });
expectTypeOf(map([{ x: 1 }, { x: addOne({ x: 1 }) }])).toEqualTypeOf<MapCall<number>>();
expectTypeOf(await map([{ x: 1 }])).toEqualTypeOf<number[]>();
for await (const value of map(new Set([{ x: 1 }]))) expectTypeOf(value).toEqualTypeOf<number>();
expectTypeOf(await mapTask(addOne, { minSuccessRatio: 0.9 })([{ x: 1 }])).toEqualTypeOf<
  (number | undefined)[]
>();
// @ts-expect-error: not the inputs of addOne
map([{ y: 1 }]);
// @ts-expect-error: a list of inputs, not lists by name
map({ x: [1, 2] });
// @ts-expect-error: not a task
mapTask((x: number) => x);

// Groups
expectTypeOf(await group("load", async () => 1)).toEqualTypeOf<number>();
expectTypeOf(group("load", () => addOne({ x: 1 }))).toEqualTypeOf<Call<number>>();
