/**
 * A whole session at a glance: the newest run of each cell, what failed, what took long.
 *
 * Pure, as all views: records in, a model out. The summary cell at the end of a notebook shows it.
 * @module
 */
import type { CallRecord, RunRecord, RunState } from "../events/record-shape.ts";
import { formatCount, formatDuration } from "../values/format.ts";
import type { FailurePanel } from "./failures.ts";
import { type FunctionGroup, functionGroups } from "./functions.ts";
import { type DeckModel, deckModel, type Fact } from "./model.ts";
import { RUN_LOOKS, type StateLook } from "./palette.ts";
import { elapsedMs } from "./tree.ts";
import { nameText, runLabel } from "./wording.ts";

export interface SessionCell {
  /** `In [7]`, or the run's title. */
  readonly label: string;
  /** The root call's name; of several: `fetchPage × 3, merge`. */
  readonly title: string;
  readonly model: DeckModel;
  /** Runs of this cell before the newest. */
  readonly earlier: number;
  /** Where the run lies on the axis of busy time, in shares of it. */
  readonly extent: { readonly from: number; readonly to: number };
  /** Failed and slowest calls, at most ten. */
  readonly notable: readonly CallRecord[];
}

export interface SessionError {
  readonly label: string;
  readonly panel: FailurePanel;
  /** The newest run of the cell went well: `In [9]`. */
  readonly fixedIn?: string;
}

export interface SessionModel {
  readonly title: string;
  /** The worst of the newest runs. */
  readonly state: RunState;
  readonly look: StateLook;
  readonly facts: readonly Fact[];
  /** Unresolved first. */
  readonly errors: readonly SessionError[];
  readonly errorsLeft: number;
  /** In order of their newest run. */
  readonly cells: readonly SessionCell[];
  readonly cellsLeft: number;
  /** Sum of the times in which some run was going on. */
  readonly busyMs: number;
  /** Over all runs. */
  readonly functions: readonly FunctionGroup[];
  readonly runs: number;
  readonly newest?: RunRecord;
}

const CELLS_MAX = 100;
const ERRORS_MAX = 10;
const NOTABLE_MAX = 10;
const NAMES_MAX = 3;
const FUNCTIONS_MAX = 100;
/** Worst first: what the whole session looks like. */
const WORST = ["killed", "failed", "interrupted", "running", "handled", "ok"] as const;

/** A cell is known by its label already: with several root calls, their names say more than it again. */
function cellTitle(model: DeckModel): string {
  if (model.title !== runLabel(model.run)) return nameText(model.title);
  const counts = new Map<string, number>();
  for (const call of model.run.calls.values()) {
    if (call.parentId === undefined) counts.set(call.name, (counts.get(call.name) ?? 0) + 1);
  }
  const names = [...counts].map(([name, n]) =>
    n === 1 ? nameText(name) : `${nameText(name)} × ${n}`,
  );
  const shown = names.slice(0, NAMES_MAX).join(", ");
  return names.length > NAMES_MAX ? `${shown}, … ${names.length - NAMES_MAX} more` : shown;
}

/** @param runs oldest first. */
export function sessionModel(runs: readonly RunRecord[], title: string): SessionModel {
  const withCalls = runs.filter((run) => run.calls.size > 0);
  const byCell = Map.groupBy(withCalls, cellKey);
  const newest = [...byCell.values()].map((each) => each.at(-1)).filter((run) => run !== undefined);
  newest.sort((a, b) => a.startedAt - b.startedAt);
  const models = newest.map((run) => deckModel(run));
  const shown = models.slice(-CELLS_MAX);
  const axis = busyAxis(shown);
  const errors = errorsOf(byCell, models);
  const calls = withCalls.flatMap(tasksOf);
  const nowMs = Math.max(0, ...models.map((model) => model.endMs));
  const last = newest.at(-1);
  const state = WORST.find((each) => newest.some((run) => run.state === each)) ?? "ok";
  return {
    title: nameText(title),
    state,
    look: RUN_LOOKS[state],
    facts: factsOf(models, axis.busyMs),
    errors: errors.slice(0, ERRORS_MAX),
    errorsLeft: Math.max(0, errors.length - ERRORS_MAX),
    cells: shown.map((model) => ({
      label: runLabel(model.run),
      title: cellTitle(model),
      model,
      earlier: (byCell.get(cellKey(model.run))?.length ?? 1) - 1,
      extent: axis.extentOf(model),
      notable: notableOf(model),
    })),
    cellsLeft: models.length - shown.length,
    busyMs: axis.busyMs,
    functions: functionGroups(calls, nowMs).slice(0, FUNCTIONS_MAX),
    runs: withCalls.length,
    ...(last && { newest: last }),
  };
}

