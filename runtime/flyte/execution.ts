/**
 * An execution as something to hold: started on its own or found again, with its phase, its page, its value.
 * @module
 */

import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { create } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { checkInputs, misfitsToText } from "../types/validate.ts";
import { escapeHtml } from "../values/escape.ts";
import { checkOutput, type Definition, definitionOf } from "../workflow/definition.ts";
import { CallFailure, EagerException } from "../workflow/errors.ts";
import type { Connection, Place } from "./connection.ts";
import { executionUrl, readExecutionUrl } from "./console.ts";
import { FlyteError, remoteFailure, Status, statusOf } from "./errors.ts";
import { neededOf } from "./executor.ts";
import { callFailure, failureOf } from "./failures.ts";
import { Sort_Direction } from "./idl/flyteidl/admin/common_pb.ts";
import type { Execution as ExecutionMessage } from "./idl/flyteidl/admin/execution_pb.ts";
import { WorkflowExecution_Phase as Phase } from "./idl/flyteidl/core/execution_pb.ts";
import { ResourceType } from "./idl/flyteidl/core/identifier_pb.ts";
import { LiteralMapSchema } from "./idl/flyteidl/core/literals_pb.ts";
import { decodeMap } from "./literals/decode.ts";
import { encodeMap } from "./literals/encode.ts";
import { expectedOutputs } from "./literals/expected.ts";
import { literalsHash } from "./literals/hash.ts";
import { resultOf } from "./literals/result.ts";
import { dnsName } from "./names.ts";
import type { LaunchOptions } from "./options.ts";
import { PAGE_ROWS, pagesOf } from "./pages.ts";
import { phaseName } from "./phases.ts";
import { readOutputs } from "./results.ts";
import { inputsToSend, isOutputMade } from "./schemas.ts";
import type { Target } from "./targets.ts";
import { hasEnded } from "./watch.ts";
import { targetOf } from "./which.ts";

/** As Flyte names them. */
export type PhaseName =
  | "UNDEFINED"
  | "QUEUED"
  | "RUNNING"
  | "SUCCEEDING"
  | "SUCCEEDED"
  | "FAILING"
  | "FAILED"
  | "ABORTED"
  | "TIMED_OUT"
  | "ABORTING";

/** One line of a list. */
export interface ExecutionSummary {
  readonly id: string;
  readonly url: string;
  readonly phase: PhaseName;
  /** Name of the task or launch plan. */
  readonly entity: string;
  readonly version: string;
  readonly startedAt: Date | undefined;
  /** Milliseconds; absent while it runs. */
  readonly durationMs: number | undefined;
}

export interface ExecutionListOptions {
  /** Default: 20; at most 100. */
  readonly limit?: number;
  /** Only those in one of these phases: `["RUNNING"]`. */
  readonly phases?: readonly PhaseName[];
  readonly project?: string;
  readonly domain?: string;
}

export interface LogLink {
  readonly name: string;
  readonly uri: string;
}

export class Execution<O = unknown> {
  /** Its name there. */
  readonly id: string;
  /** Its page. */
  readonly url: string;
  readonly #connection: Connection;
  readonly #target: Target;
  /** Of one that was started here. */
  readonly #definition: Definition | undefined;
  #phase: Phase;
  #failure: CallFailure | undefined;

  /** @internal For eagerdeck only: `remote.execute(…)` and `remote.fetchExecution(…)` make them. */
  constructor(
    connection: Connection,
    target: Target,
    name: string,
    phase: Phase,
    definition?: Definition,
  ) {
    this.#connection = connection;
    this.#definition = definition;
    this.#target = target;
    this.#phase = phase;
    this.id = name;
    const { consoleUrl } = connection.client.platform;
    this.url = executionUrl({ consoleUrl, ...target }, name);
  }

