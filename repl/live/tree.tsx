/**
 * The running cell's calls.
 * @module
 */
import { Text } from "ink";
import type { ReactElement } from "react";
import { liveRows } from "../../runtime/deck/views.ts";
import type { RunRecord } from "../../runtime/events/record-shape.ts";
import type { Style } from "../terminal/style.ts";

/** A tree does not flash up for what is over at once. */
const APPEARS_AFTER_MS = 150;

/** The live tree's rows as one `<Text>`: 500 mounted rows cost eight times the CPU. */
export function Tree({ rows }: { readonly rows: readonly string[] }): ReactElement {
  // A row of no width would have no height either.
  return <Text wrap="truncate-end">{rows.map((row) => (row === "" ? " " : row)).join("\n")}</Text>;
}

/**
 * Rows of a run, formatted again only when something changed: a key must not pay for 500 calls.
 * Their number grows while the run goes on and never shrinks, so that the prompt does not jump.
 */
export class TreeRows {
  #key = "";
  #rows: readonly string[] = [];
  #runId = "";
  #highest = 0;

  rows(
    run: RunRecord | undefined,
    options: { columns: number; rowsMax: number; nowMs: number; style: Style },
  ): readonly string[] {
    const { columns, rowsMax, nowMs, style } = options;
    if (run === undefined || run.calls.size === 0 || rowsMax <= 0) return [];
    if (nowMs - run.startedAt < APPEARS_AFTER_MS) return [];
    if (run.id !== this.#runId) {
      this.#runId = run.id;
      this.#highest = 0;
    }
    const key = [run.id, run.version, columns, rowsMax, nowMs].join(" ");
    if (key !== this.#key) {
      this.#key = key;
      const rows = liveRows(run, { columns, rowsMax, nowMs }).slice(0, rowsMax).map(style.row);
      this.#highest = Math.max(this.#highest, rows.length);
      const missing = Math.max(0, Math.min(this.#highest, rowsMax) - rows.length);
      this.#rows = [...rows, ...Array.from({ length: missing }, () => "")];
    }
    return this.#rows;
  }
}
