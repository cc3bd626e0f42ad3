import fc from "fast-check";
import { expect, test } from "vitest";
import { addDuration, binnedQuantile, openGroup } from "../../../../runtime/events/groups.ts";

test("median and p95 from the bins are within 6 % of the true ones", () => {
  const durations = fc.array(fc.double({ min: 0.02, max: 1e7, noNaN: true }), {
    minLength: 1,
    maxLength: 500,
  });
  fc.assert(
    fc.property(durations, fc.constantFrom(0.5, 0.95, 1), (all, share) => {
      const group = openGroup("f");
      for (const ms of all) addDuration(group, 0, ms);
      const sorted = all.toSorted((a, b) => a - b);
      const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
      const ratio = (binnedQuantile(group.bins, share) ?? 0) / exact;
      expect(ratio).toBeGreaterThan(0.94);
      expect(ratio).toBeLessThan(1.06);
    }),
  );
});

test("durations out of range fall into the outer bins", () => {
  const group = openGroup("f");
  for (const ms of [0, -5, 1e300]) addDuration(group, 0, ms);
  expect([group.bins[0], group.bins.at(-1)]).toEqual([2, 1]);
});

test("without a settled call there is no quantile", () => {
  expect(binnedQuantile(openGroup("f").bins, 0.5)).toBe(undefined);
});
