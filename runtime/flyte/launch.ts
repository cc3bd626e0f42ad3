/**
 * Starts executions: so many at once, each exactly once.
 *
 * Invariants
 *   L1  A request that is repeated after a lost answer starts nothing twice: the name says which call it is.
 *   L2  An execution of that name which was there before is taken only if it is the same call; else nothing is touched.
 * @module
 */

import { randomUUID } from "node:crypto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { CallFailure } from "../workflow/errors.ts";
import { Limiter } from "../workflow/limiter.ts";
import type { FlyteClient } from "./client.ts";
import { FlyteError, isTooLarge, remoteFailure, Status, statusOf } from "./errors.ts";
import type { Execution, ExecutionSpec } from "./idl/flyteidl/admin/execution_pb.ts";
import {
  ExecutionCreateRequestSchema,
  ExecutionMetadata_ExecutionMode,
  type ExecutionSpecSchema,
} from "./idl/flyteidl/admin/execution_pb.ts";
import { WorkflowExecution_Phase as Phase } from "./idl/flyteidl/core/execution_pb.ts";
import type { LiteralMap } from "./idl/flyteidl/core/literals_pb.ts";
import { retryName } from "./names.ts";
import type { LaunchOptions } from "./options.ts";
import type { Target } from "./targets.ts";
import { hasEnded } from "./watch.ts";

const AT_ONCE = 16;
const RETRIES_MAX = 9;

/** Labels that flytekit's eager workflows set too: by them a clean-up finds what belongs to a parent. */
const TAG_LABEL = "eager-exec";
const ROOT_LABEL = "eager-root-exec";
const ROOT_VARIABLE = "_F_EE_ROOT";
/** Ours: which call it is, and which process asked for it. */
const INPUTS_NOTE = "eagerdeck-inputs";
const PROCESS_NOTE = "eagerdeck-process";
const PROCESS = randomUUID();

export interface LaunchRequest {
  readonly name: string;
  readonly target: Target;
  readonly inputs: LiteralMap;
  /** Of the inputs: `literalsHash`. */
  readonly hash: string;
  /** Absent for an execution that no call waits for. */
  readonly tag: string | undefined;
  readonly root: string | undefined;
  readonly options: LaunchOptions;
  readonly rerunFailed: boolean;
}

export interface Launched {
  readonly name: string;
  /** It was there before this process asked for it. */
  readonly isReattached: boolean;
}

export class Launcher {
  readonly #client: FlyteClient;
  readonly #places: Limiter;
  readonly #onLost: () => void;

  /** @param onLost told when an entity that was found before is not there any more. */
  constructor(client: FlyteClient, atOnce = AT_ONCE, onLost: () => void = () => undefined) {
    this.#client = client;
    this.#places = new Limiter(atOnce);
    this.#onLost = onLost;
  }

