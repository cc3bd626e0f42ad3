/**
 * One call while it lives: inputs → validation → function → output → settle. The state machine of the engine.
 *
 * Leaves to others how the function runs (`executor.ts`), what people see (events), who holds the call (`scope.ts`).
 *
 * Invariants
 *   L1  A call settles exactly once, whatever races; what comes later is dropped.
 *   L2  A cancelled call settles in the same turn, also when its function ignores the signal.
 *   L3  A call settles after all calls made by its function: it waits for them, or cancels them when it fails.
 *   L4  A failed call that nobody awaits is no unhandled rejection.
 *   L5  A call without promises and waiting schemas starts in the turn it is made in, like a plain function.
 * @module
 */
import { isPromise } from "node:util/types";
import type { CallSettled, CallState, SettledState, SourcePosition } from "../events/events.ts";
import { type Checked, checkInputs, checkValue, misfitsToText } from "../types/validate.ts";
import { preview } from "../values/preview.ts";
import { Call, isCall } from "./call.ts";
import { CallContext } from "./context.ts";
import { callableOf, type Definition, versionOf } from "./definition.ts";
import { emit, locate, nextCallId, now, observed } from "./engine.ts";
import {
  beginStackAt,
  type EagerCode,
  EagerException,
  type EagerKind,
  innermost,
  reasonToText,
} from "./errors.ts";
import {
  arrivedInputs,
  type InputFailure,
  type Inputs,
  inputPreviews,
  readInputs,
} from "./given-inputs.ts";
import { keepCall, keepInputs, keepOutcome } from "./kept.ts";
import type { Run } from "./run.ts";
import { type Closed, cancelCallsOf, Scope, scopes } from "./scope.ts";

/** Calls that start inside each other's first turn; deeper ones start in a turn of their own. */
const NESTED_STARTS_MAX = 64;
let nestedStarts = 0;

export class LiveCall extends Scope {
  readonly id = nextCallId();
  readonly run: Run;
  readonly parent: LiveCall | undefined;
  readonly definition: Definition;
  readonly promise: Call<unknown>;
  state: CallState = "queued";
  attempts = 0;

  readonly #owner: Scope;
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;
  #awaited = false;
  #settled = false;
  #cancelled = false;
  #context: CallContext | undefined;
  #controller: AbortController | undefined;
  #source: SourcePosition | undefined;
  /** What the function gave, while calls that it made still run. */
  #produced: { readonly value: unknown } | undefined;

