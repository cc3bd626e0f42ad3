/**
 * Objects that are one piece of text: dates, errors, promises, bytes, streams and the like.
 * @module
 */
import { inspect, types } from "node:util";
import { fileType, firstBytes } from "./bytes.ts";
import { errorLine, isError } from "./error-body.ts";
import { beginning, escapeLine } from "./escape.ts";
import { formatBytes, formatCount } from "./format.ts";
import { builtIn, dataOf, findDescriptor, functionName, inspectPlainly } from "./guard.ts";
import { cutRedacted, HIDDEN, redactPrinted, redactText } from "./redact.ts";
import type { Kind } from "./shown.ts";

/** Digits, never rounded; of a huge one the first and how many. */
export function bigintText(value: bigint): string {
  // Decimal digits of a huge one take quadratic time, hexadecimal ones do not.
  const limit = 1n << 4_000n;
  if (value > -limit && value < limit) {
    const text = `${value}n`;
    return text.length <= 60
      ? text
      : `${text.slice(0, 40)}… ${formatCount(text.length - 1)} digits`;
  }
  return `[bigint of about ${formatCount(value.toString(16).length * 4)} bits]`;
}

/** `[Function add]`, `[class Invoice extends Doc]`. */
export function functionKind(value: object): Kind {
  const name = escapeLine(redactText(beginning(functionName(value), 60)));
  const source = Function.prototype.toString.call(value);
  if (/^class\b/.test(source)) {
    const parent: unknown = Object.getPrototypeOf(value);
    const base = typeof parent === "function" ? functionName(parent) : "";
    const heritage = base === "" ? "" : ` extends ${escapeLine(beginning(base, 60))}`;
    return { kind: "class", shown: `[class ${name || "(anonymous)"}${heritage}]` };
  }
  const prefix = `${types.isAsyncFunction(value) ? "Async" : ""}${types.isGeneratorFunction(value) ? "Generator" : ""}`;
  return { kind: "function", shown: `[${prefix}Function ${name || "(anonymous)"}]` };
}

/** Objects that are one piece of text. */
export function leafKind(
  value: object,
  names: readonly string[],
  isSecret: boolean,
): Kind | undefined {
  const kind = plainKind(value, names, isSecret);
  // Numbers, dates and states are no secrets; text is.
  return kind && isSecret && TEXTUAL.has(kind.kind) ? { kind: kind.kind, shown: HIDDEN } : kind;
}

const TEXTUAL = new Set(["regexp", "error", "boxed", "url", "bytes"]);

function plainKind(value: object, names: readonly string[], isSecret: boolean): Kind | undefined {
  if (types.isDate(value)) {
    const at = Date.prototype.getTime.call(value);
    const isReal = Number.isFinite(at);
    return {
      kind: "date",
      shown: isReal ? Date.prototype.toISOString.call(value) : "Invalid Date",
    };
  }
  if (types.isRegExp(value)) {
    return {
      kind: "regexp",
      shown: cutRedacted(
        escapeLine(redactText(beginning(RegExp.prototype.toString.call(value), 300))),
        60,
      ),
    };
  }
  if (isError(value)) return { kind: "error", shown: errorLine(value) };
  if (types.isPromise(value)) return promiseKind(value, names);
  if (types.isExternal(value)) return { kind: "object", shown: "[External]" };
  if (types.isAnyArrayBuffer(value) || types.isArrayBufferView(value)) {
    return bytesKind(value, names, isSecret);
  }
  if (types.isBoxedPrimitive(value)) {
    return {
      kind: "boxed",
      shown: printed(inspectPlainly(value) ?? "[boxed value: cannot be shown]"),
    };
  }
  if (types.isWeakMap(value)) return { kind: "weak", shown: "WeakMap { not listed }" };
  if (types.isWeakSet(value)) return { kind: "weak", shown: "WeakSet { not listed }" };
  if (types.isGeneratorObject(value)) {
    const isAsync = names.includes("AsyncGenerator") || tagOf(value) === "AsyncGenerator";
    return { kind: "iterator", shown: `${isAsync ? "Async" : ""}Generator (not read)` };
  }
  if (types.isMapIterator(value)) return { kind: "iterator", shown: "Map Iterator (not read)" };
  if (types.isSetIterator(value)) return { kind: "iterator", shown: "Set Iterator (not read)" };
  return namedKind(value, names);
}

const STREAMS = new Set([
  "ReadableStream",
  "WritableStream",
  "TransformStream",
  "Readable",
  "Writable",
  "Duplex",
  "Stream",
  "Iterator",
  "AsyncIterator",
]);

