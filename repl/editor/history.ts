/**
 * Walking through what was typed before, and the ghost of it behind the cursor. Pure.
 * @module
 */
import { type EditorState, type HistoryEntry, moved } from "./state.ts";

const HISTORY_MAX = 100_000;

/** The history with one more entry; equal neighbours are one. */
export function remembered(
  history: readonly HistoryEntry[],
  source: string,
): readonly HistoryEntry[] {
  if (history.at(-1)?.source === source) return history;
  return [...history, { source, isHere: true }].slice(-HISTORY_MAX);
}

/** Older entries in front of those that are there. */
export function withOlder(state: EditorState, older: readonly HistoryEntry[]): EditorState {
  if (older.length === 0) return state;
  const { walk } = state;
  return {
    ...state,
    history: [...older, ...state.history],
    // Someone may be walking meanwhile: the place is the same entry as before.
    ...(walk ? { walk: { ...walk, index: walk.index + older.length } } : {}),
  };
}

/** The next entry in a direction that begins with the text before the cursor; last of all the draft. */
export function walk(state: EditorState, by: 1 | -1): EditorState {
  const { history } = state;
  const current = state.walk ?? {
    index: history.length,
    prefix: state.text.slice(0, state.cursor),
    draft: { text: state.text, cursor: state.cursor },
  };
  for (let index = current.index + by; index >= 0 && index < history.length; index += by) {
    const entry = history[index]?.source ?? "";
    if (!entry.startsWith(current.prefix) || entry === state.text) continue;
    return { ...moved(state, entry, entry.length), walk: { ...current, index } };
  }
  if (by === -1 || state.walk === undefined) return state;
  return moved(state, current.draft.text, current.draft.cursor);
}

const ghosts = new WeakMap<EditorState, string>();

/** What the newest entry that begins with the whole text has behind it; empty when nothing is suggested. */
export function ghostOf(state: EditorState): string {
  const known = ghosts.get(state);
  if (known !== undefined) return known;
  const ghost = findGhost(state);
  ghosts.set(state, ghost);
  return ghost;
}

function findGhost({ text, cursor, history, popup, search, walk }: EditorState): string {
  if (text.trim() === "" || cursor !== text.length) return "";
  if (popup || search || walk) return "";
  for (let index = history.length - 1; index >= 0; index--) {
    const entry = history[index]?.source ?? "";
    if (entry.length > text.length && entry.startsWith(text)) return entry.slice(text.length);
  }
  return "";
}

/** The ghost's first word, with the blanks before it. */
export function ghostWord(ghost: string): string {
  return /^\s*(?:[\p{L}\p{N}\p{M}_$]+|[^\p{L}\p{N}\p{M}_$\s]+)/u.exec(ghost)?.[0] ?? ghost;
}
