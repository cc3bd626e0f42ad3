/**
 * Pictures of time as SVG: what they share, and the area that shows how many calls ran.
 *
 * Invariants
 *   V1  No text: text in an image has one colour, and no colour can be read on white and on black.
 *   V2  At most 50 kB, whatever the run.
 * @module
 */
import { type RunningStep, type RunSpan, runningSteps } from "./lanes.ts";
import { FILLS } from "./palette.ts";

/** Of a picture of time; it is scaled to the width of the page. */
export const WIDTH_PX = 1_000;
export const AREA_PX = 44;
/** Room above the highest point. */
export const AREA_TOP_PX = 4;
/** Of the steps of an area: what is narrower is one. */
export const POINT_PX = 0.8;

/** What a picture spans, in epoch milliseconds. */
export interface PictureAxis {
  readonly startMs: number;
  readonly wallMs: number;
}

/** Where a moment is, in pixels. */
export type Scale = (atMs: number) => number;

export function xOf({ startMs, wallMs }: PictureAxis): Scale {
  return (atMs) =>
    wallMs <= 0 ? 0 : Math.min(WIDTH_PX, Math.max(0, ((atMs - startMs) / wallMs) * WIDTH_PX));
}

export function svgDataUri(svg: string): string {
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
}

/** How many calls ran at each moment. */
export function concurrencySvg(spans: readonly RunSpan[], axis: PictureAxis): string {
  // A step per point at most, each of 15 bytes.
  return svg(AREA_PX, [areaPath(runningSteps(spans), xOf(axis))]);
}

export function svg(heightPx: number, parts: readonly string[]): string {
  const size = `width="${WIDTH_PX}" height="${heightPx}" viewBox="0 0 ${WIDTH_PX} ${heightPx}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${parts.join("")}</svg>`;
}

/** One decimal; `-0` and trailing zeros would only cost bytes. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10 + 0);
}

/** Of the moments that share a point the highest counts, so that "at most" is to be seen. */
export function areaPath(steps: readonly RunningStep[], x: Scale): string {
  const highest = new Array<number>(Math.ceil(WIDTH_PX / POINT_PX)).fill(0);
  for (const [index, { atMs, running }] of steps.entries()) {
    const fromPx = x(atMs);
    const toPx = x(steps[index + 1]?.atMs ?? Number.POSITIVE_INFINITY);
    const first = Math.floor(fromPx / POINT_PX);
    for (let point = first; point === first || point * POINT_PX < toPx; point++) {
      if (point >= highest.length) break;
      highest[point] = Math.max(highest[point] ?? 0, running);
    }
  }
  const most = Math.max(1, ...highest);
  const y = (running: number) => AREA_PX - (running / most) * (AREA_PX - AREA_TOP_PX);
  const d = outline(highest.map(y), AREA_PX, POINT_PX);
  return `<path d="${d}V${AREA_PX}H0Z" fill="${FILLS.running}" fill-opacity=".45" stroke="${FILLS.running}"/>`;
}

/** A line of steps from left to right, starting and ending at the edges. */
export function outline(ys: readonly number[], startY: number, pointPx: number): string {
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
