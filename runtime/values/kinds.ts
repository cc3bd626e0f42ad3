/**
 * A value taken apart: the walk over arrays, maps and objects. Nothing here runs code of the value, except an own
 * `util.inspect.custom`, which is what a class made for it.
 * @module
 */
import { types } from "node:util";
import { beginning, escapeLine } from "./escape.ts";
import { formatCount } from "./format.ts";
import { Budget, builtIn, classNames, slowNote } from "./guard.ts";
import { bigintText, customText, functionKind, leafKind, proxyKind, symbolText } from "./leaves.ts";
import { keyText, quoted } from "./quoted.ts";
import { HIDDEN, isSecretName } from "./redact.ts";
import type { Group, Item, Kind } from "./shown.ts";
import { typedArrayShown } from "./statistics.ts";

/** How much of a value is taken apart. */
export interface Limits {
  readonly depth: number;
  readonly items: number;
  /** Characters of a string inside of something. */
  readonly stringLength: number;
  /** An array of objects of one shape is told by their keys. */
  readonly areShapesTold: boolean;
}

/** What the looks that one preview takes at a value have in common. */
export class Viewing {
  /** A clock in milliseconds. */
  readonly now: () => number;
  /** To list the keys of an object of 200,000 takes long enough once. */
  readonly wideKeys = new Map<object, readonly string[]>();
  /** What somebody should know of the cost. */
  note: string | undefined;

  constructor(now: () => number = () => performance.now()) {
    this.now = now;
  }
}

const STOPPED = "… (stopped)";
const SHAPE_KEYS_MAX = 4;
/** What is larger takes long enough to be counted by the clock. */
const LARGE_MIN = 1_000;

/**
 * Takes one value apart. Never throws; an unforeseen kind is shown by its class.
 * @param name what the value goes by; text and bytes under a secret's name are hidden, also deep inside.
 */
export function look(
  value: unknown,
  limits: Limits,
  name?: string,
  viewing: Viewing = new Viewing(),
): Kind {
  try {
    const looking = new Looking(limits, viewing);
    const kind = looking.kindOf(value, name !== undefined && isSecretName(name), 0);
    return { ...kind, isPart: looking.isPart };
  } catch {
    // Only hostile values get here; their text would be no safer than they are.
    return { kind: "unknown", shown: cannotBeShown(value) };
  }
}

function cannotBeShown(value: unknown): string {
  try {
    const name = typeof value === "object" && value !== null ? classNames(value)[0] : undefined;
    return `[${escapeLine(beginning(name ?? typeof value, 60))}: cannot be shown]`;
  } catch {
    // A class that fights back even here.
    return "[object: cannot be shown]";
  }
}

class Looking {
  readonly #limits: Limits;
  readonly #viewing: Viewing;
  readonly #budget: Budget;
  /** From the outermost group to the one being filled. */
  readonly #path: { readonly value: object; readonly group: Group }[] = [];
  #refs = 0;
  isPart = false;

  constructor(limits: Limits, viewing: Viewing) {
    this.#limits = limits;
    this.#viewing = viewing;
    this.#budget = new Budget(viewing.now);
  }