  /**
   * Starts an execution, or finds the one that is this call already.
   * @param signal who waits for its place leaves; a request that is on its way is awaited, so that nobody loses sight of
   *   what it starts.
   * @param onName told before each request: from then on an execution of that name may exist.
   * @throws {CallFailure} `NAME_COLLISION`. @throws {FlyteError} for what the cluster refuses.
   */
  async launch(
    request: LaunchRequest,
    signal: AbortSignal | undefined,
    onName: (name: string) => void,
  ): Promise<Launched> {
    for (let retry = 0; ; retry++) {
      const name = retry === 0 ? request.name : retryName(request.name, retry);
      const launched = await this.#inPlace(signal, async () => {
        onName(name);
        return await this.#try(request, name, retry < RETRIES_MAX);
      });
      if (launched !== undefined) return launched;
    }
  }

  async #inPlace<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const waiting = this.#places.take(resolve);
      if (waiting === undefined) return;
      const onAbort = () => {
        waiting.leave();
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
    });
    try {
      signal?.throwIfAborted();
      return await work();
    } finally {
      this.#places.release();
    }
  }

  #refusal(error: unknown, { target }: LaunchRequest, name: string): Error {
    if (isTooLarge(error)) {
      const failure = remoteFailure(error, "send them");
      return new CallFailure(
        "INPUT_INVALID",
        `${target.name}: its inputs are larger than the cluster takes: ${failure.message}. Give what is large as a FlyteFile`,
        { cause: error },
      );
    }
    const failure = remoteFailure(error, `start ${target.name} as execution ${name}`);
    if (statusOf(error) !== Status.notFound) return failure;
    this.#onLost();
    return new FlyteError(
      "REMOTE_NOT_FOUND",
      `${failure.message}. The cluster has lost it since: call it again, and what is defined here is registered anew`,
      { cause: error },
    );
  }

  /** @returns undefined when an earlier try of the same call has failed and the next one is to be made. */
  async #try(
    request: LaunchRequest,
    name: string,
    mayRetry: boolean,
  ): Promise<Launched | undefined> {
    const { project, domain } = request.target;
    try {
      await this.#client.admin.createExecution(
        create(ExecutionCreateRequestSchema, {
          ...{ project, domain, name, spec: specOf(request), inputs: request.inputs },
        }),
      );
      return { name, isReattached: false };
    } catch (error) {
      if (statusOf(error) !== Status.alreadyExists) throw this.#refusal(error, request, name);
    }
    const found = await this.#get(request.target, name);
    const difference = differenceOf(found, request);
    if (difference !== undefined) {
      throw new CallFailure(
        "NAME_COLLISION",
        `${request.target.name}: execution ${name} exists already and is another one: ${difference}. ` +
          "It was left as it is; give this call a name of its own, with({ executionName: … })",
        { kind: "system" },
      );
    }
    const isReattached = found.spec?.annotations?.values[PROCESS_NOTE] !== PROCESS;
    const phase = found.closure?.phase ?? Phase.UNDEFINED;
    const hasFailed = hasEnded(phase) && phase !== Phase.SUCCEEDED;
    if (hasFailed && isReattached && request.rerunFailed && mayRetry) return undefined;
    return { name, isReattached };
  }

  async #get({ project, domain }: Target, name: string): Promise<Execution> {
    try {
      return await this.#client.admin.getExecution({ id: { project, domain, name } });
    } catch (error) {
      throw remoteFailure(error, `look at execution ${name}, which exists already`);
    }
  }
}

function specOf({
  target,
  hash,
  tag,
  root,
  options,
}: LaunchRequest): MessageInitShape<typeof ExecutionSpecSchema> {
  const { labels, annotations, env, interruptible, rawOutputPrefix, clusterPool } = options;
  const variables = { ...env, ...(root !== undefined && { [ROOT_VARIABLE]: root }) };
  return {
    launchPlan: target.id,
    metadata: { mode: ExecutionMetadata_ExecutionMode.MANUAL },
    labels: {
      values: {
        ...labels,
        ...(tag !== undefined && { [TAG_LABEL]: tag }),
        ...(root !== undefined && { [ROOT_LABEL]: root }),
      },
    },
    annotations: { values: { ...annotations, [INPUTS_NOTE]: hash, [PROCESS_NOTE]: PROCESS } },
    envs: { values: Object.entries(variables).map(([key, value]) => ({ key, value })) },
    ...(options.overwriteCache === true && { overwriteCache: true }),
    ...(options.maxParallelism !== undefined && { maxParallelism: options.maxParallelism }),
    ...(interruptible !== undefined && {
      interruptible,
    }),
    ...(rawOutputPrefix !== undefined && {
      rawOutputDataConfig: { outputLocationPrefix: rawOutputPrefix },
    }),
    ...(clusterPool !== undefined && {
      clusterAssignment: { clusterPoolName: clusterPool },
    }),
  };
}

/** @returns in words what makes an execution another one than the call asks for. */
function differenceOf(
  { spec }: Execution,
  { target, hash, tag }: LaunchRequest,
): string | undefined {
  if (spec === undefined) return "the cluster tells nothing of it";
  const other = entityDifference(spec, target);
  if (other !== undefined) return other;
  const mark = spec.labels?.values[TAG_LABEL];
  if (mark !== tag) return `it belongs to ${mark === undefined ? "no workflow" : mark}`;
  if (spec.annotations?.values[INPUTS_NOTE] !== hash) return "it has other inputs";
  return undefined;
}

function entityDifference({ launchPlan }: ExecutionSpec, { id }: Target): string | undefined {
  if (launchPlan?.name === id.name && launchPlan.version === id.version) return undefined;
  return `it runs ${launchPlan?.name} of version ${launchPlan?.version}`;
}

export function hasTag({ spec }: Execution, tag: string): boolean {
  return spec?.labels?.values[TAG_LABEL] === tag;
}
