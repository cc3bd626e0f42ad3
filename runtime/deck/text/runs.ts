/**
 * A list of runs, one row each.
 * @module
 */
import type { RunState } from "../../events/record-shape.ts";
import { counted, formatCount, formatDuration } from "../../values/format.ts";
import { RUN_LOOKS } from "../palette.ts";
import { cutSpans, fitSpans, muted, type Row, runRole, widthOf } from "./spans.ts";

const NAME_COLUMNS_MAX = 24;
/** Columns that stand at the right: calls, time. */
const NUMBERS: ReadonlySet<number> = new Set([4, 5]);

/** What a row says of a run. Times are epoch milliseconds. */
export interface RunSummary {
  readonly id: string;
  /** `In [7]` */
  readonly title: string;
  /** Of its only root call, if it has one. */
  readonly name?: string | undefined;
  readonly state: RunState;
  readonly calls: number;
  readonly startedAt: number;
  readonly endedAt?: number | undefined;
  /** Executions on a cluster that it had started and did not see end. */
  readonly left?: number | undefined;
}

/** Each column is as wide as its widest entry. @param first what stands before each row: an index, an id. */
export function runListRows(
  runs: readonly RunSummary[],
  first: (run: RunSummary, index: number) => string,
): Row[] {
  const columns = runs.map((run, index): readonly Row[] => {
    const { state, title, name, calls, startedAt, endedAt, left = 0 } = run;
    const { glyph } = RUN_LOOKS[state];
    const took = endedAt === undefined ? "" : formatDuration(endedAt - startedAt);
    const at = new Date(startedAt).toISOString().slice(0, 16).replace("T", " ");
    return [
      [muted(first(run, index))],
      [{ text: `${glyph} ${state}`, role: runRole(state) }],
      cutSpans([{ text: name ?? title, role: "name" }], NAME_COLUMNS_MAX),
      [muted(name === undefined ? "" : title)],
      [muted(counted(calls, "call"))],
      [muted(took)],
      [muted(`${at}Z`)],
      left === 0 ? [] : [{ text: `${formatCount(left)} may still run`, role: runRole("running") }],
    ];
  });
  const widths = (columns[0] ?? []).map((_, at) =>
    Math.max(...columns.map((row) => widthOf(row[at] ?? []))),
  );
  return columns.map((row) => {
    // A column that nothing stands in takes no room.
    const shown = row.flatMap((cell, at) => (widths[at] === 0 ? [] : [{ cell, at }]));
    return shown.flatMap(({ cell, at }, index) => [
      ...(index === 0 ? [] : [muted("  ")]),
      ...(NUMBERS.has(at)
        ? [muted(" ".repeat((widths[at] ?? 0) - widthOf(cell))), ...cell]
        : fitSpans(cell, widths[at] ?? 0)),
    ]);
  });
}
