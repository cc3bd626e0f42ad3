/**
 * The pictures of time as SVG: how many calls ran, and the timeline of a run.
 *
 * Invariants
 *   V1  No text: text in an image has one colour, and no colour can be read on white and on black.
 *   V2  At most 50 kB, whatever the run: neighbours merge, then bands by function stand for bars.
 *   V3  Red only means failure, and never alone: each failure has a tick in a strip of its own.
 * @module
 */
import {
  type Lanes,
  mostAtOnce,
  packLanes,
  type RunningStep,
  type RunSpan,
  runningSteps,
} from "./lanes.ts";
import { FILLS } from "./palette.ts";

/** Of a picture of time; it is scaled to the width of the page. */
const WIDTH_PX = 1_000;
const SIZE_MAX_BYTES = 50_000;
const AREA_PX = 44;
/** Of the area by function, which has no lanes below it. */
const STACK_PX = 88;
/** Room above the highest point. */
const AREA_TOP_PX = 4;
const POINT_PX = 0.8;
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

/** What a picture spans, in epoch milliseconds. */
export interface PictureAxis {
  readonly startMs: number;
  readonly wallMs: number;
}

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

export function svgDataUri(svg: string): string {
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
}

/** How many calls ran at each moment. */
export function concurrencySvg(spans: readonly RunSpan[], axis: PictureAxis): string {
  // A step per point at most, each of 15 bytes.
  return svg(AREA_PX, [areaPath(runningSteps(spans), xOf(axis), POINT_PX)]);
}

/**
 * The same, then a strip with a tick per failure, then each call as a bar in a lane.
 * Too many lanes or bars to draw become bands of the area, by function.
 */
export function timelineSvg(timeline: Timeline, axis: PictureAxis): TimelinePicture {
  const lanes = packLanes(timeline.spans, LANES_MAX);
  const withLanes = lanes && lanesSvg(timeline, lanes, xOf(axis));
  if (withLanes !== undefined) return { svg: withLanes, hasLanes: true };
  return { svg: bandsSvg(timeline, xOf(axis)), hasLanes: false };
}

function lanesSvg(
  { spans, failedAt, fillOf }: Timeline,
  lanes: Lanes,
  x: Scale,
): string | undefined {
  const stripTop = AREA_PX + GAP_PX;
  const top = failedAt.length > 0 ? stripTop + STRIP_PX + GAP_PX : stripTop;
  const lanePx = lanes.count > WIDE_LANES_MAX ? NARROW_LANE_PX : LANE_PX;
  const area = areaPath(runningSteps(spans), x, POINT_PX);
  const ticks = tickPath(failedAt, x, stripTop);
  return fitted(
    (scale) =>
      svg(top + lanes.count * lanePx, [
        area,
        ticks,
        ...barPaths(spans, lanes, { x, fillOf, lanePx, top, mergePx: MERGE_PX * scale }),
      ]),
    MERGE_SCALE_MAX,
  );
}

function bandsSvg({ spans, failedAt, fillOf }: Timeline, x: Scale): string {
  const height = failedAt.length > 0 ? STACK_PX + GAP_PX + STRIP_PX : STACK_PX;
  const ticks = tickPath(failedAt, x, STACK_PX + GAP_PX);
  const most = mostAtOnce(runningSteps(spans));
  const draw = (scale: number) =>
    svg(height, [...bandPaths(spans, { x, fillOf, most, pointPx: POINT_PX * scale }), ticks]);
  // There are seven colours: with points this wide it always fits.
  return fitted(draw, BAND_SCALE_MAX) ?? draw(BAND_SCALE_MAX);
}

type Scale = (atMs: number) => number;

function xOf({ startMs, wallMs }: PictureAxis): Scale {
  return (atMs) =>
    wallMs <= 0 ? 0 : Math.min(WIDTH_PX, Math.max(0, ((atMs - startMs) / wallMs) * WIDTH_PX));
}

/** The finest drawing that is small enough; undefined when even a coarse one is not. */
function fitted(draw: (scale: number) => string, scaleMax: number): string | undefined {
  for (let scale = 1; scale <= scaleMax; scale *= 2) {
    const drawn = draw(scale);
    if (drawn.length <= SIZE_MAX_BYTES) return drawn;
  }
  return undefined;
}

function svg(heightPx: number, parts: readonly string[]): string {
  const size = `width="${WIDTH_PX}" height="${heightPx}" viewBox="0 0 ${WIDTH_PX} ${heightPx}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${parts.join("")}</svg>`;
}

/** One decimal; `-0` and trailing zeros would only cost bytes. */
function px(value: number): string {
  return String(Math.round(value * 10) / 10 + 0);
}

/** Of the moments that share a point the highest counts, so that "at most" is to be seen. */
function areaPath(steps: readonly RunningStep[], x: Scale, pointPx: number): string {
  const highest = new Array<number>(Math.ceil(WIDTH_PX / pointPx)).fill(0);
  for (const [index, { atMs, running }] of steps.entries()) {
    const fromPx = x(atMs);
    const toPx = x(steps[index + 1]?.atMs ?? Number.POSITIVE_INFINITY);
    const first = Math.floor(fromPx / pointPx);
    for (let point = first; point === first || point * pointPx < toPx; point++) {
      if (point >= highest.length) break;
      highest[point] = Math.max(highest[point] ?? 0, running);
    }
  }
  const most = Math.max(1, ...highest);
  const y = (running: number) => AREA_PX - (running / most) * (AREA_PX - AREA_TOP_PX);
  const d = outline(highest.map(y), AREA_PX, pointPx);
  return `<path d="${d}V${AREA_PX}H0Z" fill="${FILLS.running}" fill-opacity=".45" stroke="${FILLS.running}"/>`;
}

/** A line of steps from left to right, starting and ending at the edges. */
function outline(ys: readonly number[], startY: number, pointPx: number): string {
  const d = [`M0 ${px(startY)}`];
  let shown = px(startY);
  for (const [point, value] of ys.entries()) {
    const y = px(value);
    if (y === shown) continue;
    d.push(`${point === 0 ? "" : `H${px(point * pointPx)}`}V${y}`);
    shown = y;
  }
  return `${d.join("")}H${WIDTH_PX}`;
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

/** One path per colour, a stroke per bar; failures last, so that they lie on top. */
function barPaths(
  spans: readonly RunSpan[],
  lanes: Lanes,
  {
    x,
    fillOf,
    lanePx,
    top,
    mergePx,
  }: {
    readonly x: Scale;
    readonly fillOf: (name: string) => string;
    readonly lanePx: number;
    readonly top: number;
    readonly mergePx: number;
  },
): string[] {
  const bars: { fill: string; lane: number; fromPx: number; toPx: number }[] = [];
  const lastOfLane: (typeof bars)[number][] = [];
  for (const [index, { call, startMs, endMs }] of spans.entries()) {
    const lane = lanes.laneOf[index] ?? 0;
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
function laneStrokes(
  bars: readonly { readonly fromPx: number; readonly toPx: number }[],
  y: number,
): string {
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
