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
  const names = Object.keys(variables);
  const [only] = names;
  if (only === undefined) return undefined;
  if (names.length === 1) return Object.hasOwn(values, only) ? values[only] : undefined;
  // The wire is a map without an order: `o10` would come before `o2`.
  const places = names.map((name) => (/^o(0|[1-9]\d*)$/.test(name) ? Number(name.slice(1)) : -1));
  const inOrder = places.every((place) => place >= 0 && place < names.length);
  if (inOrder) return names.map((_, i) => values[`o${i}`]);
  return { ...values };
}
