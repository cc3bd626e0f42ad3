/**
 * The deck as Markdown: what screen readers and viewers without HTML show, so it is complete.
 * @module
 */
import type { CallRecord, RunRecord } from "../events/record-shape.ts";
import { counted, formatClock, formatCount, formatDuration } from "../values/format.ts";
import { adviceWords, serialCalls } from "./advice.ts";
import { errorLines } from "./error-lines.ts";
import { executionText, givenUpOf, pageOf } from "./execution.ts";
import type { FailurePanel, Failures } from "./failures.ts";
import { extentOf, runGroups } from "./functions.ts";
import { deckGraph, valueWords } from "./graph.ts";
import { type DeckModel, deckModel, isTrivial, liveChoice } from "./model.ts";
import { CALL_LOOKS } from "./palette.ts";
import {
  CALL_ROWS_MAX,
  foldRows,
  LIVE_ROWS_MAX,
  rowCalls,
  sizeOf,
  stateOf,
  type TreeRow,
} from "./rows.ts";
import type { SessionModel } from "./session-deck.ts";
import { callTree } from "./tree.ts";
import { type DeckText, userDeckTexts } from "./user-deck.ts";
import {
  callInputsText,
  countsText,
  inputsText,
  lineText,
  logText,
  nameText,
  outcomeOf,
  tasksText,
  timeText,
} from "./wording.ts";

const SIGNIFICANT = /[\\`*_[\]|$~#]/g;

/** Of all user decks together. */
const DECKS_LENGTH_MAX = 20_000;

/** Text that Markdown shows as it is, also within a table. `$` would begin a formula in JupyterLab. */
export function markdownText(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(SIGNIFICANT, (character) => `\\${character}`);
}

/** A block of code whose fence is longer than any in it. */
export function fence(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const ticks = "`".repeat(longest + 1);
  return `${ticks}text\n${text}\n${ticks}`;
}

export function deckMarkdown(run: RunRecord): string {
  const decks = userDeckTexts(run);
  if (run.calls.size === 0 && decks.length === 0) return "no calls";
  if (isTrivial(run)) return trivialMarkdown(run);
  const model = deckModel(run);
  const rows = foldRows(model.tree);
  return [
    headerLine(model),
    model.goOn === undefined ? "" : `Go on: \`${model.goOn}\``,
    model.output === undefined ? "" : `→ ${markdownText(lineText(model.output))}`,
    factsLine(model),
    ...failureBlocks(model.failures),
    givenUpBlock(run),
    run.calls.size === 0 ? "" : callsTable(model, rows),
    ...adviceLines(model),
    graphLine(model),
    ...userDeckBlocks(decks),
  ]
    .filter((block) => block !== "")
    .join("\n\n");
}

function callsTable(model: DeckModel, rows: readonly TreeRow[]): string {
  return model.tasks > CALL_ROWS_MAX ? groupTable(model) : callTable(model, rows);
}

/** As text, whatever their form: a fence cannot be left from inside. */
function userDeckBlocks(decks: readonly DeckText[]): string[] {
  let left = DECKS_LENGTH_MAX;
  const blocks: string[] = [];
  for (const { name, note, text } of decks) {
    const added = note === "" ? "" : ` ${markdownText(note)}`;
    blocks.push(`**${markdownText(name)}**${added}`);
    if (text.length <= left) blocks.push(fence(text));
    else blocks.push(`… ${counted(text.length, "character")} not shown here`);
    left -= Math.min(left, text.length);
  }
  return blocks;
}

export function liveMarkdown(run: RunRecord, nowMs: number): string {
  const model = deckModel(run, nowMs);
  const { rows, left } = liveChoice(model, LIVE_ROWS_MAX, nowMs);
  const rest = left === "" ? "" : `… ${left}`;
  return [headerLine(model), callTable(model, rows), rest, `as of ${formatClock(nowMs)}`]
    .filter((block) => block !== "")
    .join("\n\n");
}

