/**
 * Runs a call on a cluster: finds the entity, starts the execution, waits for its end, reads its value.
 *
 * Invariants
 *   E1  The name of the execution is told before it is started: a process that is killed leaves what finds it again.
 *   E2  A call that is cancelled ends its execution, also when it is still being started; never one that only has the
 *       name which it asked for.
 *   E3  A value that is falsy is a value.
 * @module
 */

import { create } from "@bufbuild/protobuf";
import { formatDuration } from "../values/format.ts";
import type { TaskContext } from "../workflow/context.ts";
import type { Definition } from "../workflow/definition.ts";
import { CallFailure, reasonToText } from "../workflow/errors.ts";
import type { ExecutableCall } from "../workflow/executor.ts";
import { finishBeforeExit, guardExit, runsElsewhere } from "../workflow/leaving.ts";
import type { Connection } from "./connection.ts";
import { executionUrl } from "./console.ts";
import { remoteFailure } from "./errors.ts";
import { callFailure, failureOf } from "./failures.ts";
import { WorkflowExecution_Phase as Phase } from "./idl/flyteidl/core/execution_pb.ts";
import { type LiteralMap, LiteralMapSchema } from "./idl/flyteidl/core/literals_pb.ts";
import { decodeMap } from "./literals/decode.ts";
import { encodeMap } from "./literals/encode.ts";
import { expectedOutputs } from "./literals/expected.ts";
import { literalsHash } from "./literals/hash.ts";
import { resultOf } from "./literals/result.ts";
import { executionName } from "./names.ts";
import type { LaunchOptions } from "./options.ts";
import { readOutputs } from "./results.ts";
import { callsOf } from "./run-calls.ts";
import { StorageError } from "./storage/failure.ts";
import { rootOf, tagOf } from "./tags.ts";
import type { Target } from "./targets.ts";
import { targetOf } from "./which.ts";

type Inputs = Readonly<Record<string, unknown>>;

/** Of phases in which nothing runs for the call. */
const PHASE_NOTES: Partial<Record<Phase, string>> = {
  [Phase.QUEUED]: "queued on the cluster",
  [Phase.ABORTING]: "being aborted on the cluster",
  [Phase.FAILING]: "failing on the cluster",
};

/** How long silence lasts before it is told for the first time; then at each doubling. */
const SILENCE_FIRST_MS = 5_000;

export function runRemotely(
  connection: Connection,
  call: ExecutableCall,
  inputs: Inputs,
  context: TaskContext,
): Promise<unknown> {
  guardExit();
  return new RemoteCall(connection, call, inputs, context).run();
}

class RemoteCall {
  readonly #connection: Connection;
  readonly #call: ExecutableCall;
  readonly #inputs: Inputs;
  readonly #context: TaskContext;
  readonly #tag: string;
  #target: Target | undefined;
  /** Of the execution that runs or may run. */
  #name: string | undefined;
  #url: string | undefined;
  /** Settles when no request to start it is on its way. */
  #launching: Promise<unknown> | undefined;
  #hasEnded = false;
  #silenceToldMs = 0;
  /** What its phase there says to somebody who waits. */
  #phaseNote = "";

  constructor(connection: Connection, call: ExecutableCall, inputs: Inputs, context: TaskContext) {
    this.#connection = connection;
    this.#call = call;
    this.#inputs = inputs;
    this.#context = context;
    this.#tag = tagOf(call.run);
  }

