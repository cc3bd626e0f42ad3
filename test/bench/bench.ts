/**
 * What a suite measures with: rows of samples, things that go when the run ends, a table at the end.
 *
 * Vitest's bench repeats one function and compares means; here most rows are one-way trips of a session
 * (its first value, its 500th cell), beside the same trip of another program, with a target.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";

/** Milliseconds unless the row says otherwise. */
export type Samples = readonly number[];

export interface Row {
  readonly what: string;
  readonly unit: "ms" | "µs" | "s" | "MB" | "kB" | "B" | "×" | "/s" | "";
  readonly ours: Samples;
  readonly peer?: Samples | undefined;
  /** Where several stand beside us: samples, or what is to be said in their place. */
  readonly peers?: Readonly<Record<string, Samples | string | undefined>> | undefined;
  /** The median of `ours` may be this much. */
  readonly target?: number | undefined;
  /** Or has to be this much, where more is better. */
  readonly atLeast?: number | undefined;
  /** What was done on each side, and what is missing. */
  readonly note?: string | undefined;
}

export interface Skipped {
  readonly what: string;
  readonly skipped: string;
}

/** What is no figure: `kept` or `lost`, by program. */
export interface Said {
  readonly what: string;
  readonly says: Readonly<Record<string, string>>;
}

/** A suite: one file `<name>.bench.ts` that exports `peer` and `run`. */
export interface Suite {
  /** What stands beside us in the table. */
  readonly peer: string | readonly string[];
  run(bench: Bench): Promise<void>;
}

export class Bench implements AsyncDisposable {
  /** Small numbers, for trying a suite out. */
  readonly isQuick: boolean;
  readonly rows: (Row | Skipped | Said)[] = [];
  #isEnded = false;
  readonly #owned = new Set<() => Promise<void> | void>();

  constructor(isQuick: boolean) {
    this.isQuick = isQuick;
  }

  /** Says what is being measured; it goes to stderr, so that the table can be piped. */
  step(what: string): void {
    process.stderr.write(`… ${what}\n`);
  }

  add(row: Row): void {
    if (row.ours.length === 0 || row.ours.some((n) => !Number.isFinite(n)))
      throw new Error(`broken measurement: ${row.what}: ${row.ours.join()}`);
    this.rows.push(row);
  }

  say(row: Said): void {
    this.rows.push(row);
  }

  skip(what: string, why: string): void {
    this.rows.push({ what, skipped: why });
  }

  /** Ends with the run, also when it fails or is interrupted; the returned function ends it before. */
  own(end: () => Promise<void> | void): () => Promise<void> {
    if (this.#isEnded) {
      void end();
      throw new Error("the run was stopped");
    }
    this.#owned.add(end);
    return async () => {
      if (this.#owned.delete(end)) await end();
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnded = true;
    const newestFirst = [...this.#owned].reverse();
    this.#owned.clear();
    for (const end of newestFirst) await end();
  }
}

export async function timed(action: () => Promise<unknown> | unknown): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

/** One after the other: `times` samples. */
export async function repeat(
  times: number,
  sample: (index: number) => Promise<number>,
): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < times; i++) samples.push(await sample(i));
  return samples;
}

export function median(samples: Samples): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[sorted.length % 2 ? middle : middle - 1], sorted[middle]];
  if (low === undefined || high === undefined) throw new Error("the median of no samples");
  return (low + high) / 2;
}

/** Resident megabytes of a process; NaN where /proc does not tell, and for a dead one. */
export function residentMb(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}

/** Children of this process whose command line matches, newest last; none where there is no /proc. */
export function childrenLike(pattern: RegExp): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => isChildLike(pid, pattern));
  } catch {
    return [];
  }
}

function isChildLike(pid: number, pattern: RegExp): boolean {
  try {
    const parent = Number(/PPid:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
    return parent === process.pid && pattern.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  } catch {
    // It ended while we looked.
    return false;
  }
}

/** The rows as aligned text; a median, and in brackets the smallest and largest sample. */
export function table(
  peer: string | readonly string[],
  rows: readonly (Row | Skipped | Said)[],
): string {
  const names = typeof peer === "string" ? [peer] : peer;
  const hasRatio = typeof peer === "string";
  const lines = [
    ["what", "eagerdeck", ...names, ...(hasRatio ? ["ratio"] : []), "target", "holds"],
  ];
  const notes: string[] = [];
  for (const row of rows) {
    if ("skipped" in row) {
      lines.push([row.what, "–"]);
      notes.push(`${row.what}: not measured, ${row.skipped}`);
      continue;
    }
    if ("says" in row) {
      lines.push([row.what, ...["eagerdeck", ...names].map((name) => row.says[name] ?? "")]);
      continue;
    }
    const { what, unit, ours, peer: theirs, peers, note } = row;
    const beside = hasRatio
      ? [
          theirs ? figure(theirs, unit) : "",
          theirs ? `${short(median(theirs) / median(ours))} ×` : "",
        ]
      : names.map((name) => cellOf(peers?.[name], unit));
    lines.push([what, figure(ours, unit), ...beside, ...targetCells(row)]);
    if (note) notes.push(`${what}: ${note}`);
  }
  const widths = lines[0]?.map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  const text = lines.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [...text, "", ...notes].join("\n");
}

function cellOf(value: Samples | string | undefined, unit: string): string {
  return value === undefined || typeof value === "string" ? (value ?? "") : figure(value, unit);
}

function targetCells({ ours, unit, target, atLeast }: Row): [target: string, holds: string] {
  const holds = (isSo: boolean) => (isSo ? "yes" : "NO");
  if (target !== undefined) return [`≤ ${target} ${unit}`.trim(), holds(median(ours) <= target)];
  if (atLeast !== undefined)
    return [`≥ ${atLeast.toLocaleString("en-US")} ${unit}`.trim(), holds(median(ours) >= atLeast)];
  return ["", ""];
}

function figure(samples: Samples, unit: string): string {
  const spread =
    samples.length > 1 ? ` (${short(Math.min(...samples))}–${short(Math.max(...samples))})` : "";
  return `${short(median(samples))} ${unit}`.trim() + spread;
}

function short(value: number): string {
  if (value >= 10_000) return Math.round(value).toLocaleString("en-US");
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