  /** The last one that was heard of; `refresh()` asks. */
  get phase(): PhaseName {
    return phaseName(this.#phase);
  }

  async refresh(): Promise<PhaseName> {
    const execution = await this.#get();
    this.#phase = execution.closure?.phase ?? this.#phase;
    return this.phase;
  }

  /**
   * Its value, once it has ended.
   * @throws {EagerException} when it failed or was aborted, {FlyteError} when the cluster does not answer.
   */
  async wait({ signal }: { readonly signal?: AbortSignal } = {}): Promise<O> {
    const values = await this.#values(signal);
    const definition = this.#definition;
    if (definition === undefined) return resultOf(values, this.#target.outputs) as O;
    const { outputs } = definition;
    const result = outputs === undefined ? resultOf(values, this.#target.outputs) : values;
    return (await asDeclared(definition, result)) as O;
  }

  /** The same by the names of its outputs. */
  async outputs(): Promise<Readonly<Record<string, unknown>>> {
    return await this.#values(undefined);
  }

  /** What it was started with. */
  async inputs(): Promise<Readonly<Record<string, unknown>>> {
    const { admin } = this.#connection.client;
    const data = await tried(`read the inputs of execution ${this.id}`, () =>
      admin.getExecutionData({ id: this.#id }),
    );
    const map = data.fullInputs ?? create(LiteralMapSchema);
    return await decodeMap(map, this.#target.inputs, this.#context(undefined));
  }

  /** Ends it. @param cause shown on its page. */
  async cancel(cause = "cancelled from eagerdeck"): Promise<void> {
    const { admin } = this.#connection.client;
    try {
      await admin.terminateExecution({ id: this.#id, cause });
    } catch (error) {
      if (statusOf(error) === Status.failedPrecondition) return;
      throw remoteFailure(error, `end execution ${this.id}`);
    }
  }

  /** Links to the logs of its tasks, newest attempt last. Flyte keeps links only; the logs are where they lead. */
  async logs(): Promise<readonly LogLink[]> {
    const { admin } = this.#connection.client;
    return await tried(`ask for the logs of execution ${this.id}`, async () => {
      const links: LogLink[] = [];
      const nodes = pagesOf((token) =>
        admin.listNodeExecutions({ workflowExecutionId: this.#id, limit: PAGE_ROWS, token }),
      );
      for await (const { nodeExecutions } of nodes) {
        for (const { id } of nodeExecutions) {
          if (id === undefined) continue;
          const attempts = pagesOf((token) =>
            admin.listTaskExecutions({ nodeExecutionId: id, limit: PAGE_ROWS, token }),
          );
          for await (const { taskExecutions } of attempts) {
            for (const { closure } of taskExecutions) {
              for (const { name, uri } of closure?.logs ?? []) links.push({ name, uri });
            }
          }
        }
      }
      return links;
    });
  }

  get #id() {
    const { project, domain } = this.#target;
    return { project, domain, name: this.id };
  }

  #context(signal: AbortSignal | undefined) {
    const { integers } = this.#connection.options;
    return { store: this.#connection.store(this.#target), signal, integers };
  }

  async #get(): Promise<ExecutionMessage> {
    const { admin } = this.#connection.client;
    return await tried(`look at execution ${this.id}`, () => admin.getExecution({ id: this.#id }));
  }

  async #values(signal: AbortSignal | undefined): Promise<Record<string, unknown>> {
    const target = this.#target;
    try {
      if (!hasEnded(this.#phase)) {
        this.#phase = await this.#connection.watcher(target).ended(this.id, signal, {
          onPhase: (phase) => {
            this.#phase = phase;
          },
        });
      }
      if (this.#phase !== Phase.SUCCEEDED) {
        this.#failure = failureOf(await this.#get(), target.name, this.url);
        throw this.#failure;
      }
      const context = this.#context(signal);
      const reading = { client: this.#connection.client, store: context.store, signal };
      const literals = await readOutputs(reading, target, this.id);
      const outputs = this.#definition
        ? expectedOutputs(target.outputs, this.#definition)
        : target.outputs;
      return await decodeMap(create(LiteralMapSchema, { literals }), outputs, context);
    } catch (error) {
      throw exceptionOf(callFailure(error, target.name, this.url), target.name);
    }
  }

  [inspect.custom](): string {
    const { name, version } = this.#target;
    return `Execution ${this.id} of ${name} ${version}: ${this.phase}${this.#whyText()}\n${this.url}`;
  }

  /** In a notebook: the phase, a link to its page, and why it failed. */
  [Symbol.for("Jupyter.display")](): Record<string, string> {
    const { name, version } = this.#target;
    const link = `<a href="${escapeHtml(this.url)}" target="_blank" rel="noopener">${escapeHtml(this.id)}</a>`;
    const html = `<div>${link} of ${escapeHtml(name)} <code>${escapeHtml(version)}</code>: ${this.phase}${escapeHtml(this.#whyText())}</div>`;
    return { "text/plain": inspect(this), "text/html": html };
  }

  #whyText(): string {
    return this.#failure === undefined ? "" : ` (${this.#failure.message})`;
  }
}

/** As a call gives it: by the caller's schemas, unless the container has applied them. */
async function asDeclared(definition: Definition, result: unknown): Promise<unknown> {
  if (isOutputMade(definition)) return result;
  const checked = await checkOutput(definition, result);
  if (checked === undefined) return result;
  if ("threw" in checked) throw checked.threw;
  if (checked.ok) return checked.value;
  const { name } = definition;
  throw new EagerException(
    "OUTPUT_INVALID",
    `${name} gave a value that does not fit its output: ${misfitsToText(checked.misfits)}`,
    { kind: "user", task: name },
  );
}

/** A failure outside of any call is told by the same class as that of one. */
function exceptionOf(error: unknown, task: string): unknown {
  if (!CallFailure.is(error)) return error;
  const { code, kind, message, url, attempts } = error;
  return new EagerException(code, message, {
    ...{ kind, task },
    ...(url !== undefined && { url }),
    ...(attempts !== undefined && { attempts }),
    ...("cause" in error && { cause: error.cause }),
  });
}

/**
 * @internal Users call `remote.execute(…)`.
 * @throws {TypeError} for what is no entity, and for inputs that do not fit.
 */
export async function startExecution<O>(
  connection: Connection,
  entity: unknown,
  given: unknown,
  options: LaunchOptions,
): Promise<Execution<O>> {
  const definition = definitionOf(entity);
  if (definition === undefined || definition.entity === "map" || definition.entity === "group") {
    throw new TypeError(
      "execute() takes a task, workflow or eager workflow and its inputs: remote.execute(train, { epochs: 3 })",
    );
  }
  const what = definition.name;
  const awaited = await awaitedInputs(given);
  const checked = definition.inputs && (await checkInputs(definition.inputs, awaited));
  if (checked?.ok === false) throw new TypeError(`${what}: ${misfitsToText(checked.misfits)}`);
  const target = await targetOf(connection, definition, options);
  const store = connection.store(target);
  const values = checked ? inputsToSend(definition, awaited, checked.value) : awaited;
  const inputs = await encodeMap(values, neededOf(target, values), { store }).catch((error) => {
    throw error instanceof TypeError
      ? new TypeError(`${what} of version ${target.version} on the cluster: ${error.message}`)
      : error;
  });
  const name =
    options.executionName ??
    `x-${dnsName(what.slice(what.lastIndexOf(".") + 1), 20)}-${randomBytes(8).toString("hex")}`;
  const request = {
    ...{ name, target, inputs, options, hash: literalsHash(inputs) },
    ...{ tag: undefined, root: undefined, rerunFailed: false },
  };
  const { name: started } = await connection.launcher
    .launch(request, undefined, () => undefined)
    .catch((error) => {
      throw exceptionOf(error, what);
    });
  return new Execution<O>(connection, target, started, Phase.UNDEFINED, definition);
}

async function awaitedInputs(given: unknown): Promise<Record<string, unknown>> {
  if (typeof given !== "object" || given === null) {
    throw new TypeError("the inputs of an execution are an object of named values: { x: 5 }");
  }
  const entries = await Promise.all(
    Object.entries(given).map(async ([name, value]) => [name, await value] as const),
  );
  return Object.fromEntries(entries);
}

/**
 * @internal Users call `remote.fetchExecution(…)`.
 * @param nameOrUrl its name in the default project and domain, or the address of its page.
 */
export async function findExecution(connection: Connection, nameOrUrl: string): Promise<Execution> {
  if (typeof nameOrUrl !== "string" || nameOrUrl === "") {
    throw new TypeError("an execution is found by its name, or by the address of its page");
  }
  const ofUrl = readExecutionUrl(nameOrUrl);
  const place: Place = connection.place(ofUrl);
  const name = ofUrl?.name ?? nameOrUrl;
  const { admin } = connection.client;
  const found = await tried(`find execution ${name}`, () =>
    admin.getExecution({ id: { ...place, name } }),
  );
  const plan = found.spec?.launchPlan;
  if (plan === undefined) {
    throw new FlyteError("REMOTE_REJECTED", `the cluster does not say what execution ${name} runs`);
  }
  const kind = plan.resourceType === ResourceType.TASK ? "task" : "launch_plan";
  const { project, domain, version } = plan;
  const target = await connection.targets.find({ kind, project, domain, name: plan.name, version });
  const phase = found.closure?.phase ?? Phase.UNDEFINED;
  return new Execution(connection, { ...target, ...place }, name, phase);
}

const LIST_DEFAULT = 20;
const LIST_MAX = 100;

/** @internal Users call `remote.list(…)`. */
export async function listExecutions(
  connection: Connection,
  { limit = LIST_DEFAULT, phases, project, domain }: ExecutionListOptions,
): Promise<readonly ExecutionSummary[]> {
  const place = connection.place({ project, domain });
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > LIST_MAX) {
    throw new TypeError(`list() takes a limit from 1 to ${LIST_MAX}`);
  }
  for (const phase of phases ?? []) {
    if (Phase[phase] === undefined) {
      const all = Object.keys(Phase).join(", ");
      throw new TypeError(`there is no phase ${String(phase)}; they are ${all}`);
    }
  }
  const { executions } = await tried("list executions", () =>
    connection.client.admin.listExecutions({
      id: place,
      limit,
      sortBy: { key: "created_at", direction: Sort_Direction.DESCENDING },
      ...(phases !== undefined && { filters: `value_in(phase,${phases.join(";")})` }),
    }),
  );
  const { consoleUrl } = connection.client.platform;
  return executions.map(({ id, spec, closure }) => ({
    id: id?.name ?? "",
    url: executionUrl({ consoleUrl, ...place }, id?.name ?? ""),
    phase: phaseName(closure?.phase ?? Phase.UNDEFINED),
    entity: spec?.launchPlan?.name ?? "",
    version: spec?.launchPlan?.version ?? "",
    startedAt: closure?.startedAt && timestampDate(closure.startedAt),
    durationMs:
      closure?.duration === undefined || !hasEnded(closure.phase)
        ? undefined
        : Number(closure.duration.seconds) * 1_000 + closure.duration.nanos / 1e6,
  }));
}

async function tried<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw remoteFailure(error, what);
  }
}
