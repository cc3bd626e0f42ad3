/**
 * What somebody probably meant by a name that there is not.
 * @module
 */

/**
 * The known name that is nearest to a wrong one: it differs in a third of its letters at most, or one begins as the other
 * but for its last letter (`retry`, `retries`). Case does not count.
 * @returns undefined when none is near.
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.ceil(name.length / 3)) + 0.5;
  for (const candidate of known) {
    const other = candidate.toLowerCase();
    const stem = wanted.length > 3 ? wanted.slice(0, -1) : wanted;
    const isPrefix = wanted.length >= 3 && (other.startsWith(stem) || wanted.startsWith(other));
    const distance = isPrefix ? 0.5 : editDistance(wanted, other);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's: how many letters have to be put in, taken out or changed. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
