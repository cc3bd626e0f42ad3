import { afterEach, expect, test, vi } from "vitest";
import { systemClock } from "../../../kernel/clock.ts";

afterEach(() => void vi.useRealTimers());

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
