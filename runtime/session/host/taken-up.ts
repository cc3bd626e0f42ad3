/**
 * A cell that runs again after its process was killed goes on with what that run had started on a cluster.
 *
 * Invariants
 *   T1  Only of the newest run of the same source, or of the one that is resumed, and only when it lost its process:
 *       whatever ended otherwise has been dealt with.
 *   T2  Not when a later run has gone on with them and has ended by itself.
 * @module
 */

import type { History, StoredRun } from "../../store/history.ts";
import { formatCount } from "../../values/format.ts";

export interface TakenUpOptions {
  readonly history: () => History | undefined;
  readonly sourceOf: (cell: number | undefined, runId: string) => string | undefined;
  readonly notice: (text: string, cell: number | undefined) => void;
}

/** What the run of a cell is to the one that asks. */
export interface CellRun {
  readonly id: string;
  readonly cell?: number | undefined;
  readonly cellId?: string | undefined;
}

/** @returns the mark of the executions that the run goes on with; undefined when there are none. */
export function takenUpTag(run: CellRun, options: TakenUpOptions): string | undefined {
  const source = options.sourceOf(run.cell, run.id);
  const history = source === undefined ? undefined : options.history();
  if (source === undefined || history === undefined) return undefined;
  const lost = lostRun(history, run, source);
  if (lost?.state !== "killed") return undefined;
  const linked = [...(history.record(lost.id)?.calls.values() ?? [])].filter(
    ({ link }) => link?.tag,
  );
  const tag = linked[0]?.link?.tag;
  if (tag === undefined) return undefined;
  const last = history.runsOfTag(lost, tag).findLast(({ id }) => id !== run.id);
  if (last?.state !== "killed") return undefined; // T2
  const isResumed = history.run(run.id)?.linkedTo === lost.id;
  const open = linked.filter(
    // What went well a resumed cell takes from the history.
    ({ link, state }) => link?.ended === undefined && !(isResumed && state !== "cancelled"),
  ).length;
  const count = open === 1 ? "an execution" : `${formatCount(open)} executions`;
  // Of those that were ended by hand nothing is there to go on with: they are started anew.
  if (open > 0) {
    options.notice(
      `goes on with ${count} that ${lost.title} had started before its process was lost`,
      run.cell,
    );
  }
  return tag;
}

/** T1 */
function lostRun(history: History, run: CellRun, source: string): StoredRun | undefined {
  const resumedId = history.run(run.id)?.linkedTo;
  const resumed = resumedId === undefined ? undefined : history.run(resumedId);
  // The rerun of a single call is linked to a run too, and is to run anew.
  if (resumed?.source === source) return resumed;
  const newest = history.newestOfSource(source, run.id);
  return isSameCell(newest?.cellId, run.cellId) ? newest : undefined;
}

/** Front ends without notebooks have no ids of cells. */
function isSameCell(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}
