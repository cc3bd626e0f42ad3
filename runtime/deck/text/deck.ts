/**
 * The deck of a run and its live tree as rows, for terminals and `text/plain`.
 *
 * Every row fits the columns it is asked for, but for the lines to copy.
 * @module
 */
import type { RunRecord } from "../../events/record-shape.ts";
import { columnsOf } from "../../values/escape.ts";
import { counted, formatDuration } from "../../values/format.ts";
import { adviceWords, serialCalls } from "../advice.ts";
import { givenUpOf } from "../execution.ts";
import { type DeckModel, deckModel, isTrivial, liveChoice } from "../model.ts";
import { CALL_ROWS_MAX } from "../rows.ts";
import { callTree } from "../tree.ts";
import { type DeckText, userDeckTexts } from "../user-deck.ts";
import { countsText, inputsText, lineText, nameText, tasksText, timeText } from "../wording.ts";
import { callRows, functionRows, liveRow } from "./calls.ts";
import { executionSpan, failureRows } from "./failures.ts";
import {
  callSpans,
  cutSpans,
  fitSpans,
  muted,
  nameSpans,
  type Row,
  runRole,
  type Span,
  widthOf,
} from "./spans.ts";

/** Of one user deck. */
const DECK_LINES_MAX = 10;
/** What calls leave to user decks at least. */
const DECK_ROWS_RESERVED = 12;

export interface RowOptions {
  /** Width of a row, in terminal columns. */
  readonly columns: number;
  /** At most so many rows; what does not fit is counted in the last one. */
  readonly rowsMax: number;
}

/** What a run came to. A run without calls has no deck: no rows. */
export function deckRows(run: RunRecord, { columns, rowsMax }: RowOptions): Row[] {
  const decks = userDeckTexts(run);
  if ((run.calls.size === 0 && decks.length === 0) || rowsMax <= 0) return [];
  if (isTrivial(run)) return atMost(trivialRows(run, columns), rowsMax);
  const model = deckModel(run);
  const head = [
    ...headerRows(model, columns),
    ...goOnRows(model, columns),
    ...outputRows(model, columns),
    ...failureRows(model.failures, columns),
    ...givenUpRows(run, columns),
  ];
  const advice = adviceRows(model, columns);
  const tail = decks.flatMap((deck) => userDeckRows(deck, columns));
  const taken = head.length + advice.length + Math.min(tail.length, DECK_ROWS_RESERVED);
  const room = Math.max(1, rowsMax - taken);
  return atMost([...head, ...callsRows(model, columns, room), ...advice, ...tail], rowsMax);
}

function givenUpRows(run: RunRecord, columns: number): Row[] {
  const { head, command = "", calls, left } = givenUpOf(run);
  if (calls.length === 0) return [];
  return [
    ...headRows(head, command, columns),
    ...calls.map((call) =>
      cutSpans([muted("    "), ...nameSpans(call), muted("  "), executionSpan(call)], columns),
    ),
    ...(left === "" ? [] : [[muted(`    ${left}`)]]),
  ];
}

/** In one row where both fit: the command is to be copied. */
function headRows(head: string, command: string, columns: number): Row[] {
  const typed: Span = { text: command, role: "value" };
  const row = [muted(`  ${head}${command === "" ? "" : " "}`), typed];
  if (command === "" || widthOf(row) <= columns) return [cutSpans(row, columns)];
  return [cutSpans([muted(`  ${head}`)], columns), cutSpans([muted("    "), typed], columns)];
}

function callsRows(model: DeckModel, columns: number, room: number): Row[] {
  if (model.run.calls.size === 0) return [];
  return model.tasks > CALL_ROWS_MAX
    ? functionRows(model, columns, room)
    : callRows(model, columns, room);
}

/** Name and first lines: the rest is in the page. */
function userDeckRows({ name, note, text }: DeckText, columns: number): Row[] {
  const lines = text.split("\n");
  const shown = lines.slice(0, DECK_LINES_MAX);
  const left = lines.length - shown.length;
  return [
    cutSpans([{ text: name, role: "name" }, muted(note === "" ? "" : `   ${note}`)], columns),
    ...shown.map((line) => cutSpans([{ text: `  ${line}`, role: "value" }], columns)),
    ...(left > 0 ? [[muted(`  … ${counted(left, "more line")}`)]] : []),
  ];
}

