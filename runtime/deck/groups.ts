/**
 * Calls per function, for runs of too many calls to list.
 * @module
 */
import type { CallRecord } from "../events/record-shape.ts";
import { countStates, elapsedMs, type StateCounts } from "./tree.ts";

export interface FunctionGroup {
  readonly name: string;
  /** In order of call. */
  readonly calls: readonly CallRecord[];
  /** The call itself, when there is only one. */
  readonly only?: CallRecord;
  readonly counts: StateCounts;
  readonly medianMs?: number;
  readonly p95Ms?: number;
  readonly totalMs?: number;
  /** Twelve logarithmic bins of durations as `▁▂▅█▃`; empty where it would say nothing. */
  readonly spread: string;
  readonly startMs?: number;
  readonly endMs?: number;
  /** Slowest first. */
  readonly slowest: readonly CallRecord[];
  readonly failed: readonly CallRecord[];
}

const SPREAD_CALLS_MIN = 5;
const SPREAD_BINS = 12;
const SPREAD_GLYPHS = "▁▂▃▄▅▆▇█";
const BODY_CALLS_MAX = 5;

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
  let startMs = Number.POSITIVE_INFINITY;
  let endMs = Number.NEGATIVE_INFINITY;
  let totalMs = 0;
  for (const { call, ms } of timed) {
    const from = call.startedAt ?? call.createdAt;
    startMs = Math.min(startMs, from);
    endMs = Math.max(endMs, from + ms);
    totalMs += ms;
  }
  const only = calls.length === 1 ? calls[0] : undefined;
  return {
    name,
    calls,
    ...(only && { only }),
    counts: countStates(calls),
    ...(timed.length > 0 && {
      medianMs: quantile(durations, 0.5),
      p95Ms: quantile(durations, 0.95),
      totalMs,
      startMs,
      endMs,
    }),
    spread: spreadOf(durations),
    slowest: timed
      .slice(-BODY_CALLS_MAX)
      .reverse()
      .map(({ call }) => call),
    failed: calls.filter((call) => call.state === "failed").slice(0, BODY_CALLS_MAX),
  };
}

/** The smallest duration that so large a share does not exceed. */
function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)] ?? 0;
}

function spreadOf(ascending: readonly number[]): string {
  if (ascending.length < SPREAD_CALLS_MIN) return "";
  const logOf = (ms: number) => Math.log(Math.max(0.1, ms));
  const low = logOf(ascending[0] ?? 0);
  const high = logOf(ascending.at(-1) ?? 0);
  // All alike: one bin is no spread.
  if (high - low < 1e-9) return "";
  const bins = new Array<number>(SPREAD_BINS).fill(0);
  for (const ms of ascending) {
    const bin = Math.min(
      SPREAD_BINS - 1,
      Math.floor(((logOf(ms) - low) / (high - low)) * SPREAD_BINS),
    );
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  const highest = Math.max(...bins);
  return bins
    .map((calls) =>
      calls === 0 ? " " : SPREAD_GLYPHS[Math.ceil((calls / highest) * SPREAD_GLYPHS.length) - 1],
    )
    .join("");
}
