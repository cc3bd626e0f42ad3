/**
 * The timeline of a run as SVG: how many calls ran, when some failed, and each call as a bar in a lane.
 *
 * Invariants
 *   T1  At most 50 kB: neighbours merge, and where that is not enough bands by function stand for bars.
 *   T2  Red only means failure, and never alone: each failure has a tick in a strip of its own.
 * @module
 */
import { type Lanes, mostAtOnce, packLanes, type RunSpan, runningSteps } from "./lanes.ts";
import { FILLS } from "./palette.ts";
import {
  AREA_PX,
  AREA_TOP_PX,
  areaPath,
  outline,
  type PictureAxis,
  POINT_PX,
  px,
  type Scale,
  svg,
  WIDTH_PX,
  xOf,
} from "./svg.ts";

const SIZE_MAX_BYTES = 50_000;
/** A bar that follows another one in its lane: `m12.3 0h4.5`, the shortest `m1 0h1`. */
const BAR_MIN_BYTES = 6;
/** Of the area by function, which has no lanes below it. */
const STACK_PX = 88;
const STRIP_PX = 6;
const GAP_PX = 4;
const LANE_PX = 5;
const NARROW_LANE_PX = 2;
const WIDE_LANES_MAX = 64;
const LANES_MAX = 160;
/** Neighbours of one colour that are closer become one. */
const MERGE_PX = 0.6;
/** Wider gaps would be no longer to be seen although they matter. */
const MERGE_SCALE_MAX = 4;
const BAND_SCALE_MAX = 16;
/** What took no time is still there. */
const BAR_MIN_PX = 0.6;

export interface Timeline {
  readonly spans: readonly RunSpan[];
  /** When calls failed by themselves, in epoch milliseconds. */
  readonly failedAt: readonly number[];
  /** Colour of a function. */
  readonly fillOf: (name: string) => string;
}

/** What a timeline came to be: bars in lanes, or for too many lanes the area alone, by function. */
export interface TimelinePicture {
  readonly svg: string;
  readonly hasLanes: boolean;
}

interface Bar {
  readonly fill: string;
  readonly lane: number;
  readonly fromPx: number;
  toPx: number;
}

/** Too many lanes or bars to draw become bands of the area, by function. */
export function timelineSvg(timeline: Timeline, axis: PictureAxis): TimelinePicture {
  const x = xOf(axis);
  const lanes = packLanes(timeline.spans, LANES_MAX);
  const withLanes = lanes && lanesSvg(timeline, lanes, x);
  if (withLanes !== undefined) return { svg: withLanes, hasLanes: true };
  return { svg: bandsSvg(timeline, x), hasLanes: false };
}

/** Area, strip and lanes; undefined when they are too large however much merges. */
function lanesSvg(timeline: Timeline, lanes: Lanes, x: Scale): string | undefined {
  const { spans, failedAt } = timeline;
  const stripTop = AREA_PX + GAP_PX;
  const top = failedAt.length > 0 ? stripTop + STRIP_PX + GAP_PX : stripTop;
  const lanePx = lanes.count > WIDE_LANES_MAX ? NARROW_LANE_PX : LANE_PX;
  const above = [areaPath(runningSteps(spans), x), tickPath(failedAt, x, stripTop)];
  for (let scale = 1; scale <= MERGE_SCALE_MAX; scale *= 2) {
    const bars = mergedBars(timeline, lanes, { x, mergePx: MERGE_PX * scale });
    // What is too much in any case need not be drawn to know it.
    if (bars.length * BAR_MIN_BYTES > SIZE_MAX_BYTES) continue;
    const drawn = svg(top + lanes.count * lanePx, [...above, ...barPaths(bars, lanePx, top)]);
    if (drawn.length <= SIZE_MAX_BYTES) return drawn;
  }
  return undefined;
}

function mergedBars(
  { spans, fillOf }: Timeline,
  { laneOf }: Lanes,
  { x, mergePx }: { readonly x: Scale; readonly mergePx: number },
): Bar[] {
  const bars: Bar[] = [];
  const lastOfLane: Bar[] = [];
  for (const [index, { call, startMs, endMs }] of spans.entries()) {
    const lane = laneOf[index] ?? 0;
    const fill = call.state === "failed" ? FILLS.failed : fillOf(call.name);
    const fromPx = x(startMs);
    const toPx = Math.max(fromPx + BAR_MIN_PX, x(endMs));
    const last = lastOfLane[lane];
    if (last?.fill === fill && fromPx - last.toPx < mergePx) {
      last.toPx = Math.max(last.toPx, toPx);
      continue;
    }
    const bar = { fill, lane, fromPx, toPx };
    bars.push(bar);
    lastOfLane[lane] = bar;
  }
  return bars;
}