/** Two rows for each: what ran for nothing one after the other, and what to write. */
function adviceRows(model: DeckModel, columns: number): Row[] {
  return serialCalls(model)
    .map(adviceWords)
    .flatMap(({ what, code, gain }): Row[] => [
      cutSpans([muted(`  ${what}`)], columns),
      cutSpans([muted("    "), { text: code, role: "value" }, muted(` ${gain}`)], columns),
    ]);
}

/** A run as it stands at `nowMs`: header, then the calls that matter most. */
export function liveRows(
  run: RunRecord,
  { columns, rowsMax, nowMs }: RowOptions & { readonly nowMs: number },
): Row[] {
  if (run.calls.size === 0 || rowsMax <= 0) return [];
  const model = deckModel(run, nowMs);
  const [only] = liveChoice(model, rowsMax, nowMs).rows;
  // The header would say the same again, and less of it.
  if (run.calls.size === 1 && only) return [liveRow(only, model, columns)];
  const tail = `   ${countsText(model.counts)}   ${formatDuration(model.wallMs)}`;
  const title = titleSpans(model);
  const header =
    widthOf(title) + tail.length <= columns
      ? [...fitSpans(title, columns - tail.length), muted(tail)]
      : [...cutSpans(title, Math.max(12, columns - tail.length)), muted(tail)];
  const chosen = liveChoice(model, rowsMax - 1, nowMs);
  const rows: Row[] = [cutSpans(header, columns)];
  for (const row of chosen.rows) rows.push(liveRow(row, model, columns));
  if (chosen.left !== "") rows.push(cutSpans([muted(`… ${chosen.left}`)], columns));
  return atMost(rows, rowsMax);
}

function trivialRows(run: RunRecord, columns: number): Row[] {
  const { root, nodes } = callTree(run);
  const lines = nodes.map(({ call, depth }) => ({ call, depth: root ? depth + 1 : depth }));
  if (root) lines.unshift({ call: root, depth: 0 });
  return lines.map(({ call, depth }) => {
    const time = ` · ${timeText(call, call.endedAt ?? call.createdAt)}`;
    const spans = [muted("  ".repeat(depth)), ...callSpans(call)];
    return [...cutSpans(spans, columns - time.length), muted(time)];
  });
}

function goOnRows({ goOn }: DeckModel, columns: number): Row[] {
  if (goOn === undefined) return [];
  return [cutSpans([muted("  Go on: "), { text: goOn, role: "value" }], columns)];
}

/** One row where it holds name, state and counts, else two or three. */
function headerRows(model: DeckModel, columns: number): Row[] {
  const title = titleSpans(model);
  const state = stateText(model);
  const counts = `${tasksText(model.tasks)}: ${countsText(model.counts)}`;
  const row = [...title, muted(`   ${state}   ${counts}`)];
  if (widthOf(row) <= columns) return [row];
  const second = `  ${state}   ${counts}`;
  const rest = columnsOf(second) <= columns ? [second] : [`  ${state}`, `  ${counts}`];
  return [cutSpans(title, columns), ...rest.map((text) => cutSpans([muted(text)], columns))];
}

function titleSpans(model: DeckModel): Span[] {
  return [
    { text: `${model.look.glyph} `, role: runRole(model.run.state) },
    { text: nameText(model.title), role: "name" },
    muted(model.inputs ? inputsText(model.inputs) : model.note ? ` ${model.note}` : ""),
  ];
}

/** `failed in 14.2 s`, `killed after 2.10 s: user process ended with SIGKILL` */
function stateText({ run, look, remark, wallMs }: DeckModel): string {
  const time = formatDuration(wallMs);
  const why = remark === undefined ? "" : `: ${remark}`;
  switch (run.state) {
    case "ok":
      return `in ${time}`;
    case "failed":
    case "handled":
      return `${look.word} in ${time}`;
    case "interrupted":
    case "killed":
      return `${look.word} after ${time}${why}`;
    case "running":
      return `${look.word} since ${time}${why}`;
    default:
      return run.state satisfies never;
  }
}

function outputRows({ output }: DeckModel, columns: number): Row[] {
  if (output === undefined) return [];
  return [cutSpans([muted("  → "), { text: lineText(output), role: "value" }], columns)];
}

function atMost(rows: readonly Row[], rowsMax: number): Row[] {
  if (rows.length <= rowsMax) return [...rows];
  const left = rows.length - rowsMax + 1;
  return [...rows.slice(0, rowsMax - 1), [muted(`… ${counted(left, "more row")}`)]];
}
