/**
 * Executions on a cluster that a run had started and did not see end: those of a killed process may still run.
 *
 * Invariants
 *   X1  Each belongs to one run: to the newest that was killed with it, unless one that runs, or ended by itself, has
 *       taken it up since.
 * @module
 */
import type { CallRecord } from "../events/record-shape.ts";
import type { History, StoredRun } from "./history.ts";

/** A call whose execution was not seen to end; of it may be heard since, `link.ended`. */
export type LeftCall = CallRecord & { readonly link: NonNullable<CallRecord["link"]> };

export interface LeftBehind {
  readonly calls: readonly LeftCall[];
  /** The run that goes on with them, or was the last that did. */
  readonly takenUpBy?: StoredRun;
}

/** @param run that has ended, or whose process has. */
export function leftBehind(history: History, run: StoredRun): LeftBehind {
  const linked = linkedCalls(history, run);
  if (run.state !== "killed" && !linked.some(isUnseen)) return { calls: [] };
  const tag = linked.find(({ link }) => link.tag !== undefined)?.link.tag;
  if (tag === undefined) return { calls: linked.filter(isUnseen) };
  const kin = history.runsOfTag(run, tag);
  const takenUpBy = kin.findLast(
    (other) =>
      other.startedAt > run.startedAt && (other.state === "running" || other.state === "killed"),
  );
  if (takenUpBy !== undefined) return { calls: [], takenUpBy };
  const open = new Map<string, LeftCall>();
  for (const each of kin) {
    for (const call of each.id === run.id ? linked : linkedCalls(history, each)) {
      const isOpen = isUnseen(call) && (each.state === "killed" || each.id === run.id);
      if (isOpen) open.set(call.link.executionId, call);
      else open.delete(call.link.executionId);
    }
  }
  return { calls: [...open.values()] };
}

/** How many may still run. */
export function leftCount({ calls }: LeftBehind): number {
  return calls.filter(({ link }) => link.ended === undefined).length;
}

function linkedCalls(history: History, { id }: StoredRun): LeftCall[] {
  const calls = [...(history.record(id)?.calls.values() ?? [])];
  return calls.filter((call): call is LeftCall => call.link !== undefined);
}

/** What was told to stop when its process went may not have been. */
function isUnseen({ state }: CallRecord): boolean {
  return state === "cancelled";
}
