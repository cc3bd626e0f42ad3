/**
 * `mapTask`: one call over many inputs.
 *
 * Invariants
 *   M1  The values come in the order of the inputs; who iterates over the call has them as they come.
 *   M2  With a limit an input is taken from its source only when there is room for its call.
 *   M3  The thread is given back now and then, also when neither source nor task ever waits.
 * @module
 */
import { isPromise } from "node:util/types";
import type { InferOutput, StandardSchema } from "../types/standard-schema.ts";
import { formatCount } from "../values/format.ts";
import { preview } from "../values/preview.ts";
import type { MapCall } from "./call.ts";
import type { TaskContext } from "./context.ts";
import { type Definition, definitionOf, setCallable } from "./definition.ts";
import { definitionMark, isReplacedSince, newestEntity } from "./newest.ts";
import { recordNode } from "./recording.ts";
import { scopes } from "./scope.ts";
import { NO_SETTINGS, readLimit, refuseUnknown } from "./settings.ts";
import type { Entity, Promised } from "./signatures.ts";
import { startCall } from "./start.ts";

export interface MapOptions {
  /** In decks. Default: `map` and the name of the task. */
  readonly name?: string;
  /** How many calls run at once. Default: all. */
  readonly concurrency?: number;
  /** The share of calls that has to succeed, from 0 to 1; the value of one that failed is `undefined` then. Default: 1. */
  readonly minSuccessRatio?: number;
}

/** A list of inputs, or where they come from one by one. */
export type MapInputs<I> = Iterable<Promised<I>> | AsyncIterable<Promised<I>>;

/** What `mapTask` returns. */
export interface MapTask<I, O> {
  /** @param inputs also as a promise: another call, or a placeholder of a static workflow. */
  (inputs: MapInputs<I> | Promise<MapInputs<I>>): MapCall<O>;
  readonly name: string;
}

/** How long inputs are worked off without giving the thread back. */
const TURN_MAX_MS = 10;
/** Every progress of a million quick calls would be an event of its own. */
const PROGRESS_EVERY_MS = 50;

/**
 * Calls a task once for each of many inputs: one row in tree and deck, with counts, and the failures below it.
 *
 * ```ts
 * const pages = await mapTask(fetchPage, { concurrency: 8 })(urls.map((url) => ({ url })));
 * for await (const page of mapTask(fetchPage)(inputs)) console.log(page); // as they come
 * ```
 * The first failure fails the map and cancels what still runs, unless `minSuccessRatio` allows for it.
 * @param task a task, workflow or eager workflow; it may carry options, `mapTask(fetchPage.with({ retries: 2 }))`.
 * @throws {TypeError} for anything else, or for options that there are not.
 */
export function mapTask<I, O, F>(
  task: Entity<I, O, F>,
  options: MapOptions & { readonly minSuccessRatio: number },
): MapTask<I, O | undefined>;
export function mapTask<I, O, F>(task: Entity<I, O, F>, options?: MapOptions): MapTask<I, O>;
export function mapTask(task: unknown, options: unknown = {}): unknown {
  const item = definitionOf(task);
  if (item === undefined || item.entity === "map" || item.entity === "group") {
    const advice = "mapTask(addOne)([{ x: 1 }, { x: 2 }])";
    throw new TypeError(`mapTask() takes a task, like ${advice}, not ${preview(task).line}`);
  }
  const { name, concurrency, ratio } = readOptions(item.name, options);
  const mark = definitionMark();
  // A cell that is run again replaces its task; the map then follows.
  const current = (): Definition =>
    (isReplacedSince(item.name, mark) ? definitionOf(newestEntity(item.name)) : undefined) ?? item;
  const body: Definition["body"] = ({ items }, context) =>
    new Mapping(current(), concurrency, ratio, context).run(items as MapInputs<unknown>);
  const definition: Definition = {
    entity: "map",
    name,
    inputs: { items: ITEMS },
    output: undefined,
    outputs: undefined,
    settings: NO_SETTINGS,
    fn: item.fn,
    body,
  };
  const call = (items: unknown) =>
    recordNode(definition, { items }) ?? startCall(definition, { items });
  Object.defineProperty(call, "name", { value: name, configurable: true });
  // A placeholder comes back only while a workflow is compiled, and then nobody calls it by name.
  setCallable(definition, (given) => call(given?.["items"]) as Promise<unknown>);
  return call;
}

