/**
 * Times that belong to no single call: the critical path, how many calls ran at once.
 * @module
 */
import type { CallRecord } from "../events/record-shape.ts";

export interface CriticalPath {
  /** Ids of the calls on it. */
  readonly ids: ReadonlySet<string>;
  /** Never more than the wall time: its parts do not overlap. */
  readonly lengthMs: number;
  /** Some step follows only in time, not by a value: what the code in between waited for is unknown. */
  readonly isApproximate: boolean;
}

/**
 * From the call that ended last back along what it waited for: the predecessor, by value or by order, that
 * ended last. A failure wins a tie.
 * @param calls siblings, in order of creation.
 * @param topOf the sibling that an id of `deps` belongs to.
 * @param nowMs stands for the end of calls that still run.
 */
export function criticalPath(
  calls: readonly CallRecord[],
  topOf: (id: string) => string | undefined,
  nowMs: number,
): CriticalPath {
  const byId = new Map(calls.map((call) => [call.id, call]));
  const endOf = (call: CallRecord) => call.endedAt ?? nowMs;
  const endings = calls
    .filter((call) => call.endedAt !== undefined)
    .sort((a, b) => endOf(a) - endOf(b));
  const ids = new Set<string>();
  let lengthMs = 0;
  let isApproximate = false;
  // A cancelled call ended because something else did.
  const ended = calls.filter((each) => each.state !== "cancelled");
  let call = lastOf(ended.length > 0 ? ended : calls, endOf);
  while (call) {
    ids.add(call.id);
    const current = call;
    const byValue = current.deps
      .map((id) => byId.get(topOf(id) ?? ""))
      .filter((dep) => dep !== undefined)
      .filter((dep) => !ids.has(dep.id) && endOf(dep) <= endOf(current));
    const byOrder = lastEndedBefore(endings, current.createdAt, ids);
    const before = lastOf(byOrder ? [...byValue, byOrder] : byValue, endOf);
    const from = before ? Math.max(current.createdAt, endOf(before)) : current.createdAt;
    lengthMs += Math.max(0, endOf(current) - from);
    if (before && !byValue.includes(before)) isApproximate = true;
    call = before;
  }
  return { ids, lengthMs, isApproximate };
}

function lastOf(
  calls: readonly CallRecord[],
  endOf: (call: CallRecord) => number,
): CallRecord | undefined {
  let last: CallRecord | undefined;
  for (const call of calls) {
    const later = last === undefined ? 1 : endOf(call) - endOf(last);
    if (later > 0 || (later === 0 && call.state === "failed" && last?.state !== "failed"))
      last = call;
  }
  return last;
}

/** Binary search: a run of 10,000 calls one after the other would need 10⁸ steps otherwise. */
function lastEndedBefore(
  endings: readonly CallRecord[],
  atMs: number,
  taken: ReadonlySet<string>,
): CallRecord | undefined {
  let low = 0;
  let high = endings.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((endings[middle]?.endedAt ?? Number.POSITIVE_INFINITY) <= atMs) low = middle + 1;
    else high = middle;
  }
  // Calls that take no time end and begin in the same millisecond, so that "before" can be oneself.
  for (let index = low - 1; index >= 0; index--) {
    const call = endings[index];
    if (call && !taken.has(call.id)) return call;
  }
  return undefined;
}

/** How many of `calls` ran at the same time at most; a call that starts when another ends does not count with it. */
export function mostAtOnce(calls: Iterable<CallRecord>, nowMs: number): number {
  const steps: [atMs: number, step: 1 | -1][] = [];
  for (const call of calls) {
    if (call.startedAt === undefined) continue;
    const endMs = call.endedAt ?? nowMs;
    // A call shorter than the clock's tick would never be counted.
    if (endMs <= call.startedAt) continue;
    steps.push([call.startedAt, 1], [endMs, -1]);
  }
  steps.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let running = 0;
  let most = 0;
  for (const [, step] of steps) {
    running += step;
    most = Math.max(most, running);
  }
  return most;
}
