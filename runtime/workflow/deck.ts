/**
 * `Deck(name, content)`: decks of the user's own beside the one of the calls.
 *
 * Invariants
 *   D1  Same call and name, same deck, whoever holds the handle.
 *   D2  Without a run or a reader nothing happens, and nothing throws: a workflow runs the same in plain Node.
 * @module
 */
import type { DeckAdded } from "../events/events.ts";
import { preview } from "../values/preview.ts";
import { redactText } from "../values/redact.ts";
import { contentBundle, html, md, type RichText } from "./deck-content.ts";
import { emit, now, observed } from "./engine.ts";
import { type Scope, scopes } from "./scope.ts";

export type { RichText };

/** A deck that can be filled further, also after an `await`. */
export interface UserDeckHandle {
  /** Adds a piece after what is there. */
  append(content: unknown): UserDeckHandle;
  /** Puts a piece in the place of all that is there. */
  set(content: unknown): UserDeckHandle;
}

export interface DeckOptions {
  /**
   * Lets scripts in its HTML run: in `deck.html` only, in a frame of their own, without access to page or network.
   * Scripts that would have to be loaded stay out.
   */
  readonly scripts?: boolean;
}

const NAME_LENGTH_MAX = 200;

/**
 * A deck of one's own, shown as a section of the deck of this run: of the call whose function makes it, or of the cell.
 *
 * @param name the section's title; the same name in the same call is the same deck, which then gets one more piece.
 * @param content `` Deck.html`<b>${text}</b>` ``, `` Deck.md`# Title` ``, a MIME bundle, an object with the method
 *   `Symbol.for("Jupyter.display")`, or any value, which is shown as the deck shows values. A string is text. Without it the
 *   deck is empty until it is filled. Looked at once, now; pieces above 20 MB are left out with a sentence.
 * @throws {TypeError} when `name` is not a text.
 */
export const Deck = Object.assign(
  (
    name: string,
    ...given: [content?: unknown, options?: DeckOptions | undefined]
  ): UserDeckHandle => makeDeck(scopes.getStore(), name, given),
  {
    /** HTML. In a template string interpolations are escaped, but for HTML in it; ``Deck.html(text)`` takes all as it is. */
    html: html as HtmlTag,
    /** Markdown, as a template string or a text. HTML in it is text. */
    md: md as HtmlTag,
  },
);

/** A tag of template strings that also takes a text. */
export interface HtmlTag {
  (parts: TemplateStringsArray, ...values: unknown[]): RichText;
  (text: string): RichText;
}

/** `ctx.deck`: the same for the call of the context, wherever it is used. */
export function makeDeck(
  scope: Scope | undefined,
  name: string,
  given: readonly [content?: unknown, options?: DeckOptions | undefined],
): UserDeckHandle {
  return deckHandle(name, given, (shortName, piece, mode, scripts) =>
    report(scope, shortName, piece, mode, scripts),
  );
}

/** Adds one piece, or puts it in the place of all others. */
export type AddPiece = (
  name: string,
  content: unknown,
  mode: DeckAdded["mode"],
  scripts: boolean,
) => void;

/** A handle on a deck that lives wherever `add` puts its pieces: here, or at the other end of a thread. */
export function deckHandle(
  name: string,
  given: readonly [content?: unknown, options?: DeckOptions | undefined],
  add: AddPiece,
): UserDeckHandle {
  if (typeof name !== "string" || name.trim() === "") {
    throw new TypeError(
      `a deck needs a name, as in Deck("forecast", chart); given: ${preview(name).line}`,
    );
  }
  const [content, options] = given;
  const shortName = redactText(name).slice(0, NAME_LENGTH_MAX);
  const scripts = options?.scripts === true;
  const handle: UserDeckHandle = {
    append(piece) {
      add(shortName, piece, "append", scripts);
      return handle;
    },
    set(piece) {
      add(shortName, piece, "set", scripts);
      return handle;
    },
  };
  // By number of arguments: `undefined` is a value that can be shown.
  if (given.length > 0) add(shortName, content, "append", scripts);
  return handle;
}

function report(
  scope: Scope | undefined,
  name: string,
  content: unknown,
  mode: DeckAdded["mode"],
  scripts: boolean,
): void {
  // A run that has ended is drawn and written already.
  if (!observed || scope === undefined || scope.run.finished) return;
  scope.run.announce();
  emit({
    kind: "deck-added",
    runId: scope.run.id,
    at: now(),
    name,
    bundle: contentBundle(content),
    mode,
    ...(scope.call !== undefined && { id: scope.call.id }),
    ...(scripts && { scripts }),
  });
}
