/**
 * A value taken apart into text, and its two layouts: one line of a given width, and several lines.
 * @module
 */
import { columnsOf } from "./escape.ts";
import { formatCount } from "./format.ts";
import { cutRedacted } from "./redact.ts";

/** Safe text, or a bracketed list of such. */
export type Shown = string | Group;

/** What a value is, and how it reads. */
export interface Kind {
  readonly kind: string;
  readonly shown: Shown;
  /** Set by `look` when something was cut, counted or not gone into. */
  readonly isPart?: boolean;
}

export interface Group {
  /** `Map(31) `, `Invoice `, or nothing. */
  head: string;
  /** What stands before the bracket only when items are left out of the line: `Array(1,204) `. */
  readonly headIfCut?: string;
  readonly open: string;
  readonly close: string;
  readonly items: Item[];
  /** How many more there are than `items`. */
  left: number;
  /** Set when something inside refers back to this. */
  ref?: number;
}

export interface Item {
  /** `region: `, `"USD" → `, or nothing. */
  readonly label: string;
  readonly value: Shown;
}

const NESTED_COLUMNS_MAX = 32;
/** `[12, 5]` and the like. */
const SHORT_COLUMNS_MAX = 16;

/** Everything in one line, however wide. */
export function oneLine(shown: Shown): string {
  if (typeof shown === "string") return shown;
  const items = shown.items.map(({ label, value }) => label + oneLine(value));
  if (shown.left > 0) items.push(more(shown.left));
  return bracketed(shown, headOf(shown, shown.left > 0), items);
}

/** One line of at most `columns`; what does not fit is counted. */
export function fitted(shown: Shown, columns: number): string {
  if (typeof shown === "string") return cutRedacted(shown, columns);
  const whole = oneLine(shown);
  if (columnsOf(whole) <= columns) return whole;
  const head = headOf(shown, true);
  const total = shown.items.length + shown.left;
  const rest = more(total);
  const pads = shown.open === "{" ? 4 : 2;
  let room = columns - columnsOf(head) - pads - columnsOf(rest) - 2;
  const items: string[] = [];
  for (const { label, value } of shown.items) {
    const space = Math.min(room - columnsOf(label), NESTED_COLUMNS_MAX);
    if (space < 3) break;
    const text = label + fitted(value, space);
    room -= columnsOf(text) + 2;
    items.push(text);
  }
  const left = total - items.length;
  if (items.length === 0) return cutRedacted(`${head}${shown.open}…${shown.close}`, columns);
  if (left > 0) items.push(more(left));
  return cutRedacted(bracketed(shown, head, items), columns);
}

/** Several lines, each at most `columns` where the pieces allow it. */
export function multiLine(shown: Shown, columns: number, indent = ""): string {
  if (typeof shown === "string") return shown;
  const line = oneLine(shown);
  if (columnsOf(line) + indent.length <= columns) return line;
  const deeper = `${indent}  `;
  if (shown.items.every(({ label, value }) => label === "" && isShort(value))) {
    return wrapped(shown, columns, indent);
  }
  const lines = shown.items.map(({ label, value }) => {
    return `${deeper}${label}${multiLine(value, columns, deeper)}`;
  });
  if (shown.left > 0) lines.push(`${deeper}${more(shown.left)}`);
  const head = headOf(shown, shown.left > 0);
  return `${head}${shown.open}\n${lines.join(",\n")}\n${indent}${shown.close}`;
}

function isShort(value: Shown): boolean {
  return typeof value === "string" || columnsOf(oneLine(value)) <= SHORT_COLUMNS_MAX;
}

/** Short elements share lines. */
function wrapped(shown: Group, columns: number, indent: string): string {
  const items = shown.items.map(({ value }) => oneLine(value));
  if (shown.left > 0) items.push(more(shown.left));
  const lines: string[] = [];
  let line = "";
  for (const [index, item] of items.entries()) {
    const text = index < items.length - 1 ? `${item},` : item;
    if (line !== "" && indent.length + 3 + columnsOf(line) + columnsOf(text) > columns) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? text : ` ${text}`;
  }
  lines.push(line);
  const inside = lines.map((each) => `${indent}  ${each}`).join("\n");
  return `${headOf(shown, shown.left > 0)}${shown.open}\n${inside}\n${indent}${shown.close}`;
}

function headOf(group: Group, isCut: boolean): string {
  const ref = group.ref === undefined ? "" : `<ref *${group.ref}> `;
  return ref + (isCut && group.headIfCut !== undefined ? group.headIfCut : group.head);
}

function bracketed(group: Group, head: string, items: readonly string[]): string {
  if (items.length === 0) return `${head}${group.open}${group.close}`;
  const pad = group.open === "{" ? " " : "";
  return `${head}${group.open}${pad}${items.join(", ")}${pad}${group.close}`;
}

function more(count: number): string {
  return `… ${formatCount(count)} more`;
}