export function sessionMarkdown(session: SessionModel): string {
  if (session.runs === 0) return "no calls yet";
  const head = `**${session.look.glyph} ${session.look.word}** ${markdownText(session.title)} · ${session.facts
    .map((fact) => `${fact.value} ${fact.label}`)
    .join(" · ")}`;
  const cells = session.cells.map(({ label, title, model, earlier }) => [
    `${model.look.glyph} ${model.look.word}`,
    markdownText(label),
    markdownText(title + rootText(model)) +
      (earlier > 0 ? ` (${counted(earlier, "earlier run")})` : ""),
    markdownText(model.output === undefined ? "" : lineText(model.output)),
    formatCount(model.tasks),
    formatDuration(model.wallMs),
  ]);
  const errors = session.errors.map(
    ({ label, panel, fixedIn }) =>
      `${panelMarkdown(panel, `${markdownText(label)} `)}${fixedIn === undefined ? "" : `\n\nfixed in ${markdownText(fixedIn)}`}`,
  );
  const rest = session.cellsLeft > 0 ? `… ${counted(session.cellsLeft, "more cell")}` : "";
  return [
    head,
    ...errors,
    table(["State", "Cell", "Title", "Value", "Tasks", "Time"], cells, [4, 5]),
    rest,
  ]
    .filter((block) => block !== "")
    .join("\n\n");
}

function trivialMarkdown(run: RunRecord): string {
  const { root, nodes } = callTree(run);
  const line = (call: CallRecord, depth: number) => {
    const outcome = outcomeOf(call)?.text ?? "";
    const { glyph, word } = CALL_LOOKS[call.state];
    const time = timeText(call, call.endedAt ?? call.createdAt);
    return `${"  ".repeat(depth)}- ${glyph} ${word} ${markdownCall(call)} → ${markdownText(outcome)} · ${time}`;
  };
  return [
    ...(root ? [line(root, 0)] : []),
    ...nodes.map(({ call, depth }) => line(call, root ? depth + 1 : depth)),
  ].join("\n");
}

function markdownCall(call: CallRecord): string {
  return `**${markdownText(nameText(call.name))}**${markdownText(callInputsText(call))}`;
}

function titleText(model: DeckModel): string {
  return `${nameText(model.title)}${rootText(model)}`;
}

/** What follows the title: the inputs of the root call, or how many calls there are. */
function rootText(model: DeckModel): string {
  return model.inputs ? inputsText(model.inputs) : ` ${model.note ?? ""}`;
}

function headerLine(model: DeckModel): string {
  const { look } = model;
  const remark = model.remark === undefined ? "" : ` ${markdownText(model.remark)}`;
  return `**${look.glyph} ${look.word}**${remark} ${markdownText(titleText(model))} · ${formatDuration(model.wallMs)} · ${tasksText(
    model.tasks,
  )}: ${countsText(model.counts).replaceAll(" · ", ", ")}`;
}

function factsLine(model: DeckModel): string {
  // Tasks and wall time stand in the line above.
  return model.facts
    .slice(2)
    .map(({ value, label }) => `${label} ${value}`)
    .join(" · ");
}

function adviceLines(model: DeckModel): string[] {
  return serialCalls(model)
    .map(adviceWords)
    .map(({ what, code, gain }) => `${markdownText(what)} \`${code}\` ${gain}`);
}

/** Which values went where; pictures are not for this form. */
function graphLine(model: DeckModel): string {
  const graph = deckGraph(model);
  if (graph === undefined || "notDrawn" in graph) return "";
  const words = valueWords(graph);
  return words === "" ? "" : `Values: ${markdownText(words)}`;
}

function failureBlocks(failures: Failures): string[] {
  const blocks = failures.panels.map((panel) => panelMarkdown(panel, ""));
  if (failures.panelsLeft > 0) blocks.push(`… ${counted(failures.panelsLeft, "more failure")}`);
  if (failures.handled.length > 0) {
    const rows = failures.handled.map((row) => [
      formatCount(row.count),
      markdownText(row.name),
      markdownText(row.message),
      markdownText(inputsText(row.firstInputs).slice(1, -1)),
    ]);
    blocks.push(failures.summary, table(["Count", "Task", "Message", "First inputs"], rows, [0]));
  }
  if (failures.handledLeft > 0) {
    blocks.push(`… ${formatCount(failures.handledLeft)} more kinds of handled failures`);
  }
  return blocks;
}

