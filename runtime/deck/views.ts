/**
 * The views of runs: what a front end calls. Pure functions from records to rows, bundles and pages.
 *
 * React is loaded with the first HTML, never by importing this module: a terminal draws rows without it.
 * @module
 */
import type { RunRecord } from "../events/record-shape.ts";
import { formatClock } from "../values/format.ts";
import type { MimeBundle } from "../values/shape.ts";
import { deckMarkdown, liveMarkdown, sessionMarkdown } from "./markdown.ts";
import { deckModel, isTrivial } from "./model.ts";
import { LIVE_ROWS_MAX } from "./rows.ts";
import { type SessionModel, sessionModel } from "./session-deck.ts";
import { deckRows, liveRows } from "./text/deck.ts";
import { type RunSummary, runListRows } from "./text/runs.ts";
import { sessionRows } from "./text/session.ts";
import { rowsToText } from "./text/spans.ts";
import {
  type DeckOwner,
  framedDecks,
  sessionDeckViews,
  sessionFrames,
  userDeckViews,
} from "./user-deck.ts";

export type { Role, Row, Span } from "./text/spans.ts";
export { deckRows, isTrivial, liveRows, type RunSummary, rowsToText, runListRows };

/** Of `text/plain`. */
const TEXT = { columns: 100, rowsMax: 60 } as const;

/** Where the page of a run is; the deck tells it. */
export interface PagePlace {
  readonly file?: string | undefined;
  /** Why there is none. */
  readonly problem?: string | undefined;
}

/** The deck of a run: HTML, Markdown and text, nothing else. */
export async function deckBundle(
  run: RunRecord,
  { file, problem }: PagePlace = {},
): Promise<MimeBundle> {
  const { deckHtml } = await import("./html/render.tsx");
  const decks = await userDeckViews(run);
  return {
    "text/html": deckHtml(run, { decks, file, problem }),
    "text/markdown": deckMarkdown(run),
    "text/plain": rowsToText(deckRows(run, TEXT)),
  };
}

/** A run as it stands. `nowMs` (epoch milliseconds) is in it, so that an old picture shows its age. */
export async function liveBundle(run: RunRecord, nowMs: number): Promise<MimeBundle> {
  const { liveHtml } = await import("./html/render.tsx");
  const rows = liveRows(run, { columns: TEXT.columns, rowsMax: LIVE_ROWS_MAX, nowMs });
  return {
    "text/html": liveHtml(run, nowMs),
    "text/markdown": liveMarkdown(run, nowMs),
    "text/plain": `${rowsToText(rows)}\nas of ${formatClock(nowMs)}`,
  };
}

/**
 * A whole session: the newest run of each cell, failures first.
 * @param runs oldest first.
 */
export async function sessionBundle(
  runs: readonly RunRecord[],
  { title }: { readonly title: string },
): Promise<MimeBundle> {
  const { sessionHtml } = await import("./html/render.tsx");
  const model = sessionModel(runs, title);
  return {
    "text/html": sessionHtml(model, await sessionDeckViews(deckOwners(model))),
    "text/markdown": sessionMarkdown(model),
    "text/plain": rowsToText(sessionRows(model, TEXT.columns)),
  };
}

/**
 * The deck of a run as a page that stands alone: nothing is loaded, and nothing runs but what a user's deck asked for,
 * in a frame of its own. The same record gives the same bytes.
 */
export async function deckPage(run: RunRecord): Promise<string> {
  const { pageMarkup } = await import("./html/render.tsx");
  const { page } = await import("./file.ts");
  const decks = await framedDecks(run);
  const hasScripts = decks.some((deck) => deck.scripts.length > 0);
  return page(deckModel(run).title, pageMarkup(run, decks), { hasScripts });
}

/** The deck of a session as a page that stands alone. */
export async function sessionPage(
  runs: readonly RunRecord[],
  { title }: { readonly title: string },
): Promise<string> {
  const { sessionMarkup } = await import("./html/render.tsx");
  const { page } = await import("./file.ts");
  const model = sessionModel(runs, title);
  const decks = await sessionFrames(deckOwners(model));
  const hasScripts = decks.some((deck) => deck.scripts.length > 0);
  return page(title, sessionMarkup(model, decks), { hasScripts });
}

function deckOwners({ cells }: SessionModel): DeckOwner[] {
  return cells.map(({ label, model }) => ({ label, run: model.run }));
}
