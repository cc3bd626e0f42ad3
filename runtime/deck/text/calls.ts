/**
 * Calls as rows in columns: task, output, where, time, and a waterfall where there is room for one.
 * @module
 */
import type { CallRecord } from "../../events/record-shape.ts";
import { columnsOf, fitLine } from "../../values/escape.ts";
import { formatCount, formatDuration } from "../../values/format.ts";
import { pageOf, sharedNote } from "../execution.ts";
import { extentOf, type FunctionGroup, runGroups } from "../functions.ts";
import type { DeckModel } from "../model.ts";
import {
  chooseRows,
  type FoldRow,
  foldRows,
  rowCalls,
  sizeOf,
  stateOf,
  type TreeRow,
  worstOf,
} from "../rows.ts";
import { countStates } from "../tree.ts";
import { countsText, countsWorstFirst, nameText, placeText, timeText } from "../wording.ts";
import {
  badge,
  callRole,
  callSpans,
  cutSpans,
  fitSpans,
  muted,
  nameSpans,
  outcomeSpan,
  type Row,
  type Span,
} from "./spans.ts";

const WATERFALL_COLUMNS_MIN = 100;
const WHERE_COLUMNS_MIN = 70;
const TIME_COLUMNS = 9;
const WHERE_COLUMNS = 10;
/** When the column has attempts alone: ` ×2`. */
const TRIES_COLUMNS = 5;
const BADGE_COLUMNS = 2;
const INDENT_LEVELS_MAX = 10;

interface Layout {
  readonly task: number;
  readonly output: number;
  /** 0 when there is no such column. */
  readonly where: number;
  readonly lane: number;
}

export function callRows(model: DeckModel, columns: number, rowsMax: number): Row[] {
  const chosen = chooseRows(foldRows(model.tree), rowsMax, model.endMs);
  const layout = layoutOf(model, columns);
  const rows = chosen.rows.map((row) =>
    row.kind === "fold" ? foldRow(row, model, layout) : callRow(row, model, layout),
  );
  if (chosen.left !== "") rows.push(cutSpans([muted(`… ${chosen.left}`)], columns));
  return rows;
}

function layoutOf(model: DeckModel, columns: number): Layout {
  const hasWhere = columns >= WHERE_COLUMNS_MIN && (model.isWhereShown || model.areTriesShown);
  const whereColumns = model.isWhereShown ? WHERE_COLUMNS : TRIES_COLUMNS;
  const where = hasWhere ? whereColumns : 0;
  const rest = columns - BADGE_COLUMNS - where - TIME_COLUMNS;
  if (columns < WATERFALL_COLUMNS_MIN) {
    const task = Math.ceil(rest * 0.58);
    return { task, output: rest - task, where, lane: 0 };
  }
  const task = Math.floor(rest * 0.43);
  const output = Math.floor(rest * 0.29);
  return { task, output, where, lane: rest - task - output };
}

function callRow(row: Extract<TreeRow, { kind: "call" }>, model: DeckModel, layout: Layout): Row {
  const { call } = row.node;
  const outcome = outcomeSpan(call);
  return [
    badge(call.state),
    ...fitSpans([indentOf(row), ...nameSpans(call)], layout.task),
    { ...outcome, text: ` ${fitLine(outcome.text, layout.output - 1)}` },
    ...(layout.where > 0
      ? [linked(` ${fitLine(whereText(call, model), layout.where - 1)}`, call)]
      : []),
    timeSpan(timeText(call, model.endMs)),
    ...laneSpans([call], model, layout.lane),
  ];
}

function foldRow(row: FoldRow, model: DeckModel, layout: Layout): Row {
  const calls = rowCalls(row);
  const extent = extentOf(calls, model.endMs);
  const room = layout.output - 1;
  const inOrder = countsText(row.counts);
  const counts = columnsOf(inOrder) > room ? countsWorstFirst(row.counts) : inOrder;
  return [
    badge(stateOf(row)),
    ...fitSpans([indentOf(row), ...foldName(row)], layout.task),
    muted(` ${fitLine(counts, room)}`),
    ...(layout.where > 0 ? [muted(" ".repeat(layout.where))] : []),
    timeSpan(extent ? formatDuration(extent.endMs - extent.startMs) : ""),
    ...laneSpans(calls, model, layout.lane),
  ];
}

