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
import { formatBytes, formatCount } from "./format.ts";
import { errorField } from "./guard.ts";
import { hasOwnSecrets, isSecretName, redactText } from "./redact.ts";

export type Encoded =
  | { readonly text: string }
  /** Why it cannot be kept, as the rest of a sentence: `is a function (at .onDone)`. */
  | { readonly missing: string };

const BYTES_MAX = 1_000_000;
const PARTS_MAX = 100_000;

export interface EncodeOptions {
  /** Of the input, whose text may be a secret by it. */
  readonly name?: string;
  /** The text is not kept, only what tells it from others: secrets are no reason to refuse, and it may be large. */
  readonly isForIdentity?: boolean;
}

const IDENTITY_BYTES_MAX = 64_000_000;
const IDENTITY_PARTS_MAX = 5_000_000;

export function encodeValue(value: unknown, options: EncodeOptions = {}): Encoded {
  const { name, isForIdentity = false } = options;
  const bytesMax = isForIdentity ? IDENTITY_BYTES_MAX : BYTES_MAX;
  // Most values are small; the way around would cost more than they do.
  switch (typeof value) {
    case "number":
      if (Number.isFinite(value) && !Object.is(value, -0)) return { text: `[${value}]` };
      break;
    case "boolean":
      return { text: `[${value}]` };
    case "string":
      if (value.length > bytesMax) return { missing: `is a text of ${formatBytes(value.length)}` };
      break;
    default:
  }
  try {
    const problem = new Inspection(isForIdentity).problem(value, name);
    if (problem !== undefined) return { missing: problem };
    const text = stringify(value, REDUCERS);
    if (text.length > bytesMax * 2) return { missing: `takes ${formatBytes(text.length)}` };
    return isForIdentity || redactText(text) === text
      ? { text }
      : { missing: "holds what looks like a secret" };
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
  // A view on a part of a buffer: devalue would write all of the buffer.
  View: (value) =>
    isTypedArray(value) && value.byteLength !== value.buffer.byteLength && [value.slice()],
  Error: (value) => value instanceof Error && errorParts(value),
};

// biome-ignore lint/suspicious/noExplicitAny: each gets what its reducer gave, as text and back
const REVIVERS: Record<string, (parts: any) => unknown> = {
  Buffer: ([text]: readonly [string]) => Buffer.from(text, "base64"),
  View: ([view]: readonly [unknown]) => view,
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
/** Kinds that are text to who reads them. */
const TEXTUAL = new Set(["RegExp", "URL", "URLSearchParams"]);
const WHOLE = new Set(["Date", "RegExp", "URL", "URLSearchParams", "ArrayBuffer"]);

/** Whether bytes hold, as they stand, a text that this process knows to be secret. */
function holdsOwnSecret(bytes: NodeJS.TypedArray | ArrayBuffer): boolean {
  if (!hasOwnSecrets()) return false;
  const view =
    bytes instanceof ArrayBuffer
      ? Buffer.from(bytes)
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = view.toString("latin1");
  return redactText(text) !== text || redactText(view.toString("utf8")) !== view.toString("utf8");
}

/** Walks a value once, by property descriptors, until something is found that cannot be kept. */
class Inspection {
  readonly #seen = new Set<object>();
  readonly #isForIdentity: boolean;
  readonly #partsMax: number;
  readonly #bytesMax: number;
  #parts = 0;
  #bytes = 0;

  constructor(isForIdentity: boolean) {
    this.#isForIdentity = isForIdentity;
    this.#partsMax = isForIdentity ? IDENTITY_PARTS_MAX : PARTS_MAX;
    this.#bytesMax = isForIdentity ? IDENTITY_BYTES_MAX : BYTES_MAX;
  }

  problem(value: unknown, name?: string): string | undefined {
    return this.#look(value, name ?? "", "");
  }

  #look(value: unknown, name: string, path: string): string | undefined {
    const at = path === "" ? "" : ` (at ${path})`;
    if (++this.#parts > this.#partsMax) return `has more than ${formatCount(this.#partsMax)} parts`;
    if (this.#bytes > this.#bytesMax) return this.#tooLarge();
    switch (typeof value) {
      case "string":
        this.#bytes += value.length;
        return value !== "" && this.#isSecret(name) ? `may be a secret${at}` : undefined;
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
      if (this.#isSecret(name)) return `may be a secret${at}`;
      if (this.#bytes > this.#bytesMax) return this.#tooLarge();
      return this.#isForIdentity || !holdsOwnSecret(value) ? undefined : `holds a secret${at}`;
    }
    if (Array.isArray(value)) {
      // An entry, as lists of headers have them.
      const entryName = value.length === 2 && typeof value[0] === "string" ? value[0] : name;
      return this.#members(value.length === 2 ? value.slice(1) : value, entryName, path);
    }
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
    if (kind === "URLSearchParams") {
      for (const [key, text] of URLSearchParams.prototype.entries.call(value)) {
        const found = this.#look(text, isSecretName(key) ? key : name, `${path}.get(…)`);
        if (found !== undefined) return found;
      }
    }
    if (TEXTUAL.has(kind) && this.#isSecret(name)) return `may be a secret${at}`;
    return WHOLE.has(kind) || kind.startsWith("Temporal.")
      ? undefined
      : `is an object of class ${kind}${at}`;
  }

  #isSecret(name: string): boolean {
    return !this.#isForIdentity && isSecretName(name);
  }

  #tooLarge(): string {
    return `takes more than ${formatBytes(this.#bytesMax)}`;
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
