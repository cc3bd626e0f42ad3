/**
 * One call while it lives: inputs → validation → attempts → output → settle. The state machine of the engine.
 *
 * Leaves to others how the function runs (`executor.ts`), what one attempt is (`attempt.ts`), what people see (events), who
 * holds the call (`scope.ts`).
 *
 * Invariants
 *   L1  A call settles exactly once, whatever races; what comes later is dropped.
 *   L2  A cancelled call settles in the same turn, also when its function ignores the signal.
 *   L3  A call settles after all calls made by its function: it waits for them, or cancels them when it fails.
 *   L4  A failed call that nobody awaits is no unhandled rejection.
 *   L5  A call without promises, waiting schemas, a limit or a cache starts in the turn it is made in, like a plain function.
 * @module
 */
import { isPromise } from "node:util/types";
import type {
  CacheOutcome,
  CallSettled,
  CallState,
  SettledState,
  SourcePosition,
} from "../events/events.ts";
import { type Checked, checkInputs, misfitsToText } from "../types/validate.ts";
import { formatDuration } from "../values/format.ts";
import { preview } from "../values/preview.ts";
import { Attempt } from "./attempt.ts";
import { type Found, findCached } from "./cache.ts";
import { Call, isCall, MapCall } from "./call.ts";
import { callableOf, checkOutput, type Definition, versionOf } from "./definition.ts";
import { TIMER_MAX_MS } from "./duration.ts";
import { emit, locate, nextCallId, now, observed } from "./engine.ts";
import {
  beginStackAt,
  CallFailure,
  type EagerCode,
  EagerException,
  type EagerKind,
  innermost,
  isFinal,
  reasonToText,
} from "./errors.ts";
import { childExecutorOf, type ExecutionLink, type Executor, executorOf } from "./executor.ts";
import {
  arrivedInputs,
  type InputFailure,
  type Inputs,
  inputPreviews,
  readInputs,
} from "./given-inputs.ts";
import { keepCall, keepInputs, keepOutcome } from "./kept.ts";
import type { Waiting } from "./limiter.ts";
import type { Run } from "./run.ts";
import { type Closed, cancelCallsOf, NONE, type Scope, scopes } from "./scope.ts";

/** Calls that start inside each other's first turn; deeper ones start in a turn of their own. */
const NESTED_STARTS_MAX = 64;
let nestedStarts = 0;

export class LiveCall {
  readonly id = nextCallId();
  readonly run: Run;
  readonly owner: Scope;
  readonly definition: Definition;
  /** How it runs. */
  readonly executor: Executor;
  /** How the calls run that its function makes. */
  readonly childExecutor: Executor;
  readonly promise: Call<unknown>;
  state: CallState = "queued";
  /** Started so far. */
  attempts = 0;
  /** How many calls of its name the same function made before; counted only in a run that goes on with another. */
  readonly nth: number;
  /** Why it ended, or is about to; set before it settles as failed or cancelled. */
  closed: Closed | undefined;

  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;
  #awaited = false;
  #settled = false;
  #cancelled = false;
  #attempt: Attempt | undefined;
  #holdsPlace = false;
  #waits: Waiting | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #source: SourcePosition | undefined;
  /** Why this call has no value of the run before. */
  #notReused: string | undefined;
  /** Keeps the value that is coming, of a call that looked for one. */
  #keepCached: ((value: unknown) => CacheOutcome) | undefined;
  /** What the function gave, while calls that it made still run. */
  #produced: { readonly value: unknown } | undefined;

