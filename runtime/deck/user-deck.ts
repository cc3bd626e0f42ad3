/**
 * Decks of the user's own, made safe for each form: sections in a notebook, sandboxed frames in a page, text elsewhere.
 *
 * The event holds what the user gave. parse5 and markdown-it are loaded with the first deck that needs them.
 *
 * Invariants
 *   U1  A notebook shows at most 20 decks of at most 100 kB; the others are named, with what to do.
 *   U2  Nothing of a deck can end an element that is not its own, run, or be loaded, but for the scripts of a deck that
 *       asks for them, in its frame of the page.
 * @module
 */

import { stripVTControlCharacters } from "node:util";
import type { RunRecord, UserDeck } from "../events/record-shape.ts";
import { escapeHtml, escapeText } from "../values/escape.ts";
import { counted, formatBytes, formatCount } from "../values/format.ts";
import type { MimeBundle } from "../values/shape.ts";
import type { SafeHtml } from "./safe-html.ts";
import { blockText, nameText } from "./wording.ts";

export type DeckPart =
  | { readonly as: "html"; readonly html: string }
  | { readonly as: "image"; readonly mime: string; readonly base64: string; readonly alt: string }
  | { readonly as: "text"; readonly text: string };

export interface DeckView {
  /** Distinct within its run. */
  readonly key: string;
  readonly name: string;
  /** `added by plot_forecast`; empty for a deck of the run. */
  readonly note: string;
  readonly parts: readonly DeckPart[];
  /** What is missing, in words. */
  readonly missing: readonly string[];
  /** Of all parts, in UTF-16 units: about the bytes it takes. */
  readonly length: number;
  /** Empty but for a page. */
  readonly scripts: readonly string[];
}

export interface UserDeckViews {
  readonly shown: readonly DeckView[];
  /** Decks of which there is only the name. */
  readonly named: readonly { readonly name: string; readonly note: string; readonly why: string }[];
  /** Decks that were not even kept. */
  readonly left: number;
}

/** A deck as text, for forms without HTML. */
export interface DeckText {
  readonly name: string;
  readonly note: string;
  readonly text: string;
}

const DECKS_MAX = 20;
const DECK_LENGTH_MAX = 100_000;
const SESSION_DECK_LENGTH_MAX = 20_000;
const NAMED_MAX = 100;
const TEXT_LENGTH_MAX = 4_000;
const IMAGE_TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"] as const;
const BASE64 = /^[A-Za-z0-9+/=\s]*$/;

export const NO_USER_DECKS: UserDeckViews = { shown: [], named: [], left: 0 };

/** The decks of a run as sections of a notebook's output. */
export async function userDeckViews(
  run: RunRecord,
  { decksMax = DECKS_MAX, lengthMax = DECK_LENGTH_MAX } = {},
): Promise<UserDeckViews> {
  const decks = run.decks ?? [];
  if (decks.length === 0) return NO_USER_DECKS;
  const shown: DeckView[] = [];
  const named: { name: string; note: string; why: string }[] = [];
  for (const [index, deck] of decks.entries()) {
    const name = nameText(deck.name);
    const note = noteOf(deck, run);
    if (shown.length >= decksMax) {
      named.push({ name, note, why: `only ${DECKS_MAX} are shown here` });
      continue;
    }
    const view = pieceLength(deck) <= lengthMax ? await viewOf(deck, index, note) : undefined;
    if (view !== undefined && view.length <= lengthMax) shown.push(view);
    else named.push({ name, note, why: `${formatBytes(view?.length ?? pieceLength(deck))}` });
  }
  const left = (run.decksLeftOut ?? 0) + Math.max(0, named.length - NAMED_MAX);
  return { shown, named: named.slice(0, NAMED_MAX), left };
}

/** A run among others, and what it is called there: `In [7]`. */
export interface DeckOwner {
  readonly label: string;
  readonly run: RunRecord;
}

