/**
 * Ctrl-R: the search in what was typed before. Pure; what fits a query, `history-search.ts` knows.
 * @module
 */
import { searchHistory } from "./history-search.ts";
import { type EditorState, moved } from "./state.ts";

export interface Search {
  readonly query: string;
  readonly hits: readonly SearchHit[];
  /** Index into `hits`. */
  readonly chosen: number;
}

export interface SearchHit {
  readonly source: string;
  /** UTF-16 offsets of the characters that fit, rising. */
  readonly positions: readonly number[];
}

/** Opens the search; the query begins empty and lists what is newest. */
export function openSearch(state: EditorState): EditorState {
  return withQuery({ ...state, search: { query: "", hits: [], chosen: 0 } }, "");
}

export function withQuery(state: EditorState, query: string): EditorState {
  return { ...state, search: { query, hits: searchHistory(state.history, query), chosen: 0 } };
}

/** `by` 1 is the next older hit; stops at both ends. */
export function chooseHit(state: EditorState, by: 1 | -1): EditorState {
  const { search } = state;
  if (!search) return state;
  const chosen = Math.max(0, Math.min(search.hits.length - 1, search.chosen + by));
  return { ...state, search: { ...search, chosen } };
}

/** Back to the draft. */
export function closeSearch(state: EditorState): EditorState {
  const { search: _, ...rest } = state;
  return rest;
}

/** The chosen hit becomes the text, as one undo step; without a hit the draft stays. */
export function takeHit(state: EditorState): EditorState {
  const hit = state.search?.hits[state.search.chosen];
  const closed = closeSearch(state);
  if (hit === undefined) return closed;
  const undo = [...state.undo, { text: state.text, cursor: state.cursor }];
  return { ...moved(closed, hit.source, hit.source.length), undo, redo: [] };
}
