import { inspect } from "node:util";
import { expect, test } from "vitest";
import { z } from "zod";
import { Duration } from "../../../../runtime/types/duration.ts";
import { durationMs } from "../../../../runtime/workflow/duration.ts";

test.each([
  ["1h 30m", "PT1H30M", 5_400_000],
  ["PT1H30M", "PT1H30M", 5_400_000],
  ["P1DT2H", "PT26H", 93_600_000],
  ["P2W", "PT336H", 1_209_600_000],
  ["-250ms", "-PT0.25S", -250],
  ["-PT0.5S", "-PT0.5S", -500],
  ["1.5s", "PT1.5S", 1_500],
  ["1ns", "PT0.000000001S", 1e-6],
  ["0s", "PT0S", 0],
  ["2d", "PT48H", 172_800_000],
  ["PT1,25S", "PT1.25S", 1_250],
])("%s is %s", (text, iso, ms) => {
  const length = new Duration(text);
  expect(String(length)).toBe(iso);
  expect(length.ms).toBe(ms);
  expect(new Duration(iso)).toEqual(length);
});

test.each(["", " ", "-", "P", "PT", "1", "1x", "1h foo", "abc", "--1s", "1.s", "P1Y"])(
  "%j is no length of time",
  (text) => {
    expect(() => new Duration(text)).toThrow(/is not a length of time; write "1h 30m"/);
  },
);

test("parts add up, and both carry the sign", () => {
  const { seconds, nanos } = new Duration({ seconds: 2, nanos: -500_000_000 });
  expect([seconds, nanos]).toEqual([1, 500_000_000]);
  const less = new Duration({ seconds: -2, nanos: 500_000_000 });
  expect([less.seconds, less.nanos]).toEqual([-1, -500_000_000]);
  expect(new Duration({ nanos: 1_500_000_000 })).toEqual(new Duration("1.5s"));
});

test("milliseconds and seconds keep their fractions", () => {
  expect(Duration.ofMs(1_500.000001)).toEqual(new Duration({ seconds: 1, nanos: 500_000_001 }));
  expect(Duration.ofMs(-0.5)).toEqual(new Duration({ nanos: -500_000 }));
  expect(Duration.ofSeconds(-86_394.99975)).toEqual(
    new Duration({ seconds: -86_394, nanos: -999_750_000 }),
  );
  for (const strange of [Number.NaN, Infinity]) {
    expect(() => Duration.ofMs(strange)).toThrow(TypeError);
    expect(() => Duration.ofSeconds(strange)).toThrow(TypeError);
  }
});

test("ten thousand years are the limit", () => {
  expect(new Duration({ seconds: 315_576_000_000 }).nanos).toBe(0);
  expect(() => new Duration({ seconds: 315_576_000_000, nanos: 1 })).toThrow(RangeError);
  expect(() => new Duration({ seconds: 0.5 })).toThrow(TypeError);
});

test("it compares by its length, shows itself, and does not change", () => {
  expect(new Duration("1s") < new Duration("1h")).toBe(true);
  const length = new Duration("90s");
  expect(JSON.stringify({ length })).toBe('{"length":"PT1M30S"}');
  expect(inspect(length)).toBe("Duration PT1M30S");
  expect(() => Object.assign(length, { seconds: 1 })).toThrow(TypeError);
});

test("it is its own schema's class, and what a timeout takes", () => {
  expect(z.instanceof(Duration).safeParse(new Duration("1s")).success).toBe(true);
  expect(z.instanceof(Duration).safeParse({ seconds: 1, nanos: 0 }).success).toBe(false);
  expect(durationMs(new Duration("1m"), "task t: timeout")).toBe(60_000);
  expect(() => durationMs(new Duration("-1m"), "task t: timeout")).toThrow("task t: timeout is");
});