  constructor(definition: Definition, owner: Scope) {
    this.definition = definition;
    this.owner = owner;
    this.run = owner.run;
    this.nth = owner.run.reuses ? owner.nthOf(definition.name) : 0;
    this.executor = executorOf(definition, owner);
    this.childExecutor = childExecutorOf(definition, this.executor, owner.executor);
    // `new.target` is no help here: the promise has to be of its class from its first moment on.
    const Promised = definition.entity === "map" ? MapCall : Call;
    this.promise = new Promised<never>(this, (resolve, reject) => {
      this.#resolve = resolve as (value: unknown) => void;
      this.#reject = reject;
    });
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** The call whose function made this one. */
  get parent(): LiveCall | undefined {
    return this.owner.call;
  }

  get runningCalls(): ReadonlySet<LiveCall> {
    return this.#attempt?.runningCalls ?? NONE;
  }

  /**
   * Starts the call.
   * @param given what the caller passed: should be an object of named inputs, each a value or a promise of it.
   * @param source where the call was written, when the caller knows better than the stack.
   */
  begin(given: unknown, source: SourcePosition | undefined): void {
    const read = readInputs(this.definition, given);
    // Before anything can fail: a promise that was handed over is handled from now on.
    const arriving = read.ok && read.promised.length > 0 ? arrivedInputs(read) : undefined;
    const refusal = whyRefused(this.owner);
    // Its function was cancelled and still goes on, after everybody has stopped looking.
    const unseen = refusal !== undefined && this.run.finished;
    if (!unseen) {
      const seq = this.run.callCreated();
      this.owner.adopt(this);
      // Before anybody hears of the call and looks for its values.
      keepCall(this, read.inputs);
      if (observed) {
        this.#source = source ?? locate();
        this.#emitCreated(seq, read.inputs);
      }
    }
    if (refusal !== undefined) {
      // Nobody waits for the inputs of a call that is refused.
      arriving?.catch(() => undefined);
      this.closed = refusal;
      this.#cancelled = true;
      if (unseen) this.#rejectUnseen();
      else this.settleCancelled();
    } else if (!read.ok) {
      this.#fail("INPUT_INVALID", read.why, read.thrown);
    } else if (arriving === undefined) {
      this.#check(read.inputs, undefined);
    } else {
      const { inputs } = read;
      arriving.then(
        (arrived) => this.#check({ ...inputs, ...arrived }, arrived),
        ({ name, error }: InputFailure) =>
          this.#fail(
            "INPUT_FAILED",
            `${this.definition.name} did not run, its input ${name} failed: ${reasonToText(error)}`,
            { error },
          ),
      );
    }
  }

  /** Ends the call and all calls below it, at once. */
  cancel(reason: unknown): void {
    const because =
      reason === undefined ? new DOMException("This call was cancelled", "AbortError") : reason;
    if (!this.close(because)) return;
    cancelCallsOf(this, because);
    this.settleCancelled();
  }

  /**
   * The first half of being cancelled: the signal aborts, no more calls are taken.
   * @returns false when the call has settled or is about to, and so is not cancelled.
   */
  close(reason: unknown, by?: string): boolean {
    if (this.#settled || this.closed !== undefined) return false;
    this.closed = by === undefined ? { reason } : { reason, by };
    this.#cancelled = true;
    this.#attempt?.close(reason, by);
    return true;
  }

  /** The second half. */
  settleCancelled(): void {
    if (this.#settled || !this.#cancelled || this.closed === undefined) return;
    this.#settleBad("cancelled", this.#cancellation(this.closed));
  }

  #rejectUnseen(): void {
    this.#settled = true;
    this.state = "cancelled";
    this.#rejectHandled(this.#cancellation(this.closed ?? { reason: undefined }));
  }

  #cancellation({ reason }: Closed): EagerException {
    const message = `${this.definition.name} was cancelled: ${reasonToText(reason)}`;
    return this.#exception("CANCELLED", message, "cancelled", { error: reason });
  }

