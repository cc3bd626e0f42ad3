/**
 * `.timeit`: the cell that measures an expression inside the user process, and what it says → text.
 *
 * One cell, for a round trip per loop would measure the pipe. It finds the number of loops by itself, as IPython's
 * does: ten times more until a batch takes a seventh of a second, then seven batches.
 * @module
 */
import { counted } from "../../runtime/values/format.ts";

const BATCHES = 7;
/** All batches together take about a second. */
const BATCH_MS = Math.round(1_000 / BATCHES);
const LOOPS_MAX = 10_000_000;

export interface Timing {
  readonly loops: number;
  /** Per loop, one for each batch. */
  readonly batchesMs: readonly number[];
}

/**
 * A cell whose value is the measurement, as text.
 * @param isAsync the expression waits for something: each loop is awaited.
 * @param batchMs how long a batch takes at least.
 */
export function timeitCode(expression: string, isAsync: boolean, batchMs = BATCH_MS): string {
  const await_ = isAsync ? "await " : "";
  return `await (async () => {
  const run = ${isAsync ? "async " : ""}() => (${expression}
);
  const batch = ${isAsync ? "async " : ""}(loops) => {
    const start = globalThis.performance.now();
    for (let i = 0; i < loops; i++) ${await_}run();
    return globalThis.performance.now() - start;
  };
  let loops = 1;
  let took = ${await_}batch(loops);
  while (took < ${batchMs} && loops < ${LOOPS_MAX}) {
    const wanted = took > 0 ? ${batchMs} / took : 10;
    loops *= wanted > 10 ? 10 : Math.max(2, Math.ceil(wanted));
    took = ${await_}batch(loops);
  }
  const batches = [took / loops];
  const count = took > ${batchMs} * 3 ? 3 : ${BATCHES};
  while (batches.length < count) batches.push((${await_}batch(loops)) / loops);
  return [loops, ...batches].join(" ");
})()`;
}

/** Reads what the cell gave. @returns undefined for anything else. */
export function parseTiming(text: string): Timing | undefined {
  const [loops, ...batchesMs] = (text.match(/\d[\d.e+-]*/g) ?? []).map(Number);
  if (loops === undefined || batchesMs.length === 0) return undefined;
  return [loops, ...batchesMs].every(Number.isFinite) ? { loops, batchesMs } : undefined;
}

/** `1.23 µs ± 0.04 µs per loop, best 1.20 µs (7 runs of 100,000 loops)` */
export function timingText({ loops, batchesMs }: Timing): string {
  const count = batchesMs.length;
  const mean = batchesMs.reduce((sum, ms) => sum + ms, 0) / count;
  const variance = batchesMs.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / count;
  const each = `${loopText(mean)} ± ${loopText(Math.sqrt(variance))} per loop`;
  const how = `${counted(count, "run")} of ${counted(loops, "loop")}`;
  return `${each}, best ${loopText(Math.min(...batchesMs))} (mean ± sd of ${how})`;
}

/** Three digits in the unit that fits: `850 ns`, `1.23 µs`, `12.3 ms`, `2.00 s`. */
function loopText(ms: number): string {
  const units = [
    ["s", 1_000],
    ["ms", 1],
    ["µs", 1e-3],
  ] as const;
  const [unit, size] = units.find(([, least]) => ms >= least) ?? ["ns", 1e-6];
  return `${(ms / size).toPrecision(3).replace(/e\+?(-?\d+)$/, "e$1")} ${unit}`;
}