/** One path per colour, a stroke per bar; failures last, so that they lie on top. */
function barPaths(bars: readonly Bar[], lanePx: number, top: number): string[] {
  const byFill = Map.groupBy(bars, (bar) => bar.fill);
  const fills = [...byFill.keys()].filter((fill) => fill !== FILLS.failed);
  if (byFill.has(FILLS.failed)) fills.push(FILLS.failed);
  const width = lanePx - (lanePx > NARROW_LANE_PX ? 1 : 0.5);
  return fills.map((fill) => {
    const ofLanes = Map.groupBy(byFill.get(fill) ?? [], (bar) => bar.lane);
    const d = [...ofLanes].map(([lane, own]) => laneStrokes(own, top + (lane + 0.5) * lanePx));
    return `<path stroke="${fill}" stroke-width="${width}" d="${d.join("")}"/>`;
  });
}

/** Relative moves take a third less room; in whole tenths, so that no error adds up. */
function laneStrokes(bars: readonly Bar[], y: number): string {
  let at: number | undefined;
  return bars
    .map(({ fromPx, toPx }) => {
      const from = Math.round(fromPx * 10);
      const to = Math.max(from + 1, Math.round(toPx * 10));
      const move = at === undefined ? `M${from / 10} ${px(y)}` : `m${(from - at) / 10} 0`;
      at = to;
      return `${move}h${(to - from) / 10}`;
    })
    .join("");
}

function bandsSvg({ spans, failedAt, fillOf }: Timeline, x: Scale): string {
  const height = failedAt.length > 0 ? STACK_PX + GAP_PX + STRIP_PX : STACK_PX;
  const ticks = tickPath(failedAt, x, STACK_PX + GAP_PX);
  const most = mostAtOnce(runningSteps(spans));
  const draw = (scale: number) =>
    svg(height, [...bandPaths(spans, { x, fillOf, most, pointPx: POINT_PX * scale }), ticks]);
  // There are seven colours: with points this wide it always fits.
  for (let scale = 1; scale < BAND_SCALE_MAX; scale *= 2) {
    const drawn = draw(scale);
    if (drawn.length <= SIZE_MAX_BYTES) return drawn;
  }
  return draw(BAND_SCALE_MAX);
}

/** The area as bands, one per colour; each moment is the mean of its point, so that bands add up. */
function bandPaths(
  spans: readonly RunSpan[],
  {
    x,
    fillOf,
    most,
    pointPx,
  }: {
    readonly x: Scale;
    readonly fillOf: (name: string) => string;
    readonly most: number;
    readonly pointPx: number;
  },
): string[] {
  const points = Math.ceil(WIDTH_PX / pointPx);
  const bands = new Map<string, Float64Array>();
  for (const { call, startMs, endMs } of spans) {
    const fill = fillOf(call.name);
    const band = bands.get(fill) ?? new Float64Array(points);
    bands.set(fill, band);
    const fromPx = x(startMs);
    const toPx = x(endMs);
    for (let point = Math.floor(fromPx / pointPx); point * pointPx < toPx; point++) {
      const sharePx = Math.min(toPx, (point + 1) * pointPx) - Math.max(fromPx, point * pointPx);
      band[point] = (band[point] ?? 0) + sharePx / pointPx;
    }
  }
  const below = new Float64Array(points);
  return [...bands].map(([fill, band]) => {
    const y = (running: number) =>
      STACK_PX - (running / Math.max(1, most)) * (STACK_PX - AREA_TOP_PX);
    const lower = Array.from(below, y);
    for (let point = 0; point < points; point++)
      below[point] = (below[point] ?? 0) + (band[point] ?? 0);
    const upper = Array.from(below, y);
    const top = outline(upper, upper[0] ?? STACK_PX, pointPx);
    return `<path d="${top}${backwards(lower, pointPx)}Z" fill="${fill}"/>`;
  });
}

/** The lower edge of a band, from right to left. */
function backwards(ys: readonly number[], pointPx: number): string {
  const d: string[] = [];
  let shown = "";
  for (let point = ys.length - 1; point >= 0; point--) {
    const y = px(ys[point] ?? 0);
    if (y === shown) continue;
    d.push(`${shown === "" ? "" : `H${px((point + 1) * pointPx)}`}V${y}`);
    shown = y;
  }
  return `${d.join("")}H0`;
}

/** A tick per failure, but for those at one spot. */
function tickPath(failedAt: readonly number[], x: Scale, top: number): string {
  const spots = new Set(
    failedAt.map((atMs) => px(Math.min(WIDTH_PX - 1, Math.max(1, Math.round(x(atMs)))))),
  );
  if (spots.size === 0) return "";
  const d = [...spots].map((spot) => `M${spot} ${top}v${STRIP_PX}`).join("");
  return `<path d="${d}" stroke="${FILLS.failed}" stroke-width="2"/>`;
}