  /** For the executor: which execution somewhere else this call is. */
  linked(link: ExecutionLink): void {
    if (this.#settled || !observed) return;
    emit({ kind: "call-linked", runId: this.run.id, at: now(), id: this.id, ...link });
  }

  /** For the executor: what it waits for there; empty when for nothing more. */
  noted(text: string): void {
    if (this.#settled || !observed) return;
    emit({ kind: "call-noted", runId: this.run.id, at: now(), id: this.id, text });
  }

  markAwaited(): void {
    if (this.#awaited) return;
    this.#awaited = true;
    this.owner.childAwaited(this);
  }

  /** For the attempt: the last running call that it made has settled. */
  childrenSettled(attempt: Attempt): void {
    // In a turn of its own: a long chain of calls that wait for each other would otherwise settle recursively.
    if (this.#produced !== undefined && attempt === this.#attempt) {
      queueMicrotask(() => this.#settleIfDone());
    }
  }

  #check(inputs: Inputs, arrived: Inputs | undefined): void {
    if (this.#settled) return;
    if (arrived !== undefined) keepInputs(this, inputs);
    if (this.run.reuses && this.#reuse(inputs)) return;
    const schemas = this.definition.inputs;
    if (schemas === undefined) {
      this.#prepare(inputs, arrived);
      return;
    }
    const fits = (checked: Checked<Inputs>) => {
      const { definition, executor } = this;
      if (checked.ok) {
        const made = checked.value;
        this.#prepare(executor.inputsOf?.(definition, inputs, made) ?? made, arrived);
      } else {
        this.#fail("INPUT_INVALID", `${definition.name}: ${misfitsToText(checked.misfits)}`);
      }
    };
    const threw = (error: unknown) =>
      this.#fail(
        "INPUT_INVALID",
        `${this.definition.name}: a schema of its inputs failed: ${reasonToText(error)}`,
        { error },
      );
    let checked: ReturnType<typeof checkInputs>;
    try {
      checked = checkInputs(schemas, inputs);
    } catch (error) {
      threw(error);
      return;
    }
    if (isPromise(checked)) checked.then(fits, threw);
    else fits(checked);
  }

  /** A run that goes on with an earlier one takes what had settled well there. */
  #reuse(inputs: Inputs): boolean {
    const found = this.run.reusable(this, inputs);
    if (found === undefined) return false;
    if ("why" in found) {
      this.#notReused = found.why;
      return false;
    }
    const changed = found.isChanged ? "; its function has changed since" : "";
    const reason = `reused from ${found.callId}${changed}`;
    const outcome: CacheOutcome = { outcome: "reused", reason };
    this.#settleGood("cached", found.value, outcome);
    return true;
  }

  /** The inputs fit: a value that is there already, else the first attempt. */
  #prepare(inputs: Inputs, arrived: Inputs | undefined): void {
    if (this.#settled) return;
    this.#queue(() => this.#findOrStart(inputs, arrived));
  }

  /** With its place: inputs may change while a call waits for it. */
  #findOrStart(inputs: Inputs, arrived: Inputs | undefined): void {
    const { cache } = this.definition.settings;
    if (cache === undefined || this.executor.ownsAttempts) {
      this.#start(inputs, arrived);
      return;
    }
    void findCached(this.definition, cache, inputs).then((found: Found) => {
      if (this.#settled) return;
      if (found.kind === "hit") this.#settleGood("cached", found.value, found.outcome);
      else {
        this.#keepCached = found.keep;
        this.#start(inputs, arrived);
      }
    });
  }

  /** Goes on when the scope has room for it. */
  #queue(start: () => void): void {
    const { limiter } = this.owner;
    // A group only names a part of the tree: the calls in it are what is limited.
    if (limiter === undefined || this.definition.entity === "group") {
      start();
      return;
    }
    this.#waits = limiter.take(() => {
      this.#waits = undefined;
      this.#holdsPlace = true;
      start();
    });
  }

  #giveUpPlace(): void {
    this.#waits?.leave();
    this.#waits = undefined;
    if (!this.#holdsPlace) return;
    this.#holdsPlace = false;
    this.owner.limiter?.release();
  }

