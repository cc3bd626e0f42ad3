/**
 * One task: its attempts, its retries, its cache.
 *
 * Invariants (propeller's):
 * 1. A failure that is not recoverable ends the task as it is; a recoverable one is repeated as long as attempts
 *    are left, and then reads `RetriesExhausted|<code>` and `[n/m] currentAttempt done. Last Error: …`.
 * 2. System failures have attempts of their own: three.
 * 3. An error file is looked at before the exit code and before outputs.
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { CatalogCacheStatus } from "../../../runtime/flyte/idl/flyteidl/core/catalog_pb.ts";
import {
  ExecutionError_ErrorKind as ErrorKind,
  NodeExecution_Phase as NodePhase,
  TaskExecution_Phase as TaskPhase,
} from "../../../runtime/flyte/idl/flyteidl/core/execution_pb.ts";
import { IdentifierSchema } from "../../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import {
  type LiteralMap,
  LiteralMapSchema,
  LiteralSchema,
} from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import type { TaskTemplate } from "../../../runtime/flyte/idl/flyteidl/core/tasks_pb.ts";
import { runContainer } from "./container.ts";
import { failureOf, TaskFailure } from "./failures.ts";
import { type AttemptRow, enterAttempt, enterNode } from "./nodes.ts";
import { digestOf } from "./registry.ts";
import { checkOutputSize, type TaskPlace } from "./task-place.ts";
import { typeOfLiteral } from "./types.ts";
import { environmentOf } from "./world.ts";

const SYSTEM_ATTEMPTS = 3;

/** @param retries of the node; the template's when undefined. */
export async function runTask(
  place: TaskPlace,
  template: TaskTemplate,
  inputs: LiteralMap,
  retries: number | undefined,
): Promise<LiteralMap> {
  const { world, node, row } = place;
  const key = cacheKey(template, inputs);
  const kept = key === undefined || row.spec.overwriteCache ? undefined : world.cache.get(key);
  if (kept) {
    node.cacheStatus = CatalogCacheStatus.CACHE_HIT;
    enterNode(node, NodePhase.RUNNING);
    return kept;
  }
  const outputs = await attempts(place, template, inputs, retries);
  if (key === undefined) node.cacheStatus = CatalogCacheStatus.CACHE_DISABLED;
  else {
    world.cache.set(key, outputs);
    node.cacheStatus = CatalogCacheStatus.CACHE_POPULATED;
  }
  return outputs;
}

function cacheKey(template: TaskTemplate, inputs: LiteralMap): string | undefined {
  const { metadata, id } = template;
  if (!metadata?.discoverable) return undefined;
  const ignored = new Set(metadata.cacheIgnoreInputVars);
  const seen = Object.entries(inputs.literals)
    .filter(([name]) => !ignored.has(name))
    // A literal with a hash counts by it, not by its content.
    .map(([name, literal]) => [name, literal.hash || literal]);
  return digestOf({
    task: `${id?.project}:${id?.domain}:${id?.name}`,
    version: metadata.discoveryVersion,
    interface: template.interface,
    inputs: Object.fromEntries(seen),
  });
}

async function attempts(
  place: TaskPlace,
  template: TaskTemplate,
  inputs: LiteralMap,
  retries: number | undefined,
): Promise<LiteralMap> {
  const { node, signal } = place;
  const max = (retries ?? template.metadata?.retries?.retries ?? 0) + 1;
  let systemFailures = 0;
  for (let attempt = 0; ; attempt++) {
    const now = new Date();
    const tried: AttemptRow = {
      taskId: template.id ?? create(IdentifierSchema),
      attempt,
      taskType: template.type,
      phase: TaskPhase.QUEUED,
      createdAt: now,
      updatedAt: now,
    };
    node.attempts.push(tried);
    enterNode(node, NodePhase.RUNNING);
    enterAttempt(tried, TaskPhase.RUNNING);
    try {
      const outputs = await oneAttempt(place, template, inputs, tried);
      const outputsUri = `${place.folder}/${attempt}/outputs.pb`;
      enterAttempt(tried, TaskPhase.SUCCEEDED, { outputs, outputsUri });
      return outputs;
    } catch (thrown) {
      if (signal.aborted) {
        enterAttempt(tried, TaskPhase.ABORTED);
        throw signal.reason;
      }
      const { error, recoverable } = failureOf(thrown, max > 1);
      if (!recoverable) {
        enterAttempt(tried, TaskPhase.FAILED, { error });
        throw thrown instanceof TaskFailure ? thrown : failureOf(thrown, false);
      }
      enterAttempt(tried, TaskPhase.RETRYABLE_FAILED, { error });
      const isSystem = error.kind === ErrorKind.SYSTEM;
      if (isSystem) systemFailures++;
      const current = isSystem ? systemFailures : attempt + 1 - systemFailures;
      const allowed = isSystem ? SYSTEM_ATTEMPTS : max;
      if (current < allowed) continue;
      throw new TaskFailure(
        `[${current}/${allowed}] currentAttempt done. Last Error: ` +
          `${isSystem ? "SYSTEM" : "USER"}::${error.message}`,
        { code: `RetriesExhausted|${error.code}`, worker: error.worker },
      );
    }
  }
}

