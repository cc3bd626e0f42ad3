/**
 * Work on many things, a few at a time, that ends together.
 * @module
 */

/**
 * @param work its signal is aborted when another one failed, or by the outer signal.
 * @throws what the first failing one throws, when none is running any more.
 */
export async function together<T>(
  items: AsyncIterable<T>,
  lanes: number,
  outer: AbortSignal | undefined,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal;
  const iterator = items[Symbol.asyncIterator]();
  let failure: { readonly error: unknown } | undefined;
  const lane = async () => {
    try {
      for (;;) {
        signal.throwIfAborted();
        const { done, value } = await iterator.next();
        if (done) return;
        await work(value, signal);
      }
    } catch (error) {
      failure ??= { error };
      stop.abort(error);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  if (failure === undefined) return;
  await iterator.return?.();
  throw failure.error;
}
