/**
 * Values as text and back: what can be kept of a call's inputs and output beyond the life of its process.
 *
 * Invariants
 *   V1  Looking at a value runs none of the user's code: no getter, no `toJSON`, no trap of a proxy.
 *   V2  What is kept comes back equal, also `-0`, `NaN`, `undefined`, bigints, cycles, Map, Set, dates, typed arrays.
 *   V3  What may be a secret is not kept: neither text under a secret's name nor text in a secret's shape.
 * @module
 */
import { isProxy, isTypedArray } from "node:util/types";
import { parse, stringify } from "devalue";
import { formatBytes, formatCount } from "../values/format.ts";
import { errorField } from "../values/guard.ts";
import { isSecretName, redactText } from "../values/redact.ts";

export type Encoded =
  | { readonly text: string }
  /** Why it cannot be kept, as the rest of a sentence: `is a function (at .onDone)`. */
  | { readonly missing: string };

const BYTES_MAX = 1_000_000;
const PARTS_MAX = 100_000;

/** @param name of the input, whose text may be a secret by it. */
export function encodeValue(value: unknown, name?: string): Encoded {
  // Most values are small; the way around would cost more than they do.
  switch (typeof value) {
    case "number":
      if (Number.isFinite(value) && !Object.is(value, -0)) return { text: `[${value}]` };
      break;
    case "boolean":
      return { text: `[${value}]` };
    case "string":
      if (value.length > BYTES_MAX) return { missing: `is a text of ${formatBytes(value.length)}` };
      break;
    default:
  }
  try {
    const problem = new Inspection().problem(value, name);
    if (problem !== undefined) return { missing: problem };
    const text = stringify(value, REDUCERS);
    if (text.length > BYTES_MAX) return { missing: `takes ${formatBytes(text.length)}` };
    return redactText(text) === text ? { text } : { missing: "holds what looks like a secret" };
  } catch (error) {
    // An object that changes under our eyes, or a kind that nobody thought of.
    return { missing: `cannot be written: ${error instanceof Error ? error.message : "?"}` };
  }
}

/** @throws {Error} when the text is none of ours. */
export function decodeValue(text: string): unknown {
  return parse(text, REVIVERS);
}

const REDUCERS: Record<string, (value: unknown) => unknown> = {
  // In a list, for what is empty would count as nothing.
  Buffer: (value) => Buffer.isBuffer(value) && [value.toString("base64")],
  Error: (value) => value instanceof Error && errorParts(value),
};

// biome-ignore lint/suspicious/noExplicitAny: each gets what its reducer gave, as text and back
const REVIVERS: Record<string, (parts: any) => unknown> = {
  Buffer: ([text]: readonly [string]) => Buffer.from(text, "base64"),
  Error: (parts: ErrorParts) => reviveError(parts),
};

interface ErrorParts {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly cause?: unknown;
  readonly own: Readonly<Record<string, unknown>>;
}

/** An error of any class as plain data, with its chain of causes and what it carries. */
function errorParts(error: Error): ErrorParts {
  const own: Record<string, unknown> = {};
  for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
    if (property.enumerable && "value" in property && key !== "cause") own[key] = property.value;
  }
  const cause = Object.getOwnPropertyDescriptor(error, "cause");
  return {
    name: errorText(error, "name"),
    message: errorText(error, "message"),
    stack: errorText(error, "stack"),
    ...(cause !== undefined && "value" in cause && { cause: cause.value }),
    own,
  };
}

function errorText(error: Error, field: "name" | "message" | "stack"): string {
  const text = errorField(error, field);
  return typeof text === "string" ? text : "";
}

function reviveError({ name, message, stack, own, ...rest }: ErrorParts): Error {
  const error = new Error(message, "cause" in rest ? { cause: rest.cause } : undefined);
  Object.defineProperty(error, "name", { value: name, configurable: true, writable: true });
  error.stack = stack;
  return Object.assign(error, own);
}

const PLAIN = new Set<object | null>([Object.prototype, null]);
const WHOLE = new Set(["Date", "RegExp", "URL", "URLSearchParams", "ArrayBuffer"]);

