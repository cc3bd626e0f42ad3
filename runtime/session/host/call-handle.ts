/**
 * `deck.task("t11")`: one call with its real inputs and output, from memory or from the history.
 * @module
 */
import { inspect } from "node:util";
import type { SourcePosition } from "../../events/events.ts";
import type { AttemptRecord, CallRecord } from "../../events/record-shape.ts";
import type { StoredCall } from "../../store/history.ts";
import { nearest } from "../../values/nearest.ts";
import { callAgain } from "../../workflow/again.ts";
import type { KeptCall, KeptOutcome } from "../../workflow/kept.ts";

/** Where a handle looks, each time it is asked. */
export interface CallSource {
  readonly record: CallRecord;
  /** With its values, while they are in memory. */
  readonly kept: KeptCall | undefined;
  /** With what could be written of them. */
  readonly stored: StoredCall | undefined;
}

type Inputs = Readonly<Record<string, unknown>>;

/** One call with its real inputs and output. */
export class CallHandle {
  readonly #look: () => CallSource;
  readonly id: string;

  constructor(id: string, look: () => CallSource) {
    this.id = id;
    this.#look = look;
  }

  get name(): string {
    return this.#look().record.name;
  }

  get state(): string {
    return this.#look().record.state;
  }

  /** What the call was given, by input name. One that could not be kept throws why when it is read. */
  get inputs(): Inputs {
    const { record, kept, stored } = this.#look();
    if (kept) return kept.inputs;
    if (!stored) throw this.#gone(record);
    const inputs: Record<string, unknown> = { ...stored.inputs };
    for (const [name, why] of Object.entries(stored.missing)) {
      Object.defineProperty(inputs, name, {
        enumerable: true,
        get: () => {
          throw new Error(`the input ${name} of ${this.id} ${record.name} was not kept: it ${why}`);
        },
      });
    }
    return inputs;
  }

  /** What the call returned. @throws what it failed with, or an Error when there is no value. */
  get output(): unknown {
    const outcome = this.#outcome();
    if (outcome.ok) return outcome.value;
    throw outcome.error;
  }

  /** What the call failed with; undefined when it did not, or has not settled. */
  get error(): unknown {
    const { record } = this.#look();
    if (record.state !== "failed" && record.state !== "cancelled") return undefined;
    const outcome = this.#outcome();
    return outcome.ok ? undefined : outcome.error;
  }

  /** Each time its function was started; times are epoch milliseconds. */
  get attempts(): readonly AttemptRecord[] {
    return this.#look().record.attempts;
  }

  /** Where the call was written. */
  get source(): SourcePosition | undefined {
    return this.#look().record.source;
  }

  /** The last lines that the call logged or printed: 50 at most, 8 kB. */
  logs(): readonly string[] {
    return this.#look().record.log.tail;
  }

  /**
   * Calls the newest definition of the same name again: the old inputs with these changes, without the cache, in a run
   * of its own.
   * @throws {Error} when an input was not kept and is not among the changes, or nothing of that name is defined.
   */
  rerun(changes: Inputs = {}): Promise<unknown> {
    const { record, kept } = this.#look();
    const inputs = this.#inputsWith(changes);
    this.#checkNames(changes, Object.keys(inputs));
    const { id, name, runId } = record;
    return callAgain({ id, name, runId, ...(kept && { definition: kept.definition }) }, inputs);
  }

  /** Ends the call at once, if it still runs. @returns whether it did. */
  cancel(reason?: unknown): boolean {
    const { kept } = this.#look();
    const cancel = kept?.cancel;
    cancel?.(reason);
    return cancel !== undefined;
  }

  #inputsWith(changes: Inputs): Inputs {
    const { record, kept, stored } = this.#look();
    if (kept) return { ...kept.inputs, ...changes };
    if (!stored) throw this.#gone(record);
    for (const [name, why] of Object.entries(stored.missing)) {
      if (Object.hasOwn(changes, name)) continue;
      throw new Error(
        `the input ${name} of ${this.id} ${record.name} was not kept: it ${why}. Give it: .rerun({ ${name}: … })`,
      );
    }
    return { ...stored.inputs, ...changes };
  }

  /** A task may take inputs that this call did not have; a name that is nearly one it had is a mistake. */
  #checkNames(changes: Inputs, all: readonly string[]): void {
    const known = this.#look().record.inputs.map(({ name }) => name);
    for (const name of Object.keys(changes)) {
      if (known.includes(name)) continue;
      const near = nearest(
        name,
        known.filter((other) => all.includes(other)),
      );
      if (near === undefined || Object.hasOwn(changes, near)) continue;
      throw new TypeError(`${this.id} ${this.name} has no input ${name}; did you mean ${near}?`);
    }
  }

  #outcome(): KeptOutcome {
    const { record, kept, stored } = this.#look();
    if (kept?.outcome) return kept.outcome;
    if (kept || record.endedAt === undefined) {
      throw new Error(`${this.id} ${record.name} has not settled yet`);
    }
    if (stored?.outcome) return stored.outcome;
    if (stored?.outcomeMissing !== undefined) {
      throw new Error(
        `the value of ${this.id} ${record.name} was not kept: it ${stored.outcomeMissing}`,
      );
    }
    throw this.#gone(record);
  }

  #gone({ name }: CallRecord): Error {
    return new Error(
      `the values of ${this.id} ${name} are not there any more: in memory are the newest 10,000 calls, ` +
        "in the history the first 10,000 calls of a run and its failures",
    );
  }

  [inspect.custom](): string {
    return `Call ${this.id} ${this.name} (${this.state})`;
  }
}