function panelMarkdown(panel: FailurePanel, before: string): string {
  const name = panel.call ? `**${markdownText(nameText(panel.call.name))}** ` : "";
  const lines = [
    ...errorLines(panel.error),
    ...panel.earlier.map(({ n, error }) => `attempt ${n}: ${lineText(error)}`),
    ...panel.log.map((line) => `│ ${logText(line)}`),
  ];
  const copy = [panel.look, panel.rerun].filter((line) => line !== undefined);
  return [
    `✕ ${before}${name}${markdownText(panel.summary)}${panel.call?.link ? ` · ${markdownText(executionText(panel.call))} ${whereMarkdown(panel.call)}` : ""}`,
    fence(lines.join("\n")),
    ...(copy.length > 0 ? [fence(copy.join("\n"))] : []),
  ].join("\n\n");
}

function callTable(model: DeckModel, rows: readonly TreeRow[]): string {
  const hasWhere = model.isWhereShown;
  const hasTries = model.areTriesShown;
  const heads = [
    "State",
    "Task",
    "Output",
    ...(hasWhere ? ["Where"] : []),
    ...(hasTries ? ["Tries"] : []),
    "Time",
  ];
  const cells = rows.map((row) => {
    const level = "└ ".repeat(Math.min(row.depth, 10));
    if (row.kind === "fold") {
      const look = CALL_LOOKS[stateOf(row)];
      const name = `${level}**${markdownText(nameText(row.name))}** × ${formatCount(sizeOf(row))}`;
      const blanks = [...(hasWhere ? [""] : []), ...(hasTries ? [""] : [])];
      const extent = extentOf(rowCalls(row), model.endMs);
      const time = extent ? formatDuration(extent.endMs - extent.startMs) : "";
      return [`${look.glyph} ${look.word}`, name, countsText(row.counts), ...blanks, time];
    }
    const { call } = row.node;
    const look = CALL_LOOKS[call.state];
    return [
      `${look.glyph} ${look.word}`,
      `${level}${markdownCall(call)}`,
      markdownText(outcomeOf(call)?.text ?? ""),
      ...(hasWhere ? [whereMarkdown(call)] : []),
      ...(hasTries ? [formatCount(call.attempts.length)] : []),
      timeText(call, model.endMs),
    ];
  });
  return table(heads, cells, hasTries ? [heads.length - 2, heads.length - 1] : [heads.length - 1]);
}

/** `[remote](<https://…>)` */
function whereMarkdown(call: CallRecord): string {
  const url = pageOf(call);
  return url === undefined
    ? call.where
    : `[${call.where}](<${url.replaceAll(/[<>|\\]/g, encodeURIComponent)}>)`;
}

/** What an interrupt left to look after. */
function givenUpBlock(run: RunRecord): string {
  const { head, command, calls, left } = givenUpOf(run);
  if (calls.length === 0) return "";
  const lines = calls.map(
    (call) => `- ${markdownCall(call)} ${markdownText(executionText(call))} ${whereMarkdown(call)}`,
  );
  const line = command === undefined ? head : `${head} \`${command}\``;
  return [line, "", ...lines, ...(left === "" ? [] : [`- ${left}`])].join("\n");
}

function groupTable(model: DeckModel): string {
  const groups = runGroups(model.run, model.tree, model.endMs);
  const shown = groups.slice(0, CALL_ROWS_MAX);
  const cells = shown.map((group) => {
    return [
      group.only
        ? markdownCall(group.only)
        : `**${markdownText(nameText(group.name))}** × ${formatCount(group.count)}`,
      countsText(group.counts),
      group.median,
      group.p95,
      group.total,
    ];
  });
  const text = table(["Task", "Calls", "Median", "p95", "Total"], cells, [2, 3, 4]);
  const left = groups.length - shown.length;
  return left > 0 ? `${text}\n\n… ${counted(left, "more function")}` : text;
}

function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  rightColumns: readonly number[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = heads.map((_, column) => (rightColumns.includes(column) ? "---:" : "---"));
  return [line(heads), line(rule), ...rows.map(line)].join("\n");
}
