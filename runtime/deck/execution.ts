/**
 * What a view says of the execution that a call is somewhere else: its page, its name, its version.
 * @module
 */
import type { CallRecord, RunRecord } from "../events/record-shape.ts";
import { formatCount } from "../values/format.ts";
import { nameText } from "./wording.ts";

const SHOWN_MAX = 5;
/** A browser takes it as it is, and a terminal finds no escape in it. */
const SAFE_URL = /^https?:\/\/[\x21-\x7e]{1,2000}$/i;

/** The address of its page; undefined when there is none, or none to be trusted. */
export function pageOf({ link }: CallRecord): string | undefined {
  const url = link?.url;
  return url !== undefined && SAFE_URL.test(url) ? url : undefined;
}

/** `e-simple-k2 · version v12`, for whoever hovers over the link to its page. */
export function executionText({ link }: CallRecord): string {
  if (link === undefined) return "";
  const version = link.version === undefined ? "" : ` · version ${nameText(link.version)}`;
  return `execution ${nameText(link.executionId)}${version}`;
}

/** What all of these calls wait for that still run; empty when they do not agree. */
export function sharedNote(calls: readonly CallRecord[]): string {
  const notes = new Set(
    calls.flatMap(({ endedAt, note = "" }) => (endedAt === undefined ? [note] : [])),
  );
  const [only = ""] = notes;
  return notes.size === 1 ? nameText(only || " ").trim() : "";
}

/** Calls that were given up and had an execution by then: whoever interrupts wants to see that nothing is left. */
export interface GivenUp {
  readonly calls: readonly CallRecord[];
  /** `… 15 more`; empty when all are shown. */
  readonly left: string;
}

export function givenUpOf(run: RunRecord): GivenUp {
  if (run.state === "running") return { calls: [], left: "" };
  const all = [...run.calls.values()].filter(
    (call) => call.state === "cancelled" && call.link !== undefined,
  );
  const more = all.length - SHOWN_MAX;
  return { calls: all.slice(0, SHOWN_MAX), left: more > 0 ? `… ${formatCount(more)} more` : "" };
}

export const GIVEN_UP_HEAD = "executions of cancelled calls:";
