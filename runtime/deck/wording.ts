/**
 * A call in words, the same in every form of the deck: HTML, Markdown, text.
 * @module
 */

import { stripVTControlCharacters } from "node:util";
import type { CallState, InputPreview } from "../events/events.ts";
import type { CallRecord, RunRecord } from "../events/record-shape.ts";
import { beginning, cutText, escapeLine, escapeText } from "../values/escape.ts";
import {
  counted,
  formatClock,
  formatCount,
  formatDuration,
  formatOffset,
} from "../values/format.ts";
import type { Preview } from "../values/shape.ts";
import { CALL_LOOKS, COUNT_ORDER } from "./palette.ts";
import { elapsedMs, type StateCounts } from "./tree.ts";

const NAME_LENGTH_MAX = 120;
const INPUTS_LENGTH_MAX = 160;
const LINE_LENGTH_MAX = 512;
const BLOCK_LENGTH_MAX = 4_000;

/** A name that somebody else chose: one line, of bounded length. */
export function nameText(name: string): string {
  return name === "" ? "(anonymous)" : cutSafely(name, NAME_LENGTH_MAX);
}

/** A preview's line. Escaped again: a record may come from a file. */
export function lineText({ line }: Preview): string {
  return cutSafely(line, LINE_LENGTH_MAX);
}

function cutSafely(text: string, lengthMax: number): string {
  const line = escapeLine(beginning(text, lengthMax));
  return text.length > lengthMax ? `${line}…` : line;
}

/** Several lines: a message, a value in full. */
export function blockText(text: string, lengthMax = BLOCK_LENGTH_MAX): string {
  return escapeText(cutText(text, lengthMax));
}

/** A line that a call wrote: without colours, which the deck cannot show. */
export function logText(line: string): string {
  return cutSafely(stripVTControlCharacters(line), LINE_LENGTH_MAX);
}

/** `(x: 5, days: 3)`; what is too much is counted. */
export function inputsText(inputs: readonly InputPreview[]): string {
  const parts: string[] = [];
  let length = 0;
  for (const input of inputs) {
    const part = `${nameText(input.name)}: ${lineText(input.preview)}`;
    if (parts.length > 0 && length + part.length > INPUTS_LENGTH_MAX) break;
    parts.push(part);
    length += part.length;
  }
  const left = inputs.length - parts.length;
  if (left > 0) parts.push(`… ${formatCount(left)} more`);
  return `(${parts.join(", ")})`;
}

/** `addOne(x: 5)`; a group is a name alone. */
export function callText(call: CallRecord): string {
  return nameText(call.name) + callInputsText(call);
}

/** `(x: 5)`; empty for a group, which takes nothing. */
export function callInputsText({ entity, inputs }: CallRecord): string {
  return entity === "group" ? "" : inputsText(inputs);
}

/** What a call came to, in one line: its value, or why there is none. */
export interface Outcome {
  readonly kind: "value" | "error" | "note";
  readonly text: string;
}

/** Presence decides, never truthiness: `0`, `""`, `false` and `undefined` are results. */
export function outcomeOf(call: CallRecord): Outcome | undefined {
  if (call.output !== undefined) return { kind: "value", text: lineText(call.output) };
  if (call.rootFailure !== undefined && call.rootFailure !== call.id && call.state === "failed") {
    return { kind: "error", text: `failed because of ${escapeLine(call.rootFailure)}` };
  }
  if (call.error !== undefined) {
    return { kind: call.state === "cancelled" ? "note" : "error", text: lineText(call.error) };
  }
  const waits = retryText(call);
  const note =
    call.note === undefined || call.endedAt !== undefined ? undefined : nameText(call.note);
  const text = waits ?? note ?? progressText(call);
  return text === undefined ? undefined : { kind: "note", text };
}

/** `attempt 1: Error: reset, next at 14:02:16`, while a call waits for its next attempt. */
function retryText({ state, attempts }: CallRecord): string | undefined {
  const last = attempts.at(-1);
  if (state !== "retrying" || last?.error === undefined) return undefined;
  const next = last.retryAt === undefined ? "" : `, next at ${formatClock(last.retryAt)}`;
  return `attempt ${last.n}: ${lineText(last.error)}${next}`;
}

/** `12/40 rows`. */
function progressText({ progress }: CallRecord): string | undefined {
  if (progress === undefined) return undefined;
  const { done, total, message } = progress;
  const amount =
    total === undefined ? formatCount(done) : `${formatCount(done)}/${formatCount(total)}`;
  return message === undefined ? amount : `${amount} ${nameText(message)}`;
}

/** `8 ok · 2 cached · 1 failed`, in the order of the bar. */
export function countsText(counts: StateCounts): string {
  return countsInOrder(counts, COUNT_ORDER);
}

/** `1 failed · 2 cached · 8 ok`, for places so narrow that the end may be cut. */
export function countsWorstFirst(counts: StateCounts): string {
  return countsInOrder(counts, COUNT_ORDER.toReversed());
}

function countsInOrder(counts: StateCounts, order: readonly CallState[]): string {
  return order
    .filter((state) => (counts.get(state) ?? 0) > 0)
    .map((state) => `${formatCount(counts.get(state) ?? 0)} ${CALL_LOOKS[state].word}`)
    .join(" · ");
}

/** The time of a row; a dash for a call that never started. */
export function timeText(call: CallRecord, nowMs: number): string {
  const ms = elapsedMs(call, nowMs);
  if (ms !== undefined) return formatDuration(ms);
  return call.endedAt === undefined ? "" : "–";
}

/** `t2 · queued 290 ms · started +310 ms · report.ts:12:9 · never awaited`: a row's small print. */
export function smallPrint(call: CallRecord, run: RunRecord): string {
  const parts = [call.id];
  if (call.link) {
    parts.push(`execution ${nameText(call.link.executionId)}`);
    if (call.link.version !== undefined) parts.push(`version ${nameText(call.link.version)}`);
  }
  if (call.startedAt !== undefined) {
    const queuedMs = call.startedAt - call.createdAt;
    if (queuedMs >= 1) parts.push(`queued ${formatDuration(queuedMs)}`);
    parts.push(`started ${formatOffset(call.startedAt - run.startedAt)}`);
  }
  if (call.source) {
    parts.push(`${nameText(call.source.file)}:${call.source.line}:${call.source.column}`);
  }
  if (!call.awaited) parts.push("never awaited");
  return parts.join(" · ");
}

/** `remote · attempt 2`: where a call of the live tree runs; empty when it says nothing. */
export function placeText(call: CallRecord, isWhereShown: boolean): string {
  const parts = isWhereShown ? [call.where as string] : [];
  const last = call.attempts.at(-1);
  if (last && last.n > 1) parts.push(`attempt ${last.n}`);
  return parts.join(" · ");
}

/** `In [7]`, or the run's own title. */
export function runLabel(run: RunRecord): string {
  return run.n === undefined ? nameText(run.title) : `In [${run.n}]`;
}

export function tasksText(tasks: number): string {
  return counted(tasks, "task");
}
