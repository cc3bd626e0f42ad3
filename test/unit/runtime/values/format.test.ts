import { expect, test } from "vitest";
import {
  counted,
  formatBytes,
  formatCount,
  formatDuration,
  formatOffset,
  formatRatio,
  formatShort,
  formatUtc,
} from "../../../../runtime/values/format.ts";

test("durations have three digits and are rounded before they are split", () => {
  const durations = [
    0,
    0.4,
    1,
    420.4,
    999.4,
    999.6,
    4_871,
    9_996,
    14_240,
    59_949,
    59_950,
    119_600,
    1_073_000,
    3_599_600,
    3_900_000,
    360_000_000,
    Number.NaN,
    -5,
  ];
  expect(durations.map((ms) => `${ms} → ${formatDuration(ms)}`).join("\n")).toMatchInlineSnapshot(`
    "0 → <1 ms
    0.4 → <1 ms
    1 → 1 ms
    420.4 → 420 ms
    999.4 → 999 ms
    999.6 → 1.00 s
    4871 → 4.87 s
    9996 → 10.0 s
    14240 → 14.2 s
    59949 → 59.9 s
    59950 → 1 m 00 s
    119600 → 2 m 00 s
    1073000 → 17 m 53 s
    3599600 → 1 h 00 m
    3900000 → 1 h 05 m
    360000000 → 100 h 00 m
    NaN → <1 ms
    -5 → <1 ms"
  `);
});

test("the start itself is at +0 ms", () => {
  expect([0, 310, 4_000].map(formatOffset)).toEqual(["+0 ms", "+310 ms", "+4.00 s"]);
});

test("sizes are decimal, counts have separators", () => {
  expect([0, 999, 1_000, 18_432, 999_600, 88_100_000].map(formatBytes)).toEqual([
    "0 B",
    "999 B",
    "1.00 kB",
    "18.4 kB",
    "1.00 MB",
    "88.1 MB",
  ]);
  expect([0, 999, 1_204, 1_000_000].map(formatCount)).toEqual(["0", "999", "1,204", "1,000,000"]);
  expect([counted(1, "call"), counted(1_200, "call")]).toEqual(["1 call", "1,200 calls"]);
  expect(formatRatio(28.72)).toBe("28.7×");
});

test("statistics are short", () => {
  expect([0, 9_811.7, 11_190.4, 0.1312, -4, 1e20, 0.00001, 10].map(formatShort)).toEqual([
    "0",
    "9.8k",
    "11.2k",
    "0.131",
    "-4",
    "1.0e+20",
    "1.0e-5",
    "10",
  ]);
});

test("a moment that is none is unknown, not an exception", () => {
  expect(formatUtc(Date.UTC(2026, 10, 23, 14, 2, 11))).toBe("2026-11-23 14:02:11Z");
  expect(formatUtc(Number.NaN)).toBe("unknown");
});
