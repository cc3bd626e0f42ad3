/**
 * Which entries of the history fit a query. Pure.
 * @module
 */
import type { SearchHit } from "./search.ts";
import type { HistoryEntry } from "./state.ts";

const HITS_MAX = 200;

/** Newest first, this project's before others'; at most 200. */
export function searchHistory(history: readonly HistoryEntry[], query: string): SearchHit[] {
  const words = query.split(/\s+/).filter((word) => word !== "");
  const hits = history.toReversed().flatMap(({ source }) => {
    if (!words.every((word) => source.includes(word))) return [];
    return [{ source, positions: [] }];
  });
  return hits.slice(0, HITS_MAX);
}
