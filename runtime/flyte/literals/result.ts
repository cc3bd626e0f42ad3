/**
 * What a caller gets of a task's named outputs.
 * @module
 */
import type { Variable } from "../idl/flyteidl/core/interface_pb.ts";

/**
 * @returns the bare value of one output, a tuple of outputs that are all named `o0`, `o1`, …, else an object by name.
 *   `undefined` where there are no outputs.
 */
export function resultOf(
  values: Readonly<Record<string, unknown>>,
  variables: Readonly<Record<string, Variable>>,
): unknown {
  const { names, isTuple } = resultNames(variables);
  const [only] = names;
  if (only === undefined) return undefined;
  if (names.length === 1) return Object.hasOwn(values, only) ? values[only] : undefined;
  return isTuple ? names.map((name) => values[name]) : { ...values };
}

/** The names of outputs, those of a tuple in its order: the wire is a map without one, and `o10` would come before `o2`. */
export function resultNames(variables: Readonly<Record<string, Variable>>): {
  readonly names: readonly string[];
  readonly isTuple: boolean;
} {
  const names = Object.keys(variables);
  const places = names.map((name) => (/^o(0|[1-9]\d*)$/.test(name) ? Number(name.slice(1)) : -1));
  const isTuple = names.length > 1 && places.every((place) => place >= 0 && place < names.length);
  return { names: isTuple ? names.map((_, i) => `o${i}`) : names, isTuple };
}
