/**
 * Which failures a run has to tell about, and the lines to copy for each.
 * @module
 */
import type { InputPreview } from "../events/events.ts";
import type { CallRecord, RunRecord } from "../events/record-shape.ts";
import { escapeLine } from "../values/escape.ts";
import { counted, formatDuration } from "../values/format.ts";
import type { Preview } from "../values/shape.ts";
import { elapsedMs } from "./tree.ts";
import { lineText, nameText } from "./wording.ts";

const PANELS_MAX = 3;
const HANDLED_ROWS_MAX = 20;
const RERUN_LITERAL_LENGTH_MAX = 40;
/** Nothing after the closing quote: a cut string goes on with its length. */
const STRING_LITERAL = /^"(?:[^"\\]|\\.)*"$/;

/** A failure that nothing in the run dealt with. */
export interface FailurePanel {
  /** Absent when it was the cell itself that failed. */
  readonly call?: CallRecord;
  readonly error: Preview;
  /** After the name: `failed on attempt 3 of 3 after 2.14 s`. */
  readonly summary: string;
  /** Errors of earlier attempts, where they differ from the last. */
  readonly earlier: readonly { readonly n: number; readonly error: Preview }[];
  /** Last lines of the call's log. */
  readonly log: readonly string[];
  /** Lines to copy; absent outside a session, where nothing could run them. */
  readonly look?: string;
  readonly rerun?: string;
}

/** Failures of one kind that the workflow dealt with. */
export interface HandledRow {
  readonly count: number;
  readonly name: string;
  readonly message: string;
  readonly firstInputs: readonly InputPreview[];
}

export interface Failures {
  readonly panels: readonly FailurePanel[];
  /** Uncaught root failures without a panel of their own. */
  readonly panelsLeft: number;
  readonly handled: readonly HandledRow[];
  readonly handledLeft: number;
  /** `6 failures, 2 distinct, all handled by the workflow`; empty without failures. */
  readonly summary: string;
}

export function failuresOf(run: RunRecord, nowMs: number): Failures {
  const uncaught: CallRecord[] = [];
  const handled: CallRecord[] = [];
  for (const call of run.calls.values()) {
    if (call.state !== "failed" || !isRoot(call, run)) continue;
    (isHandled(call, run) ? handled : uncaught).push(call);
  }
  const panels = uncaught.slice(0, PANELS_MAX).map((call) => callPanel(call, run, nowMs));
  const isCellAtFault = run.error !== undefined && uncaught.length === 0;
  if (isCellAtFault && run.state === "failed") panels.push(cellPanel(run, run.error));
  const rows = handledRows(handled);
  return {
    panels,
    panelsLeft: Math.max(0, uncaught.length - PANELS_MAX),
    handled: rows.slice(0, HANDLED_ROWS_MAX),
    handledLeft: Math.max(0, rows.length - HANDLED_ROWS_MAX),
    summary: summaryOf(uncaught.length + (isCellAtFault ? 1 : 0), handled.length, rows.length),
  };
}

/** The call that failed by itself. One that names a cause we do not know speaks for itself. */
function isRoot(call: CallRecord, run: RunRecord): boolean {
  const { rootFailure } = call;
  return rootFailure === undefined || rootFailure === call.id || !run.calls.has(rootFailure);
}

/**
 * Whether a failed call was dealt with: on the way up, through callers that failed as well, stands one that ended
 * well, or the run did. A failure that nobody awaited was dealt with by nobody.
 */
function isHandled(call: CallRecord, run: RunRecord): boolean {
  let failed = call;
  for (let level = 0; level < run.calls.size; level++) {
    if (!failed.awaited) return false;
    const parent = run.calls.get(failed.parentId ?? "");
    if (parent === undefined) break;
    if (parent.state === "ok" || parent.state === "cached") return true;
    if (parent.state !== "failed") return false;
    failed = parent;
  }
  return run.state === "ok" || run.state === "handled";
}

function callPanel(call: CallRecord, run: RunRecord, nowMs: number): FailurePanel {
  const tries = call.attempts.length;
  const attempt = tries > 1 ? ` on attempt ${call.attempts.at(-1)?.n ?? tries} of ${tries}` : "";
  const ms = elapsedMs(call, nowMs);
  const after = ms === undefined ? "" : ` after ${formatDuration(ms)}`;
  const unawaited = call.awaited ? "" : ", and nobody awaited it";
  // The record of a failed call has its error; a stub of a broken stream may not.
  const error = call.error ?? { line: "no error was reported", kind: "error" };
  return {
    call,
    error,
    summary: `failed${attempt}${after}${unawaited}`,
    earlier: call.attempts
      .slice(0, -1)
      .flatMap(({ n, error: earlier }) =>
        earlier && earlier.line !== error.line ? [{ n, error: earlier }] : [],
      ),
    log: call.log.tail.slice(-5),
    ...(run.cell !== undefined && {
      look: `const t = deck.task(${escapeLine(JSON.stringify(call.id))}); t.inputs`,
      rerun: `await t.rerun(${rerunArgument(call.inputs)})`,
    }),
  };
}

function cellPanel(run: RunRecord, error: Preview): FailurePanel {
  const what = run.cell === undefined ? "the run" : "the cell";
  const summary = run.calls.size === 0 ? `${what} failed` : `${what} failed after its calls`;
  return { error, summary, earlier: [], log: [] };
}

/** The first input that can be written down again, as something to start changing; empty without one. */
export function rerunArgument(inputs: readonly InputPreview[]): string {
  for (const { name, preview } of inputs) {
    if (!isLiteral(preview)) continue;
    const key = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)
      ? name
      : escapeLine(JSON.stringify(name));
    return `{ ${key}: ${preview.line} }`;
  }
  return "";
}

/** A cut or redacted text would run with a value that the call never had. */
function isLiteral({ kind, line }: Preview): boolean {
  if (line.length > RERUN_LITERAL_LENGTH_MAX || line.includes("[redacted]")) return false;
  return (
    kind === "number" || kind === "boolean" || (kind === "string" && STRING_LITERAL.test(line))
  );
}

function handledRows(calls: readonly CallRecord[]): HandledRow[] {
  const rows = new Map<string, { -readonly [K in keyof HandledRow]: HandledRow[K] }>();
  for (const call of calls) {
    const message = call.error === undefined ? "" : lineText(call.error);
    // "no reply from 10.0.4.17" and "… 10.0.4.18" are one kind of failure.
    const key = JSON.stringify([call.name, message.replaceAll(/\d+/g, "#")]);
    const row = rows.get(key);
    if (row) row.count++;
    else rows.set(key, { count: 1, name: nameText(call.name), message, firstInputs: call.inputs });
  }
  return [...rows.values()].sort((a, b) => b.count - a.count);
}

function summaryOf(uncaught: number, handled: number, distinct: number): string {
  if (handled === 0) return uncaught <= 1 ? "" : counted(uncaught, "failure");
  const kinds = distinct < handled ? `, ${distinct} distinct` : "";
  const failures = counted(handled, "failure") + kinds;
  if (uncaught > 0) return `${counted(uncaught, "failure")}; ${failures} handled by the workflow`;
  return `${failures}, ${handled === 1 ? "" : "all "}handled by the workflow`;
}