  #start(inputs: Inputs, arrived: Inputs | undefined): void {
    if (this.#settled) return;
    if (nestedStarts >= NESTED_STARTS_MAX) {
      queueMicrotask(() => this.#start(inputs, arrived));
      return;
    }
    this.state = "running";
    const attempt = new Attempt(this, ++this.attempts);
    this.#attempt = attempt;
    if (observed) {
      emit({
        kind: "attempt-started",
        runId: this.run.id,
        at: now(),
        id: this.id,
        attempt: attempt.number,
        ...(arrived && { inputs: inputPreviews(arrived) }),
      });
    }
    const { timeoutMs } = this.definition.settings;
    if (timeoutMs !== undefined && !this.executor.ownsAttempts) {
      attempt.limitTime(timeoutMs, () => this.#timedOut(attempt, timeoutMs, inputs));
    }
    nestedStarts++;
    try {
      const result = scopes.run(attempt, execute, this, inputs, attempt);
      if (isThenable(result)) {
        // `Promise.resolve` keeps a native promise as it is, and asks any other thenable once.
        Promise.resolve(result).then(
          (value) => this.#returned(attempt, value),
          (error) => this.#threw(attempt, error, inputs),
        );
      } else {
        this.#returned(attempt, result);
      }
    } catch (error) {
      this.#threw(attempt, error, inputs);
    } finally {
      nestedStarts--;
    }
  }

  /** A1: nobody waits for what this attempt still does. */
  #isOver(attempt: Attempt): boolean {
    return this.#settled || attempt !== this.#attempt || attempt.closed !== undefined;
  }

  #returned(attempt: Attempt, value: unknown): void {
    if (this.#isOver(attempt)) {
      this.#noteLate(attempt, value);
      return;
    }
    const isChecked = this.executor.checksOutput?.(this.definition) ?? false;
    const checked = isChecked ? undefined : checkOutput(this.definition, value);
    if (checked === undefined) {
      this.#produce(attempt, value);
      return;
    }
    const fits = (result: Checked<unknown>) => {
      if (result.ok) this.#produce(attempt, result.value);
      else if (!this.#isOver(attempt)) {
        const shown = preview(value).line;
        const why = `which does not fit its output: ${misfitsToText(result.misfits)}`;
        this.#fail("OUTPUT_INVALID", `${this.definition.name} returned ${shown}, ${why}`);
      }
    };
    const threw = (error: unknown) => {
      if (this.#isOver(attempt)) return;
      const message = `${this.definition.name}: the schema of its output failed: ${reasonToText(error)}`;
      this.#fail("OUTPUT_INVALID", message, { error });
    };
    if (isPromise(checked)) checked.then(fits, threw);
    else if ("threw" in checked) threw(checked.threw);
    else fits(checked);
  }

  /** Dropped, and said: who set the timeout wants to know by how much it was missed. */
  #noteLate(attempt: Attempt, value: unknown): void {
    if (!observed || !(attempt.closed?.reason instanceof AttemptTimeout) || this.run.finished)
      return;
    emit({
      kind: "log",
      runId: this.run.id,
      at: now(),
      stream: "log",
      text: `attempt ${attempt.number} returned ${preview(value).line} after its timeout; dropped\n`,
      id: this.id,
      ...(this.run.cell !== undefined && { cell: this.run.cell }),
    });
  }

  #produce(attempt: Attempt, value: unknown): void {
    if (this.#isOver(attempt)) return;
    this.#produced = { value };
    this.#settleIfDone();
  }

  #settleIfDone(): void {
    if (this.#settled || this.#produced === undefined || this.runningCalls.size > 0) return;
    this.#settleGood("ok", this.#produced.value, undefined);
  }