  constructor(definition: Definition, owner: Scope) {
    super();
    this.definition = definition;
    this.#owner = owner;
    this.run = owner.run;
    this.parent = owner.call;
    this.promise = new Call<unknown>(this, (resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  override get call(): LiveCall {
    return this;
  }

  get settled(): boolean {
    return this.#settled;
  }

  get context(): CallContext {
    this.#context ??= new CallContext(this);
    return this.#context;
  }

  /** Made when somebody looks: a controller per call would cost more than the call. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#cancelled) this.#controller.abort(this.closed?.reason);
    }
    return this.#controller.signal;
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
    const refusal = whyRefused(this.#owner);
    // Its function was cancelled and still goes on, after everybody has stopped looking.
    const unseen = refusal !== undefined && this.run.finished;
    if (!unseen) {
      const seq = this.run.callCreated();
      this.#owner.adopt(this);
      if (observed) {
        this.#source = source ?? locate();
        this.#emitCreated(seq, read.inputs);
      }
      keepCall(this, read.inputs);
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
    this.#controller?.abort(reason);
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

  markAwaited(): void {
    if (this.#awaited) return;
    this.#awaited = true;
    this.#owner.childAwaited(this);
  }

  protected override idle(): void {
    // In a turn of its own: a long chain of calls that wait for each other would otherwise settle recursively.
    if (this.#produced !== undefined) queueMicrotask(() => this.#settleIfDone());
  }

  #check(inputs: Inputs, arrived: Inputs | undefined): void {
    if (this.#settled) return;
    if (arrived !== undefined) keepInputs(this, inputs);
    const schemas = this.definition.inputs;
    if (schemas === undefined) {
      this.#start(inputs, arrived);
      return;
    }
    const fits = (checked: Checked<Inputs>) =>
      checked.ok
        ? this.#start(checked.value, arrived)
        : this.#fail("INPUT_INVALID", `${this.definition.name}: ${misfitsToText(checked.misfits)}`);
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

  #start(inputs: Inputs, arrived: Inputs | undefined): void {
    if (this.#settled) return;
    if (nestedStarts >= NESTED_STARTS_MAX) {
      queueMicrotask(() => this.#start(inputs, arrived));
      return;
    }
    this.state = "running";
    this.attempts++;
    if (observed) {
      emit({
        kind: "attempt-started",
        runId: this.run.id,
        at: now(),
        id: this.id,
        attempt: this.attempts,
        ...(arrived && { inputs: inputPreviews(arrived) }),
      });
    }
    nestedStarts++;
    try {
      const result = scopes.run(this, execute, this, inputs);
      if (isThenable(result)) {
        // `Promise.resolve` keeps a native promise as it is, and asks any other thenable once.
        Promise.resolve(result).then(
          (value) => this.#returned(value),
          (error) => this.#threw(error),
        );
      } else {
        this.#returned(result);
      }
    } catch (error) {
      this.#threw(error);
    } finally {
      nestedStarts--;
    }
  }

  #returned(value: unknown): void {
    if (this.#settled) return; // cancelled meanwhile: the late value is dropped
    const schema = this.definition.output;
    if (schema === undefined) {
      this.#produce(value);
      return;
    }
    const fits = (checked: Checked<unknown>) =>
      checked.ok
        ? this.#produce(checked.value)
        : this.#fail(
            "OUTPUT_INVALID",
            `${this.definition.name} returned ${preview(value).line}, which does not fit its output: ` +
              misfitsToText(checked.misfits),
          );
    const threw = (error: unknown) =>
      this.#fail(
        "OUTPUT_INVALID",
        `${this.definition.name}: the schema of its output failed: ${reasonToText(error)}`,
        { error },
      );
    let checked: ReturnType<typeof checkValue>;
    try {
      checked = checkValue(schema, value);
    } catch (error) {
      threw(error);
      return;
    }
    if (isPromise(checked)) checked.then(fits, threw);
    else fits(checked);
  }

  #produce(value: unknown): void {
    if (this.#settled) return;
    this.#produced = { value };
    this.#settleIfDone();
  }

  #settleIfDone(): void {
    if (this.#settled || this.#produced === undefined || this.runningCalls.size > 0) return;
    const { value } = this.#produced;
    this.#produced = undefined;
    this.#leave("ok");
    keepOutcome(this, { ok: true, value });
    if (observed) this.#emitSettled("ok", { output: preview(value) });
    this.#resolve(value);
    this.run.callSettled(this);
  }

  #threw(error: unknown): void {
    const root = innermost(error);
    const text =
      root === undefined
        ? `${this.definition.name} failed: ${reasonToText(error)}`
        : `${this.definition.name} failed because of ${reasonToText(error)}`;
    this.#fail("TASK_FAILED", text, { error });
  }

  #fail(code: EagerCode, message: string, thrown?: { readonly error: unknown }): void {
    if (this.#settled || this.closed !== undefined) return;
    const kind = (thrown && innermost(thrown.error)?.kind) ?? "user";
    const exception = this.#exception(code, message, kind, thrown);
    const reason = thrown ? thrown.error : exception;
    this.closed = { reason, by: this.id };
    cancelCallsOf(this, reason, this.id);
    if (observed && this.attempts > 0) {
      emit({
        kind: "attempt-failed",
        runId: this.run.id,
        at: now(),
        id: this.id,
        attempt: this.attempts,
        error: preview(reason),
      });
    }
    this.#settleBad("failed", exception);
  }

  #exception(
    code: EagerCode,
    message: string,
    kind: EagerKind,
    thrown: { readonly error: unknown } | undefined,
  ): EagerException {
    const exception = new EagerException(code, message, {
      kind,
      task: this.definition.name,
      callId: this.id,
      attempts: this.attempts,
      source: this.#source,
      ...(thrown && { cause: thrown.error }),
    });
    beginStackAt(exception, callableOf(this.definition), this.#source);
    return exception;
  }

  #settleBad(state: "failed" | "cancelled", exception: EagerException): void {
    this.#produced = undefined;
    this.#leave(state);
    keepOutcome(this, { ok: false, error: exception });
    if (observed) {
      const rootFailure = this.#rootFailure(exception);
      this.#emitSettled(state, {
        error: preview("cause" in exception ? exception.cause : exception),
        ...(rootFailure !== undefined && { rootFailure }),
      });
    }
    this.#rejectHandled(exception);
    this.run.callSettled(this);
  }

  /** L4: whoever awaits the call still gets the rejection, through a promise of his own. */
  #rejectHandled(exception: EagerException): void {
    Promise.prototype.then.call(this.promise, undefined, () => undefined);
    this.#reject(exception);
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
    this.#owner.childSettled(this);
  }

  #emitCreated(seq: number, inputs: Inputs): void {
    const { definition, run, parent } = this;
    const source = this.#source;
    emit({
      kind: "call-created",
      runId: run.id,
      at: now(),
      id: this.id,
      seq,
      ...(parent && { parentId: parent.id }),
      name: definition.name,
      entity: definition.entity,
      version: versionOf(definition),
      where: run.executor.where,
      deps: Object.values(inputs)
        .filter(isCall)
        .map((call) => call.id),
      inputs: inputPreviews(inputs),
      ...(source && { source }),
    });
  }

  #emitSettled(
    state: SettledState,
    outcome: Pick<CallSettled, "output" | "error" | "rootFailure">,
  ): void {
    emit({
      kind: "call-settled",
      runId: this.run.id,
      at: now(),
      id: this.id,
      state,
      ...outcome,
      ...this.takeUnawaited(),
    });
  }
}

/**
 * Why a scope takes no calls, if so. While a call runs, every scope above it is open, since closing reaches all running
 * calls below; one that has settled may have been left behind by the closing.
 */
export function whyRefused(owner: Scope): Closed | undefined {
  let at: LiveCall | undefined = owner.call;
  while (at !== undefined && at.closed === undefined && at.settled) at = at.parent;
  return at?.closed ?? owner.run.closed;
}

function execute(call: LiveCall, inputs: Inputs): unknown {
  return call.run.executor.run(call, inputs, call.context);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === "object" || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function"
  );
}