/** A cell keeps its id when it is run again; without ids each execution count is its own cell. */
function cellKey(run: RunRecord): string {
  if (run.cellId !== undefined) return `cell ${run.cellId}`;
  return run.n === undefined ? `run ${run.id}` : `In ${run.n}`;
}

function tasksOf(run: RunRecord): CallRecord[] {
  const calls = [...run.calls.values()];
  const roots = calls.filter((call) => call.parentId === undefined);
  return roots.length === 1 && calls.length > 1 ? calls.filter((call) => call !== roots[0]) : calls;
}

function factsOf(models: readonly DeckModel[], busyMs: number): Fact[] {
  const calls = models.flatMap((model) => model.tree.nodes);
  const leaves = calls.filter((node) => node.children.length === 0);
  const cached = calls.filter((node) => node.call.state === "cached").length;
  const failed = calls.filter((node) => node.call.state === "failed").length;
  const taskMs = leaves.reduce(
    (sum, { call }) => sum + (elapsedMs(call, call.startedAt ?? call.createdAt) ?? 0),
    0,
  );
  const facts = [
    { value: formatCount(models.length), label: models.length === 1 ? "cell" : "cells" },
    { value: formatCount(calls.length), label: calls.length === 1 ? "task" : "tasks" },
    { value: formatDuration(busyMs), label: "busy" },
    { value: formatDuration(taskMs), label: "task time" },
  ];
  if (cached > 0) {
    facts.push({
      value: `${Math.round((cached / calls.length) * 100)} %`,
      label: "from the cache",
    });
  }
  if (failed > 0) {
    facts.push({ value: formatCount(failed), label: failed === 1 ? "failure" : "failures" });
  }
  return facts;
}

function errorsOf(
  byCell: ReadonlyMap<string, readonly RunRecord[]>,
  models: readonly DeckModel[],
): SessionError[] {
  const open: SessionError[] = models.flatMap((model) =>
    model.failures.panels.map((panel) => ({ label: runLabel(model.run), panel })),
  );
  const fixed = [...byCell.values()].flatMap((runs) => {
    const newest = runs.at(-1);
    const before = runs.at(-2);
    if (!newest || !before || (newest.state !== "ok" && newest.state !== "handled")) return [];
    const panel = deckModel(before).failures.panels[0];
    return panel ? [{ label: runLabel(before), panel, fixedIn: runLabel(newest) }] : [];
  });
  return [...open, ...fixed];
}

function notableOf({ tree, endMs }: DeckModel): CallRecord[] {
  const calls = tree.nodes.map((node) => node.call);
  const failed = calls.filter((call) => call.state === "failed");
  const slowest = calls
    .filter((call) => call.state !== "failed")
    .sort((a, b) => (elapsedMs(b, endMs) ?? 0) - (elapsedMs(a, endMs) ?? 0));
  return [...failed, ...slowest].slice(0, NOTABLE_MAX);
}

/** Time in which some run was going on: the gaps while a person thinks are cut out. */
function busyAxis(models: readonly DeckModel[]) {
  const spans = models
    .map(({ startMs, endMs }) => ({ startMs, endMs }))
    .sort((a, b) => a.startMs - b.startMs);
  const busy: { startMs: number; endMs: number; beforeMs: number }[] = [];
  let busyMs = 0;
  for (const { startMs, endMs } of spans) {
    const last = busy.at(-1);
    if (last && startMs <= last.endMs) {
      busyMs += Math.max(0, endMs - last.endMs);
      last.endMs = Math.max(last.endMs, endMs);
    } else {
      busy.push({ startMs, endMs, beforeMs: busyMs });
      busyMs += endMs - startMs;
    }
  }
  const extentOf = ({ startMs, endMs }: DeckModel) => {
    const span = busy.findLast((each) => each.startMs <= startMs);
    if (!span || busyMs === 0) return { from: 0, to: 0 };
    const from = span.beforeMs + startMs - span.startMs;
    return { from: from / busyMs, to: (from + endMs - startMs) / busyMs };
  };
  return { busyMs, extentOf };
}