async function oneAttempt(
  place: TaskPlace,
  template: TaskTemplate,
  inputs: LiteralMap,
  tried: AttemptRow,
): Promise<LiteralMap> {
  const limit = template.metadata?.timeout ? durationMs(template.metadata.timeout) : 0;
  const late = limit > 0 ? AbortSignal.timeout(limit) : undefined;
  const signal = late ? AbortSignal.any([place.signal, late]) : place.signal;
  try {
    const name = template.id?.name ?? "";
    const known = place.world.answers.get(name);
    if (known) return await answer({ ...place, signal }, template, inputs, tried);
    return await runContainer({ ...place, signal }, template, inputs, tried);
  } catch (thrown) {
    if (late?.aborted && !place.signal.aborted) {
      throw new TaskFailure(`task execution timeout [${limit / 1000}s] expired`, {
        code: "TimeoutExpired",
        recoverable: true,
      });
    }
    throw thrown;
  }
}

async function answer(
  place: TaskPlace,
  template: TaskTemplate,
  inputs: LiteralMap,
  tried: AttemptRow,
): Promise<LiteralMap> {
  const { world, row, signal } = place;
  const known = world.answers.get(template.id?.name ?? "");
  if (!known) throw new Error("the answer was there a moment ago");
  if (known.delayMs) await delay(known.delayMs, undefined, { signal });
  signal.throwIfAborted();
  const context = {
    execution: row.id.name,
    project: row.id.project,
    domain: row.id.domain,
    version: template.id?.version ?? "",
    attempt: tried.attempt,
    labels: row.spec.labels?.values ?? {},
    environment: environmentOf(row),
    signal,
  };
  const literals = await untilAborted(known.answer(inputs.literals, context), signal);
  for (const output of Object.keys(template.interface?.outputs?.variables ?? {})) {
    if (!Object.hasOwn(literals, output)) {
      throw new TaskFailure("Outputs not generated by task execution", {
        code: "OutputsNotFound",
        recoverable: true,
      });
    }
  }
  const outputs = create(LiteralMapSchema, { literals: { ...literals } });
  const uri = `${place.folder}/${tried.attempt}/outputs.pb`;
  offload(place, outputs, `${place.folder}/${tried.attempt}`);
  world.objects.putMessage(uri, LiteralMapSchema, outputs);
  checkOutputSize(world.objects.size(uri) ?? 0, uri);
  return outputs;
}

/** As SDKs do it beyond a size: the literal lies beside, the map says where. */
function offload({ world }: TaskPlace, outputs: LiteralMap, folder: string): void {
  const limit = world.faults.offloadOverBytes;
  if (limit === undefined) return;
  for (const [name, literal] of Object.entries(outputs.literals)) {
    const uri = `${folder}/${name}_offloaded_metadata.pb`;
    world.objects.putMessage(uri, LiteralSchema, literal);
    const sizeBytes = world.objects.size(uri) ?? 0;
    const inferredType = typeOfLiteral(literal);
    if (sizeBytes <= limit || !inferredType) continue;
    outputs.literals[name] = create(LiteralSchema, {
      hash: literal.hash,
      value: {
        case: "offloadedMetadata",
        value: { uri, sizeBytes: BigInt(sizeBytes), inferredType },
      },
    });
  }
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
