/**
 * What a deck leaves out when it would be too large for a notebook: first what is the least missed, each with a sentence.
 *
 * Errors never go. Decks of the user's own go last, one by one: see `render.tsx`.
 * @module
 */
import { isCounted } from "../functions.ts";
import type { DeckModel } from "../model.ts";
import { CALL_ROWS_MAX } from "../rows.ts";
import type { Pictures } from "./pictures.tsx";
import type { Detail } from "./tasks.tsx";

const FEW_FUNCTIONS_MAX = 10;

/** How much of a deck is shown. */
export interface DeckForm {
  readonly detail: Detail;
  /** What a row of the table is. */
  readonly rows: "calls" | "functions";
  /** So many rows per function at most; the others are counted. */
  readonly functionsMax: number;
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
  let form = wholeForm(model, pictures);
  const always = form.remarks;
  const without = (change: Partial<DeckForm>, what: string): DeckForm => {
    said.push(`${what}: the deck would be larger than 200 kB.`);
    const whole = file === undefined ? [] : [`All of it is in ${file}`];
    form = { ...form, ...change, remarks: [...always, ...said, ...whole] };
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
  // Names and values of any length have been cut; this many always fit.
  yield without(
    { functionsMax: FEW_FUNCTIONS_MAX },
    `Only ${FEW_FUNCTIONS_MAX} functions have a row`,
  );
}

/** Nothing left out; too many calls to list are told per function. */
export function wholeForm({ run, tasks }: DeckModel, pictures: Pictures): DeckForm {
  const remarks = isCounted(run)
    ? ["No timeline and no graph: of so many calls those that went well are only counted."]
    : [];
  return {
    detail: "all",
    rows: tasks > CALL_ROWS_MAX ? "functions" : "calls",
    functionsMax: CALL_ROWS_MAX,
    pictures,
    remarks,
  };
}
