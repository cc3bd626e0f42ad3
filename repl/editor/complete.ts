/**
 * The popup of completions: which items fit what is typed, which one is chosen. Pure.
 * @module
 */
import type { CompletionItem, CompletionKind } from "../../runtime/session/client/api.ts";
import { fuzzy } from "./fuzzy.ts";

const ALIKE_MAX = 50;

/** What may be inserted: code, or a word of a command. */
export interface Offer extends Pick<CompletionItem, "name" | "detail" | "insert"> {
  readonly kind: CompletionKind | "command" | "cell" | "call" | "setting" | "folder" | "file" | "";
}

/** The answer to a Tab: `start` and `end` are the range that an insertion replaces, as UTF-16 offsets. */
export interface Offers {
  readonly start: number;
  readonly end: number;
  readonly items: readonly Offer[];
}

export interface Popup {
  /** Offset of the word that is completed. */
  readonly start: number;
  /** How much of the word stands behind the cursor and is replaced too. */
  readonly tailLength: number;
  readonly all: readonly Offer[];
  /** Those of `all` that fit the word as it is now. */
  readonly items: readonly Offer[];
  /** Index into `items`; absent until the person chooses, so that Enter still runs the cell. */
  readonly chosen?: number;
  /** Type and documentation of the chosen item, once they are known. */
  readonly about?: { readonly name: string; readonly text: string };
}

/** A popup for an answer, if it has items that fit. */
export function openPopup(
  completions: Offers,
  editor: { readonly text: string; readonly cursor: number },
): Popup | undefined {
  const { text, cursor } = editor;
  if (completions.start > cursor || completions.end < completions.start) return undefined;
  return refit(
    {
      start: completions.start,
      tailLength: Math.max(0, Math.min(completions.end, text.length) - cursor),
      all: completions.items,
      items: [],
    },
    text.slice(completions.start, cursor),
  );
}

/** The popup for a changed word; nothing when no item fits. */
export function refit(popup: Popup, word: string): Popup | undefined {
  const items = fitting(popup.all, word);
  if (items.length === 0) return undefined;
  const { chosen: _, about: _about, ...rest } = popup;
  return { ...rest, items };
}

/** `step` 1 or -1, around the ends. */
export function choose(popup: Popup, step: 1 | -1): Popup {
  const { length } = popup.items;
  const from = popup.chosen ?? (step === 1 ? -1 : 0);
  return { ...popup, chosen: (from + step + length) % length };
}

/** What all fitting items begin with. */
export function commonPrefix(items: readonly Offer[]): string {
  let prefix = insertOf(items[0]);
  for (const item of items) {
    const text = insertOf(item);
    let length = 0;
    while (length < prefix.length && prefix[length] === text[length]) length++;
    prefix = prefix.slice(0, length);
  }
  return prefix;
}

export function insertOf(item: Offer | undefined): string {
  return item?.insert ?? item?.name ?? "";
}

/** Items that begin with the word, those in the same case first; failing these, items that are like it. */
function fitting(all: readonly Offer[], word: string): readonly Offer[] {
  const lower = word.toLowerCase();
  // A file is shown by its name and typed with its folders: either may be what the word begins.
  const begins = (item: Offer) => item.name.startsWith(word) || insertOf(item).startsWith(word);
  const exact = all.filter(begins);
  const other = all.filter((item) => !begins(item) && item.name.toLowerCase().startsWith(lower));
  if (exact.length + other.length > 0) return [...exact, ...other];
  return fuzzy(all, ({ name }) => name, word, ALIKE_MAX).map(({ item }) => item);
}
