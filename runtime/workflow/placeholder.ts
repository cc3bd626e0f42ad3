/**
 * Stands for a value that does not exist yet, in the function of a static workflow.
 *
 * It can be passed on and returned. Everything that would need the value throws, and says what to do instead.
 * @module
 */
import { compileError } from "./compile-error.ts";

/** Where the value will come from. */
export type Origin =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "node"; readonly index: number; readonly name: string };

/** Nothing can be read from it; `originOf` knows what it stands for. */
export type Placeholder = object;

const origins = new WeakMap<object, Origin>();

export function originOf(value: unknown): Origin | undefined {
  return typeof value === "object" && value !== null ? origins.get(value) : undefined;
}

/** @param workflow its name, for the message of the error. */
export function placeholder(workflow: string, origin: Origin): Placeholder {
  const what = origin.kind === "input" ? `the input ${origin.name}` : `the value of ${origin.name}`;
  const trap = (used: (key: PropertyKey) => string) =>
    function refuse(_target: object, key: PropertyKey): never {
      throw compileError(
        workflow,
        `${used(key)} ${what}`,
        "which does not exist while the workflow is put together: a static workflow only passes values on. " +
          "Write it with eager(async …) to work with values",
        refuse,
      );
    };
  const looksInto = trap(() => "looks into");
  const changes = trap(() => "changes");
  const proxy = new Proxy(Object.freeze({}), {
    get: trap((key) => {
      if (key === Symbol.toPrimitive) return "computes with";
      if (key === Symbol.iterator || key === Symbol.asyncIterator) return "loops over";
      return key === "then" ? "awaits" : `reads .${String(key)} of`;
    }),
    ownKeys: trap(() => "spreads") as () => never,
    has: looksInto,
    getOwnPropertyDescriptor: looksInto,
    getPrototypeOf: looksInto as () => never,
    set: changes,
    defineProperty: changes,
    deleteProperty: changes,
  });
  origins.set(proxy, origin);
  return proxy;
}
