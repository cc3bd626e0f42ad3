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

/**
 * Calls that were given up and had an execution by then: whoever interrupts wants to see that nothing is left, and whose
 * process was killed how to get hold of what is.
 */
export interface GivenUp {
  /** What they have in common: "executions of cancelled calls:". */
  readonly head: string;
  /** What to type about it. */
  readonly command?: string;
  readonly calls: readonly CallRecord[];
  /** `… 15 more`; empty when all are shown. */
  readonly left: string;
}

export function givenUpOf(run: RunRecord): GivenUp {
  if (run.state === "running") return { head: "", calls: [], left: "" };
  const all = [...run.calls.values()].filter(
    ({ state, link }) => state === "cancelled" && link !== undefined && link.ended === undefined,
  );
  const more = all.length - SHOWN_MAX;
  return {
    ...(run.state === "killed"
      ? { head: mayRunText(all.length), command: `await ${handleOf(run)}.cancel()` }
      : { head: GIVEN_UP_HEAD }),
    calls: all.slice(0, SHOWN_MAX),
    left: more > 0 ? `… ${formatCount(more)} more` : "",
  };
}

const GIVEN_UP_HEAD = "executions of cancelled calls:";

function mayRunText(count: number): string {
  return count === 1
    ? "an execution on the cluster may still run. To end it:"
    : `${formatCount(count)} executions on the cluster may still run. To end them:`;
}

/** How a cell gets at a run. */
export function handleOf({ handle, state }: RunRecord): string {
  if (handle !== undefined) return handle;
  // The variables of a killed one are gone, and so may be the session: the history has it.
  return state === "killed" ? "runs()[0]" : "deck";
}
