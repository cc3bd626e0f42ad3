/**
 * Numbers as people read them: durations, counts, sizes. Always en-US, so that notebooks diff cleanly.
 * @module
 */

/** Three digits, as a number: 4.8712 → "4.87", 14.24 → "14.2", 420.4 → "420". */
function threeDigits(value: number): string {
  return value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** `<1 ms`, `420 ms`, `4.87 s`, `17 m 53 s`, `1 h 05 m`. Rounded first, then split: never `1 m 60 s`. */
export function formatDuration(durationMs: number): string {
  const ms = Number.isFinite(durationMs) ? Math.max(0, durationMs) : 0;
  if (ms < 1) return "<1 ms";
  if (Math.round(ms) < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${threeDigits(ms / 1_000)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${padded(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${formatCount(Math.floor(minutes / 60))} h ${padded(minutes % 60)} m`;
}

/** A moment as the distance from the start: `+310 ms`; the start itself is `+0 ms`. */
export function formatOffset(offsetMs: number): string {
  return offsetMs < 1 ? "+0 ms" : `+${formatDuration(offsetMs)}`;
}

function padded(value: number): string {
  return String(value).padStart(2, "0");
}

// Made when a count needs it: the first one in a process takes 10 ms.
let countFormat: Intl.NumberFormat | undefined;

/** `1,204`. */
export function formatCount(count: number): string {
  if (count < 1_000) return String(count);
  countFormat ??= new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  return countFormat.format(count);
}

/** `1 call`, `1,204 calls`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Decimal units: `512 B`, `18.4 kB`. */
export function formatBytes(sizeBytes: number): string {
  if (sizeBytes < 1_000) return `${sizeBytes} B`;
  let value = sizeBytes;
  for (const unit of ["kB", "MB", "GB", "TB"]) {
    value /= 1_000;
    if (value < 999.5) return `${threeDigits(value)} ${unit}`;
  }
  return `${formatCount(value)} TB`;
}

/** `28.7×`. */
export function formatRatio(ratio: number): string {
  return `${ratio.toFixed(1)}×`;
}

/** A statistic in few characters: `9.8k`, `11.2k`, `0.13`, `-4`. Not for values, which are never rounded. */
export function formatShort(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-3)) return value.toExponential(1);
  for (const [unit, scale] of [
    ["T", 1e12],
    ["G", 1e9],
    ["M", 1e6],
    ["k", 1e3],
  ] as const) {
    if (size >= scale) return `${trimmed((value / scale).toFixed(1))}${unit}`;
  }
  return trimmed(value.toPrecision(3));
}

function trimmed(digits: string): string {
  return digits.includes(".") && !digits.includes("e") ? digits.replace(/\.?0+$/, "") : digits;
}

/** How long ago a moment was, or how far ahead it is: `3 days ago`, `in 2 hours`, `now`. */
export function formatAge(atMs: number, nowMs: number): string {
  const distance = Math.abs(nowMs - atMs);
  for (const [unit, lengthMs] of AGE_UNITS) {
    if (distance < lengthMs) continue;
    const text = counted(Math.floor(distance / lengthMs), unit);
    return atMs < nowMs ? `${text} ago` : `in ${text}`;
  }
  return "now";
}

const AGE_UNITS = [
  ["year", 31_556_952_000],
  ["month", 2_629_746_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

/** UTC, to the second: `2026-11-23 14:02:11Z`. */
export function formatUtc(atMs: number): string {
  return Number.isFinite(new Date(atMs).getTime())
    ? `${new Date(atMs).toISOString().slice(0, 19).replace("T", " ")}Z`
    : "unknown";
}

/** The time of day where the reader sits: `14:02:16`. */
export function formatClock(atMs: number): string {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(padded).join(":");
}