function labelled(label: string, note: string): string {
  return note === "" ? label : `${label} · ${note}`;
}

/** The decks of several runs as frames, all of them. */
export async function sessionFrames(cells: readonly DeckOwner[]): Promise<FramedDeck[]> {
  const all: FramedDeck[] = [];
  for (const { label, run } of cells) {
    for (const deck of await framedDecks(run)) {
      all.push({ ...deck, key: `${run.id} ${deck.key}`, note: labelled(label, deck.note) });
    }
  }
  return all;
}

/** The decks of several runs in one place: each may be smaller, and says where it belongs. */
export async function sessionDeckViews(cells: readonly DeckOwner[]): Promise<UserDeckViews> {
  const all: UserDeckViews[] = [];
  let count = 0;
  for (const { label, run } of cells) {
    const limits = { decksMax: DECKS_MAX - count, lengthMax: SESSION_DECK_LENGTH_MAX };
    const { shown, named, left } = await userDeckViews(run, limits);
    const noted = (note: string) => labelled(label, note);
    count += shown.length;
    all.push({
      shown: shown.map((deck) => ({
        ...deck,
        key: `${run.id} ${deck.key}`,
        note: noted(deck.note),
      })),
      named: named.map((deck) => ({ ...deck, note: noted(deck.note) })),
      left,
    });
  }
  const named = all.flatMap((views) => views.named);
  return {
    shown: all.flatMap((views) => views.shown),
    named: named.slice(0, NAMED_MAX),
    left: all.reduce((sum, { left }) => sum + left, Math.max(0, named.length - NAMED_MAX)),
  };
}

/** The decks of a run as text: their `text/plain`, bounded. */
export function userDeckTexts(run: RunRecord): DeckText[] {
  return (run.decks ?? []).slice(0, NAMED_MAX).map((deck) => ({
    name: nameText(deck.name),
    note: noteOf(deck, run),
    text: blockText(
      stripVTControlCharacters(
        deck.pieces.map((piece) => textOf(piece, TEXT_LENGTH_MAX * 2)).join("\n"),
      ),
      TEXT_LENGTH_MAX,
    ),
  }));
}

/** A frame's document, still without the permission of its scripts. */
export interface FramedDeck {
  readonly key: string;
  readonly name: string;
  readonly note: string;
  /** Body of the document; scripts that may run have `NONCE_MARK` as their permission. */
  readonly body: string;
  /** `sha256-…` of each script that may run. */
  readonly scripts: readonly string[];
  readonly missing: readonly string[];
}

/** Stands for the permission, which is made of the finished page: see `file.ts`. */
export const NONCE_MARK = "eagerdeck-nonce";

/** The decks of a run as documents for frames of their own. */
export async function framedDecks(run: RunRecord): Promise<FramedDeck[]> {
  const framed: FramedDeck[] = [];
  for (const [index, deck] of (run.decks ?? []).entries()) {
    const note = noteOf(deck, run);
    const view = await viewOf(deck, index, note, deck.scripts ? NONCE_MARK : undefined);
    const body = view.parts.map(partHtml).join("\n");
    const { key, name, missing, scripts } = view;
    framed.push({ key, name, note, body, scripts, missing });
  }
  return framed;
}

async function viewOf(
  deck: UserDeck,
  index: number,
  note: string,
  nonce?: string,
): Promise<DeckView> {
  const parts: DeckPart[] = [];
  const missing: string[] = [];
  const scripts: string[] = [];
  for (const piece of deck.pieces) {
    const { part, notes, scripts: ofPiece = [] } = await partOf(piece, deck.name, nonce);
    parts.push(part);
    missing.push(...notes);
    scripts.push(...ofPiece);
  }
  if (deck.piecesLeftOut > 0) {
    missing.push(`${counted(deck.piecesLeftOut, "more piece")} for which there was no room`);
  }
  const length = parts.reduce((sum, part) => sum + partLength(part), 0);
  return { key: `deck ${index}`, name: nameText(deck.name), note, parts, missing, length, scripts };
}

