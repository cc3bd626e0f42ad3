/**
 * The functions of a run as a deck shows them, for runs of too many calls to list: durations as text, a spread, examples.
 *
 * Made of the calls' records; of a run so large that not all its calls have one, of the counts that the fold keeps
 * (`events/groups.ts`, which counts and knows no views).
 * @module
 */
import { binnedQuantile, type GroupRecord } from "../events/groups.ts";
import type { CallRecord, RunRecord } from "../events/record-shape.ts";
import { formatDuration } from "../values/format.ts";
import type { CallTree, StateCounts } from "./tree.ts";
import { countStates, elapsedMs, startOf } from "./tree.ts";

export interface FunctionGroup {
  readonly name: string;
  readonly count: number;
  /** The call itself, when there is only one. */
  readonly only?: CallRecord;
  readonly counts: StateCounts;
  /** As text: `357 ms`, `~357 ms` where it comes from bins; empty while no call has started. */
  readonly median: string;
  readonly p95: string;
  readonly total: string;
  /** Twelve logarithmic bins of durations as `▁▂▅█▃`; empty where it would say nothing. */
  readonly spread: string;
  /** From the first start to the last end; absent while no call has started. */
  readonly extent?: { readonly startMs: number; readonly endMs: number };
  /** Slowest first. */
  readonly slowest: readonly CallRecord[];
  readonly failed: readonly CallRecord[];
}

const SPREAD_CALLS_MIN = 5;
const SPREAD_BINS = 12;
const SPREAD_GLYPHS = "▁▂▃▄▅▆▇█";
const BODY_CALLS_MAX = 5;

/** Whether some calls of the run are only counted. */
export function isCounted(run: RunRecord): boolean {
  return allCalls(run) > run.calls.size;
}

function allCalls({ counts }: RunRecord): number {
  return counts ? [...counts.values()].reduce((sum, count) => sum + count, 0) : 0;
}

/** The functions of a run in order of first call, without the root call that the deck is named after. */
export function runGroups(run: RunRecord, tree: CallTree, nowMs: number): FunctionGroup[] {
  const calls = tree.nodes.map((node) => node.call);
  const groups = functionGroups(calls, nowMs);
  if (!isCounted(run) || run.groups === undefined) return groups;
  const byName = new Map(groups.map((group) => [group.name, group]));
  return [...run.groups.values()]
    .filter((record) => record.name !== tree.root?.name || record.total > 1)
    .map((record) => countedGroup(record, byName.get(record.name), nowMs));
}

/** In order of first call. */
export function functionGroups(calls: readonly CallRecord[], nowMs: number): FunctionGroup[] {
  return [...Map.groupBy(calls, (call) => call.name)].map(([name, group]) =>
    functionGroup(name, group, nowMs),
  );
}

function functionGroup(name: string, calls: readonly CallRecord[], nowMs: number): FunctionGroup {
  const timed = calls
    .flatMap((call) => {
      const ms = elapsedMs(call, nowMs);
      return ms === undefined ? [] : [{ call, ms }];
    })
    .sort((a, b) => a.ms - b.ms);
  const durations = timed.map(({ ms }) => ms);
  const only = calls.length === 1 ? calls[0] : undefined;
  const extent = extentOf(calls, nowMs);
  const hasTime = durations.length > 0;
  return {
    name,
    count: calls.length,
    ...(only && { only }),
    counts: countStates(calls),
    median: hasTime ? formatDuration(quantile(durations, 0.5)) : "",
    p95: hasTime ? formatDuration(quantile(durations, 0.95)) : "",
    total: hasTime ? formatDuration(durations.reduce((sum, ms) => sum + ms, 0)) : "",
    spread: spreadOf(durations.map((ms) => ({ ms, count: 1 }))),
    ...(extent && { extent }),
    slowest: timed
      .slice(-BODY_CALLS_MAX)
      .reverse()
      .map(({ call }) => call),
    failed: calls.filter((call) => call.state === "failed").slice(0, BODY_CALLS_MAX),
  };
}

/** @param known what the calls that have records say: the slowest of them, and failures. */
function countedGroup(
  record: GroupRecord,
  known: FunctionGroup | undefined,
  nowMs: number,
): FunctionGroup {
  const { name, total, counts, bins, totalMs, firstStartedAt, lastEndedAt } = record;
  // Any base: only distances on the logarithmic scale count.
  const durations = Array.from(bins, (count, index) => ({ count, ms: 1.1 ** index }));
  const quantileText = (share: number) => {
    const ms = binnedQuantile(bins, share);
    return ms === undefined ? "" : `~${formatDuration(ms)}`;
  };
  return {
    name,
    count: total,
    ...(total === 1 && known?.only && { only: known.only }),
    counts,
    median: quantileText(0.5),
    p95: quantileText(0.95),
    total: firstStartedAt === undefined ? "" : formatDuration(totalMs),
    spread: spreadOf(durations.filter(({ count }) => count > 0)),
    ...(firstStartedAt !== undefined && {
      extent: { startMs: firstStartedAt, endMs: lastEndedAt ?? nowMs },
    }),
    slowest: [],
    failed: known?.failed ?? [],
  };
}

/** From the first start to the last end; undefined while none has started. */
export function extentOf(
  calls: readonly CallRecord[],
  nowMs: number,
): { readonly startMs: number; readonly endMs: number } | undefined {
  let startMs = Number.POSITIVE_INFINITY;
  let endMs = Number.NEGATIVE_INFINITY;
  for (const call of calls) {
    const callStartMs = startOf(call);
    if (callStartMs === undefined) continue;
    startMs = Math.min(startMs, callStartMs);
    endMs = Math.max(endMs, call.endedAt ?? nowMs);
  }
  return Number.isFinite(startMs) ? { startMs, endMs } : undefined;
}

/** The smallest duration that so large a share does not exceed. */
function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)] ?? 0;
}

/** @param durations ascending; only their ratios matter. */
function spreadOf(durations: readonly { readonly ms: number; readonly count: number }[]): string {
  const calls = durations.reduce((sum, { count }) => sum + count, 0);
  if (calls < SPREAD_CALLS_MIN) return "";
  const logOf = (ms: number) => Math.log(Math.max(0.1, ms));
  const low = logOf(durations[0]?.ms ?? 0);
  const high = logOf(durations.at(-1)?.ms ?? 0);
  // All alike: one bin is no spread.
  if (high - low < 1e-9) return "";
  const bins = new Array<number>(SPREAD_BINS).fill(0);
  for (const { ms, count } of durations) {
    const share = (logOf(ms) - low) / (high - low);
    const bin = Math.min(SPREAD_BINS - 1, Math.floor(share * SPREAD_BINS));
    bins[bin] = (bins[bin] ?? 0) + count;
  }
  const highest = Math.max(...bins);
  return bins
    .map((count) => {
      const height = Math.ceil((count / highest) * SPREAD_GLYPHS.length);
      return count === 0 ? " " : SPREAD_GLYPHS[height - 1];
    })
    .join("");
}
