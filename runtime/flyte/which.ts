/**
 * Which registered entity, in which version, a call means.
 *
 * In this order: the version that the call or its reference names; within a container of the cluster the version of the
 * code that runs there; of code that is only here the version of its content, registered on the way when it is missing and
 * an image is known; else the latest of that name.
 * @module
 */
import type { Definition } from "../workflow/definition.ts";
import { CallFailure } from "../workflow/errors.ts";
import type { RemoteCallOptions } from "../workflow/remote-call.ts";
import { originOf } from "../workflow/thread/origin.ts";
import type { Connection } from "./connection.ts";
import { referenceOf } from "./reference.ts";
import { entityName } from "./register/entity-name.ts";
import type { Target } from "./targets.ts";

/** @throws {CallFailure}, {FlyteError} `REMOTE_NOT_FOUND` and whatever keeps the cluster from answering. */
export async function targetOf(
  connection: Connection,
  definition: Definition,
  { version }: RemoteCallOptions,
): Promise<Target> {
  const reference = referenceOf(definition);
  if (reference !== undefined) {
    const { kind, name } = reference;
    const place = connection.place(reference);
    return await connection.targets.find({
      ...{ kind, name, ...place, version: version ?? reference.version },
    });
  }
  const kind = definition.entity === "task" ? "task" : "workflow";
  const place = connection.place();
  const name = entityName(definition);
  const pinned = version ?? pinnedVersion(connection);
  if (pinned !== undefined) {
    return await connection.targets.find({ kind, name, ...place, version: pinned });
  }
  const { versions } = connection.options;
  const registered = versions === "latest" ? undefined : await connection.registered(definition);
  try {
    return await connection.targets.find({ kind, name, ...place, version: registered });
  } catch (error) {
    throw registered === undefined ? withAdvice(error, definition, name) : error;
  }
}

/** The version that everything has which nobody asked otherwise for. */
function pinnedVersion({ options }: Connection): string | undefined {
  const { versions = "own" } = options;
  if (versions === "latest") return undefined;
  if (versions !== "own") return versions;
  return process.env["FLYTE_INTERNAL_TASK_VERSION"] || undefined;
}

function withAdvice(error: unknown, definition: Definition, name: string): unknown {
  if (!(error instanceof Error) || (error as { code?: unknown }).code !== "REMOTE_NOT_FOUND") {
    return error;
  }
  const isOfFile = originOf(definition.fn)?.startsWith("file:") ?? false;
  const byHand = isOfFile
    ? "Register it (eagerdeck register FILE.ts --image IMAGE), or say"
    : "Say";
  return new CallFailure(
    "REMOTE_NOT_FOUND",
    `${definition.name}: ${error.message}. ${byHand} in which image it runs, new FlyteRemote({ image: … }), and it is registered as ${name} on the way`,
    { kind: "system", cause: error },
  );
}
