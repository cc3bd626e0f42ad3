/**
 * `eagerdeck execute --cleanup`: the failure node of an eager workflow, which ends what that has left running.
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { type FlyteClient, openClient } from "../client.ts";
import { Config } from "../config.ts";
import { LiteralMapSchema } from "../idl/flyteidl/core/literals_pb.ts";
import { runningNames, Stopper } from "../stop.ts";
import { openStore } from "../storage.ts";
import { below, identityOf } from "./request.ts";

/** What was stopped is in no later list. */
const ROUNDS_MAX = 200;

/**
 * Never rejects.
 * @param secret what logs in, of the workflow's own.
 * @returns the exit code: 1 when something could not be ended, so that the cluster tries again.
 */
export async function cleanUp(
  outputPrefix: string,
  environment: NodeJS.ProcessEnv,
  log: (text: string) => void,
  secret?: { readonly group: string; readonly key: string },
): Promise<number> {
  const { execution, project, domain } = identityOf(environment);
  try {
    if (execution === "") throw new Error("FLYTE_INTERNAL_EXECUTION_ID is not set");
    const platform = Config.auto().resolve(environment);
    const client = openClient(platform, secret === undefined ? {} : { secret });
    try {
      const left = await stopAll(client, { project, domain }, execution);
      if (left.length > 0) {
        log(`could not stop ${left.join(", ")}`);
        return 1;
      }
    } finally {
      client.close();
    }
    // It has no outputs; the file says that it has ended well.
    const store = openStore({ platform, project, domain });
    const nothing = toBinary(LiteralMapSchema, create(LiteralMapSchema));
    await store.write(below(outputPrefix, "outputs.pb"), nothing);
    return 0;
  } catch (error) {
    log(`the clean-up failed: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

/** @returns the names of what could not be ended. @throws what keeps the cluster from telling what there is. */
async function stopAll(
  client: FlyteClient,
  place: { readonly project: string; readonly domain: string },
  execution: string,
): Promise<readonly string[]> {
  const stopper = new Stopper(client);
  const failed = new Set<string>();
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const names = await runningNames(client, place, execution);
    const open = [...names].filter((name) => !failed.has(name));
    if (open.length === 0) break;
    await Promise.all(
      open.map(async (name) => {
        const cause = `the eager workflow ${execution} failed`;
        if (!(await stopper.stop(place, name, cause))) failed.add(name);
      }),
    );
  }
  return [...failed];
}
