/**
 * Sees how executions of one project and domain end, all of them with as few questions as possible.
 *
 * Invariants
 *   W1  Whatever becomes of a question, an execution that is watched is asked for again until it has ended.
 *   W2  The next question never comes sooner than four times what the last answer took: a slow cluster is asked less.
 *   W3  Nothing is decided by silence but after ten minutes without any answer.
 * @module
 */
import type { Client } from "@connectrpc/connect";
import { FlyteError, remoteFailure, Status, statusOf } from "./errors.ts";
import { namedFilter } from "./filters.ts";
import type { Execution } from "./idl/flyteidl/admin/execution_pb.ts";
import { WorkflowExecution_Phase as Phase } from "./idl/flyteidl/core/execution_pb.ts";
import type { AdminService } from "./idl/flyteidl/service/admin_pb.ts";
import { inBackground } from "./retry.ts";

/** How many executions one question is about. */
const NAMES_MAX = 100;
const INTERVAL_MIN_MS = 100;
const INTERVAL_MAX_MS = 2_000;
/** After `QUIET_MS` without a change. */
const INTERVAL_QUIET_MS = 10_000;
const QUIET_MS = 600_000;
/** The share of the time since the last change. */
const INTERVAL_SHARE = 0.1;
const ANSWER_FACTOR = 4;
const ANSWER_MS = 10_000;
const SILENCE_MAX_MS = 600_000;
const SILENCE_NOTE_MS = 5_000;
const MISSING_MAX = 3;
const SINGLE_AT_ONCE = 8;

const ENDED: ReadonlySet<Phase> = new Set([
  Phase.SUCCEEDED,
  Phase.FAILED,
  Phase.ABORTED,
  Phase.TIMED_OUT,
]);

/** Whether nothing more will happen to an execution in that phase. */
export function hasEnded(phase: Phase): boolean {
  return ENDED.has(phase);
}

/** Who waits for an execution. */
export interface Watching {
  /** It is in another phase now. */
  readonly onPhase?: (phase: Phase) => void;
  /** There has been no answer from the cluster for that long; 0 when there is one again. */
  readonly onSilence?: (ms: number) => void;
}

interface Entry extends Watching {
  readonly name: string;
  phase: Phase;
  missing: number;
  isSilent: boolean;
  readonly resolve: (phase: Phase) => void;
  readonly reject: (error: Error) => void;
}

export interface WatcherOptions {
  readonly admin: Client<typeof AdminService>;
  readonly project: string;
  readonly domain: string;
}

