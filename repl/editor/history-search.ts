/**
 * Which entries of the history fit a query. Pure.
 *
 * It runs at each key, over up to 100,000 entries: words are looked for as plain text, and patterns only
 * in what was found.
 * @module
 */
import { fuzzy } from "./fuzzy.ts";
import type { SearchHit } from "./search.ts";
import type { HistoryEntry } from "./state.ts";

const HITS_MAX = 200;
/** With fewer hits, entries that are merely like the query follow. */
const FUZZY_BELOW = 20;
const FUZZY_ENTRIES = 2_000;
/** fzf looks at the beginning of a long cell only. */
const FUZZY_LENGTH = 200;

/**
 * Entries with all words of the query, in any order: this project's, then others', each newest first and
 * each text once; at most 200. A word with a capital letter means itself, another both cases.
 * @param history oldest first.
 */
export function searchHistory(
  history: readonly HistoryEntry[],
  query: string,
): readonly SearchHit[] {
  const words = query.split(/\s+/).filter((word) => word !== "");
  const sources = withWords(history, words);
  const hits = sources.map((source) => ({ source, positions: positionsOf(words, source) }));
  if (words.length === 0 || hits.length >= FUZZY_BELOW) return hits;
  return [...hits, ...alike(history, words.join(""), new Set(sources))];
}

function withWords(history: readonly HistoryEntry[], words: readonly string[]): readonly string[] {
  const exact = words.filter(isExact);
  const other = words.filter((word) => !isExact(word));
  const lower = other.length > 0 ? lowerCaseOf(history) : [];
  const here = new Set<string>();
  const elsewhere = new Set<string>();
  for (let index = history.length - 1; index >= 0 && here.size < HITS_MAX; index--) {
    const entry = history[index];
    if (entry === undefined) continue;
    const found = entry.isHere ? here : elsewhere;
    if (found.size >= HITS_MAX) continue;
    if (!hasAll(entry.source, exact) || !hasAll(lower[index] ?? "", other)) continue;
    found.add(entry.source);
  }
  return [...new Set([...here, ...elsewhere])].slice(0, HITS_MAX);
}

function hasAll(text: string, words: readonly string[]): boolean {
  for (const word of words) if (!text.includes(word)) return false;
  return true;
}

function isExact(word: string): boolean {
  return word !== word.toLowerCase();
}

/** A pattern that ignores case takes 60 ms over 100,000 entries, this 10 ms once and 5 ms per key. */
const lowerCases = new WeakMap<readonly HistoryEntry[], readonly string[]>();

function lowerCaseOf(history: readonly HistoryEntry[]): readonly string[] {
  const known = lowerCases.get(history);
  if (known) return known;
  const texts = history.map(({ source }) => source.toLowerCase());
  lowerCases.set(history, texts);
  return texts;
}

function positionsOf(words: readonly string[], source: string): readonly number[] {
  const positions = new Set<number>();
  for (const word of words) {
    const escaped = word.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    const pattern = new RegExp(escaped, isExact(word) ? "g" : "gi");
    for (const { index } of source.matchAll(pattern)) {
      for (let at = index; at < index + word.length; at++) positions.add(at);
    }
  }
  return rising(positions);
}

function alike(
  history: readonly HistoryEntry[],
  query: string,
  known: ReadonlySet<string>,
): readonly SearchHit[] {
  // Newest first: fzf keeps this order among equals.
  const sources = new Set(
    history
      .slice(-FUZZY_ENTRIES)
      .reverse()
      .map(({ source }) => source),
  );
  const beginning = (source: string) => source.slice(0, FUZZY_LENGTH);
  const rest = [...sources].filter((source) => !known.has(source));
  return fuzzy(rest, beginning, query, FUZZY_BELOW).map(({ item, positions }) => ({
    source: item,
    positions: rising(positions),
  }));
}

function rising(positions: ReadonlySet<number>): readonly number[] {
  return [...positions].sort((a, b) => a - b);
}