  kindOf(value: unknown, isSecret: boolean, depth: number): Kind {
    if (!this.#budget.take()) {
      this.isPart = true;
      return { kind: "unknown", shown: STOPPED };
    }
    switch (typeof value) {
      case "undefined":
        return { kind: "undefined", shown: "undefined" };
      case "boolean":
        return { kind: "boolean", shown: String(value) };
      case "number":
        return { kind: "number", shown: Object.is(value, -0) ? "-0" : String(value) };
      case "bigint":
        return { kind: "bigint", shown: bigintText(value) };
      case "string":
        if (isSecret) return { kind: "string", shown: HIDDEN };
        if (value.length > this.#limits.stringLength) this.isPart = true;
        return { kind: "string", shown: quoted(value, this.#limits.stringLength) };
      case "symbol":
        return { kind: "symbol", shown: isSecret ? HIDDEN : symbolText(value) };
      case "function":
        return types.isProxy(value) ? proxyKind(value, isSecret) : functionKind(value);
      case "object":
        if (value === null) return { kind: "null", shown: "null" };
        return this.#objectKind(value, isSecret, depth);
    }
  }

  #objectKind(value: object, isSecret: boolean, depth: number): Kind {
    if (types.isProxy(value)) return proxyKind(value, isSecret);
    const back = this.#path.find((entry) => entry.value === value);
    if (back) {
      back.group.ref ??= ++this.#refs;
      return { kind: "object", shown: `[Circular *${back.group.ref}]` };
    }
    const names = classNames(value);
    const leaf = leafKind(value, names, isSecret);
    if (leaf) return leaf;
    if (depth > this.#limits.depth) {
      this.isPart = true;
      return { kind: "object", shown: `[${escapeLine(beginning(className(names), 60))}]` };
    }
    const listed = this.#listKind(value, names, isSecret, depth);
    if (listed) return listed;
    const note = (method: object, tookMs: number) => {
      this.#budget.spend(tookMs);
      const name = escapeLine(beginning(className(names), 60));
      this.#viewing.note ??= slowNote(method, name, tookMs);
    };
    const custom = customText(value, note, this.#viewing.now);
    if (custom !== undefined) return { kind: "object", shown: isSecret ? HIDDEN : custom };
    return { kind: "object", shown: this.#object(value, names, isSecret, depth) };
  }

  #listKind(
    value: object,
    names: readonly string[],
    isSecret: boolean,
    depth: number,
  ): Kind | undefined {
    if (Array.isArray(value)) {
      return { kind: "array", shown: this.#array(value, names, isSecret, depth) };
    }
    if (types.isTypedArray(value)) {
      const startedAt = this.#viewing.now();
      const shown = typedArrayShown(value);
      if (value.length > LARGE_MIN) this.#budget.spend(this.#viewing.now() - startedAt);
      return { kind: "typed-array", shown };
    }
    if (types.isMap(value)) return { kind: "map", shown: this.#map(value, names, isSecret, depth) };
    if (types.isSet(value)) return { kind: "set", shown: this.#set(value, names, isSecret, depth) };
    const pairs = pairsOf(value, names);
    if (!pairs) return undefined;
    const group = listGroup(`${className(names)} `);
    const shown = this.#filled(value, group, pairs.length, (index) => {
      const [key, text] = pairs[index] ?? ["", ""];
      const isHidden = isSecret || isSecretName(key);
      return { label: `${keyText(key)}: `, value: this.kindOf(text, isHidden, depth + 1).shown };
    });
    return { kind: "map", shown };
  }

  #array(
    value: readonly unknown[],
    names: readonly string[],
    isSecret: boolean,
    depth: number,
  ): Group {
    const keys = depth === 0 && this.#limits.areShapesTold ? sharedKeys(value) : undefined;
    if (keys) {
      this.isPart = true;
      const shown = keys.slice(0, SHAPE_KEYS_MAX);
      return {
        head: `Array(${formatCount(value.length)}) of `,
        open: "{",
        close: "}",
        items: shown.map((key) => ({ label: "", value: keyText(key) })),
        left: keys.length - shown.length,
      };
    }
    const headIfCut = sized(names, "Array", value.length);
    const group: Group = {
      head: names[0] === "Array" || names[0] === undefined ? "" : headIfCut,
      headIfCut,
      open: "[",
      close: "]",
      items: [],
      left: 0,
    };
    return this.#filled(value, group, value.length, (index) => {
      // Holes and accessors are not read through.
      const element = Object.getOwnPropertyDescriptor(value, index);
      if (element === undefined) return { label: "", value: "<empty>" };
      return this.#property("", element, isSecret, depth);
    });
  }

  #object(value: object, names: readonly string[], isSecret: boolean, depth: number): Group {
    const keys = this.#keysOf(value);
    const group: Group = {
      head: objectHead(value, names),
      open: "{",
      close: "}",
      items: [],
      left: 0,
    };
    return this.#filled(value, group, keys.length, (index) => {
      const key = keys[index] ?? "";
      const text = typeof key === "symbol" ? `[${symbolText(key)}]` : String(key);
      const label = `${typeof key === "symbol" ? text : keyText(text)}: `;
      const property = Object.getOwnPropertyDescriptor(value, key);
      if (property === undefined) return { label, value: "<gone>" };
      return this.#property(label, property, isSecret || isSecretName(text), depth);
    });
  }

  #keysOf(value: object): readonly PropertyKey[] {
    const known = this.#viewing.wideKeys.get(value);
    if (known) return known;
    const startedAt = this.#viewing.now();
    const names = Object.keys(value);
    if (names.length > LARGE_MIN) {
      this.#budget.spend(this.#viewing.now() - startedAt);
      this.#viewing.wideKeys.set(value, names);
      return names;
    }
    const keys: PropertyKey[] = names;
    for (const symbol of Object.getOwnPropertySymbols(value).slice(0, this.#limits.items)) {
      if (Object.getOwnPropertyDescriptor(value, symbol)?.enumerable) keys.push(symbol);
    }
    return keys;
  }

  #map(
    value: ReadonlyMap<unknown, unknown>,
    names: readonly string[],
    isSecret: boolean,
    depth: number,
  ): Group {
    const size = Number(builtIn(Map.prototype, "size", value));
    const entries = Map.prototype.entries.call(value);
    return this.#filled(value, listGroup(sized(names, "Map", size)), size, () => {
      const [key, element] = entries.next().value ?? [];
      const label = this.kindOf(key, false, depth + 1).shown;
      const text = typeof label === "string" ? label : `${label.head}${label.open}…${label.close}`;
      const isHidden = isSecret || (typeof key === "string" && isSecretName(key));
      return { label: `${text} → `, value: this.kindOf(element, isHidden, depth + 1).shown };
    });
  }

  #set(
    value: ReadonlySet<unknown>,
    names: readonly string[],
    isSecret: boolean,
    depth: number,
  ): Group {
    const size = Number(builtIn(Set.prototype, "size", value));
    const elements = Set.prototype.values.call(value);
    return this.#filled(value, listGroup(sized(names, "Set", size)), size, () => {
      return { label: "", value: this.kindOf(elements.next().value, isSecret, depth + 1).shown };
    });
  }

  #filled(value: object, group: Group, count: number, itemAt: (index: number) => Item): Group {
    this.#path.push({ value, group });
    const shown = Math.min(count, this.#limits.items);
    for (let index = 0; index < shown; index++) {
      // Looking at the last one may have taken all of the time.
      if (this.#budget.isSpent) {
        group.items.push({ label: "", value: STOPPED });
        this.isPart = true;
        break;
      }
      group.items.push(itemAt(index));
    }
    group.left = Math.max(0, count - group.items.length);
    if (group.left > 0) this.isPart = true;
    this.#path.pop();
    return group;
  }

  #property(label: string, property: PropertyDescriptor, isSecret: boolean, depth: number): Item {
    if ("value" in property) {
      return { label, value: this.kindOf(property.value, isSecret, depth + 1).shown };
    }
    const value = property.get ? (property.set ? "[Getter/Setter]" : "[Getter]") : "[Setter]";
    return { label, value };
  }
}