/** Walks a value once, by property descriptors, until something is found that cannot be kept. */
class Inspection {
  readonly #seen = new Set<object>();
  #parts = 0;
  #bytes = 0;

  problem(value: unknown, name?: string): string | undefined {
    return this.#look(value, name ?? "", "");
  }

  #look(value: unknown, name: string, path: string): string | undefined {
    const at = path === "" ? "" : ` (at ${path})`;
    if (++this.#parts > PARTS_MAX) return `has more than ${formatCount(PARTS_MAX)} parts`;
    if (this.#bytes > BYTES_MAX) return `takes more than ${formatBytes(BYTES_MAX)}`;
    switch (typeof value) {
      case "string":
        this.#bytes += value.length;
        return value !== "" && isSecretName(name) ? `may be a secret${at}` : undefined;
      case "function":
        return `is a function${at}`;
      case "symbol":
        return `is a symbol${at}`;
      case "object":
        return value === null ? undefined : this.#object(value, name, path, at);
      default:
        this.#bytes += 8;
        return undefined;
    }
  }

  #object(value: object, name: string, path: string, at: string): string | undefined {
    if (isProxy(value)) return `is a proxy${at}`;
    if (this.#seen.has(value)) return undefined;
    this.#seen.add(value);
    if (isTypedArray(value) || value instanceof ArrayBuffer) {
      this.#bytes += value.byteLength;
      if (isSecretName(name)) return `may be a secret${at}`;
      return this.#bytes > BYTES_MAX ? `takes more than ${formatBytes(BYTES_MAX)}` : undefined;
    }
    if (Array.isArray(value)) return this.#members(value, name, path);
    if (value instanceof Map) {
      for (const [key, member] of value) {
        const keyName = typeof key === "string" ? key : "";
        const found =
          this.#look(key, "", `${path}.keys()`) ?? this.#look(member, keyName, `${path}.get(…)`);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    if (value instanceof Set) return this.#members(value, name, path);
    if (value instanceof Error) {
      const { own, cause } = errorParts(value);
      return this.#properties(own, path, at) ?? this.#look(cause, "", `${path}.cause`);
    }
    if (PLAIN.has(Object.getPrototypeOf(value))) return this.#properties(value, path, at);
    const kind = className(value);
    return WHOLE.has(kind) || kind.startsWith("Temporal.")
      ? undefined
      : `is an object of class ${kind}${at}`;
  }

  #members(values: Iterable<unknown>, name: string, path: string): string | undefined {
    let index = 0;
    for (const member of values) {
      const found = this.#look(member, name, `${path}[${index++}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #properties(value: object, path: string, at: string): string | undefined {
    if (Object.getOwnPropertySymbols(value).length > 0) return `has symbols as keys${at}`;
    for (const key of Object.keys(value)) {
      const property = Object.getOwnPropertyDescriptor(value, key);
      if (property === undefined) continue;
      if (!("value" in property)) return `has a getter (at ${path}.${key})`;
      const found = this.#look(property.value, key, `${path}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** By descriptors: a class may have a `constructor` that throws when it is read. */
function className(value: object): string {
  const tag = Object.prototype.toString.call(
    Object.getPrototypeOf(value) === null ? {} : withoutTag(value),
  );
  if (tag !== "[object Object]") return tag.slice(8, -1);
  let at: object | null = Object.getPrototypeOf(value);
  for (; at !== null; at = Object.getPrototypeOf(at)) {
    const made: unknown = Object.getOwnPropertyDescriptor(at, "constructor")?.value;
    if (typeof made === "function" && made !== Object) {
      const name: unknown = Object.getOwnPropertyDescriptor(made, "name")?.value;
      if (typeof name === "string" && name !== "") return name;
    }
  }
  return "Object";
}

/** Its tag, unless that would have to be asked of a getter. */
function withoutTag(value: object): object {
  let at: object | null = value;
  for (; at !== null; at = Object.getPrototypeOf(at)) {
    const tag = Object.getOwnPropertyDescriptor(at, Symbol.toStringTag);
    if (tag !== undefined) return "value" in tag ? value : {};
  }
  return value;
}