/** A row of the live tree: no columns but the time, since widths would jump. */
export function liveRow(row: TreeRow, model: DeckModel, columns: number): Row {
  if (row.kind === "fold") {
    const state = badge(stateOf(row));
    const note = sharedNote(rowCalls(row));
    const counts = muted(`   ${countsText(row.counts)}${note === "" ? "" : `   ${note}`}`);
    return cutSpans([indentOf(row), state, ...foldName(row), counts], columns);
  }
  const { call } = row.node;
  const place = columns >= WHERE_COLUMNS_MIN ? placeText(call, model.isWhereShown) : "";
  const time = timeSpan(timeText(call, model.endMs));
  const tail = place === "" ? [time] : [linked(`  ${place}`, call), time];
  const room = columns - TIME_COLUMNS - (place === "" ? 0 : columnsOf(place) + 2);
  return [...fitSpans([indentOf(row), ...callSpans(call)], room), ...tail];
}

/** A row per function, for runs of too many calls to list. */
export function functionRows(model: DeckModel, columns: number, rowsMax: number): Row[] {
  const groups = runGroups(model.run, model.tree, model.endMs);
  const shown = groups.length <= rowsMax ? groups : groups.slice(0, Math.max(0, rowsMax - 1));
  const rows = shown.map((group) => functionRow(group, columns));
  const left = groups.length - shown.length;
  if (left > 0) rows.push([muted(`… ${formatCount(left)} more functions`)]);
  return rows;
}

function functionRow(group: FunctionGroup, columns: number): Row {
  const { only, median, p95, spread } = group;
  const total = timeSpan(group.total);
  const room = columns - TIME_COLUMNS;
  if (only) return [...fitSpans(callSpans(only), room), total];
  const parts = [countsText(group.counts)];
  if (columns >= WHERE_COLUMNS_MIN && median !== "") {
    parts.push(`median ${median} · p95 ${p95}`);
  }
  if (columns >= WATERFALL_COLUMNS_MIN && spread !== "") parts.push(spread);
  const spans: Span[] = [
    badge(worstOf(group.counts)),
    { text: nameText(group.name), role: "name" },
    muted(` × ${formatCount(group.count)}   ${parts.join("   ")}`),
  ];
  return [...fitSpans(spans, room), total];
}

function foldName(row: FoldRow): Span[] {
  return [{ text: nameText(row.name), role: "name" }, muted(` × ${formatCount(sizeOf(row))}`)];
}

function indentOf({ depth }: TreeRow): Span {
  return muted("  ".repeat(Math.min(depth, INDENT_LEVELS_MAX)));
}

function timeSpan(text: string): Span {
  return { text: fitLine(text, TIME_COLUMNS, "right"), role: "number" };
}

/** Where a call runs, leading to the page of its execution if it has one. */
function linked(text: string, call: CallRecord): Span {
  const url = pageOf(call);
  return url === undefined ? muted(text) : { ...muted(text), url };
}

/** `remote ×2` */
function whereText(call: CallRecord, model: DeckModel): string {
  const where = model.isWhereShown ? call.where : "";
  return call.attempts.length > 1 ? `${where} ×${call.attempts.length}`.trimStart() : where;
}

/** ` ┃▐██████▌    │`: when the calls ran within the run; `┃` stands before those on the critical path. */
function laneSpans(calls: readonly CallRecord[], model: DeckModel, columns: number): Span[] {
  const cells = columns - 3;
  if (cells < 3) return [];
  const isCritical = calls.some((call) => model.critical.has(call.id));
  const edge: Span = isCritical ? { text: " ┃", role: "number" } : muted(" │");
  const extent = extentOf(calls, model.endMs);
  if (!extent || model.wallMs <= 0) return [edge, muted(`${" ".repeat(cells)}│`)];
  // In half cells, at least one: what ran is never invisible.
  const halves = cells * 2;
  const halfAt = (ms: number) => ((ms - model.startMs) / model.wallMs) * halves;
  const from = Math.min(halves - 1, Math.floor(halfAt(extent.startMs)));
  const to = Math.max(from + 1, Math.round(halfAt(extent.endMs)));
  const isDrawn = (half: number) => half >= from && half < to;
  const bar = Array.from({ length: cells }, (_, cell) => {
    if (isDrawn(cell * 2)) return isDrawn(cell * 2 + 1) ? "█" : "▌";
    return isDrawn(cell * 2 + 1) ? "▐" : " ";
  });
  return [edge, { text: bar.join(""), role: callRole(worstOf(countStates(calls))) }, muted("│")];
}
