/**
 * Looking at a value without running its code: no getter, no proxy trap, no `then`, no iterator of the user's.
 *
 * `util.inspect` is not enough: it throws on a throwing `Symbol.toStringTag`, function `name` or error field, and
 * takes long for an object of 200,000 keys.
 * @module
 */
import { inspect, types } from "node:util";

/** How much one preview may cost before the rest reads `… (stopped)`. */
const TIME_MAX_MS = 5;
const LOOKS_MAX = 5_000;
const CHAIN_MAX = 50;

/** Counts what a preview looks at; asks the clock rarely. */
export class Budget {
  #looks = 0;
  readonly #deadline = performance.now() + TIME_MAX_MS;
  spent = false;

  /** Whether there is still something to spend; counts one look. */
  take(): boolean {
    if (this.spent) return false;
    this.#looks++;
    if (this.#looks > LOOKS_MAX || (this.#looks % 32 === 0 && performance.now() > this.#deadline)) {
      this.spent = true;
    }
    return !this.spent;
  }
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
