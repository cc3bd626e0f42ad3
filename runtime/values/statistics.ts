/**
 * Typed arrays: too many numbers to list, so what they say together.
 * @module
 */
import { cutLine } from "./escape.ts";
import { formatCount, formatShort } from "./format.ts";
import { classNames } from "./guard.ts";
import type { Item, Shown } from "./shown.ts";

/** Statistics look at so many elements at most. */
const LOOKED_AT_MAX = 1_000_000;
const SORTED_MAX = 10_000;
const LISTED_WHOLE_MAX = 6;
const BODY_ITEMS_MAX = 20;
const BODY_COLUMNS = 78;
const SPARKS = "▁▂▃▄▅▆▇█";

/** `Float64Array(14) [10412.5, 10388.1, … min 9.8k max 11.2k]`; a short one is listed. */
export function typedArrayShown(value: NodeJS.TypedArray): Shown {
  const length = value.length;
  const name = classNames(value)[0] ?? "TypedArray";
  const head = `${name}(${formatCount(length)}) `;
  const items: Item[] = [];
  for (let index = 0; index < Math.min(length, LISTED_WHOLE_MAX); index++) {
    items.push({ label: "", value: elementText(value[index]) });
  }
  if (length <= LISTED_WHOLE_MAX) return { head, open: "[", close: "]", items, left: 0 };
  const { min, max, nanCount, isPart } = range(value);
  const said: string[] = [];
  if (min !== undefined && max !== undefined) {
    said.push(`min ${formatShort(min)} max ${formatShort(max)}`);
  }
  if (nanCount > 0) said.push(`NaN × ${formatCount(nanCount)}`);
  if (isPart) said.push(`of the first ${formatCount(LOOKED_AT_MAX)}`);
  const first = items.slice(0, 3).map((item) => item.value);
  return cutLine(`${head}[${first.join(", ")}, … ${said.join(" ")}]`, 78);
}

function elementText(element: number | bigint | undefined): string {
  if (typeof element === "bigint") return `${element}n`;
  return Object.is(element, -0) ? "-0" : String(element);
}

interface Range {
  readonly min?: number;
  readonly max?: number;
  readonly nanCount: number;
  /** Only the first million was looked at. */
  readonly isPart: boolean;
}

function range(value: NodeJS.TypedArray): Range {
  const end = Math.min(value.length, LOOKED_AT_MAX);
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let nanCount = 0;
  for (let index = 0; index < end; index++) {
    const element = Number(value[index]);
    if (Number.isNaN(element)) nanCount++;
    else {
      if (element < min) min = element;
      if (element > max) max = element;
    }
  }
  const isPart = value.length > LOOKED_AT_MAX;
  return nanCount === end ? { nanCount, isPart } : { min, max, nanCount, isPart };
}

/** Of so many elements, evenly picked, that a sorted copy takes a millisecond. */
function medianOf(value: NodeJS.TypedArray): number | undefined {
  const end = Math.min(value.length, LOOKED_AT_MAX);
  const count = Math.min(end, SORTED_MAX);
  const picked = new Float64Array(count);
  let known = 0;
  for (let at = 0; at < count; at++) {
    const element = Number(value[Math.floor((at * end) / count)]);
    if (!Number.isNaN(element)) picked[known++] = element;
  }
  const sorted = picked.subarray(0, known).sort();
  const middle = known >> 1;
  const [upper, lower] = [sorted[middle], sorted[known % 2 === 0 ? middle - 1 : middle]];
  return upper === undefined || lower === undefined ? undefined : lower / 2 + upper / 2;
}

/** The first elements, their range and their course; undefined when the line lists them all. */
export function typedArrayText(value: NodeJS.TypedArray): string | undefined {
  if (value.length <= LISTED_WHOLE_MAX) return undefined;
  const count = Math.min(BODY_ITEMS_MAX, value.length);
  const first = Array.from({ length: count }, (_, index) => elementText(value[index]));
  const left = value.length - count;
  if (left > 0) first.push(`… ${formatCount(left)} more`);
  const lines = filled(first, BODY_COLUMNS);
  const { min, max, nanCount, isPart } = range(value);
  const median = medianOf(value);
  if (min === undefined || max === undefined) return lines.join("\n");
  const parts = [`min ${formatShort(min)}`];
  const about = value.length > SORTED_MAX ? "~" : "";
  if (median !== undefined) parts.push(`median ${about}${formatShort(median)}`);
  parts.push(`max ${formatShort(max)}`);
  if (nanCount > 0) parts.push(`NaN × ${formatCount(nanCount)}`);
  if (isPart) parts.push(`of the first ${formatCount(LOOKED_AT_MAX)}`);
  return [...lines, parts.join(" · "), sparkline(value)].join("\n");
}

/** Elements in lines of at most `columns`: a viewer would break them within a number. */
function filled(elements: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const [index, element] of elements.entries()) {
    const text = index < elements.length - 1 ? `${element},` : element;
    if (line !== "" && line.length + 1 + text.length > columns) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? text : ` ${text}`;
  }
  return [...lines, line];
}

/** At most 60 characters, each one evenly picked element; what is not finite is left blank. */
function sparkline(value: NodeJS.TypedArray): string {
  const width = Math.min(60, value.length);
  const picked = Array.from({ length: width }, (_, at) =>
    Number(value[Math.floor((at * value.length) / width)]),
  );
  const finite = picked.filter(Number.isFinite);
  const [min, max] = [Math.min(...finite), Math.max(...finite)];
  const sparks = picked.map((element) => {
    if (!Number.isFinite(element)) return " ";
    const level = max > min ? (element - min) / (max - min) : 0;
    return SPARKS[Math.min(7, Math.max(0, Math.floor(level * 8)))] ?? "▁";
  });
  return sparks.join("");
}
