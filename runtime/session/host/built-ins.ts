/**
 * The built-ins that the session itself, and every package it uses, cannot work without.
 *
 * A cell may replace any of them. That is its right until our own work fails of it: then all that was replaced
 * is put back. Nothing here may use what a cell can replace, so there are no iterators and no methods.
 *
 * Invariant
 *   B1  Nothing is put back as long as the session works.
 * @module
 */
const { defineProperty, getOwnPropertyDescriptor, create, getPrototypeOf } = Object;
const { ownKeys, deleteProperty } = Reflect;
const isSame = Object.is;

interface Kept {
  readonly holder: object;
  readonly key: PropertyKey;
  /** As people write it: `Array.prototype.map`. */
  readonly label: string;
  readonly was: PropertyDescriptor;
  /** What an accessor gave: some globals keep in a variable what is assigned to them. */
  readonly value?: unknown;
}

/** Globals that have a setter of Node's. */
const ASSIGNED = ["process", "Buffer"];
/** Statics and prototypes of these are kept. */
const HOLDERS = [
  ...["Object", "Function", "Array", "String", "Number", "RegExp", "Symbol", "Error", "JSON"],
  ...["Promise", "Map", "Set", "WeakMap", "WeakSet", "WeakRef", "Proxy", "Reflect", "Atomics"],
  ...["Math", "Date", "Buffer"],
  ...["Int32Array", "Uint8Array", "SharedArrayBuffer", "ArrayBuffer", "performance", "process"],
];
/** Of these the binding only. Not all globals: to look at one that Node loads late is to load it, 30 ms for all. */
const BINDINGS = [
  ...HOLDERS,
  ...["TypeError", "RangeError", "SyntaxError", "ReferenceError", "AggregateError", "BigInt"],
  ...[
    "AbortController",
    "AbortSignal",
    "EventTarget",
    "Event",
    "URL",
    "Boolean",
    "Intl",
    "console",
  ],
  ...["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate"],
  ...["queueMicrotask", "parseInt", "parseFloat", "isNaN", "isFinite"],
];

export class BuiltIns {
  readonly #kept: Kept[] = [];
  readonly #prototypeKeys = new Set(ownKeys(Object.prototype));
  readonly #isPrototypeKey = Set.prototype.has.bind(this.#prototypeKeys);

  readonly #onPutBack: (labels: string) => void;

  /**
   * Remembers all of them as they are now.
   * @param onPutBack told what was put back, in words.
   */
  constructor(onPutBack: (labels: string) => void) {
    this.#onPutBack = onPutBack;
    this.#keep(globalThis, "", BINDINGS);
    for (const name of HOLDERS) {
      const holder: unknown = Reflect.get(globalThis, name);
      if (!isHolder(holder)) continue;
      this.#keep(holder, `${name}.`);
      const prototype: unknown = Reflect.get(holder, "prototype");
      if (isHolder(prototype)) this.#keep(prototype, `${name}.prototype.`);
    }
    for (const [label, iterator] of Object.entries({
      "array iterators' ": [].values(),
      "map iterators' ": new Map().values(),
      "set iterators' ": new Set().values(),
      "regular expressions' matches' ": "".matchAll(/x/g),
    })) {
      this.#keep(getPrototypeOf(iterator), label);
    }
    this.#keep(getPrototypeOf(Int32Array), "TypedArray.");
    this.#keep(getPrototypeOf(Int32Array.prototype), "TypedArray.prototype.");
    this.#keep(getPrototypeOf(performance), "Performance.prototype.");
  }

  /** Does what must not fail. When it fails of a built-in that a cell replaced, it is done again with all of them back. */
  surely<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (this.putBack() === "") throw error;
      return work();
    }
  }

  /** Puts back what is not as it was. @returns what that is, in words; empty when all was in place. */
  putBack(): string {
    let told = "";
    const tell = (label: string) => {
      told += told === "" ? label : `, ${label}`;
    };
    // First: what hangs here is part of every descriptor.
    const keys = ownKeys(Object.prototype);
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at];
      if (key === undefined || this.#isPrototypeKey(key)) continue;
      if (deleteProperty(Object.prototype, key)) tell(labelOf("Object.prototype.", key));
    }
    for (let at = 0; at < this.#kept.length; at++) {
      const kept = this.#kept[at];
      if (kept && !isAsItWas(kept) && putBack(kept)) tell(kept.label);
    }
    if (told !== "") this.#onPutBack(told);
    return told;
  }

  #keep(holder: object, prefix: string, keys: readonly PropertyKey[] = ownKeys(holder)): void {
    for (const key of keys) {
      const found = getOwnPropertyDescriptor(holder, key);
      if (!found || (found.get === undefined && !isHolder(found.value))) continue;
      // Data of Node's own, which it changes itself.
      if (typeof key === "string" && key.startsWith("_")) continue;
      if (prefix !== "" && found.get === undefined && typeof found.value !== "function") continue;
      // Without a prototype: a property that a cell gives to all objects would be part of it.
      const was: PropertyDescriptor = Object.assign(create(null), found);
      const isAssigned = prefix === "" && typeof key === "string" && ASSIGNED.includes(key);
      const value: unknown = isAssigned ? Reflect.get(holder, key) : undefined;
      this.#kept.push({
        holder,
        key,
        label: labelOf(prefix, key),
        was,
        ...(isAssigned ? { value } : {}),
      });
    }
  }
}

function labelOf(prefix: string, key: PropertyKey): string {
  return `${prefix}${typeof key === "symbol" ? `[${key.description}]` : key}`;
}

function isHolder(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function isAsItWas({ holder, key, was, value }: Kept): boolean {
  const now = getOwnPropertyDescriptor(holder, key);
  if (!now || now.get !== was.get || now.set !== was.set) return false;
  if (!isSame(now.value, was.value)) return false;
  return value === undefined || (holder as Record<PropertyKey, unknown>)[key] === value;
}

function putBack({ holder, key, was, value }: Kept): boolean {
  try {
    defineProperty(holder, key, was);
    if (value !== undefined) (holder as Record<PropertyKey, unknown>)[key] = value;
    return true;
  } catch {
    // A cell froze it: there is nothing that could be done.
    return false;
  }
}
