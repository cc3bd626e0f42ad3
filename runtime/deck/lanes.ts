/**
 * Which calls ran at the same time: how many at each moment, and in which lane a picture draws each.
 *
 * Only leaves count: a call that waits for its children does not work itself.
 *
 * Invariant: two spans of one lane never overlap.
 * @module
 */
import type { CallRecord } from "../events/record-shape.ts";
import { type CallTree, startOf } from "./tree.ts";

/** When one call ran, in epoch milliseconds. */
export interface RunSpan {
  readonly call: CallRecord;
  readonly startMs: number;
  readonly endMs: number;
}

/** From `atMs` on, so many run. */
export interface RunningStep {
  readonly atMs: number;
  readonly running: number;
}

/**
 * The leaves that have started, by their start.
 * @param nowMs stands for the end of calls that still run.
 */
export function runSpans(tree: CallTree, nowMs: number): RunSpan[] {
  const spans: RunSpan[] = [];
  for (const { call, children } of tree.nodes) {
    if (children.length > 0) continue;
    const startMs = startOf(call);
    if (startMs === undefined) continue;
    spans.push({ call, startMs, endMs: Math.max(startMs, call.endedAt ?? nowMs) });
  }
  return spans.sort((a, b) => a.startMs - b.startMs);
}

/** Where the number of running calls changes, in order of time. A call that starts when another ends does not count with it. */
export function runningSteps(
  spans: Iterable<{ readonly startMs: number; readonly endMs: number }>,
): RunningStep[] {
  const changes: [atMs: number, change: 1 | -1][] = [];
  for (const { startMs, endMs } of spans) {
    // A call shorter than the clock's tick would never be counted.
    if (endMs > startMs) changes.push([startMs, 1], [endMs, -1]);
  }
  changes.sort((a, b) => a[0] - b[0]);
  const steps: RunningStep[] = [];
  let running = 0;
  for (let index = 0; index < changes.length; index++) {
    const [atMs, change] = changes[index] ?? [0, 1];
    running += change;
    if (changes[index + 1]?.[0] !== atMs) steps.push({ atMs, running });
  }
  return steps;
}

/** How many ran at the same time at most. */
export function mostAtOnce(steps: readonly RunningStep[]): number {
  return steps.reduce((most, { running }) => Math.max(most, running), 0);
}

export interface Lanes {
  /** The lane of each span, from 0. */
  readonly laneOf: readonly number[];
  readonly count: number;
}

/**
 * Each span in the first lane that is free.
 * @param spans by their start.
 * @returns undefined when more than `lanesMax` are needed.
 */
export function packLanes(
  spans: readonly { readonly startMs: number; readonly endMs: number }[],
  lanesMax: number,
): Lanes | undefined {
  const freeAt: number[] = [];
  const laneOf: number[] = [];
  for (const { startMs, endMs } of spans) {
    let lane = freeAt.findIndex((atMs) => atMs <= startMs);
    if (lane < 0) lane = freeAt.length;
    if (lane >= lanesMax) return undefined;
    freeAt[lane] = endMs;
    laneOf.push(lane);
  }
  return { laneOf, count: freeAt.length };
}
