/**
 * A run: what one outermost scope did. A session makes one per cell; in plain Node each call outside of any
 * scope gets its own.
 *
 * Invariants
 *   R1  A run without calls and decks says nothing.
 *   R2  `run-ended` comes once, after the outermost function has ended and the last call has settled.
 * @module
 */
import { EVENTS_VERSION, type RunEndState } from "../events/events.ts";
import { preview } from "../values/preview.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { versionOf } from "./definition.ts";
import { emit, nextRunId, now, observed } from "./engine.ts";
import { defaultExecutor, type Executor } from "./executor.ts";
import type { Inputs } from "./given-inputs.ts";
import { Limiter } from "./limiter.ts";
import type { LiveCall } from "./live-call.ts";
import { cancelCallsOf, Scope, scopes } from "./scope.ts";
import { versions } from "./versions.ts";

export interface RunOptions {
  /** What people read when the run has several root calls: `In [7]`, a file's name. */
  readonly title: string;
  /** The session engine's id of the cell. */
  readonly cell?: number;
  /** Execution count. */
  readonly n?: number;
  /** Jupyter's id of the cell. */
  readonly cellId?: string;
  /** The run that this one repeats or goes on with. */
  readonly linkedTo?: string;
  /** How its calls run; default: in this process. */
  readonly executor?: Executor;
  /** How many of its root calls run at once. Default: what the executor says. */
  readonly concurrency?: number;
  /** The run whose code makes this one: it is interrupted with it. */
  readonly within?: Run;
  /** Finds values of an earlier run, asked before each call; what it finds settles the call as `cached`. */
  readonly reuse?: Reuse;
  /** How often its outermost call was tried before, by other processes. */
  readonly attemptsBefore?: number;
  /** Of its outermost call, when that outlives the process. */
  readonly checkpoint?: Checkpoint;
}

/** Which call of a run it is, in words that also hold for the same call of another run. */
export interface ReuseQuestion {
  /** Names from the outermost call down to this one. */
  readonly path: readonly string[];
  /** How many calls of that name the same function made before, for each name of `path`; from 0. */
  readonly nths: readonly number[];
  readonly name: string;
  /** Of the function that would run. */
  readonly version: string;
  /** As given, promises awaited, before any schema. */
  readonly inputs: Inputs;
}

export type Reuse = (question: ReuseQuestion) =>
  | {
      readonly value: unknown;
      readonly callId: string;
      /** Another function gave it than the one that would run now. */
      readonly isChanged?: boolean;
    }
  /** Why there is none: the rest of a sentence that begins with "not reused:". */
  | { readonly why: string };

/** Where the code that asks runs: in which run, and in which call of it. */
export interface CurrentScope {
  readonly run: Run;
  readonly callId?: string;
}

/** Also after an `await`, in timers and in callbacks. Absent outside of any run. */
export function currentScope(): CurrentScope | undefined {
  const scope = scopes.getStore();
  if (scope === undefined) return undefined;
  return scope.call === undefined ? { run: scope.run } : { run: scope.run, callId: scope.call.id };
}

const open = new Set<Run>();

/** Runs whose calls have not all settled, oldest first: what an interrupt without running cells ends. */
export function runsWithPendingCalls(): readonly Run[] {
  return [...open].filter((run) => run.pendingCalls > 0);
}

export class Run extends Scope {
  readonly id: string = nextRunId();
  override readonly run: Run = this;
  override readonly call: LiveCall | undefined = undefined;
  readonly #options: RunOptions;
  readonly #controller = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  #calls = 0;
  #pending = 0;
  #outermost: { readonly state: RunEndState; readonly error: unknown } | undefined;
  #finished = false;
  #isAnnounced = false;
  #limiter: Limiter | undefined;
  /** Set for a run that somebody's call made: it ends with that call. */
  #endsWithFirstCall = false;

  constructor(options: RunOptions) {
    super();
    this.#options = options;
    const { within } = options;
    if (within !== undefined) {
      const onAbort = () => this.abort(within.signal.reason);
      if (within.signal.aborted) onAbort();
      else {
        within.signal.addEventListener("abort", onAbort, { once: true });
        void this.#ended.promise.then(() => within.signal.removeEventListener("abort", onAbort));
      }
    }
  }

  /** A cell may say in its middle where the calls run that come next. */
  override get executor(): Executor {
    return this.#options.executor ?? defaultExecutor();
  }

  override get limiter(): Limiter | undefined {
    const limit = this.#options.concurrency ?? this.executor.concurrency;
    if (limit === undefined) return this.#limiter;
    this.#limiter ??= new Limiter(limit);
    return this.#limiter;
  }

  get attemptsBefore(): number {
    return this.#options.attemptsBefore ?? 0;
  }

  get checkpoint(): Checkpoint | undefined {
    return this.#options.checkpoint;
  }

  /** What people read when it has several root calls. */
  get title(): string {
    return this.#options.title;
  }

