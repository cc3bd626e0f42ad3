/**
 * Looking at a value without running its code: no getter, no proxy trap, no `then`, no iterator of the user's.
 *
 * `util.inspect` is not enough: it throws on a throwing `Symbol.toStringTag`, function `name` or error field, and
 * takes long for an object of 200,000 keys.
 * @module
 */
import { inspect, types } from "node:util";
import { formatDuration } from "./format.ts";

/** How much one preview may cost before the rest reads `… (stopped)`. */
const TIME_MAX_MS = 5;
const LOOKS_MAX = 5_000;
const LOOKS_PER_STEP = 32;
/**
 * No 32 looks of ours take longer. What the clock says beyond it is a pause of the process, a collection or a busy machine,
 * and none of the value's doing: small values were cut at random.
 */
const STEP_TIME_MAX_MS = 1;
const CHAIN_MAX = 50;

/** What a preview may cost: counts what it looks at, asks the clock rarely. */
export class Budget {
  readonly #now: () => number;
  #looks = 0;
  #spentMs = 0;
  #steppedAt: number;
  /** @param now a clock in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#steppedAt = now();
  }

  get isSpent(): boolean {
    return this.#looks > LOOKS_MAX || this.#spentMs > TIME_MAX_MS;
  }

  /** Whether there is still something to spend; counts one look. */
  take(): boolean {
    if (this.isSpent) return false;
    this.#looks++;
    if (this.#looks % LOOKS_PER_STEP === 0) this.#step();
    return !this.isSpent;
  }

  /** Counts all of a time that something took. */
  spend(tookMs: number): void {
    this.#spentMs += tookMs;
    this.#steppedAt = this.#now();
  }

  #step(): void {
    const now = this.#now();
    this.#spentMs += Math.min(now - this.#steppedAt, STEP_TIME_MAX_MS);
    this.#steppedAt = now;
  }
}

const SLOW_MS = 100;
/** Methods that were noted as slow: one note each is enough. */
const notedAsSlow = new WeakSet<object>();

/**
 * What to say of a class's own method for being shown when it was slow. It cannot be stopped.
 * @returns undefined when it was quick enough, or has been noted before.
 */
export function slowNote(method: object, className: string, tookMs: number): string | undefined {
  if (tookMs <= SLOW_MS || notedAsSlow.has(method)) return undefined;
  notedAsSlow.add(method);
  return `to show ${className} took ${formatDuration(tookMs)}, which its class decides`;
}

/** A property's descriptor, own or inherited, found without running code; undefined also behind a Proxy. */
export function findDescriptor(value: object, key: PropertyKey): PropertyDescriptor | undefined {
  let at: object | null = value;
  for (let depth = 0; at !== null && depth < CHAIN_MAX; depth++) {
    if (types.isProxy(at)) return undefined;
    const found = Object.getOwnPropertyDescriptor(at, key);
    if (found) return found;
    at = Object.getPrototypeOf(at);
  }
  return undefined;
}

/** The value of a data property, own or inherited; undefined for accessors. */
export function dataOf(value: object, key: PropertyKey): unknown {
  return findDescriptor(value, key)?.value;
}

/** The names of the classes a value is made of, innermost first, `Object` and `Function` included. */
export function classNames(value: object): string[] {
  const names: string[] = [];
  let at: object | null = value;
  for (let depth = 0; at !== null && depth < CHAIN_MAX; depth++) {
    if (types.isProxy(at)) break;
    const made = Object.getOwnPropertyDescriptor(at, "constructor")?.value;
    if (typeof made === "function" && at !== value) {
      const name = functionName(made);
      if (name !== "") names.push(name);
    }
    at = Object.getPrototypeOf(at);
  }
  return names;
}

/** A function's name, if it is plain data. */
export function functionName(value: object): string {
  if (types.isProxy(value)) return "";
  const name = Object.getOwnPropertyDescriptor(value, "name")?.value;
  return typeof name === "string" ? name : "";
}

/**
 * What a built-in getter (`Map.prototype.size`) says about `value`.
 * @returns undefined when the value is not of that kind.
 */
export function builtIn(prototype: object, key: PropertyKey, value: unknown): unknown {
  try {
    return Object.getOwnPropertyDescriptor(prototype, key)?.get?.call(value);
  } catch {
    // "Incompatible receiver": the value only looks like one of its kind.
    return undefined;
  }
}

/**
 * A field of an error, whose getters are worth running: a class may compute its `message`.
 * @returns undefined when the getter throws.
 */
export function errorField(error: object, key: string): unknown {
  try {
    return Reflect.get(error, key);
  } catch {
    // A hostile or broken getter: the rest of the error is shown without it.
    return undefined;
  }
}

/** What `util.inspect` prints, without custom inspectors; undefined when it throws. */
export function inspectPlainly(value: unknown): string | undefined {
  try {
    return inspect(value, {
      customInspect: false,
      showProxy: false,
      depth: 2,
      maxArrayLength: 20,
      maxStringLength: 1_000,
      breakLength: Number.POSITIVE_INFINITY,
    });
  } catch {
    // It reads `Symbol.toStringTag`, `constructor.name` and more; whoever made those throw is shown by name only.
    return undefined;
  }
}
