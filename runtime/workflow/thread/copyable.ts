/**
 * What can be copied into another thread, and what the one thing is that cannot.
 * @module
 */
import { types } from "node:util";

/** Deeper than anybody writes by hand; a culprit below is named by what holds it. */
const DEPTH_MAX = 20;

export interface Culprit {
  /** `hooks[0].run` */
  readonly path: string;
  /** `a function`, `a DatabaseSync` */
  readonly what: string;
}

/**
 * The first part of `value` that cannot be copied.
 * @param path what the value is called.
 * @returns undefined when all of it can.
 */
export function findCulprit(value: unknown, path: string): Culprit | undefined {
  return losesClass(value) ? { path, what: describe(value) } : search(value, path, 0);
}

/** Whether a copy would be without its methods: the copy of an instance of a class is a plain object. */
export function losesClass(value: unknown): boolean {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || Array.isArray(value) || types.isArrayBufferView(value)) return false;
  if (types.isNativeError(value)) return false;
  const { name } = constructorOf(value) ?? {};
  // Their own class if they have one; of the language and of Node are those that know how to be copied.
  if (name === undefined || Object.getPrototypeOf(prototype) === null) return false;
  return !(name in globalThis) || name === "Proxy";
}

function search(value: unknown, path: string, depth: number): Culprit | undefined {
  if (isCopyable(value)) return undefined;
  const culprit = { path, what: describe(value) };
  if (depth === DEPTH_MAX || typeof value !== "object" || value === null) return culprit;
  if (types.isProxy(value)) return culprit;
  for (const [key, part] of partsOf(value)) {
    const found = search(part, `${path}${key}`, depth + 1);
    if (found) return found;
  }
  return culprit;
}

function isCopyable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    // Whatever a getter of the value threw, it cannot be read either.
    return false;
  }
}

/** What a value holds, each with how it is reached: `.name`, `[0]`. */
export function* partsOf(value: object): Generator<[key: string, part: unknown]> {
  if (Array.isArray(value)) {
    for (const [index, part] of value.entries()) yield [`[${index}]`, part];
  } else if (value instanceof Map) {
    for (const [key, part] of value) {
      yield [`.get(${typeof key === "string" ? JSON.stringify(key) : "…"})`, part];
    }
  } else if (value instanceof Set) {
    for (const part of value) yield [" (a part of it)", part];
  } else {
    for (const [key, { value: part }] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
      if (part === undefined) continue;
      yield [
        /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`,
        part,
      ];
    }
  }
}

/** What a value is, in words: `a function`, `a DatabaseSync`, `an object`. */
export function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  if (types.isProxy(value)) return "a Proxy";
  const name = constructorOf(value)?.name ?? "Object";
  if (name === "Object") return "an object";
  return `${/^[AEIO]/.test(name) ? "an" : "a"} ${name}`;
}

function constructorOf(value: object): { readonly name: string } | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== "object" || prototype === null) return undefined;
  const made: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof made === "function" && made.name !== "" ? made : undefined;
}
