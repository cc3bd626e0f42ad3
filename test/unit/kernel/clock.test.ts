import { afterEach, expect, test, vi } from "vitest";
import { systemClock } from "../../../kernel/clock.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test("a thread that has to wait while it reads the time does not set the kernel's clock ahead", () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  const { now: date } = Date;
  const { now: steady } = performance;
  let isSlow = true;
  const waits = (read: () => number) => () => {
    const time = read();
    if (isSlow) vi.advanceTimersByTime(20); // the processor goes to somebody else
    return time;
  };
  vi.spyOn(Date, "now").mockImplementation(waits(() => date.call(Date)));
  vi.spyOn(performance, "now").mockImplementation(waits(() => steady.call(performance)));
  systemClock.now();
  isSlow = false;
  expect(systemClock.now()).toBeLessThanOrEqual(systemClock.wall());
});

test("the kernel's clock goes on when the machine's is set back, and follows when that jumps ahead", () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  const startMs = systemClock.now();
  expect(Math.abs(startMs - Date.now())).toBeLessThanOrEqual(1);
  vi.setSystemTime(Date.now() - 3_600_000);
  expect(systemClock.now()).toBe(startMs);
  vi.advanceTimersByTime(40);
  expect(systemClock.now()).toBe(startMs + 40);
  vi.setSystemTime(startMs + 7_200_000);
  expect(systemClock.now()).toBe(startMs + 7_200_000);
});
