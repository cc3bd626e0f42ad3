/**
 * Counts per function, kept while events come in: what is left of a run of a million calls. What a deck shows of them
 * is `deck/functions.ts`.
 * @module
 */
import type { CallState } from "./events.ts";

const DURATION_BINS = 256;
/** The bins go from 10 µs to about 12 days, each 10.4 % wider than the one before. */
const BIN_FIRST_MS = 0.01;
const BIN_FACTOR = 1.104;

export interface GroupRecord {
  readonly name: string;
  readonly total: number;
  /** How many calls are in each state now. */
  readonly counts: ReadonlyMap<CallState, number>;
  /** Epoch milliseconds; absent before the first call started. */
  readonly firstStartedAt?: number;
  readonly lastEndedAt?: number;
  /** Of the calls that have settled, from their start. */
  readonly totalMs: number;
  /** Settled calls by the logarithm of their duration. */
  readonly bins: Uint32Array;
}

export type OpenGroup = { -readonly [K in keyof GroupRecord]: GroupRecord[K] } & {
  counts: Map<CallState, number>;
};

export function openGroup(name: string): OpenGroup {
  return { name, total: 0, counts: new Map(), totalMs: 0, bins: new Uint32Array(DURATION_BINS) };
}

/** Moves one call from a state, if it was in one, to another. */
export function moveCount(
  counts: Map<CallState, number>,
  from: CallState | undefined,
  to: CallState,
): void {
  if (from !== undefined) takeCount(counts, from);
  counts.set(to, (counts.get(to) ?? 0) + 1);
}

/** One call less in a state. */
export function takeCount(counts: Map<CallState, number>, state: CallState): void {
  const left = (counts.get(state) ?? 0) - 1;
  if (left > 0) counts.set(state, left);
  else counts.delete(state);
}

/** Takes in a call that has settled. */
export function addDuration(group: OpenGroup, startedAt: number, endedAt: number): void {
  const ms = Math.max(0, endedAt - startedAt);
  group.totalMs += ms;
  group.lastEndedAt = Math.max(group.lastEndedAt ?? endedAt, endedAt);
  const bin = Math.floor(Math.log(ms / BIN_FIRST_MS) / Math.log(BIN_FACTOR));
  const index = Math.min(DURATION_BINS - 1, Math.max(0, bin));
  group.bins[index] = (group.bins[index] ?? 0) + 1;
}

/**
 * The duration that so large a share of the settled calls does not exceed, within 5 %.
 * @param share from 0 to 1: 0.5 for the median.
 * @returns undefined when no call has settled.
 */
export function binnedQuantile(bins: Uint32Array, share: number): number | undefined {
  const total = bins.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let seen = 0;
  for (const [index, count] of bins.entries()) {
    seen += count;
    if (count > 0 && seen >= share * total) return BIN_FIRST_MS * BIN_FACTOR ** (index + 0.5);
  }
  return undefined;
}
