/**
 * Models → HTML text. The only module that loads `react-dom/server`; it is itself loaded with the first HTML.
 * @module
 */
import type { ReactElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import type { RunRecord } from "../../events/record-shape.ts";
import { deckModel, isTrivial, liveChoice } from "../model.ts";
import { CALL_ROWS_MAX, LIVE_ROWS_MAX } from "../rows.ts";
import type { SessionModel } from "../session-deck.ts";
import { callTree } from "../tree.ts";
import type { FramedDeck, UserDeckViews } from "../user-deck.ts";
import { NO_USER_DECKS } from "../user-deck.ts";
import { AllCalls } from "./all-calls.tsx";
import { Deck, LiveTree, TrivialDeck } from "./deck.tsx";
import { type DeckForm, deckForms, wholeForm } from "./fit.ts";
import { picturesOf } from "./pictures.tsx";
import { InPage } from "./preview-body.tsx";
import { SessionDeck } from "./session.tsx";
import { OPTIONAL_STYLE } from "./styles.ts";
import { type StyledMarkup, withStylesheet } from "./stylesheet.ts";
import type { Detail } from "./tasks.tsx";
import { UserDeckFrames, UserDeckSections } from "./user-decks.tsx";

/** Of UTF-16 units: what a notebook has to store for one deck. */
const HTML_LENGTH_MAX = 200_000;

export interface DeckHtmlOptions {
  /** Decks of the user's own, made safe. */
  readonly decks?: UserDeckViews;
  /** Path of the run's page, told in the deck. */
  readonly file?: string | undefined;
  /** Why there is none. */
  readonly problem?: string | undefined;
}

/** Of a page, without the user's decks. */
const PAGE_LENGTH_MAX = 5_000_000;
const PAGE_DETAILS: readonly {
  readonly detail: Detail;
  readonly remark?: string;
  /** Beyond it the size is known without rendering: 10,000 rows with bodies take a second. */
  readonly callsMax: number;
}[] = [
  { detail: "all", callsMax: 3_000 },
  {
    detail: "failed",
    remark: "Only failed rows unfold: the page would be larger than 5 MB.",
    callsMax: 20_000,
  },
  {
    detail: "none",
    remark: "No row unfolds: the page would be larger than 5 MB.",
    callsMax: Number.POSITIVE_INFINITY,
  },
];

/** A run without calls and decks has no deck: one sentence. */
export function deckHtml(
  run: RunRecord,
  { decks = NO_USER_DECKS, file, problem }: DeckHtmlOptions = {},
): string {
  if (isEmpty(run)) return OPTIONAL_STYLE + renderToStaticMarkup(<div>no calls</div>);
  if (isTrivial(run)) {
    return OPTIONAL_STYLE + renderToStaticMarkup(<TrivialDeck run={run} tree={callTree(run)} />);
  }
  const model = deckModel(run);
  const page = file ?? (problem === undefined ? undefined : `not written: ${problem}`);
  const markup = (form: DeckForm, shown: UserDeckViews) =>
    renderToStaticMarkup(
      <Deck model={model} form={form} page={page}>
        <UserDeckSections decks={shown} file={file} />
      </Deck>,
    );
  let html = "";
  let last: DeckForm | undefined;
  for (const form of deckForms(model, picturesOf(model), file)) {
    html = markup(form, decks);
    if (html.length <= HTML_LENGTH_MAX) return OPTIONAL_STYLE + html;
    last = form;
  }
  // Last of all the user's own: what they take too much is only named.
  const fewer = fewerDecks(decks, html.length - HTML_LENGTH_MAX);
  return OPTIONAL_STYLE + (last && fewer !== decks ? markup(last, fewer) : html);
}

/** The same without so many of the last decks that about `excess` characters are saved. */
function fewerDecks(decks: UserDeckViews, excess: number): UserDeckViews {
  let saved = 0;
  let count = decks.shown.length;
  while (count > 0 && saved < excess) {
    count--;
    saved += decks.shown[count]?.length ?? 0;
  }
  if (count === decks.shown.length) return decks;
  const dropped = decks.shown
    .slice(count)
    .map(({ name, note }) => ({ name, note, why: "the deck would be larger than 200 kB" }));
  return { ...decks, shown: decks.shown.slice(0, count), named: [...dropped, ...decks.named] };
}

/** A page's body: the same deck, all calls, and the user's decks in frames; styles as classes. */
export function pageMarkup(run: RunRecord, decks: readonly FramedDeck[]): StyledMarkup {
  if (isEmpty(run)) return pageOf(<div>no calls</div>);
  if (isTrivial(run)) return pageOf(<TrivialDeck run={run} tree={callTree(run)} />);
  const model = deckModel(run);
  // Decks of the user's own are not counted: they are what somebody asked for, and bounded by the record.
  const frames = <UserDeckFrames decks={decks} />;
  const lengthMax = PAGE_LENGTH_MAX + renderToStaticMarkup(frames).length;
  const whole = wholeForm(model, picturesOf(model));
  const hasAll = model.tasks > CALL_ROWS_MAX;
  let markup: StyledMarkup = { html: "", css: "" };
  for (const { detail, remark, callsMax } of PAGE_DETAILS) {
    if (model.tree.nodes.length > callsMax) continue;
    markup = pageOf(
      <Deck
        model={model}
        form={{ ...whole, detail, remarks: [...whole.remarks, ...(remark ? [remark] : [])] }}
      >
        {hasAll ? <AllCalls model={model} detail={detail} /> : null}
        {frames}
      </Deck>,
    );
    if (markup.html.length <= lengthMax) break;
  }
  return markup;
}

/** HTML of values stands in frames there: the step to classes knows only what React has escaped. */
function pageOf(content: ReactElement): StyledMarkup {
  return withStylesheet(renderToStaticMarkup(<InPage value={true}>{content}</InPage>));
}

function isEmpty(run: RunRecord): boolean {
  return run.calls.size === 0 && (run.decks ?? []).length === 0;
}

export function liveHtml(run: RunRecord, nowMs: number): string {
  const model = deckModel(run, nowMs);
  const chosen = liveChoice(model, LIVE_ROWS_MAX, nowMs);
  return (
    OPTIONAL_STYLE + renderToStaticMarkup(<LiveTree model={model} chosen={chosen} nowMs={nowMs} />)
  );
}

export function sessionHtml(session: SessionModel, decks: UserDeckViews): string {
  return (
    OPTIONAL_STYLE +
    renderToStaticMarkup(
      <SessionDeck session={session}>
        <UserDeckSections decks={decks} file={undefined} />
      </SessionDeck>,
    )
  );
}

/** The same for a page. */
export function sessionMarkup(session: SessionModel, decks: readonly FramedDeck[]): StyledMarkup {
  return pageOf(
    <SessionDeck session={session}>
      <UserDeckFrames decks={decks} />
    </SessionDeck>,
  );
}
