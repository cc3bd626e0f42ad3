/**
 * Rows of spans: text with a role and without a colour. Who draws them gives roles their looks.
 * @module
 */
import type { CallState } from "../../events/events.ts";
import type { CallRecord, RunState } from "../../events/record-shape.ts";
import { columnsOf, cutLine } from "../../values/escape.ts";
import { CALL_LOOKS } from "../palette.ts";
import { callInputsText, nameText, outcomeOf } from "../wording.ts";

export type Role =
  | "ok"
  | "failed"
  | "running"
  | "cached"
  | "cancelled"
  | "queued"
  | "retry"
  | "name"
  | "muted"
  | "value"
  | "error"
  | "number"
  | "link"
  | "bar";

/** A piece of a row; pieces follow each other without a gap. */
export interface Span {
  readonly text: string;
  readonly role: Role;
  /** Where it leads, in a terminal that can. */
  readonly url?: string;
}

export type Row = readonly Span[];

export function muted(text: string): Span {
  return { text, role: "muted" };
}

export function callRole(state: CallState): Role {
  return state === "retrying" ? "retry" : state;
}

export function runRole(state: RunState): Role {
  switch (state) {
    case "killed":
      return "failed";
    case "interrupted":
      return "cancelled";
    case "handled":
      return "retry";
    default:
      return state;
  }
}

/** `✓ ` */
export function badge(state: CallState): Span {
  return { text: `${CALL_LOOKS[state].glyph} `, role: callRole(state) };
}

/** `addOne(x: 5)` */
export function nameSpans(call: CallRecord): Span[] {
  return [{ text: nameText(call.name), role: "name" }, muted(callInputsText(call))];
}

/** `✓ addOne(x: 5) → 6` */
export function callSpans(call: CallRecord): Span[] {
  const outcome = outcomeSpan(call);
  const spans = [badge(call.state), ...nameSpans(call)];
  if (outcome.text === "") return spans;
  // What a call has not given is no value of it: how far it is, why it waits.
  return [...spans, muted(outcome.role === "muted" ? "  " : " → "), outcome];
}

/** A value, an error or a remark; an empty text while there is none. */
export function outcomeSpan(call: CallRecord): Span {
  const outcome = outcomeOf(call);
  if (!outcome) return muted("");
  return { text: outcome.text, role: outcome.kind === "note" ? "muted" : outcome.kind };
}

export function widthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, span) => sum + columnsOf(span.text), 0);
}

/** The spans in at most `columns`; a cut ends with `…`. */
export function cutSpans(spans: readonly Span[], columns: number): Span[] {
  if (widthOf(spans) <= columns) return [...spans];
  const kept: Span[] = [];
  let room = Math.max(0, columns);
  for (const span of spans) {
    const width = columnsOf(span.text);
    if (width < room) {
      kept.push(span);
      room -= width;
      continue;
    }
    // Something follows, so that also a span which would just fit shows the cut.
    if (room > 0) kept.push({ ...span, text: cutLine(`${span.text}…`, room) });
    break;
  }
  return kept;
}

/** The spans, cut or padded with blanks to exactly `columns`. */
export function fitSpans(spans: readonly Span[], columns: number): Span[] {
  const kept = cutSpans(spans, columns);
  const blanks = columns - widthOf(kept);
  return blanks > 0 ? [...kept, muted(" ".repeat(blanks))] : kept;
}

/** The rows without their roles. */
export function rowsToText(rows: readonly Row[]): string {
  return rows
    .map((row) =>
      row
        .map((span) => span.text)
        .join("")
        .trimEnd(),
    )
    .join("\n");
}