/** `Map(31) `, of a class of its own by that class. */
function sized(names: readonly string[], kind: string, size: number): string {
  return `${escapeLine(beginning(names[0] ?? kind, 60))}(${formatCount(size)}) `;
}

function listGroup(head: string): Group {
  return { head, open: "{", close: "}", items: [], left: 0 };
}

function objectHead(value: object, names: readonly string[]): string {
  if (types.isModuleNamespaceObject(value)) return "[Module] ";
  const name = className(names);
  return name === "Object" ? "" : `${escapeLine(beginning(name, 60))} `;
}

function className(names: readonly string[]): string {
  return names[0] ?? "Object";
}

/** Headers and query parameters, whose entries are strings. */
function pairsOf(value: object, names: readonly string[]): [string, string][] | undefined {
  const prototype = names.includes("Headers")
    ? Headers.prototype
    : names.includes("URLSearchParams")
      ? URLSearchParams.prototype
      : undefined;
  if (!prototype) return undefined;
  try {
    return Array.from(prototype.entries.call(value as never)) as [string, string][];
  } catch {
    // Of another realm, or only called so: shown as the object it is.
    return undefined;
  }
}

/**
 * The keys that the objects of an array have in common, if they are plain objects of one shape.
 * @returns undefined for anything else, and for fewer than two.
 */
export function sharedKeys(value: readonly unknown[]): readonly string[] | undefined {
  if (value.length < 2) return undefined;
  let keys: string[] | undefined;
  for (let index = 0; index < Math.min(value.length, 10); index++) {
    const element: unknown = Object.getOwnPropertyDescriptor(value, index)?.value;
    if (typeof element !== "object" || element === null || types.isProxy(element)) return undefined;
    if (Array.isArray(element) || className(classNames(element)) !== "Object") return undefined;
    const own = Object.keys(element);
    if (own.length === 0 || own.length > 500) return undefined;
    if (keys === undefined) keys = own;
    else if (own.length !== keys.length || own.some((key) => !keys?.includes(key)))
      return undefined;
  }
  return keys;
}