function noteOf(deck: UserDeck, run: RunRecord): string {
  if (deck.callId === undefined) return "";
  const call = run.calls.get(deck.callId);
  return `added by ${call === undefined ? nameText(deck.callId) : nameText(call.name)}`;
}

interface Made {
  readonly part: DeckPart;
  readonly notes: readonly string[];
  readonly scripts?: readonly string[];
}

/** The richest form that can be shown. */
async function partOf(piece: MimeBundle, name: string, nonce: string | undefined): Promise<Made> {
  const html = piece["text/html"];
  if (typeof html === "string") return await safePart(html, piece, nonce);
  const svg = piece["image/svg+xml"];
  // As an image nothing in it runs.
  if (typeof svg === "string") return image("image/svg+xml", Buffer.from(svg), name);
  for (const mime of IMAGE_TYPES) {
    const data = piece[mime];
    if (typeof data !== "string" || !BASE64.test(data)) continue;
    return image(mime, Buffer.from(data, "base64"), name);
  }
  const markdown = piece["text/markdown"];
  if (typeof markdown === "string") {
    const { markdownToHtml } = await import("./markdown-html.ts");
    return await safePart(markdownToHtml(markdown), piece, undefined);
  }
  return textPart(piece, []);
}

async function safePart(html: string, piece: MimeBundle, nonce: string | undefined): Promise<Made> {
  const { safeHtml } = await import("./safe-html.ts");
  let safe: SafeHtml | undefined;
  try {
    safe = safeHtml(html, nonce === undefined ? {} : { nonce });
  } catch (error) {
    // The parser's own limits: it recurses.
    if (!(error instanceof RangeError)) throw error;
  }
  if (safe === undefined)
    return textPart(piece, ["its HTML cannot be shown safely; this is its text"]);
  return { part: { as: "html", html: safe.html }, notes: safe.notes, scripts: safe.scripts };
}

function textPart(piece: MimeBundle, notes: readonly string[]): Made {
  return { part: { as: "text", text: escapeText(textOf(piece, DECK_LENGTH_MAX)) }, notes };
}

function image(mime: string, bytes: Buffer, name: string): Made {
  const alt = `picture in ${nameText(name)}`;
  return { part: { as: "image", mime, base64: bytes.toString("base64"), alt }, notes: [] };
}

function textOf(piece: MimeBundle, lengthMax: number): string {
  const text = piece["text/plain"];
  if (typeof text !== "string") return `(${Object.keys(piece).map(nameText).join(", ")})`;
  if (text.length <= lengthMax) return text;
  return `${text.slice(0, lengthMax)}\n… ${formatCount(text.length - lengthMax)} more characters`;
}

/** Of what would be shown: filtering 20 MB to find that they are too many would take seconds. */
function pieceLength(deck: UserDeck): number {
  return deck.pieces.reduce((sum, piece) => {
    const shown = ["text/html", "image/svg+xml", ...IMAGE_TYPES, "text/markdown", "text/plain"]
      .map((type) => piece[type])
      .find((content) => typeof content === "string");
    return sum + (typeof shown === "string" ? shown.length : 0);
  }, 0);
}

function partLength(part: DeckPart): number {
  switch (part.as) {
    case "html":
      return part.html.length;
    case "image":
      return part.base64.length;
    case "text":
      return part.text.length;
    default:
      return part satisfies never;
  }
}

function partHtml(part: DeckPart): string {
  switch (part.as) {
    case "html":
      return `<div>${part.html}</div>`;
    case "image":
      return `<div><img src="data:${part.mime};base64,${part.base64}" alt="${escapeHtml(part.alt)}"></div>`;
    case "text":
      return `<pre>${escapeHtml(part.text)}</pre>`;
    default:
      return part satisfies never;
  }
}
