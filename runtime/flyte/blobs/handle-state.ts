/**
 * What the values of a cluster learn of a handle.
 * @module
 */
import type { ColumnType } from "../../types/value-type.ts";
import type { HandleState } from "../handle.ts";
import type { Store } from "../storage.ts";
import type { Cancellable, Materialized, Origin } from "./origin.ts";

interface Described {
  readonly kind: HandleState["kind"];
  readonly format: string;
  readonly columns?: readonly ColumnType[] | undefined;
}

/** @param materialize stores what is only here; not asked for data that has an address. */
export function handleState(
  { kind, format, columns }: Described,
  origin: Pick<Origin, "address">,
  materialize: (store: Store, options: Cancellable) => Promise<Materialized>,
): HandleState {
  const { address } = origin;
  return {
    kind,
    format,
    columns,
    uri: address?.uri,
    digest: address?.digest,
    async materialize(store, signal) {
      if (!isStore(store))
        throw new TypeError(`a ${kind} is uploaded to a store, not to ${typeof store}`);
      return materialize(store, { signal });
    },
  };
}

function isStore(store: object): store is Store {
  return "upload" in store && typeof store.upload === "function";
}