  #settleGood(state: "ok" | "cached", value: unknown, reused: CacheOutcome | undefined): void {
    this.#produced = undefined;
    this.#leave(state);
    keepOutcome(this, { ok: true, value });
    // Also when nobody watches: the next run wants it.
    const cache = reused ?? this.#keepCached?.(value) ?? this.#whyNoCache();
    if (observed) this.#emitSettled(state, { output: preview(value), ...(cache && { cache }) });
    this.#resolve(value);
    this.run.callSettled(this);
  }

  #whyNoCache(): CacheOutcome | undefined {
    if (this.#notReused !== undefined) {
      return { outcome: "miss", reason: `not reused: ${this.#notReused}` };
    }
    return this.definition.settings.cacheOff
      ? { outcome: "off", reason: "switched off for this call" }
      : undefined;
  }

  #threw(attempt: Attempt, error: unknown, inputs: Inputs): void {
    if (this.#isOver(attempt)) return;
    if (CallFailure.is(error)) {
      this.#fail(error.code, error.message, causeOf(error), error.kind, error);
      return;
    }
    const root = innermost(error);
    const text =
      root === undefined
        ? `${this.definition.name} failed: ${reasonToText(error)}`
        : `${this.definition.name} failed because of ${reasonToText(error)}`;
    if (!isFinal(error) && this.#retry(attempt, error, inputs)) return;
    this.#fail("TASK_FAILED", text, { error });
  }

  #timedOut(attempt: Attempt, timeoutMs: number, inputs: Inputs): void {
    if (this.#isOver(attempt)) return;
    const error = new AttemptTimeout(timeoutMs);
    if (this.#retry(attempt, error, inputs)) return;
    const message = `${this.definition.name} timed out after ${formatDuration(timeoutMs)}`;
    this.#fail("TIMED_OUT", message, { error }, "timeout");
  }

  /** @returns whether there will be another attempt. */
  #retry(attempt: Attempt, error: unknown, inputs: Inputs): boolean {
    const { retries } = this.definition.settings;
    if (retries === undefined || this.executor.ownsAttempts) return false;
    if (attempt.number > retries.count) return false;
    let delayMs: number;
    try {
      delayMs = Math.min(TIMER_MAX_MS, retries.delayMs(attempt.number));
    } catch (broken) {
      const message = `${this.definition.name} is not tried again, its backoff failed: ${reasonToText(broken)}`;
      this.#fail("TASK_FAILED", message, { error });
      return true;
    }
    this.#produced = undefined;
    // Without this call as the one to blame: in the end it may well succeed.
    attempt.close(error, undefined);
    cancelCallsOf(attempt, error);
    // What an abort listener of the attempt did may have ended the call.
    if (this.#settled) return true;
    this.state = "retrying";
    if (observed) this.#emitAttemptFailed(attempt, error, now() + delayMs);
    this.#giveUpPlace();
    this.#retryTimer = setTimeout(() => this.#queue(() => this.#start(inputs, undefined)), delayMs);
    return true;
  }

  #fail(
    code: EagerCode,
    message: string,
    thrown?: { readonly error: unknown },
    ofKind?: EagerKind,
    elsewhere?: CallFailure,
  ): void {
    if (this.#settled || this.closed !== undefined) return;
    const kind = ofKind ?? (thrown && innermost(thrown.error)?.kind) ?? "user";
    const exception = this.#exception(code, message, kind, thrown, elsewhere);
    const reason = thrown ? thrown.error : exception;
    this.closed = { reason, by: this.id };
    this.#attempt?.close(reason, this.id);
    cancelCallsOf(this, reason, this.id);
    if (observed && this.#attempt !== undefined) {
      this.#emitAttemptFailed(this.#attempt, reason, undefined);
    }
    this.#settleBad("failed", exception);
  }

  #exception(
    code: EagerCode,
    message: string,
    kind: EagerKind,
    thrown: { readonly error: unknown } | undefined,
    elsewhere?: CallFailure,
  ): EagerException {
    const exception = new EagerException(code, message, {
      kind,
      task: this.definition.name,
      callId: this.id,
      attempts: elsewhere?.attempts ?? this.attempts,
      source: this.#source,
      ...(elsewhere?.url !== undefined && { url: elsewhere.url }),
      ...(thrown && { cause: thrown.error }),
    });
    beginStackAt(exception, callableOf(this.definition), this.#source);
    return exception;
  }

  #settleBad(state: "failed" | "cancelled", exception: EagerException): void {
    this.#produced = undefined;
    this.#leave(state);
    // A group is no place where things fail: what its function threw goes through it as it is.
    const isThrough = this.definition.entity === "group" && state === "failed";
    const rejection = isThrough ? exception.cause : exception;
    keepOutcome(this, { ok: false, error: rejection });
    if (observed) {
      const rootFailure = this.#rootFailure(exception);
      this.#emitSettled(state, {
        error: preview("cause" in exception ? exception.cause : exception),
        ...(rootFailure !== undefined && { rootFailure }),
      });
    }
    this.#rejectHandled(rejection);
    this.run.callSettled(this);
  }

  /** L4: whoever awaits the call still gets the rejection, through a promise of his own. */
  #rejectHandled(rejection: unknown): void {
    Promise.prototype.then.call(this.promise, undefined, () => undefined);
    this.#reject(rejection);
  }

  /** The call whose failure caused this one: the innermost of the causes, or the parent that failed. */
  #rootFailure(exception: EagerException): string | undefined {
    const id = exception.root.callId;
    if (id !== this.id && id !== "") return id;
    const { closed } = this;
    return closed?.by === this.id ? undefined : closed?.by;
  }

  #leave(state: SettledState): void {
    this.#settled = true;
    this.state = state;
    this.#attempt?.stopTimer();
    if (this.#retryTimer !== undefined) clearTimeout(this.#retryTimer);
    this.#giveUpPlace();
    this.owner.childSettled(this);
  }

  #emitCreated(seq: number, inputs: Inputs): void {
    const { definition, run, parent } = this;
    const source = this.#source;
    const attempt = parent === undefined ? 1 : (this.owner as Attempt).number;
    emit({
      kind: "call-created",
      runId: run.id,
      at: now(),
      id: this.id,
      seq,
      ...(parent && { parentId: parent.id }),
      ...(attempt > 1 && { parentAttempt: attempt }),
      name: definition.name,
      entity: definition.entity,
      version: versionOf(definition),
      where: this.executor.where,
      deps: Object.values(inputs)
        .filter(isCall)
        .map((call) => call.id),
      inputs: inputPreviews(inputs),
      ...(source && { source }),
    });
  }

  #emitAttemptFailed(attempt: Attempt, error: unknown, retryAt: number | undefined): void {
    emit({
      kind: "attempt-failed",
      runId: this.run.id,
      at: now(),
      id: this.id,
      attempt: attempt.number,
      error: preview(error),
      ...(retryAt !== undefined && { retryAt }),
    });
  }

  #emitSettled(
    state: SettledState,
    outcome: Pick<CallSettled, "output" | "error" | "rootFailure" | "cache">,
  ): void {
    emit({
      kind: "call-settled",
      runId: this.run.id,
      at: now(),
      id: this.id,
      state,
      ...outcome,
      ...this.#attempt?.takeUnawaited(),
    });
  }
}

/** What a signal aborts with, and the `cause` of `TIMED_OUT`: an error named as the platform's own. */
class AttemptTimeout extends Error {
  static {
    Object.defineProperty(AttemptTimeout.prototype, "name", {
      value: "TimeoutError",
      configurable: true,
      writable: true,
    });
  }

  constructor(timeoutMs: number) {
    super(`the attempt took longer than ${formatDuration(timeoutMs)}`);
  }
}

/**
 * Why a scope takes no calls, if so. While a call runs, every scope above it is open, since closing reaches all running
 * calls below; one that has settled may have been left behind by the closing.
 */
export function whyRefused(owner: Scope): Closed | undefined {
  let at: Scope = owner;
  while (at.closed === undefined && at.call?.settled === true) at = at.call.owner;
  return at.closed ?? owner.run.closed;
}

function causeOf(failure: CallFailure): { readonly error: unknown } | undefined {
  return "cause" in failure ? { error: failure.cause } : undefined;
}

function execute(call: LiveCall, inputs: Inputs, attempt: Attempt): unknown {
  return call.executor.run(call, inputs, attempt.context);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === "object" || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function"
  );
}