function readOptions(
  task: string,
  options: unknown,
): { readonly name: string; readonly concurrency: number | undefined; readonly ratio: number } {
  const what = `mapTask of ${task}`;
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `${what}: the options are an object like { concurrency: 8 }, not ${preview(options).line}`,
    );
  }
  const given = options as Readonly<Record<string, unknown>>;
  refuseUnknown(what, given, ["name", "concurrency", "minSuccessRatio"]);
  const { name = `map ${task}`, concurrency, minSuccessRatio: ratio = 1 } = given;
  if (typeof name !== "string" || name === "") {
    throw new TypeError(`${what}: name is text, not ${preview(name).line}`);
  }
  if (typeof ratio !== "number" || !(ratio >= 0 && ratio <= 1)) {
    throw new TypeError(
      `${what}: minSuccessRatio is a share from 0 to 1, not ${preview(ratio).line}`,
    );
  }
  return {
    name,
    concurrency: concurrency === undefined ? undefined : readLimit(what, concurrency),
    ratio,
  };
}

/** What a map takes; text is iterable too, and never meant. */
const ITEMS: StandardSchema<Iterable<unknown> | AsyncIterable<unknown>> = {
  "~standard": {
    version: 1,
    vendor: "eagerdeck",
    validate: (value) =>
      isIterable(value)
        ? { value }
        : {
            issues: [
              {
                message: `expected a list of inputs like [{ x: 1 }, { x: 2 }], or what iterates over them, received ${preview(value).line}`,
              },
            ],
          },
  },
};

function isIterable(value: unknown): value is InferOutput<typeof ITEMS> {
  if (typeof value !== "object" || value === null) return false;
  return Symbol.iterator in value || Symbol.asyncIterator in value;
}

/** One map call while it runs. */
class Mapping {
  readonly #item: Definition;
  readonly #limit: number;
  readonly #ratio: number;
  readonly #context: TaskContext;
  readonly #values: unknown[] = [];
  #total: number | undefined;
  #started = 0;
  #succeeded = 0;
  #failed = 0;
  #firstFailure: unknown;
  #progressAtMs = 0;
  /** Set while somebody waits for a call to settle. */
  #wake: (() => void) | undefined;

  constructor(item: Definition, limit: number | undefined, ratio: number, context: TaskContext) {
    this.#item = item;
    this.#limit = limit ?? Number.POSITIVE_INFINITY;
    this.#ratio = ratio;
    this.#context = context;
  }

