/**
 * Lengths of time as people write them: `1500`, `"30s"`, `"1h 30m"`.
 * @module
 */
import { Duration } from "../types/duration.ts";
import { preview } from "../values/preview.ts";

/** Milliseconds, text like `"500ms"`, `"30s"`, `"5m"`, `"2h"`, `"1h 30m"`, `"7d"`, or a Duration. */
export type DurationLike = number | string | Duration;

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const PART = /(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*/gy;

/**
 * @param what what it is the length of, for the message: `task fetch: timeout`.
 * @returns milliseconds, not negative; `Infinity` stays.
 * @throws {TypeError} for anything that is no length of time.
 */
export function durationMs(value: unknown, what: string): number {
  if (typeof value === "number" && value >= 0) return value;
  if (value instanceof Duration && value.ms >= 0) return value.ms;
  if (typeof value === "string") {
    let total = 0;
    PART.lastIndex = 0;
    let end = 0;
    for (let part = PART.exec(value); part !== null; part = PART.exec(value)) {
      const [, count = "", unit = ""] = part;
      total += Number(count) * (UNITS_MS[unit] ?? Number.NaN);
      end = PART.lastIndex;
    }
    if (end === value.length && value !== "") return total;
  }
  throw new TypeError(
    `${what} is ${preview(value).line}, not a length of time; write milliseconds, or text like "30s" or "1h 30m"`,
  );
}

/** What a timer takes; Node runs one that is longer at once. */
export const TIMER_MAX_MS = 2 ** 31 - 1;
