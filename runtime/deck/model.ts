/**
 * Everything a deck says, before any form is given to it: `RunRecord → DeckModel → HTML | Markdown | spans`.
 *
 * Pure: the same record and the same `nowMs` give the same model.
 * @module
 */
import type { InputPreview } from "../events/events.ts";
import { takeCount } from "../events/groups.ts";
import type { CallRecord, RunRecord } from "../events/record-shape.ts";
import { counted, formatCount, formatDuration, formatRatio } from "../values/format.ts";
import type { Preview } from "../values/shape.ts";
import { handleOf } from "./execution.ts";
import { type Failures, failuresOf } from "./failures.ts";
import { isCounted } from "./functions.ts";
import { mostAtOnce, runningSteps, runSpans } from "./lanes.ts";
import { RUN_LOOKS, type StateLook } from "./palette.ts";
import { type CriticalPath, criticalPath, type Waits, waitsOf } from "./path.ts";
import { type ChosenRows, chooseRows, foldRows } from "./rows.ts";
import { type CallTree, callTree, countStates, elapsedMs, type StateCounts } from "./tree.ts";
import { lineText, runLabel } from "./wording.ts";

/** A number of the header with what it counts. */
export interface Fact {
  readonly value: string;
  readonly label: string;
}

export interface DeckModel {
  readonly run: RunRecord;
  readonly tree: CallTree;
  /** Name of the only root call, else `In [7]`. */
  readonly title: string;
  /** Inputs of the only root call; absent with several. */
  readonly inputs?: readonly InputPreview[];
  /** After the title when there is no root call to name: `(3 calls)`. */
  readonly note?: string;
  readonly output?: Preview;
  readonly look: StateLook;
  /** What a state has to add: `user process ended with SIGKILL`, `2 still running`. */
  readonly remark?: string;
  /** The line that goes on where an interrupted or lost cell stopped. */
  readonly goOn?: string;
  /** Calls in the table: without a root call that the header names. */
  readonly tasks: number;
  readonly counts: StateCounts;
  readonly startMs: number;
  readonly endMs: number;
  readonly wallMs: number;
  readonly facts: readonly Fact[];
  readonly failures: Failures;
  /** What each top row waited for. */
  readonly waits: Waits;
  /** Ids of the calls on the critical path, in order of time; empty where it would say nothing. */
  readonly critical: ReadonlySet<string>;
  readonly isCriticalApproximate: boolean;
  /** How many leaves ran at once at most; 0 where calls are only counted. */
  readonly most: number;
  /** Whether some call is not local, so that a column for it says something. */
  readonly isWhereShown: boolean;
  /** Whether some call was tried twice. */
  readonly areTriesShown: boolean;
}

/** A path through two calls explains nothing; through 10,000 nobody reads it. */
const CRITICAL_CALLS_MIN = 3;
const CRITICAL_CALLS_MAX = 10_000;
/** Below it would read `1.0×`. */
const SPEED_UP_MIN = 1.05;
const TRIVIAL_CALLS_MAX = 3;
const TRIVIAL_WALL_MAX_MS = 1_000;

export function deckModel(run: RunRecord, nowMs = latestMs(run)): DeckModel {
  const tree = callTree(run);
  const calls = tree.nodes.map((node) => node.call);
  const endMs = Math.max(run.startedAt, run.endedAt ?? nowMs);
  const wallMs = endMs - run.startedAt;
  const hasPath = calls.length >= CRITICAL_CALLS_MIN && calls.length <= CRITICAL_CALLS_MAX;
  const waits: Waits = hasPath ? waitsOf(tree) : new Map();
  const path = hasPath
    ? criticalPath(
        tree.top.map((node) => node.call),
        waits,
        endMs,
      )
    : undefined;
  const most = isCounted(run) ? 0 : mostAtOnce(runningSteps(runSpans(tree, endMs)));
  const counts = isCounted(run) ? countsWithoutRoot(run, tree) : countStates(calls);
  const only = tree.root ?? (calls.length === 1 ? calls[0] : undefined);
  const remark = remarkOf(run, calls);
  const goOn = goOnOf(run);
  return {
    run,
    tree,
    title: only ? only.name : runLabel(run),
    ...titleNote(only, calls.length),
    ...(only?.output !== undefined && { output: only.output }),
    // A cell goes on when a call that it made was cancelled.
    look: RUN_LOOKS[run.state === "ok" && only?.state === "cancelled" ? "interrupted" : run.state],
    ...(remark !== undefined && { remark }),
    ...(goOn !== undefined && { goOn }),
    tasks: sumOf(counts),
    counts,
    startMs: run.startedAt,
    endMs,
    wallMs,
    facts: isCounted(run)
      ? firstFacts(sumOf(counts), wallMs)
      : factsOf(tree, { wallMs, endMs, most, path }),
    failures: failuresOf(run, endMs),
    waits,
    critical: new Set(path?.steps),
    isCriticalApproximate: path?.isApproximate ?? false,
    most,
    isWhereShown: calls.some((call) => call.where !== "local"),
    areTriesShown: calls.some((call) => call.attempts.length > 1),
  };
}

