/**
 * A double of a cluster with a FlyteRemote on it, and tasks of the test's that run in the double by their bare functions.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { type FlyteClient, openClient } from "../../runtime/flyte/client.ts";
import { Config } from "../../runtime/flyte/config.ts";
import { ResourceType } from "../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import { LiteralMapSchema } from "../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import {
  decodeMap,
  encodeMap,
  outputsOf,
  typedInterface,
} from "../../runtime/flyte/literals/literals.ts";
import type { FlyteRemoteOptions } from "../../runtime/flyte/options.ts";
import { entityName } from "../../runtime/flyte/register/entity-name.ts";
import { FlyteRemote } from "../../runtime/flyte/remote.ts";
import { definitionOf } from "../../runtime/workflow/definition.ts";
import { type FlyteDouble, startDouble } from "./flyte-double/double.ts";

const PROJECT = "flytesnacks";
const DOMAIN = "development";

export interface ServeOptions {
  readonly version?: string;
  readonly name?: string;
  /** How long each execution takes at least, in milliseconds. */
  readonly delayMs?: number;
}

export interface RemoteRig extends AsyncDisposable {
  readonly double: FlyteDouble;
  readonly remote: FlyteRemote;
  readonly client: FlyteClient;
  readonly config: Config;
  /** Another one on the same cluster. */
  another(options?: Partial<FlyteRemoteOptions>): FlyteRemote;
  /** Registers a task; its function runs in the double. @returns its name there. */
  serve(entity: unknown, options?: ServeOptions): Promise<string>;
}

export async function remoteRig(
  options: Partial<FlyteRemoteOptions> = {},
  doubleOptions: Parameters<typeof startDouble>[0] = {},
): Promise<RemoteRig> {
  const double = await startDouble(doubleOptions);
  const config = Config.forEndpoint(double.endpoint, { insecure: true });
  const remotes: FlyteRemote[] = [];
  const another = (more: Partial<FlyteRemoteOptions> = {}) => {
    const remote = new FlyteRemote({
      ...{ config, defaultProject: PROJECT, defaultDomain: DOMAIN },
      ...options,
      ...more,
    });
    remotes.push(remote);
    return remote;
  };
  const remote = another();
  const client = openClient(config.resolve({}));
  return {
    ...{ double, remote, client, config, another },
    serve: async (entity, given = {}) => await serve(double, client, entity, given),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(remotes.map((each) => each.close()));
      client.close();
      await double[Symbol.asyncDispose]();
    },
  };
}

async function serve(
  double: FlyteDouble,
  client: FlyteClient,
  entity: unknown,
  { version = "v1", name: given, delayMs }: ServeOptions,
): Promise<string> {
  const definition = definitionOf(entity);
  if (definition === undefined) throw new Error("serve() takes a task");
  const name = given ?? entityName(definition);
  const { inputs, output, outputs } = definition;
  const types = typedInterface({
    name,
    ...(inputs && { inputs }),
    ...(output && { output }),
    ...(outputs && { outputs }),
  });
  const id = { resourceType: ResourceType.TASK, project: PROJECT, domain: DOMAIN, name, version };
  await client.admin.createTask({
    id,
    spec: {
      template: {
        id,
        type: "container",
        metadata: { runtime: { version: "0.1.0", flavor: "typescript" } },
        interface: types,
        target: { case: "container", value: { image: "the-double-itself" } },
      },
    },
  });
  double.answer(
    name,
    async (literals, context) => {
      const values = await decodeMap(
        create(LiteralMapSchema, { literals: { ...literals } }),
        types.inputs?.variables ?? {},
        {},
      );
      const result = await definition.fn(values, {
        signal: context.signal,
        attempt: context.attempt + 1,
      } as never); // all that these tests look at
      const named = outputsOf(
        { name, ...(output && { output }), ...(outputs && { outputs }) },
        result,
      );
      return (await encodeMap(named, types.outputs?.variables ?? {}, {})).literals;
    },
    delayMs === undefined ? {} : { delayMs },
  );
  return name;
}
