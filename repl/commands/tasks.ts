/**
 * Commands about calls of tasks: all of a run, one of them, decks, runs.
 * @module
 */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorLines } from "../../runtime/deck/error-lines.ts";
import { pageOf as executionPage } from "../../runtime/deck/execution.ts";
import { rerunArgument } from "../../runtime/deck/failures.ts";
import { CALL_LOOKS } from "../../runtime/deck/palette.ts";
import { pageFile } from "../../runtime/deck/run-files.ts";
import { runListRows } from "../../runtime/deck/text/runs.ts";
import {
  badge,
  callRole,
  cutSpans,
  fitSpans,
  muted,
  nameSpans,
  outcomeSpan,
  type Row,
  type Span,
} from "../../runtime/deck/text/spans.ts";
import { countStates } from "../../runtime/deck/tree.ts";
import { deckPage } from "../../runtime/deck/views.ts";
import { writeWhole } from "../../runtime/deck/whole-file.ts";
import {
  blockText,
  callText,
  countsText,
  lineText,
  logText,
  nameText,
  runLabel,
  smallPrint,
  timeText,
} from "../../runtime/deck/wording.ts";
import { homePath } from "../../runtime/events/home.ts";
import type { CallRecord, RunRecord } from "../../runtime/events/record-shape.ts";
import { formatCount, formatDuration } from "../../runtime/values/format.ts";
import type { Preview } from "../../runtime/values/shape.ts";
import { sanitizeLine } from "../terminal/sanitize.ts";
import {
  type Command,
  type CommandContext,
  CommandError,
  cellNumber,
  withFlags,
} from "./command.ts";
import { openFile } from "./open.ts";

const TASK_ROWS_MAX = 100;
const CHILDREN_MAX = 20;
const LOG_LINES_MAX = 20;
const RUNS_MAX = 50;
const BODY_LINES_MAX = 40;
const OUTCOME_COLUMNS = 30;

export const taskCommands: readonly Command[] = [
  {
    name: "tasks",
    group: "tasks",
    usage: ".tasks [n]",
    short: "calls of a cell",
    summary: "the calls of the newest cell that made some, or of In [n]: state, value, time",
    when: "now",
    run: tasks,
  },
  {
    name: "task",
    group: "tasks",
    usage: ".task tN",
    short: "all about one call",
    summary: "inputs, output or error, attempts, log and place of one call",
    when: "now",
    run: task,
  },
  {
    name: "deck",
    group: "tasks",
    usage: ".deck [n]",
    short: "deck of a cell",
    summary:
      ".deck [n] [--open]: the deck of the newest cell with calls, or of In [n]; --open shows its page in the browser",
    when: "now",
    run: deck,
  },
  {
    name: "runs",
    group: "tasks",
    usage: ".runs",
    short: "of this session",
    summary: "the runs of this session; `eagerdeck runs` lists earlier ones too",
    when: "now",
    run: runs,
  },
];

function runOf(argument: string, example: string, context: CommandContext): RunRecord {
  const n = cellNumber(argument, example);
  const run = context.run(n);
  if (run !== undefined) return run;
  throw new CommandError(n === undefined ? "no calls yet" : `In [${n}] made no calls`);
}

function tasks(argument: string, context: CommandContext): string {
  const run = runOf(argument, ".tasks 3", context);
  const nowMs = Date.now();
  const calls = [...run.calls.values()];
  const shown = calls.slice(0, TASK_ROWS_MAX);
  const idWidth = Math.max(...shown.map(({ id }) => id.length)) + 2;
  const rows = shown.map((call) => taskRow(call, { idWidth, columns: context.columns - 1, nowMs }));
  const counts = countsText(run.counts ?? countStates(calls));
  const total = [...(run.counts?.values() ?? [])].reduce((sum, count) => sum + count, 0);
  const left = Math.max(total, calls.length) - shown.length;
  const head: Row = [{ text: runLabel(run), role: "name" }, muted(` · ${counts}`)];
  const more: Row[] =
    left > 0 ? [[muted(`… ${formatCount(left)} more; .task tN shows each of them`)]] : [];
  return [head, ...rows, ...more].map(context.style.row).join("\n");
}

