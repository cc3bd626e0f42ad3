/**
 * What the calls of a run waited for, and the critical path through it.
 *
 * Invariants
 *   C1  The parts of the path do not overlap in time, so it is never longer than the run.
 *   C2  A step by order goes from a call to one created before it: such steps alone close no circle.
 * @module
 */
import type { CallRecord } from "../events/record-shape.ts";
import type { CallTree } from "./tree.ts";

/** What one top row waited for, or may have. */
export interface Wait {
  /** Top rows whose value went into an input of it, or of a call below it. */
  readonly byValue: readonly CallRecord[];
  /** The one that settled last before it was created: the code in between may have awaited it. */
  readonly byOrder?: CallRecord;
}

/** By id, for every top row. */
export type Waits = ReadonlyMap<string, Wait>;

export interface CriticalPath {
  /** Ids of the calls on it, in order of time. */
  readonly steps: readonly string[];
  /** Never more than the wall time. */
  readonly lengthMs: number;
  /** Some step follows only in time, not by a value: what the code in between waited for is unknown. */
  readonly isApproximate: boolean;
}

export function waitsOf(tree: CallTree): Waits {
  const tops = new Map(tree.top.map(({ call }) => [call.id, call]));
  const values = new Map<string, Set<CallRecord>>();
  for (const { call } of tree.nodes) {
    if (call.deps.length === 0) continue;
    const to = tree.topOf(call.id);
    if (to === undefined) continue;
    for (const id of call.deps) {
      const from = tops.get(tree.topOf(id) ?? "");
      if (from === undefined || from.id === to) continue;
      values.set(to, (values.get(to) ?? new Set()).add(from));
    }
  }
  const endings = [...tops.values()]
    .filter((call) => call.endedAt !== undefined)
    .sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0) || a.seq - b.seq);
  const waits = new Map<string, Wait>();
  for (const call of tops.values()) {
    const byOrder = lastEndedBefore(endings, call);
    waits.set(call.id, {
      byValue: [...(values.get(call.id) ?? [])],
      ...(byOrder && { byOrder }),
    });
  }
  return waits;
}

/**
 * The wait by order where it explains more than the values do: nothing that a value came from ended as late.
 * @param nowMs stands for the end of calls that still run.
 */
export function orderOnly({ byValue, byOrder }: Wait, nowMs: number): CallRecord | undefined {
  if (byOrder === undefined) return undefined;
  const endMs = endOf(byOrder, nowMs);
  return byValue.some((dep) => dep === byOrder || endOf(dep, nowMs) >= endMs) ? undefined : byOrder;
}

/**
 * From the call that ended last back along what it waited for: the predecessor, by value or by order, that
 * ended last. A failure wins a tie.
 * @param calls top rows.
 * @param nowMs stands for the end of calls that still run.
 */
export function criticalPath(
  calls: readonly CallRecord[],
  waits: Waits,
  nowMs: number,
): CriticalPath {
  const steps: string[] = [];
  const taken = new Set<string>();
  let lengthMs = 0;
  let isApproximate = false;
  // A cancelled call ended because something else did.
  const ended = calls.filter((each) => each.state !== "cancelled");
  let call = lastOf(ended.length > 0 ? ended : calls, nowMs);
  while (call) {
    steps.push(call.id);
    taken.add(call.id);
    const endMs = endOf(call, nowMs);
    const { byValue = [], byOrder } = waits.get(call.id) ?? {};
    const known = byValue.filter((dep) => !taken.has(dep.id) && endOf(dep, nowMs) <= endMs);
    const guessed = byOrder && !taken.has(byOrder.id) ? [byOrder] : [];
    const before = lastOf([...known, ...guessed], nowMs);
    const fromMs = before ? Math.max(call.createdAt, endOf(before, nowMs)) : call.createdAt;
    lengthMs += Math.max(0, endMs - fromMs);
    if (before && !known.includes(before)) isApproximate = true;
    call = before;
  }
  return { steps: steps.reverse(), lengthMs, isApproximate };
}

function endOf(call: CallRecord, nowMs: number): number {
  return call.endedAt ?? nowMs;
}

function lastOf(calls: readonly CallRecord[], nowMs: number): CallRecord | undefined {
  let last: CallRecord | undefined;
  for (const call of calls) {
    const later = last === undefined ? 1 : endOf(call, nowMs) - endOf(last, nowMs);
    if (later > 0 || (later === 0 && call.state === "failed" && last?.state !== "failed"))
      last = call;
  }
  return last;
}

/** Binary search: a run of 10,000 calls one after the other would need 10⁸ steps otherwise. */
function lastEndedBefore(
  endings: readonly CallRecord[],
  { createdAt, seq }: CallRecord,
): CallRecord | undefined {
  let low = 0;
  let high = endings.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((endings[middle]?.endedAt ?? Number.POSITIVE_INFINITY) <= createdAt) low = middle + 1;
    else high = middle;
  }
  // Calls that take no time end and begin in the same millisecond, so that "before" can be oneself, or a later one.
  for (let index = low - 1; index >= 0; index--) {
    const call = endings[index];
    if (call && call.seq < seq) return call;
  }
  return undefined;
}
