/**
 * What a live value has, found without running any of its code.
 *
 * Invariants
 *   P1  No getter, trap, hook or method runs; behind accessors and proxies nothing is known. The scope's own
 *       accessors, which read imports, are the one exception.
 *   P2  Never throws, and answers about any value in bounded space: at most 500 names.
 * @module
 */
import { types } from "node:util";
import { classNames, findDescriptor } from "../../values/guard.ts";
import { plainLine } from "../../values/preview.ts";
import { parsePath } from "../peek-path.ts";
import type { Peeked, PeekedProperty } from "../protocol.ts";
import type { SessionScope } from "./scope.ts";

const NAMES_MAX = 500;
const CHAIN_MAX = 20;
/** Longer arrays, and all typed ones, are not asked for names: listing their indexes takes its time. */
const LISTED_LENGTH_MAX = 10_000;

/** The value at a path of session names; undefined when there is none, or only code could tell. */
export function peek(
  path: string,
  scope: Pick<SessionScope, "kindOf" | "has" | "get">,
): Peeked | undefined {
  try {
    const names = parsePath(path);
    const [root, ...members] = names ?? [];
    if (root === undefined || scope.kindOf(root) === undefined || !scope.has(root))
      return undefined;
    let value = scope.get(root);
    for (const name of members) {
      const descriptor = isProperty(value) ? findDescriptor(Object(value), name) : undefined;
      if (!descriptor || !("value" in descriptor)) return undefined;
      value = descriptor.value;
    }
    if (types.isProxy(value)) return undefined;
    return {
      type: typeName(value),
      preview: plainLine(value, names?.at(-1)),
      properties: properties(value),
    };
  } catch {
    // An import that is not initialized yet; a value that breaks every rule.
    return undefined;
  }
}

/** Whether it can have properties and may be asked for them. */
function isProperty(value: unknown): boolean {
  return value !== null && value !== undefined && !types.isProxy(value);
}

function properties(value: unknown): PeekedProperty[] {
  if (!isProperty(value)) return [];
  const found = new Map<string, PeekedProperty>();
  let at: object | null = Object(value);
  for (let depth = 0; at !== null && depth < CHAIN_MAX; depth++) {
    if (at === Object.prototype || types.isProxy(at)) break;
    for (const name of ownNames(at)) {
      if (found.size >= NAMES_MAX) return [...found.values()];
      if (found.has(name) || name === "constructor") continue;
      const descriptor = Object.getOwnPropertyDescriptor(at, name);
      if (descriptor) found.set(name, property(name, descriptor));
    }
    at = Object.getPrototypeOf(at);
  }
  return [...found.values()];
}

function property(name: string, descriptor: PropertyDescriptor): PeekedProperty {
  if (!("value" in descriptor)) return { name, kind: "accessor" };
  const { value } = descriptor;
  const kind = typeof value === "function" ? "method" : "property";
  return { name, kind, type: typeName(value) };
}

/** Without the indexes of arrays, strings and their like: nobody types these behind a dot. */
function ownNames(value: object): string[] {
  if (types.isTypedArray(value)) return [];
  if (!Array.isArray(value) && !types.isStringObject(value)) {
    return Object.getOwnPropertyNames(value);
  }
  const length: unknown = Object.getOwnPropertyDescriptor(value, "length")?.value;
  if (Number(length) > LISTED_LENGTH_MAX) return ["length"];
  return Object.getOwnPropertyNames(value).filter((name) => !/^\d+$/.test(name));
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  if (types.isProxy(value)) return "proxy";
  return classNames(value)[0] ?? "object";
}
