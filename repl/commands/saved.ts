/**
 * What was run → a notebook, as Jupyter would have saved it: sources, counts, outputs, decks.
 *
 * A script is the same notebook with code alone, so that there is one writer of each format.
 * @module
 */
import { deckBundle } from "../../runtime/deck/views.ts";
import type { RunRecord } from "../../runtime/events/record-shape.ts";
import { errorFields } from "../../runtime/session/client/error-fields.ts";
import {
  type CellOutput,
  emptyNotebook,
  KERNELSPEC,
  LANGUAGE,
  type Notebook,
  newCell,
} from "../../runtime/session/notebook-file.ts";
import { formatCount } from "../../runtime/values/format.ts";
import type { TranscriptCell } from "../state/transcript.ts";

export interface SavedOptions {
  /** Also cells that failed: in a script as comments. */
  readonly all: boolean;
  readonly runs: readonly RunRecord[];
}

/** For `.ipynb`. */
export async function savedNotebook(
  cells: readonly TranscriptCell[],
  { all, runs }: SavedOptions,
): Promise<Notebook> {
  const notebook = emptyNotebook();
  notebook.metadata = { kernelspec: { ...KERNELSPEC }, language_info: { ...LANGUAGE } };
  const byId = new Map(runs.map((run) => [run.id, run]));
  for (const cell of cells) {
    if (!all && cell.status !== "ok") continue;
    const outputs = await outputsOf(cell, byId);
    notebook.cells.push({
      ...newCell("code", cell.source),
      cell_type: "code",
      execution_count: cell.n ?? null,
      outputs,
    });
  }
  return notebook;
}

/** For `.ts`: `// %% [3]` before each cell. */
export function savedScript(
  cells: readonly TranscriptCell[],
  { all }: Pick<SavedOptions, "all">,
): Notebook {
  const notebook = emptyNotebook();
  for (const { n, source, status } of cells) {
    const isOk = status === "ok";
    if (!isOk && !all) continue;
    // A comment is a cell that does nothing: it can be loaded again, and be read.
    const text = isOk ? source : source.replaceAll(/^/gm, "// ");
    const title = isOk ? `[${n}]` : `[${n}] ${status}`;
    notebook.cells.push({ ...newCell("code", text), metadata: { title } });
  }
  return notebook;
}

async function outputsOf(
  cell: TranscriptCell,
  runs: ReadonlyMap<string, RunRecord>,
): Promise<CellOutput[]> {
  const outputs = cell.outputs.map((output): CellOutput => {
    if (output.kind === "text") {
      return { output_type: "stream", name: output.stream, text: output.text };
    }
    const { bundle, metadata } = output;
    return { output_type: "display_data", data: { ...bundle }, metadata: { ...metadata } };
  });
  const { textLeftOut, displaysLeftOut } = cell;
  const left = [
    ...(textLeftOut > 0 ? [`${formatCount(textLeftOut)} characters of output`] : []),
    ...(displaysLeftOut > 0 ? [`${formatCount(displaysLeftOut)} displays`] : []),
  ];
  if (left.length > 0) {
    const text = `… ${left.join(" and ")} more were not kept\n`;
    outputs.push({ output_type: "stream", name: "stderr", text });
  }
  // The deck stands where a notebook has it: after what the cell printed, before its value.
  for (const run of cell.runIds.map((id) => runs.get(id))) {
    if (run === undefined || (run.calls.size === 0 && !run.decks?.length)) continue;
    outputs.push({
      output_type: "display_data",
      data: { ...(await deckBundle(run)) },
      metadata: {},
    });
  }
  const value = cell.hasSecret ? undefined : cell.value;
  if (value) {
    outputs.push({
      output_type: "execute_result",
      data: { ...value },
      metadata: {},
      execution_count: cell.n ?? null,
    });
  }
  if (cell.error) outputs.push({ output_type: "error", ...errorFields(cell.error) });
  return outputs;
}
