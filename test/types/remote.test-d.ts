import { expectTypeOf } from "vitest";
import {
  type Call,
  Config,
  type Execution,
  eager,
  FlyteRemote,
  task,
  z,
} from "../../runtime/index.ts";

const remote = new FlyteRemote({ config: Config.forSandbox() });

const byHand = await remote.fetchTask<{ epochs: number }, string>("ml.train");
expectTypeOf(byHand({ epochs: 3 })).toEqualTypeOf<Call<string>>();
byHand({ epochs: Promise.resolve(3) });
// @ts-expect-error: an input of another type
byHand({ epochs: "3" });

const bySchemas = await remote.fetchLaunchPlan({
  name: "ml.train",
  version: "v12",
  inputs: { epochs: z.int(), rate: z.number().optional() },
  output: z.string(),
});
expectTypeOf(bySchemas({ epochs: 3 })).toEqualTypeOf<Call<string>>();
// @ts-expect-error: an input is missing
bySchemas({});

const named = await remote.fetchWorkflow({
  name: "ml.both",
  inputs: {},
  outputs: { a: z.int(), b: z.string() },
});
expectTypeOf(await named()).toEqualTypeOf<{ a: number; b: string }>();

const unknown = await remote.fetchTask("ml.train");
expectTypeOf(unknown({ anything: 1 })).toEqualTypeOf<Call<unknown>>();
expectTypeOf(unknown.version).toEqualTypeOf<string>();

const addOne = task({ inputs: { x: z.int() }, output: z.int() }, ({ x }) => x + 1);
expectTypeOf(await remote.execute(addOne, { x: 1 })).toEqualTypeOf<Execution<number>>();
expectTypeOf(addOne.on(remote)({ x: 1 })).toEqualTypeOf<Call<number>>();
addOne.on("local").with({ version: "v1", executionName: "mine" })({ x: 1 });
// @ts-expect-error: that is no place
addOne.on("cluster");

eager({ remote, clientSecretGroup: "team", clientSecretKey: "client" }, async function flow() {});
// @ts-expect-error: a task has no calls of its own to send away
task({ remote }, function job() {});