export class Watcher {
  readonly #options: WatcherOptions;
  readonly #entries = new Map<string, Entry[]>();
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;
  /** Milliseconds of the process's own clock. */
  #changedAt = 0;
  #answeredAt = 0;
  #answerMs = 0;
  /** This cluster takes no lists by name. */
  #isSingle = false;

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  /** How many executions are watched. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Waits for the end of an execution.
   * @returns its last phase. Rejects with the reason of `signal`, or FlyteError `REMOTE_UNREACHABLE`, `REMOTE_NOT_FOUND`.
   */
  async ended(
    name: string,
    signal: AbortSignal | undefined,
    watching: Watching = {},
  ): Promise<Phase> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Phase>();
    const entry: Entry = {
      ...watching,
      ...{ name, phase: Phase.UNDEFINED, missing: 0, isSilent: false, resolve, reject },
    };
    const onAbort = () => {
      this.#forget(entry);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    const known = this.#entries.get(name);
    if (known === undefined) this.#entries.set(name, [entry]);
    else known.push(entry);
    const now = performance.now();
    if (this.#entries.size === 1) this.#answeredAt = now;
    this.#changedAt = now;
    this.#schedule();
    try {
      return await promise;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #forget(entry: Entry): void {
    const left = this.#entries.get(entry.name)?.filter((other) => other !== entry) ?? [];
    if (left.length > 0) this.#entries.set(entry.name, left);
    else this.#entries.delete(entry.name);
    if (this.#entries.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isAsking || this.#entries.size === 0) return;
    this.#timer = setTimeout(() => void this.#ask(), this.#intervalMs());
  }

  #intervalMs(): number {
    const quietMs = performance.now() - this.#changedAt;
    const most = quietMs > QUIET_MS ? INTERVAL_QUIET_MS : INTERVAL_MAX_MS;
    const wanted = Math.max(INTERVAL_MIN_MS, Math.min(most, quietMs * INTERVAL_SHARE));
    return Math.max(wanted, ANSWER_FACTOR * this.#answerMs);
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    const names = [...this.#entries.keys()];
    const startedAt = performance.now();
    try {
      if (this.#isSingle) await this.#askSingly(names);
      else await this.#askInLists(names);
      this.#answered(performance.now() - startedAt);
    } catch (error) {
      this.#unanswered(error);
    } finally {
      this.#isAsking = false;
      this.#schedule();
    }
  }

  async #askInLists(names: readonly string[]): Promise<void> {
    const { admin, project, domain } = this.#options;
    for (let at = 0; at < names.length; at += NAMES_MAX) {
      const asked = names.slice(at, at + NAMES_MAX);
      let executions: readonly Execution[];
      try {
        ({ executions } = await admin.listExecutions(
          {
            id: { project, domain },
            limit: asked.length,
            filters: namedFilter(asked),
          },
          { timeoutMs: ANSWER_MS, contextValues: inBackground() },
        ));
      } catch (error) {
        if (statusOf(error) !== Status.invalidArgument) throw error;
        this.#isSingle = true;
        await this.#askSingly(names);
        return;
      }
      const seen = new Set<string>();
      for (const { id, closure } of executions) {
        if (id === undefined || closure === undefined) continue;
        seen.add(id.name);
        this.#saw(id.name, closure.phase);
      }
      const missing = asked.filter((name) => !seen.has(name) && this.#isMissing(name));
      await this.#askSingly(missing);
    }
  }

  /** Absent from a list for the third time: archived, or gone. */
  #isMissing(name: string): boolean {
    let isMissing = false;
    for (const entry of this.#entries.get(name) ?? []) {
      if (++entry.missing >= MISSING_MAX) isMissing = true;
    }
    return isMissing;
  }

  async #askSingly(names: readonly string[]): Promise<void> {
    const { admin, project, domain } = this.#options;
    const left = [...names];
    const worker = async () => {
      for (let name = left.shift(); name !== undefined; name = left.shift()) {
        try {
          const { closure } = await admin.getExecution(
            { id: { project, domain, name } },
            { timeoutMs: ANSWER_MS, contextValues: inBackground() },
          );
          if (closure !== undefined) this.#saw(name, closure.phase);
        } catch (error) {
          if (statusOf(error) !== Status.notFound) throw error;
          this.#gone(name, error);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(SINGLE_AT_ONCE, left.length) }, worker));
  }

  #saw(name: string, phase: Phase): void {
    for (const entry of this.#entries.get(name) ?? []) {
      entry.missing = 0;
      if (entry.phase === phase) continue;
      entry.phase = phase;
      this.#changedAt = performance.now();
      told(() => entry.onPhase?.(phase));
      if (!hasEnded(phase)) continue;
      this.#forget(entry);
      entry.resolve(phase);
    }
  }

  #gone(name: string, error: unknown): void {
    for (const entry of this.#entries.get(name) ?? []) {
      this.#forget(entry);
      entry.reject(remoteFailure(error, `find execution ${name}, which was running`));
    }
  }

  #answered(tookMs: number): void {
    this.#answerMs = tookMs;
    this.#answeredAt = performance.now();
    for (const entry of this.#all()) {
      if (!entry.isSilent) continue;
      entry.isSilent = false;
      told(() => entry.onSilence?.(0));
    }
  }

  #unanswered(error: unknown): void {
    const silentMs = performance.now() - this.#answeredAt;
    // How long the failed question took says nothing of the next one.
    this.#answerMs = 0;
    if (isFinal(error) || silentMs > SILENCE_MAX_MS) {
      const failure = remoteFailure(error, "ask the cluster how executions stand");
      for (const entry of this.#all()) {
        this.#forget(entry);
        entry.reject(failure);
      }
      return;
    }
    if (silentMs < SILENCE_NOTE_MS) return;
    for (const entry of this.#all()) {
      entry.isSilent = true;
      told(() => entry.onSilence?.(silentMs));
    }
  }

  #all(): Entry[] {
    return [...this.#entries.values()].flat();
  }
}

/** Asking again would end the same: nobody is allowed to know. */
function isFinal(error: unknown): boolean {
  if (error instanceof FlyteError) {
    // Nobody can log in, or the connection was closed.
    return error.code === "REMOTE_AUTH" || error.code === "REMOTE_CANCELLED";
  }
  const status = statusOf(error);
  return (
    status === Status.permissionDenied ||
    status === Status.unauthenticated ||
    status === Status.unimplemented
  );
}

/** Who is told must not end the watch (W1). */
function told(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
