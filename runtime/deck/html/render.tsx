/**
 * Models → HTML text. The only module that loads `react-dom/server`; it is itself loaded with the first HTML.
 * @module
 */
import { renderToStaticMarkup } from "react-dom/server";
import type { RunRecord } from "../../events/record-shape.ts";
import { deckModel, isTrivial, liveChoice } from "../model.ts";
import { LIVE_ROWS_MAX } from "../rows.ts";
import type { SessionModel } from "../session-deck.ts";
import { callTree } from "../tree.ts";
import { Deck, LiveTree, TrivialDeck } from "./deck.tsx";
import { SessionDeck } from "./session.tsx";
import { OPTIONAL_STYLE } from "./styles.ts";
import type { Detail } from "./tasks.tsx";

/** Of UTF-16 units: what a notebook has to store for one deck. */
const HTML_LENGTH_MAX = 200_000;
const DETAILS: readonly { readonly detail: Detail; readonly remark?: string }[] = [
  { detail: "all" },
  { detail: "failed", remark: "Only failed rows unfold: the deck would be larger than 200 kB." },
  { detail: "none", remark: "No row unfolds: the deck would be larger than 200 kB." },
];

/** A run without calls has no deck: one sentence. */
export function deckHtml(run: RunRecord): string {
  if (run.calls.size === 0) return OPTIONAL_STYLE + renderToStaticMarkup(<div>no calls</div>);
  if (isTrivial(run)) {
    return OPTIONAL_STYLE + renderToStaticMarkup(<TrivialDeck run={run} tree={callTree(run)} />);
  }
  const model = deckModel(run);
  let html = "";
  for (const { detail, remark } of DETAILS) {
    html = renderToStaticMarkup(
      <Deck model={model} detail={detail} {...(remark !== undefined && { remark })} />,
    );
    if (html.length <= HTML_LENGTH_MAX) break;
  }
  return OPTIONAL_STYLE + html;
}

export function liveHtml(run: RunRecord, nowMs: number): string {
  const model = deckModel(run, nowMs);
  const chosen = liveChoice(model, LIVE_ROWS_MAX, nowMs);
  return (
    OPTIONAL_STYLE + renderToStaticMarkup(<LiveTree model={model} chosen={chosen} nowMs={nowMs} />)
  );
}

export function sessionHtml(session: SessionModel): string {
  return OPTIONAL_STYLE + renderToStaticMarkup(<SessionDeck session={session} />);
}
