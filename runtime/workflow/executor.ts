/**
 * The only thing the engine knows of how a call runs. Tests drive the engine with a hand-operated one.
 * @module
 */
import type { Where } from "../events/events.ts";
import type { TaskContext } from "./context.ts";
import type { Definition } from "./definition.ts";
import type { LiveCall } from "./live-call.ts";
import type { Outlived } from "./outlived.ts";
import { threadExecutor } from "./thread/executor.ts";

/** What runs calls, or has what does under this name: a `FlyteRemote`. */
export const EXECUTOR = Symbol.for("eagerdeck.executor");

/** Has an executor: one of its own for each secret it is to log in with. */
export interface HasExecutor {
  [EXECUTOR](options?: ExecutorOptions): Executor;
}

export interface ExecutorOptions {
  /** What a workflow that runs without a person logs in with. */
  readonly secret?: { readonly group: string; readonly key: string };
}

type Inputs = Readonly<Record<string, unknown>>;

export interface Executor {
  /** Where its calls run, as the deck says it. */
  readonly where: Where;
  /** Which place that is, for people: `flytesnacks/development`. */
  readonly name?: string;
  /** How many of its calls a scope runs at once when nobody says; absent: all. */
  readonly concurrency?: number;
  /** Attempts, their time limits and cached values are its business; the engine then sees one attempt. */
  readonly ownsAttempts?: boolean;
  /**
   * Which inputs `run` gets, where the schemas are applied once more on the other side. Default: those that they made.
   * @param given awaited, as the caller gave them; they fit.
   * @param made what the schemas made of them.
   */
  inputsOf?(definition: Definition, given: Inputs, made: Inputs): Inputs;
  /** Whether the value has been through the schemas of the output there, which must not change it twice. */
  checksOutput?(definition: Definition): boolean;
  /**
   * Runs one attempt of a call.
   * @param inputs awaited and validated; see `inputsOf`.
   * @param context its `signal` aborts when the call is cancelled; the engine does not wait for the answer then.
   * @returns the function's value, or a promise of it; throws or rejects with what the function threw.
   */
  run(call: ExecutableCall, inputs: Inputs, context: TaskContext): unknown;
  /** Finds again what it had started for a process that is gone. Absent where nothing outlives its process. */
  readonly outlived?: Outlived;
}

export interface ExecutableCall {
  readonly id: string;
  readonly definition: Definition;
  /** The run it belongs to. */
  readonly run: { readonly id: string; readonly title: string };
  /** The call whose function made it. */
  readonly parent: { readonly definition: Definition } | undefined;
  /** Says which execution somewhere else this call is. */
  linked(link: ExecutionLink): void;
  /** Says what it waits for there, while it runs: one short line, empty when for nothing more. */
  noted(text: string): void;
}

export interface ExecutionLink {
  readonly executionId: string;
  /** Its page. */
  readonly url?: string;
  /** Of the entity that runs there. */
  readonly version?: string;
  /** What all executions of the run are marked with, there. */
  readonly tag?: string;
}

/** In this process, on this thread. */
export const localExecutor: Executor = {
  where: "local",
  run: ({ definition }, inputs, context) => definition.body(inputs, context),
};

/** The same, also for all calls below, whatever they say: nothing leaves the process. */
const localOnlyExecutor: Executor = { ...localExecutor };

/**
 * What `.on(…)` and `remote` were given, as an executor.
 * @returns undefined for anything that cannot run calls.
 */
export function executorFrom(value: unknown, options?: ExecutorOptions): Executor | undefined {
  if (value === "local") return localOnlyExecutor;
  if (typeof value !== "object" || value === null) return undefined;
  if (isExecutor(value)) return value;
  const own = (value as Partial<HasExecutor>)[EXECUTOR];
  return typeof own === "function" ? own.call(value, options) : undefined;
}

function isExecutor(value: object): value is Executor {
  return (
    typeof (value as { run?: unknown }).run === "function" &&
    typeof (value as { where?: unknown }).where === "string"
  );
}

let ofSession: Executor | undefined;
let told: ((executor: Executor | undefined) => void) | undefined;

/** What runs the calls of runs that say nothing else; `undefined`: this process. */
export function setDefaultExecutor(executor: Executor | undefined): void {
  ofSession = executor;
  told?.(executor);
}

/** Sets who hears of each `setDefaultExecutor`: a session shows it. */
export function onDefaultExecutor(
  listener: ((executor: Executor | undefined) => void) | undefined,
): void {
  told = listener;
}

export function defaultExecutor(): Executor {
  return ofSession ?? localExecutor;
}

/** What runs a call: what it asks for, else what its scope says. */
export function executorOf(
  { entity, settings }: Definition,
  scope: { readonly executor: Executor; readonly call: LiveCall | undefined },
): Executor {
  const ofScope = allowed(scope.executor);
  const inThread = settings.thread && !isWithoutThreads;
  if (ofScope === localOnlyExecutor) return inThread ? threadExecutor : ofScope;
  if (settings.executor !== undefined) return allowed(settings.executor);
  // What puts other calls together is done here; where those run is their own business.
  if (entity === "map" || entity === "group") return localExecutor;
  if (ofScope.where === "remote") {
    // Of an eager workflow that nobody sent away the function runs here, and its calls do not.
    return entity === "eager" && !isWithinEager(scope.call) ? localExecutor : ofScope;
  }
  return inThread ? threadExecutor : ofScope;
}

let isWithoutThreads = false;

/** Tasks run on this thread whatever they say: a container has one of its own, and its bundle is no module for others. */
export function doWithoutThreads(): void {
  isWithoutThreads = true;
}

/** What runs the calls that the function of a call makes. */
export function childExecutorOf(
  { settings }: Definition,
  ofCall: Executor,
  ofScope: Executor,
): Executor {
  if (ofCall === localOnlyExecutor || ofScope === localOnlyExecutor) return localOnlyExecutor;
  return allowed(settings.childExecutor ?? ofScope);
}

function isWithinEager(call: LiveCall | undefined): boolean {
  for (let at = call; at !== undefined; at = at.parent) {
    if (at.definition.entity === "eager") return true;
  }
  return false;
}

/** `EAGERDECK_REMOTE=off` keeps everything in this process: for tests of workflows that name a cluster. */
function allowed(executor: Executor): Executor {
  if (executor.where !== "remote" || process.env["EAGERDECK_REMOTE"] !== "off") return executor;
  return localOnlyExecutor;
}