  /** A run for one call that was made outside of any scope, or after its own run was over. */
  static forOneCall(name: string, after: Run | undefined): Run {
    const run = new Run(after ? after.#continued() : { title: name });
    run.#endsWithFirstCall = true;
    return run;
  }

  /** What a run has that comes after it: whose values were reused, and what interrupts it, was its own. */
  #continued(): RunOptions {
    const { reuse: _, within: __, ...rest } = this.#options;
    return { ...rest, linkedTo: this.id };
  }

  /** The run of the cell whose code is at work, however many runs that code has made. */
  get outermost(): Run {
    let at: Run = this;
    while (at.#options.within !== undefined) at = at.#options.within;
    return at;
  }

  /** Aborts with the reason of `abort`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether there is anything to show of it: calls, or a deck of the user's own. */
  get isAnnounced(): boolean {
    return this.#isAnnounced || this.#calls > 0;
  }

  /** Calls that have not settled, at any depth. */
  get pendingCalls(): number {
    return this.#pending;
  }

  /** `run-ended` is out: no more calls belong to this run. */
  get finished(): boolean {
    return this.#finished;
  }

  /** Whether its calls may have values of an earlier run. */
  get reuses(): boolean {
    return this.#options.reuse !== undefined;
  }

  /** The value that an earlier run has for this call. */
  reusable(call: LiveCall, inputs: Inputs): ReturnType<Reuse> | undefined {
    const path: string[] = [];
    const nths: number[] = [];
    for (let at: LiveCall | undefined = call; at !== undefined; at = at.parent) {
      path.unshift(at.definition.name);
      nths.unshift(at.nth);
    }
    const { name } = call.definition;
    return this.#options.reuse?.({ path, nths, name, version: versionOf(call.definition), inputs });
  }

  /** The session engine's id of the cell; absent outside of a session. */
  get cell(): number | undefined {
    return this.#options.cell;
  }

  /** Execution count of the cell. */
  get n(): number | undefined {
    return this.#options.n;
  }

  /** Jupyter's id of the cell. */
  get cellId(): string | undefined {
    return this.#options.cellId;
  }

  /** Calls `fn` with this run as the current scope, also for all that goes on after its `await`s. */
  enter<T>(fn: () => T): T {
    return scopes.run(this, fn);
  }

  /** Rejects all running calls, and all that are still made, with `CANCELLED` and `cause` = `reason`. */
  abort(reason: unknown): void {
    if (this.closed !== undefined || this.#finished) return;
    this.closed = { reason };
    this.#controller.abort(reason);
    cancelCallsOf(this, reason);
  }

  /**
   * The outermost function has ended; the first call of this counts.
   * @param error what ended it; shown in the deck when no call failed because of it.
   * @returns when `run-ended` is out, which is after the last call has settled; at once if there was no call.
   */
  end(state: RunEndState, error?: unknown): Promise<void> {
    this.#outermost ??= { state, error };
    this.#finishIfDone();
    return this.#ended.promise;
  }

  /** @returns the number of the call within the run, from 1. */
  callCreated(): number {
    this.#pending++;
    this.#calls++;
    if (this.#calls === 1) {
      open.add(this);
      this.announce();
    }
    return this.#calls;
  }

  /** Says that this run has begun, once: before its first call or deck. */
  announce(): void {
    if (this.#isAnnounced || !observed) return;
    this.#isAnnounced = true;
    this.#emitStarted();
  }

  callSettled(call: LiveCall): void {
    this.#pending--;
    if (this.#endsWithFirstCall && call.parent === undefined) {
      this.#outermost ??= { state: endState(call), error: undefined };
    }
    this.#finishIfDone();
  }

  protected override idle(): void {
    // `callSettled` counts calls of all depths and decides.
  }

  #finishIfDone(): void {
    if (this.#finished || this.#outermost === undefined || this.#pending > 0) return;
    this.#finished = true;
    open.delete(this);
    const { state, error } = this.#outermost;
    // Nobody can tell whether the one call of such a run will be awaited later.
    const unawaited = this.#endsWithFirstCall ? undefined : this.takeUnawaited();
    if (this.isAnnounced && observed) {
      emit({
        kind: "run-ended",
        runId: this.id,
        at: now(),
        state,
        ...(error !== undefined && { error: preview(error) }),
        ...unawaited,
      });
    }
    this.#ended.resolve();
  }

  #emitStarted(): void {
    const { title, cell, n, cellId, linkedTo } = this.#options;
    emit({
      kind: "run-started",
      runId: this.id,
      at: now(),
      v: EVENTS_VERSION,
      title,
      versions: versions(),
      backend: this.executor.where,
      ...(cell !== undefined && { cell }),
      ...(n !== undefined && { n }),
      ...(cellId !== undefined && { cellId }),
      ...(linkedTo !== undefined && { linkedTo }),
    });
  }
}

function endState(call: LiveCall): RunEndState {
  if (call.state === "cancelled") return "interrupted";
  return call.state === "failed" ? "failed" : "ok";
}
