/**
 * A cell that runs again after its process was killed goes on with what that run had started on a cluster.
 *
 * Invariants
 *   T1  Only of the newest run of the same source, and only when it lost its process: whatever ended otherwise has been
 *       dealt with.
 * @module
 */

import type { History } from "../../store/history.ts";
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
  const lost = history.newestOfSource(source, run.id);
  if (lost?.state !== "killed" || !isSameCell(lost.cellId, run.cellId)) return undefined;
  const linked = [...(history.record(lost.id)?.calls.values() ?? [])].filter(
    ({ link }) => link?.tag,
  );
  const tag = linked[0]?.link?.tag;
  if (tag === undefined) return undefined;
  const count = linked.length === 1 ? "an execution" : `${formatCount(linked.length)} executions`;
  options.notice(
    `goes on with ${count} that ${lost.title} had started before its process was lost`,
    run.cell,
  );
  return tag;
}

/** Front ends without notebooks have no ids of cells. */
function isSameCell(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}
