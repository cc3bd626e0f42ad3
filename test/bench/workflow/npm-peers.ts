/**
 * p-queue and Effect, from a folder they were installed to: `node npm-peers.ts FOLDER CALLS`. Prints one line of JSON.
 *
 * Both only run functions; neither keeps track of calls for people to look at.
 * @module
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { timed } from "../bench.ts";

/** The parts of their APIs used here. */
interface QueueModule {
  default: new () => { add<T>(run: () => Promise<T>): Promise<T> };
}
type Effect = Iterable<unknown> & { readonly effect: unique symbol };
interface EffectModule {
  Effect: {
    promise(run: () => Promise<unknown>): Effect;
    gen(body: () => Generator<unknown, number, number>): Effect;
    all(effects: readonly Effect[], options: { concurrency: "unbounded" }): Effect;
    runPromise(effect: Effect): Promise<unknown>;
  };
}

const [folder = ".", count = "1000"] = process.argv.slice(2);
const calls = Number(count);
const fromFolder = createRequire(join(folder, "package.json"));
const load = (name: string): Promise<unknown> =>
  import(pathToFileURL(fromFolder.resolve(name)).href);
const version = (name: string): string =>
  JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")).version;
const addOne = async ({ x }: { x: number }) => x + 1;

async function microseconds(run: () => Promise<unknown>): Promise<number[]> {
  await run();
  const samples: number[] = [];
  for (let i = 0; i < 3; i++) samples.push(((await timed(run)) * 1_000) / calls);
  return samples;
}

const { default: PQueue } = (await load("p-queue")) as QueueModule;
const { Effect } = (await load("effect")) as EffectModule;

console.log(
  JSON.stringify({
    "p-queue": {
      version: version("p-queue"),
      callUs: await microseconds(async () => {
        const queue = new PQueue();
        let x = 0;
        for (let i = 0; i < calls; i++) x = await queue.add(() => addOne({ x }));
      }),
      fanUs: await microseconds(async () => {
        const queue = new PQueue();
        await Promise.all(Array.from({ length: calls }, (_, x) => queue.add(() => addOne({ x }))));
      }),
    },
    effect: {
      version: version("effect"),
      callUs: await microseconds(() =>
        Effect.runPromise(
          Effect.gen(function* () {
            let x = 0;
            for (let i = 0; i < calls; i++)
              x = (yield* Effect.promise(() => addOne({ x }))) as number;
            return x;
          }),
        ),
      ),
      fanUs: await microseconds(() =>
        Effect.runPromise(
          Effect.all(
            Array.from({ length: calls }, (_, x) => Effect.promise(() => addOne({ x }))),
            { concurrency: "unbounded" },
          ),
        ),
      ),
    },
  }),
);
