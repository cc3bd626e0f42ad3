/**
 * Runs executions: what propeller does on a cluster.
 *
 * Invariants:
 * 1. Every execution that was created reaches a terminal phase, unless its task never ends.
 * 2. A phase is entered between two turns of the event loop, so that a client can see each of them.
 * @module
 */
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import {
  type ExecutionError,
  ExecutionError_ErrorKind,
  ExecutionErrorSchema,
  WorkflowExecution_Phase as Phase,
} from "../../../runtime/flyte/idl/flyteidl/core/execution_pb.ts";
import {
  type LiteralMap,
  LiteralMapSchema,
} from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import type { TaskTemplate } from "../../../runtime/flyte/idl/flyteidl/core/tasks_pb.ts";
import type { ExecutionRow } from "./executions.ts";
import { TaskFailure, type World } from "./world.ts";

export async function runExecution(
  world: World,
  row: ExecutionRow,
  work: (signal: AbortSignal) => Promise<LiteralMap>,
): Promise<void> {
  const { executions } = world;
  await turn();
  executions.enter(row, Phase.RUNNING);
  await turn();
  const { signal } = row.stop;
  try {
    if (signal.aborted) throw signal.reason;
    const outputs = await work(signal);
    executions.enter(row, Phase.SUCCEEDING);
    await turn();
    executions.enter(row, Phase.SUCCEEDED, {
      outputs,
      outputsUri: `double://${row.id.name}/outputs.pb`,
    });
  } catch (failure) {
    const error = executionError(failure);
    executions.enter(row, Phase.FAILING);
    await turn();
    executions.enter(row, Phase.FAILED, { error });
  }
  // Nothing happens here but after an abort: ABORTING keeps every other phase out.
  executions.enter(row, Phase.ABORTED);
}

export async function answerTask(
  world: World,
  row: ExecutionRow,
  template: TaskTemplate,
  inputs: LiteralMap,
  signal: AbortSignal,
): Promise<LiteralMap> {
  const name = template.id?.name ?? "";
  const known = world.answers.get(name);
  if (!known) throw new TaskFailure(`nothing runs ${name}`, { kind: "system", code: "NoAnswer" });
  if (known.delayMs) await delay(known.delayMs, undefined, { signal });
  const literals = await untilAborted(
    known.answer(inputs.literals, {
      execution: row.id.name,
      project: row.id.project,
      domain: row.id.domain,
      version: template.id?.version ?? "",
      attempt: 0,
      labels: row.spec.labels?.values ?? {},
      environment: Object.fromEntries(
        (row.spec.envs?.values ?? []).map(({ key, value }) => [key, value]),
      ),
      signal,
    }),
    signal,
  );
  return create(LiteralMapSchema, { literals: { ...literals } });
}

async function untilAborted<T>(value: T | Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    Promise.resolve(value)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", stop));
  });
}

function executionError(failure: unknown): ExecutionError {
  const timestamp = timestampNow();
  if (failure instanceof TaskFailure) {
    return create(ExecutionErrorSchema, {
      code: failure.code,
      message: failure.message,
      kind:
        failure.kind === "user" ? ExecutionError_ErrorKind.USER : ExecutionError_ErrorKind.SYSTEM,
      worker: failure.worker,
      timestamp,
    });
  }
  const error = failure instanceof Error ? failure : new Error(String(failure));
  return create(ExecutionErrorSchema, {
    code: `USER:${error.name}`,
    message: `Trace:\n\n    ${(error.stack ?? "").replaceAll("\n", "\n    ")}\n\nMessage:\n\n    ${error.name}: ${error.message}`,
    kind: ExecutionError_ErrorKind.USER,
    timestamp,
  });
}