  async run(): Promise<unknown> {
    const { signal } = this.#context;
    const onAbort = () => {
      if (this.#connection.options.onInterrupt !== "leave")
        finishBeforeExit(this.#stop(signal.reason));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    const isOver = runsElsewhere();
    try {
      return await this.#value();
    } catch (error) {
      throw callFailure(error, this.#call.definition.name, this.#url);
    } finally {
      isOver();
      if (this.#name !== undefined) callsOf(this.#call.run).unwanted(this.#name, this);
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #value(): Promise<unknown> {
    const { definition } = this.#call;
    const { remoteCall } = definition.settings;
    const { signal } = this.#context;
    const target = await targetOf(this.#connection, definition, remoteCall);
    signal.throwIfAborted();
    this.#target = target;
    const store = this.#connection.store(target);
    const inputs = await this.#encoded(target);
    signal.throwIfAborted();
    const hash = literalsHash(inputs);
    const name = remoteCall.executionName ?? this.#executionName(target, hash);
    this.#launching = this.#connection.launcher.launch(
      {
        ...{ name, target, inputs, hash, tag: this.#tag, root: rootOf(this.#tag) },
        options: launchOptions(definition),
        rerunFailed: this.#connection.options.rerunFailed ?? true,
      },
      signal,
      (started) => this.#named(started, target),
    );
    await this.#launching;
    if (signal.aborted) throw signal.reason;
    const execution = this.#name ?? name;
    const phase = await this.#connection.watcher(target).ended(execution, signal, {
      onPhase: (phase) => this.#tellPhase(phase),
      onSilence: (ms) => this.#tellSilence(ms),
    });
    this.#hasEnded = true;
    callsOf(this.#call.run).unwanted(execution, this);
    if (phase !== Phase.SUCCEEDED) throw await this.#failure(target, execution);
    const reading = { client: this.#connection.client, store, signal };
    const literals = await readOutputs(reading, target, execution);
    const { integers } = this.#connection.options;
    const outputs = expectedOutputs(target.outputs, definition);
    const values = await decodeMap(create(LiteralMapSchema, { literals }), outputs, {
      ...{ store, signal },
      ...(integers !== undefined && { integers }),
    });
    return definition.outputs === undefined ? resultOf(values, target.outputs) : values;
  }

  async #encoded(target: Target): Promise<LiteralMap> {
    const { name } = this.#call.definition;
    try {
      return await encodeMap(this.#inputs, neededOf(target, this.#inputs), {
        store: this.#connection.store(target),
        signal: this.#context.signal,
      });
    } catch (error) {
      if (error instanceof TypeError) {
        const what = `${name} of version ${target.version} on the cluster`;
        throw new CallFailure("INPUT_INVALID", `${what}: ${error.message}`, { cause: error });
      }
      // A file of here that was to be uploaded.
      if (error instanceof StorageError && error.code === "STORAGE_NOT_FOUND") {
        throw new CallFailure("INPUT_INVALID", `${name}: ${error.message}`, { cause: error });
      }
      throw error;
    }
  }

  #executionName(target: Target, inputs: string): string {
    const { run, parent } = this.#call;
    const { kind, project, domain, name, version } = target;
    const same = { tag: this.#tag, kind, project, domain, name, version, inputs };
    const workflow = parent?.definition.name ?? run.title;
    return executionName({ ...same, workflow, nth: callsOf(run).nth(JSON.stringify(same)) });
  }

  /** E1 */
  #named(name: string, target: Target): void {
    this.#name = name;
    if (!this.#context.signal.aborted) callsOf(this.#call.run).wanted(name, this);
    const { consoleUrl } = this.#connection.client.platform;
    this.#url = executionUrl({ consoleUrl, ...target }, name);
    const { version } = target;
    this.#call.linked({ executionId: name, url: this.#url, version, tag: this.#tag });
  }

  async #failure(target: Target, name: string): Promise<CallFailure> {
    const { project, domain } = target;
    try {
      const { admin } = this.#connection.client;
      const execution = await admin.getExecution(
        { id: { project, domain, name } },
        { signal: this.#context.signal },
      );
      return failureOf(execution, this.#call.definition.name, this.#url ?? "");
    } catch (error) {
      throw remoteFailure(error, `ask why execution ${name} failed`);
    }
  }

  #tellPhase(phase: Phase): void {
    this.#phaseNote = PHASE_NOTES[phase] ?? "";
    this.#call.noted(this.#phaseNote);
  }

  #tellSilence(ms: number): void {
    if (ms === 0) {
      if (this.#silenceToldMs > 0) this.#context.log("the cluster answers again");
      this.#silenceToldMs = 0;
      this.#call.noted(this.#phaseNote);
      return;
    }
    const { endpoint } = this.#connection.client.platform;
    const text = `no answer from ${endpoint} for ${secondsText(ms)}`;
    this.#call.noted(text);
    // Each time twice as long: the log is read when all is over.
    if (ms < Math.max(SILENCE_FIRST_MS, 2 * this.#silenceToldMs)) return;
    this.#silenceToldMs = ms;
    this.#context.log(`${text}; waiting`);
  }

  /** E2 */
  async #stop(reason: unknown): Promise<void> {
    const target = this.#target;
    if (target === undefined || this.#hasEnded) return;
    const cause = `eagerdeck: ${reasonToText(reason)} (${this.#tag})`;
    const connection = this.#connection;
    const calls = callsOf(this.#call.run);
    if (this.#name !== undefined) calls.unwanted(this.#name, this);
    await calls.stopping({ connection, place: target, tag: this.#tag, cause }, async () => {
      const failure = await this.#launching?.then(noFailure, (error: unknown) => error);
      const name = this.#name;
      if (name === undefined) return;
      calls.unwanted(name, this);
      if (isOfSomebodyElse(failure) || calls.isWanted(name)) return;
      if (await connection.stopper.stop(target, name, cause)) return;
      connection.notice(`execution ${name} could not be stopped; stop it yourself: ${this.#url}`);
    });
  }
}

function noFailure(): undefined {
  return undefined;
}

/** Whether an execution could not be started because its name is that of another call's. */
function isOfSomebodyElse(failure: unknown): boolean {
  return CallFailure.is(failure) && failure.code === "NAME_COLLISION";
}

/** Whole seconds: it changes with each question that goes unanswered. */
function secondsText(ms: number): string {
  return ms < 60_000 ? `${Math.floor(ms / 1_000)} s` : formatDuration(ms);
}

function launchOptions({ settings }: Definition): LaunchOptions {
  const { remoteCall, cluster, cacheOff } = settings;
  const { labels, env } = cluster;
  return { ...(cacheOff && { overwriteCache: true }), labels, env, ...remoteCall };
}

/** Without those that are left out and for which the cluster knows a value. */
export function neededOf({ inputs, optional }: Target, given: Inputs): Target["inputs"] {
  if (optional.size === 0) return inputs;
  return Object.fromEntries(
    Object.entries(inputs).filter(([name]) => !optional.has(name) || given[name] !== undefined),
  );
}