/** Kinds that only their class tells. */
function namedKind(value: object, names: readonly string[]): Kind | undefined {
  if (names.includes("URL")) {
    const href = builtIn(URL.prototype, "href", value);
    if (typeof href === "string") {
      return {
        kind: "url",
        shown: cutRedacted(escapeLine(redactText(beginning(href, 2_000))), 78),
      };
    }
  }
  if (names.includes("WeakRef")) {
    try {
      const target: unknown = WeakRef.prototype.deref.call(value as WeakRef<object>);
      const inside = target === undefined ? "gone" : "…";
      return { kind: "weak", shown: `WeakRef { ${inside} }` };
    } catch {
      // Only called so.
      return undefined;
    }
  }
  if (names.includes("Blob")) {
    const size = builtIn(Blob.prototype, "size", value);
    const type = builtIn(Blob.prototype, "type", value);
    const name = names.includes("File") ? builtIn(File.prototype, "name", value) : undefined;
    if (typeof size === "number") {
      const parts = [names[0] ?? "Object", name, formatBytes(size), type].filter((part) => part);
      return {
        kind: "bytes",
        shown: cutRedacted(escapeLine(redactText(beginning(parts.join(" "), 500))), 78),
      };
    }
  }
  if (names.includes("Response")) {
    const status = builtIn(Response.prototype, "status", value);
    const url = builtIn(Response.prototype, "url", value);
    if (typeof status === "number") {
      const from =
        typeof url === "string" && url !== "" ? ` ${redactText(beginning(url, 500))}` : "";
      const isRead = builtIn(Response.prototype, "bodyUsed", value) === true;
      const state = isRead ? "body read" : "body not read";
      return {
        kind: "stream",
        shown: cutRedacted(escapeLine(`Response ${status}${from} (${state})`), 78),
      };
    }
  }
  if (names.includes("Request")) {
    const method = builtIn(Request.prototype, "method", value);
    const url = builtIn(Request.prototype, "url", value);
    if (typeof method === "string" && typeof url === "string") {
      const to = redactText(beginning(url, 500));
      return {
        kind: "stream",
        shown: cutRedacted(escapeLine(`Request ${method} ${to} (body not read)`), 78),
      };
    }
  }
  const tag = tagOf(value);
  if (typeof tag === "string" && tag.startsWith("Temporal.")) {
    const text: unknown = dataOf(value, "toString");
    if (typeof text === "function") {
      return { kind: "date", shown: cutRedacted(escapeLine(String(text.call(value))), 78) };
    }
  }
  // `Iterator.prototype.constructor` is an accessor: the tag tells what the classes do not.
  if (typeof tag === "string" && /Iterator(?: Helper)?$/.test(tag)) {
    return { kind: "iterator", shown: `${escapeLine(beginning(tag, 60))} (not read)` };
  }
  const stream = names.find((name) => STREAMS.has(name));
  if (stream !== undefined) {
    return {
      kind: "stream",
      shown: `${escapeLine(beginning(names[0] ?? "Object", 60))} (not read)`,
    };
  }
  return undefined;
}

function tagOf(value: object): unknown {
  return dataOf(value, Symbol.toStringTag);
}

function promiseKind(value: object, names: readonly string[]): Kind {
  if ((names[0] ?? "Object") === "Call") {
    // An input that is still a call. Another class of that name lacks these.
    const id = readable(value, "id");
    const name = readable(value, "name");
    if (typeof id === "string" && typeof name === "string") {
      return { kind: "call", shown: cutRedacted(escapeLine(`← ${id} ${name}`), 60) };
    }
  }
  const text = inspectPlainly(value) ?? "";
  const state = text.includes("<pending>")
    ? "pending"
    : text.includes("<rejected>")
      ? "rejected"
      : "fulfilled";
  return { kind: "promise", shown: `Promise { ${state} }` };
}

function readable(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    return undefined;
  }
}

function bytesKind(
  value: ArrayBufferLike | NodeJS.ArrayBufferView,
  names: readonly string[],
  isSecret: boolean,
): Kind | undefined {
  const bytes = asBytes(value);
  if (bytes === undefined) return undefined;
  if (isSecret) return { kind: "bytes", shown: HIDDEN };
  const type = fileType(bytes);
  const isRaw = !types.isTypedArray(value) || names.includes("Buffer");
  // Numbers in a typed array are numbers, unless they are plainly a file.
  if (!isRaw && !(types.isUint8Array(value) && type)) return undefined;
  const size = formatBytes(bytes.length);
  const known = type ? ` (${type.name})` : "";
  const first = bytes.length === 0 ? "" : ` ${firstBytes(bytes, 8)}`;
  return { kind: "bytes", shown: `${names[0] ?? "Bytes"} ${size}${first}${known}` };
}

/** The bytes behind a buffer or a view of one; undefined when it is detached or not bytes. */
export function asBytes(value: unknown): Uint8Array | undefined {
  try {
    if (types.isAnyArrayBuffer(value)) return new Uint8Array(value);
    if (types.isArrayBufferView(value)) {
      return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    }
  } catch {
    // Detached: there is nothing left to see.
  }
  return undefined;
}

/** What a class prints of itself in Node, made safe; undefined when it has no inspector or that throws. */
export function customText(
  value: object,
  note: (method: object, tookMs: number) => void,
  now: () => number,
): string | undefined {
  const custom = findDescriptor(value, inspect.custom)?.value;
  if (typeof custom !== "function") return undefined;
  const startedAt = now();
  const options = {
    depth: 1,
    maxArrayLength: 10,
    maxStringLength: 1_000,
    breakLength: Number.POSITIVE_INFINITY,
  };
  try {
    return printed(inspect(value, options));
  } catch {
    // The inspector's own failure: the object is shown as any other.
    return undefined;
  } finally {
    note(custom, now() - startedAt);
  }
}

/** A Proxy by its target; no trap runs. */
export function proxyKind(value: object, isSecret: boolean): Kind {
  if (isSecret) return { kind: "proxy", shown: HIDDEN };
  const text = inspectPlainly(value);
  return { kind: "proxy", shown: text === undefined ? "[Proxy: cannot be shown]" : printed(text) };
}

export function symbolText(value: symbol): string {
  return cutRedacted(escapeLine(redactText(String(value))), 60);
}

/** Text that somebody else printed, as one safe line. */
function printed(text: string): string {
  const line = redactPrinted(beginning(text, 4_000)).replaceAll(/\s*\n\s*/g, " ");
  return cutRedacted(escapeLine(line), 200);
}
