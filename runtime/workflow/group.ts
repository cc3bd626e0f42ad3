/**
 * `group`: a name for a part of the tree.
 * @module
 */
import type { Call } from "./call.ts";
import { type Definition, setCallable } from "./definition.ts";
import { isRecording } from "./recording.ts";
import { NO_SETTINGS } from "./settings.ts";
import { startCall } from "./start.ts";

/**
 * Puts the calls that `fn` makes under one row of tree and deck. Schedules nothing: limits of the surrounding scope count
 * for the calls inside, and what `fn` throws comes out as it is.
 *
 * ```ts
 * const orders = await group("load", async () => clean({ rows: await fetchOrders({ day }) }));
 * ```
 * @throws {TypeError} without a name or a function.
 */
export function group<T>(name: string, fn: () => T): Call<Awaited<T>> {
  if (typeof name !== "string" || name === "" || typeof fn !== "function") {
    throw new TypeError(`group() takes a name and a function: group("load", async () => { … })`);
  }
  // A static workflow is put together now; what its nodes are called in the tree is its own business.
  if (isRecording()) return fn() as Call<Awaited<T>>;
  const definition: Definition = {
    entity: "group",
    name,
    inputs: undefined,
    output: undefined,
    outputs: undefined,
    settings: NO_SETTINGS,
    fn: fn as Definition["fn"],
    body: () => fn(),
  };
  setCallable(definition, () => group(name, fn));
  return startCall(definition, undefined) as Call<Awaited<T>>;
}
