/**
 * What a task threw in another thread, so that it arrives as it was: errors with their stack, cause and own properties,
 * anything else unchanged. A structured clone alone loses the names and properties of errors.
 * @module
 */
import { types } from "node:util";
import { preview } from "../../values/preview.ts";
import { type EagerCode, type EagerDetails, EagerException } from "../errors.ts";

interface TravellingError {
  readonly kind: "error";
  /** The nearest class of the language: `TypeError` of one that extends it. */
  readonly type: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly own: Readonly<Record<string, unknown>>;
  readonly cause?: Travelling;
  readonly errors?: readonly Travelling[];
  /** Present for an EagerException. */
  readonly eager?: { readonly code: EagerCode; readonly details: EagerDetails };
}

export type Travelling = TravellingError | { readonly kind: "value"; readonly value: unknown };

const CAUSES_MAX = 50;

const TYPES: Readonly<Record<string, new (message?: string) => Error>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  DOMException,
};

/** @param ownFrame whether a line of a stack is ours to leave out. */
export function pack(thrown: unknown, ownFrame: (line: string) => boolean, depth = 0): Travelling {
  if (!isError(thrown)) return { kind: "value", value: copyOrText(thrown) };
  const { name, message, stack, cause } = thrown;
  const inner = (error: unknown) => pack(error, ownFrame, depth + 1);
  const goesOn = depth < CAUSES_MAX;
  const isEager = thrown instanceof EagerException;
  return {
    kind: "error",
    type: typeOf(thrown),
    name: String(name),
    message: String(message),
    stack:
      typeof stack === "string"
        ? stack
            .split("\n")
            .filter((line) => !ownFrame(line))
            .join("\n")
        : undefined,
    own: isEager ? {} : ownProperties(thrown),
    ...(goesOn && Object.hasOwn(thrown, "cause") && { cause: inner(cause) }),
    ...(goesOn && thrown instanceof AggregateError && { errors: thrown.errors.map(inner) }),
    ...(isEager && { eager: eagerParts(thrown) }),
  };
}

/** @param located the same stack with the positions that people know. */
export function unpack(packed: Travelling, located: (stack: string) => string): unknown {
  if (packed.kind === "value") return packed.value;
  const error = rebuilt(packed, located);
  const { name, stack, own } = packed;
  const hidden = (value: unknown) => ({ value, writable: true, configurable: true });
  for (const [key, value] of Object.entries(own)) {
    Object.defineProperty(error, key, { ...hidden(value), enumerable: true });
  }
  if (error.name !== name) Object.defineProperty(error, "name", hidden(name));
  if (stack !== undefined) Object.defineProperty(error, "stack", hidden(located(stack)));
  if (packed.cause && !("cause" in error)) {
    Object.defineProperty(error, "cause", hidden(unpack(packed.cause, located)));
  }
  return error;
}

function rebuilt(packed: TravellingError, located: (stack: string) => string): Error {
  const { eager, errors, message, name, type } = packed;
  if (eager) {
    const cause = packed.cause && { cause: unpack(packed.cause, located) };
    return new EagerException(eager.code, message, { ...eager.details, ...cause });
  }
  if (errors) {
    const members = errors.map((member) => unpack(member, located));
    return new AggregateError(members, message);
  }
  if (type === "DOMException") return new DOMException(message, name);
  return new (TYPES[type] ?? Error)(message);
}

function eagerParts({ code, kind, task, callId, attempts }: EagerException) {
  return { code, details: { kind, task, callId, attempts } };
}

function isError(value: unknown): value is Error {
  if (types.isProxy(value)) return false;
  return types.isNativeError(value) || value instanceof Error || value instanceof DOMException;
}

function typeOf(error: Error): string {
  for (let at: unknown = Object.getPrototypeOf(error); at; at = Object.getPrototypeOf(at)) {
    const found = Object.entries(TYPES).find(([, type]) => type.prototype === at);
    if (found) return found[0];
  }
  return "Error";
}

const OF_ITSELF = new Set(["name", "message", "stack", "cause", "errors"]);

function ownProperties(error: Error): Record<string, unknown> {
  const own: Record<string, unknown> = {};
  for (const [key, found] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
    if (found.enumerable && "value" in found && !OF_ITSELF.has(key))
      own[key] = copyOrText(found.value);
  }
  return own;
}

/** A value that cannot leave its thread is told as people would see it. */
function copyOrText(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return preview(value).line;
  }
}