/** id, state, name(args), value or error, where, attempts, time; the middle gets what is left. */
function taskRow(
  call: CallRecord,
  { idWidth, columns, nowMs }: { idWidth: number; columns: number; nowMs: number },
): Row {
  const attempts = call.attempts.length > 1 ? ` ×${call.attempts.length}` : "";
  const isWide = columns >= 70;
  const tail = `${isWide ? `${call.where}${attempts}`.padStart(12) : ""}${timeText(call, nowMs).padStart(10)}`;
  const middle = Math.max(10, columns - idWidth - 11 - tail.length);
  const outcomeColumns = Math.min(OUTCOME_COLUMNS, Math.floor(middle / 2));
  return [
    ...fitSpans([muted(call.id)], idWidth),
    ...fitSpans([badge(call.state), stateSpan(call)], 11),
    ...fitSpans(nameSpans(call), middle - outcomeColumns - 1),
    muted(" "),
    ...fitSpans([outcomeSpan(call)], outcomeColumns),
    muted(tail),
  ];
}

function stateSpan({ state }: CallRecord): Span {
  return { text: CALL_LOOKS[state].word, role: callRole(state) };
}

function task(argument: string, context: CommandContext): string {
  if (!/^t\d+$/.test(argument)) {
    throw new CommandError(".task takes the id of a call: .task t11; .tasks lists them");
  }
  const run = context.runs().findLast(({ calls }) => calls.has(argument));
  const call = run?.calls.get(argument);
  if (run === undefined || call === undefined) {
    throw new CommandError(`no call ${argument} in this session; .tasks lists those of a cell`);
  }
  const width = Math.max(20, context.columns - 1);
  return callRows(call, run, Date.now())
    .map(({ row, isWhole }) => context.style.row(isWhole ? row : cutSpans(row, width)))
    .join("\n");
}

interface CallRow {
  readonly row: Row;
  /** Never cut: half a statement is worth nothing. */
  readonly isWhole?: boolean;
}

function callRows(call: CallRecord, run: RunRecord, nowMs: number): CallRow[] {
  const rows: CallRow[] = [];
  const add = (...row: Span[]) => rows.push({ row });
  const took = timeText(call, nowMs);
  add(badge(call.state), ...nameSpans(call));
  add(muted(`  ${[CALL_LOOKS[call.state].word, call.where, took].filter(Boolean).join(" · ")}`));
  add(muted(`  ${runLabel(run)} · ${smallPrint(call, run)}`));
  const page = executionPage(call);
  // Whole: a terminal without links is to find an address that can be copied.
  if (page !== undefined) {
    rows.push({ row: [muted("  "), { text: page, role: "link", url: page }], isWhole: true });
  }
  for (const { name, preview } of call.inputs) {
    add(muted("  input "), { text: nameText(name), role: "name" }, muted(`: ${lineText(preview)}`));
    for (const line of bodyLines(preview)) add(muted(`    ${line}`));
  }
  if (call.output) {
    add(muted("  output "), { text: lineText(call.output), role: "value" });
    for (const line of bodyLines(call.output)) add(muted(`    ${line}`));
  }
  if (call.error) {
    for (const [at, text] of errorLines(call.error).entries()) {
      add({ text: `  ${text}`, role: at === 0 ? "error" : "muted" });
    }
  }
  if (call.rootFailure !== undefined && call.rootFailure !== call.id) {
    add(muted(`  because of ${nameText(call.rootFailure)}`));
  }
  if (call.attempts.length > 1 || call.attempts.some(({ error }) => error)) {
    for (const { n, startedAt, endedAt, error } of call.attempts) {
      const ms = endedAt === undefined ? "" : ` ${formatDuration(endedAt - startedAt)}`;
      add(muted(`  attempt ${n}${ms}${error === undefined ? "" : `: ${lineText(error)}`}`));
    }
  }
  if (call.cache && call.cache.outcome !== "off") {
    add(muted(`  cache ${call.cache.outcome}: ${nameText(call.cache.reason)}`));
  }
  const log = call.log.tail.slice(-LOG_LINES_MAX);
  if (call.log.lines > log.length) {
    add(muted(`  │ … ${formatCount(call.log.lines - log.length)} lines before`));
  }
  for (const line of log) add(muted(`  │ ${logText(line)}`));
  rows.push(...childRows(call, run), ...copyRows(call, run));
  return rows;
}

