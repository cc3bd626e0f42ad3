/**
 * Asynchronous work on many things, a few at a time.
 * @module
 */

/** @throws what the first failing one throws, when those that run have ended; no further ones begin. */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < items.length && !failed) {
      const item = items[next++];
      try {
        // biome-ignore lint/style/noNonNullAssertion: the index is below the length
        await work(item!);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const all = await Promise.allSettled(Array.from({ length: Math.min(lanes, items.length) }, lane));
  for (const one of all) if (one.status === "rejected") throw one.reason;
}