  async run(items: MapInputs<unknown>): Promise<unknown[]> {
    this.#total = lengthOf(items);
    this.#progress(true);
    this.#context.signal.addEventListener("abort", () => this.#wakeUp(), { once: true });
    try {
      if (Symbol.asyncIterator in items) await this.#takeWhenTheyCome(items);
      else await this.#takeAll(items);
      this.#total = this.#started;
      while (this.#running > 0) {
        this.#refuse();
        await this.#oneSettles();
      }
      this.#refuse();
    } catch (error) {
      // Nobody comes to the rest of the list any more; a promise in it that fails is nobody's failure.
      if (Array.isArray(items)) items.slice(this.#started).forEach(handlePromises);
      throw error;
    }
    this.#progress(true);
    return this.#values;
  }

  async #takeAll(items: Iterable<unknown>): Promise<void> {
    let turnStartedMs = performance.now();
    for (const given of items) {
      if (this.#running >= this.#limit) await this.#room();
      if (performance.now() - turnStartedMs > TURN_MAX_MS) {
        await new Promise((resolve) => setImmediate(resolve));
        turnStartedMs = performance.now();
      }
      this.#refuse();
      this.#start(given);
    }
  }

  /** Not `for await`: a source that has nothing to give must not hide that a call has failed. */
  async #takeWhenTheyCome(items: AsyncIterable<unknown>): Promise<void> {
    const source = items[Symbol.asyncIterator]();
    let isDone = false;
    try {
      while (!isDone) {
        await this.#room();
        let arrived: (() => IteratorResult<unknown>) | undefined;
        const arrives = (take: () => IteratorResult<unknown>) => {
          arrived = take;
          this.#wakeUp();
        };
        Promise.resolve(source.next()).then(
          (result) => arrives(() => result),
          (error) =>
            arrives(() => {
              throw error;
            }),
        );
        while (arrived === undefined) {
          await this.#oneSettles();
          this.#refuse();
        }
        const { done = false, value } = (arrived as () => IteratorResult<unknown>)();
        isDone = done;
        if (!done) this.#start(value);
      }
    } finally {
      // Without waiting: a source that hangs in its `next` would never close.
      if (!isDone) Promise.resolve(source.return?.()).catch(() => undefined);
    }
  }

  get #running(): number {
    return this.#started - this.#succeeded - this.#failed;
  }

  async #room(): Promise<void> {
    this.#refuse();
    while (this.#running >= this.#limit) {
      await this.#oneSettles();
      this.#refuse();
    }
  }

  #oneSettles(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #start(given: unknown): void {
    const index = this.#started++;
    const map = scopes.getStore()?.call?.promise as MapCall<unknown>;
    startCall(this.#item, given).then(
      (value) => {
        this.#values[index] = value;
        this.#succeeded++;
        map.deliver(value);
        this.#settled();
      },
      (error: unknown) => {
        this.#values[index] = undefined;
        if (this.#failed++ === 0) this.#firstFailure = error;
        this.#settled();
      },
    );
  }

  #settled(): void {
    this.#progress(false);
    this.#wakeUp();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #progress(isDue: boolean): void {
    const nowMs = performance.now();
    if (!isDue && nowMs - this.#progressAtMs < PROGRESS_EVERY_MS) return;
    this.#progressAtMs = nowMs;
    this.#context.progress(this.#succeeded + this.#failed, this.#total);
  }

  /** @throws when the map was cancelled, or more calls have failed than may. Without a known total that is known at the end only. */
  #refuse(): void {
    const { signal } = this.#context;
    if (signal.aborted) throw signal.reason;
    if (this.#failed === 0) return;
    if (this.#ratio === 1) throw this.#firstFailure;
    if (this.#total === undefined) return;
    // 0.9 of 10 is 9.000000000000002 in binary
    const needed = Math.ceil(this.#total * this.#ratio - 1e-9);
    const allowed = this.#total - needed;
    if (this.#failed <= allowed) return;
    throw new Error(
      `${formatCount(this.#failed)} of ${formatCount(this.#total)} calls of ${this.#item.name} failed, ` +
        `${formatCount(allowed)} may (minSuccessRatio ${this.#ratio})`,
      { cause: this.#firstFailure },
    );
  }
}

/** Of an input that no call is made for. */
function handlePromises(given: unknown): void {
  const values =
    typeof given === "object" && given !== null && !isPromise(given)
      ? Object.values(given)
      : [given];
  for (const value of values) {
    if (isPromise(value)) Promise.prototype.then.call(value, undefined, () => undefined);
  }
}

/** How many inputs there will be, when the source says so without being read. */
function lengthOf(items: object): number | undefined {
  if (Array.isArray(items) || ArrayBuffer.isView(items)) {
    return (items as unknown as { readonly length: number }).length;
  }
  return items instanceof Set || items instanceof Map ? items.size : undefined;
}
