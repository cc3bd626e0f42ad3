/**
 * What a deck leaves out when it would be too large for a notebook: first what is the least missed, each with a sentence.
 *
 * Errors never go. Decks of the user's own go last, one by one: see `render.tsx`.
 * @module
 */
import type { DeckModel } from "../model.ts";
import { CALL_ROWS_MAX } from "../rows.ts";
import type { Pictures } from "./pictures.tsx";
import type { Detail } from "./tasks.tsx";

/** How much of a deck is shown. */
export interface DeckForm {
  readonly detail: Detail;
  /** What a row of the table is. */
  readonly rows: "calls" | "functions";
  readonly pictures: Pictures;
  /** What was left out, and why. */
  readonly remarks: readonly string[];
}

/**
 * From the whole deck to the smallest. Lazily: each is only asked for when the one before was too large.
 * @param file path of the page that holds all of it.
 */
export function* deckForms(
  model: DeckModel,
  pictures: Pictures,
  file: string | undefined,
): Generator<DeckForm, void> {
  const said: string[] = [];
  let form: DeckForm = { detail: "all", rows: rowsOf(model), pictures, remarks: [] };
  const without = (change: Partial<DeckForm>, what: string): DeckForm => {
    said.push(`${what}: the deck would be larger than 200 kB.`);
    const whole = file === undefined ? [] : [`All of it is in ${file}`];
    form = { ...form, ...change, remarks: [...said, ...whole] };
    return form;
  };
  yield form;
  yield without({ detail: "failed" }, "Only failed rows unfold");
  if (form.rows === "calls") {
    yield without({ rows: "functions" }, "Calls of one function share a row");
  }
  const { time, graph } = pictures;
  if (time) {
    yield without({ pictures: graph ? { graph } : {} }, `No ${time.title.toLowerCase()} is drawn`);
  }
  if (graph) yield without({ pictures: {} }, "No graph is drawn");
  said.shift();
  yield without({ detail: "none" }, "No row unfolds");
}

/** Too many calls to list are told per function. */
export function rowsOf(model: DeckModel): DeckForm["rows"] {
  return model.tasks > CALL_ROWS_MAX ? "functions" : "calls";
}