function childRows(call: CallRecord, run: RunRecord): CallRow[] {
  const children = [...run.calls.values()].filter(({ parentId }) => parentId === call.id);
  const rows = children.slice(0, CHILDREN_MAX).map(
    (child): CallRow => ({
      row: [muted(`  called ${child.id} `), badge(child.state), muted(callText(child))],
    }),
  );
  const left = children.slice(CHILDREN_MAX);
  if (left.length > 0) {
    const counts = countsText(countStates(left));
    rows.push({ row: [muted(`  … ${formatCount(left.length)} more: ${counts}`)] });
  }
  return rows;
}

/** What to type to have its values, and to call it again. */
function copyRows(call: CallRecord, run: RunRecord): CallRow[] {
  if (call.entity === "group") return [];
  const owner = run.n === undefined ? "deck" : `decks[${run.n}]`;
  const look = `const t = ${owner}.task(${JSON.stringify(call.id)}); t.inputs`;
  const rerun = `await t.rerun(${rerunArgument(call.inputs)})`;
  return [
    { row: [muted("  Look at it: "), { text: look, role: "value" }], isWhole: true },
    { row: [muted("  Run it again: "), { text: rerun, role: "value" }], isWhole: true },
  ];
}

/** What there is to see of a value beyond its line. */
function bodyLines({ body, missing }: Preview): string[] {
  const lines = missing === undefined ? [] : [nameText(missing)];
  if (body?.as === "text" || body?.as === "html") lines.push(...blockText(body.text).split("\n"));
  if (body?.as === "table") {
    lines.push(body.columns.map(({ name }) => nameText(name)).join(" · "));
    for (const row of body.rows) lines.push(row.map((cell) => nameText(cell ?? "–")).join(" · "));
    if (body.caption !== "") lines.push(nameText(body.caption));
  }
  if (body?.as === "image") lines.push(`image: ${nameText(body.alt)}`);
  const left = lines.length - BODY_LINES_MAX;
  return left > 0
    ? [...lines.slice(0, BODY_LINES_MAX), `… ${formatCount(left)} more lines`]
    : lines;
}

async function deck(argument: string, context: CommandContext): Promise<string> {
  const usage = ".deck [n] [--open]";
  const { rest, flags } = withFlags(argument, ["--open"], usage);
  if (rest.length > 1) throw new CommandError(`too many words: ${usage}`);
  const run = runOf(rest[0] ?? "", ".deck 3", context);
  if (!flags.has("--open")) return context.deckText(run);
  const file = await pageOf(run, context.session.folder);
  return await openFile(file);
}

/** The page of a run, drawn when it is not there yet: a running one, or one too small for a file. */
async function pageOf(run: RunRecord, folder: string): Promise<string> {
  const known = pageFile(folder, run.id);
  if (known !== undefined) return join(folder, known);
  const file = join(folder, homePath("runs", run.id, "deck.html"));
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeWhole(file, await deckPage(run));
    return file;
  } catch (error) {
    const { message } = error as Error; // what node:fs throws
    throw new CommandError(`the page could not be written: ${sanitizeLine(message)}`);
  }
}

function runs(argument: string, context: CommandContext): string {
  if (argument !== "") throw new CommandError(".runs takes nothing; .deck n shows one");
  const all = context.runs().filter(({ calls }) => calls.size > 0);
  if (all.length === 0) return "no calls yet; eagerdeck runs lists those of earlier sessions";
  const shown = all.slice(-RUNS_MAX).map((run) => ({
    id: run.id,
    title: runLabel(run),
    state: run.state,
    calls: run.calls.size,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
  }));
  const rows = runListRows(shown, ({ id }) => id);
  const width = Math.max(20, context.columns - 1);
  const older =
    all.length > shown.length ? `${formatCount(all.length - shown.length)} older here; ` : "";
  const more: Row = [muted(`${older}eagerdeck runs lists those of earlier sessions`)];
  return [...rows.map((row) => cutSpans(row, width)), more].map(context.style.row).join("\n");
}
