/**
 * The types by which outputs are read when both sides have said some.
 * @module
 */
import type { TypedInterface, Variable } from "../idl/flyteidl/core/interface_pb.ts";
import { isStruct } from "./struct.ts";

/**
 * The caller's schemas know what a cluster does not: that an integer is a bigint, that text in a `dict` is a date.
 *
 * @param remote the outputs as the cluster declares them.
 * @param own the caller's interface. A single output counts whatever its name.
 * @returns a variable for each of the cluster's.
 */
export function expectedOutputs(
  remote: Readonly<Record<string, Variable>>,
  own: TypedInterface | undefined,
): Record<string, Variable> {
  const known = own?.outputs?.variables ?? {};
  const [only, ...more] = Object.values(known);
  const names = Object.keys(remote);
  return Object.fromEntries(
    Object.entries(remote).map(([name, variable]) => {
      const named = Object.hasOwn(known, name) ? known[name] : undefined;
      const found = named ?? (names.length === 1 && more.length === 0 ? only : undefined);
      return [name, found?.type && !saysNothing(found) ? found : variable];
    }),
  );
}

/** A schema of anything. */
function saysNothing({ type }: Variable): boolean {
  return type !== undefined && isStruct(type) && type.metadata === undefined;
}
