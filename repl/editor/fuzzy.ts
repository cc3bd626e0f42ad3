/**
 * fzf, with types: its declarations import without extensions, which under `nodenext` makes its results `any`.
 * @module
 */
import { Fzf } from "fzf";

export interface FuzzyHit<T> {
  readonly item: T;
  /** UTF-16 offsets of the characters that matched. */
  readonly positions: ReadonlySet<number>;
}

/**
 * The items that have the characters of `query` in its order, best first, at most `max`; small letters
 * mean both cases. For lists of up to 2,000.
 */
export function fuzzy<T>(
  items: readonly T[],
  textOf: (item: T) => string,
  query: string,
  max: number,
): readonly FuzzyHit<T>[] {
  // `v1` takes the first place where a text matches, not the best: a long text costs a tenth.
  return new Fzf([...items], { selector: textOf, limit: max, fuzzy: "v1" }).find(query);
}
