/**
 * A list of runs, one row each.
 * @module
 */
import type { RunState } from "../../events/record-shape.ts";
import { counted, formatDuration } from "../../values/format.ts";
import { RUN_LOOKS } from "../palette.ts";
import { fitSpans, muted, type Row, runRole } from "./spans.ts";

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
}

/** @param first what stands before each row: an index, an id. Its column is as wide as the widest. */
export function runListRows(
  runs: readonly RunSummary[],
  first: (run: RunSummary, index: number) => string,
): Row[] {
  const heads = runs.map(first);
  const width = Math.max(0, ...heads.map((head) => head.length)) + 2;
  return runs.map((run, index) => {
    const { state, title, name, calls, startedAt, endedAt } = run;
    const { glyph } = RUN_LOOKS[state];
    const took = endedAt === undefined ? "" : formatDuration(endedAt - startedAt);
    const at = new Date(startedAt).toISOString().slice(0, 16).replace("T", " ");
    return [
      ...fitSpans([muted(heads[index] ?? "")], width),
      ...fitSpans([{ text: `${glyph} ${state}`, role: runRole(state) }], 15),
      ...fitSpans([{ text: name ?? title, role: "name" }], 26),
      ...fitSpans([muted(name === undefined ? "" : title)], 8),
      muted(counted(calls, "call").padStart(13)),
      muted(took.padStart(11)),
      muted(`  ${at}Z`),
    ];
  });
}
