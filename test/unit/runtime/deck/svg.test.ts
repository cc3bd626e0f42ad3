import { describe, expect, test } from "vitest";
import type { RunSpan } from "../../../../runtime/deck/lanes.ts";
import { FILLS, functionFill } from "../../../../runtime/deck/palette.ts";
import { concurrencySvg } from "../../../../runtime/deck/svg.ts";
import { timelineSvg } from "../../../../runtime/deck/timeline-svg.ts";
import type { CallRecord } from "../../../../runtime/events/record-shape.ts";
import { RunEvents } from "../../../support/run-events.ts";

const axis = { startMs: 0, wallMs: 1_000 };
const fillOf = (name: string) => functionFill(Number(name));

function span(startMs: number, endMs: number, { name = "0", state = "ok" } = {}): RunSpan {
  const run = new RunEvents();
  const id = run.ok(name, { end: 1 });
  const record = run.record().calls.get(id) as CallRecord;
  return { call: { ...record, state: state as CallRecord["state"] }, startMs, endMs };
}

const bars = (svg: string, fill: string) =>
  new RegExp(`<path stroke="${fill}" stroke-width="[\\d.]+" d="([^"]*)"`).exec(svg)?.[1];

describe("the picture of concurrency", () => {
  test("is as high as most ran at once, and has an edge where that changes", () => {
    const svg = concurrencySvg([span(0, 500), span(200, 400)], axis);
    expect(svg).toContain('width="1000" height="44"');
    expect(svg).toContain('d="M0 44V24H200V4H400V24H500V44H1000V44H0Z"');
  });

  test("shows a call that is shorter than a point", () => {
    expect(concurrencySvg([span(500, 500.01)], axis)).toContain("V4");
  });
});

describe("the timeline", () => {
  test("has one path per colour, failures on top and in a strip of their own", () => {
    const { svg } = timelineSvg(
      {
        spans: [
          span(0, 100),
          span(0, 300, { name: "1", state: "failed" }),
          span(0, 400, { name: "1" }),
        ],
        failedAt: [300],
        fillOf,
      },
      axis,
    );
    expect(bars(svg, functionFill(0))).toBe("M0 60.5h100");
    expect(bars(svg, functionFill(1))).toBe("M0 70.5h400");
    expect(bars(svg, FILLS.failed)).toBe("M0 65.5h300");
    expect(svg.lastIndexOf(FILLS.failed)).toBeGreaterThan(svg.lastIndexOf(functionFill(1)));
    expect(svg).toContain(`<path d="M300 48v6" stroke="${FILLS.failed}"`);
  });

  test("merges neighbours of one colour, not those of two", () => {
    const { svg } = timelineSvg(
      {
        spans: [span(0, 100), span(100.3, 200), span(210, 300), span(300, 400, { name: "1" })],
        failedAt: [],
        fillOf,
      },
      axis,
    );
    expect(bars(svg, functionFill(0))).toBe("M0 50.5h200m10 0h90");
    expect(bars(svg, functionFill(1))).toBe("M300 50.5h100");
  });

  test.each([
    ["ten thousand calls of seven functions in 100 lanes", 10_000, 100, false],
    ["two thousand calls in 100 lanes", 2_000, 100, true],
    ["ten thousand calls, 400 at once", 10_000, 400, false],
    ["one call", 1, 1, true],
  ])("of %s is at most 50 kB", (_, calls, atOnce, hasLanes) => {
    const template = Array.from({ length: 7 }, (_, name) => span(0, 1, { name: String(name) }));
    const spans = Array.from({ length: calls }, (_, index): RunSpan => {
      const row = Math.floor(index / atOnce);
      const lengthMs = 1_000 / Math.ceil(calls / atOnce);
      const startMs = row * lengthMs + ((index * 7) % 5) / 10;
      const { call } = template[(index * 31) % 7] as RunSpan;
      return { call, startMs, endMs: startMs + lengthMs * 0.7 };
    }).sort((a, b) => a.startMs - b.startMs);
    const drawn = timelineSvg({ spans, failedAt: [1, 2, 999], fillOf }, axis);
    expect(drawn.hasLanes).toBe(hasLanes);
    expect(drawn.svg.length).toBeLessThanOrEqual(50_000);
    expect(drawn.svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(drawn.svg).not.toContain("<text");
  });

  test("of a run that took no time is drawn all the same", () => {
    const { svg } = timelineSvg(
      { spans: [span(0, 0)], failedAt: [0], fillOf },
      { startMs: 0, wallMs: 0 },
    );
    expect(svg).not.toMatch(/NaN|Infinity/);
  });
});