/** The rows of a live tree; what is not among them is counted in words. */
export function liveChoice(model: DeckModel, rowsMax: number, nowMs: number): ChosenRows {
  const { rows, left } = chooseRows(foldRows(model.tree), rowsMax, nowMs);
  const counted = model.tasks - model.tree.nodes.length;
  if (counted === 0) return { rows, left };
  const more = `${formatCount(counted)} done that are only counted`;
  return { rows, left: left === "" ? more : `${left}, ${more}` };
}

/** A run that one line per call tells completely: few, quick, without any trouble. */
export function isTrivial(run: RunRecord): boolean {
  if (run.state !== "ok" || run.error !== undefined || run.calls.size === 0) return false;
  if (run.calls.size > TRIVIAL_CALLS_MAX || (run.decks ?? []).length > 0) return false;
  if ((run.endedAt ?? Number.POSITIVE_INFINITY) - run.startedAt >= TRIVIAL_WALL_MAX_MS)
    return false;
  return [...run.calls.values()].every(
    (call) =>
      (call.state === "ok" || call.state === "cached") &&
      call.attempts.length <= 1 &&
      call.awaited &&
      // A line has no place for the page of its execution.
      call.where !== "remote",
  );
}

/** The last thing known of a run; views of a finished run need no clock. */
function latestMs(run: RunRecord): number {
  let latest = run.endedAt ?? run.startedAt;
  for (const call of run.calls.values()) {
    latest = Math.max(latest, call.endedAt ?? call.startedAt ?? call.createdAt);
  }
  return latest;
}

function remarkOf(run: RunRecord, calls: readonly CallRecord[]): string | undefined {
  switch (run.state) {
    case "interrupted":
    case "killed":
      return run.error && lineText(run.error);
    case "running": {
      const open = calls.filter((call) => call.endedAt === undefined).length;
      return open === 0 ? undefined : `${formatCount(open)} still running`;
    }
    default:
      return undefined;
  }
}

/** What stands behind the title: inputs of the only root call; a group has none. */
function titleNote(
  only: CallRecord | undefined,
  count: number,
): Pick<DeckModel, "inputs" | "note"> {
  if (only === undefined) return { note: `(${counted(count, "call")})` };
  return only.entity === "group" ? {} : { inputs: only.inputs };
}

/** A run without a cell has no source that could be run again. */
function goOnOf(run: RunRecord): string | undefined {
  const isStopped = run.state === "interrupted" || run.state === "killed";
  return run.cell !== undefined && isStopped ? `await ${handleOf(run)}.resume()` : undefined;
}

/** A fact that says nothing is left out. */
function factsOf(
  tree: CallTree,
  {
    wallMs,
    endMs,
    most,
    path,
  }: {
    readonly wallMs: number;
    readonly endMs: number;
    readonly most: number;
    readonly path: CriticalPath | undefined;
  },
): Fact[] {
  const leaves = tree.nodes.filter((node) => node.children.length === 0).map((node) => node.call);
  const taskMs = leaves.reduce((sum, call) => sum + (elapsedMs(call, endMs) ?? 0), 0);
  const facts = firstFacts(tree.nodes.length, wallMs);
  if (leaves.length >= 2) facts.push({ value: formatDuration(taskMs), label: "task time" });
  if (most > 1) {
    const speedUp = wallMs > 0 ? taskMs / wallMs : 0;
    if (speedUp >= SPEED_UP_MIN) {
      facts.push({ value: formatRatio(speedUp), label: "parallel speed-up" });
    }
    facts.push({ value: formatCount(most), label: "most at once" });
  }
  if (path !== undefined) {
    facts.push({ value: formatDuration(path.lengthMs), label: "critical path" });
  }
  return facts;
}

function firstFacts(tasks: number, wallMs: number): Fact[] {
  return [
    { value: formatCount(tasks), label: tasks === 1 ? "task" : "tasks" },
    { value: formatDuration(wallMs), label: "wall time" },
  ];
}

/** Of a run so large that not all its calls have records. */
function countsWithoutRoot(run: RunRecord, tree: CallTree): StateCounts {
  const counts = new Map(run.counts);
  if (tree.root) takeCount(counts, tree.root.state);
  return counts;
}

function sumOf(counts: StateCounts): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
