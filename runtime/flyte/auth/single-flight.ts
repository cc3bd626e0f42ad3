/**
 * One piece of work for all who ask for it at the same time.
 *
 * It is stopped when the last of them gave up, and only then: one interrupted call must not end the login of another.
 * @module
 */

interface Flight<T> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  waiting: number;
}

export class SingleFlight<T> {
  readonly #work: (signal: AbortSignal) => Promise<T>;
  #flight: Flight<T> | undefined;

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#work = work;
  }

  /** Joins the work that is under way, or begins it. Rejects with the signal's reason when that aborts. */
  async join(signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const flight = this.#flight ?? this.#begin();
    flight.waiting++;
    try {
      return await orAborted(flight.result, signal);
    } finally {
      flight.waiting--;
      if (flight.waiting === 0) {
        // Without effect when the work has ended.
        flight.stop.abort(signal?.reason);
        if (this.#flight === flight) this.#flight = undefined;
      }
    }
  }

  #begin(): Flight<T> {
    const stop = new AbortController();
    const flight: Flight<T> = { result: this.#work(stop.signal), stop, waiting: 0 };
    this.#flight = flight;
    const done = () => {
      if (this.#flight === flight) this.#flight = undefined;
    };
    flight.result.then(done, done);
    return flight;
  }
}

/** What a promise gives, or the reason of a signal that aborts first. */
export async function orAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return await promise;
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const leave = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", leave, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
