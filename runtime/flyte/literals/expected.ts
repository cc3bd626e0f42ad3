/**
 * The types by which outputs are read when both sides have said some.
 * @module
 */
import type { Variable } from "../idl/flyteidl/core/interface_pb.ts";
import { isStruct } from "./struct.ts";
import { type Interfaced, typedInterface } from "./types.ts";

type Variables = Readonly<Record<string, Variable>>;

/**
 * The caller's schemas know what a cluster does not: that an integer is a bigint, that text in a `dict` is a date.
 *
 * @param remote the outputs as the cluster declares them.
 * @param of the caller's side: a definition, which does not change.
 * @returns a variable for each of the cluster's.
 */
export function expectedOutputs(remote: Variables, of: Interfaced): Record<string, Variable> {
  const known = namedAs(remote, outputsOnce(of));
  return Object.fromEntries(
    Object.entries(remote).map(([name, variable]) => {
      const found = Object.hasOwn(known, name) ? known[name] : undefined;
      return [name, found?.type && !saysNothing(found) ? found : variable];
    }),
  );
}

/** A single output counts whatever its name: here it has none. */
export function namedAs(remote: Variables, own: Variables): Variables {
  const [name, ...names] = Object.keys(remote);
  const [only, ...more] = Object.values(own);
  const single = only && name !== undefined && names.length === 0 && more.length === 0;
  return single && Object.hasOwn(own, "o0") ? { [name]: only } : own;
}

const outputs = new WeakMap<Interfaced, Variables>();

function outputsOnce(of: Interfaced): Variables {
  let made = outputs.get(of);
  if (made === undefined) {
    try {
      made = typedInterface({ ...of, inputs: undefined }).outputs?.variables ?? {};
    } catch {
      // A schema without a counterpart on a cluster says nothing of what comes from one.
      made = {};
    }
    outputs.set(of, made);
  }
  return made;
}

/** A schema of anything. */
function saysNothing({ type }: Variable): boolean {
  return type !== undefined && isStruct(type) && type.metadata === undefined;
}
