/**
 * What has to be finished before the process may end: executions elsewhere that were told to stop.
 *
 * A session and the command line ask for it; a plain script that nobody else looks after is looked after here.
 * @module
 */
import { runsWithPendingCalls } from "./run.ts";

const unfinished = new Set<Promise<unknown>>();

/** Has `work` awaited before the process ends by itself or is asked to. It may reject; nobody hears of that here. */
export function finishBeforeExit(work: Promise<unknown>): void {
  unfinished.add(work);
  holdErrors();
  const done = () => {
    unfinished.delete(work);
    holdErrors();
  };
  work.then(done, done);
}

const elsewhere = new Set<object>();

/** A call runs on another machine from now on. @returns to be called when it does no more. */
export function runsElsewhere(): () => void {
  const call = {};
  elsewhere.add(call);
  holdErrors();
  return () => {
    elsewhere.delete(call);
    holdErrors();
  };
}

/** Whether an end without warning would leave something behind on other machines. */
export function needsTimeToLeave(): boolean {
  return unfinished.size > 0 || elsewhere.size > 0;
}

/** Resolves when all of it is finished, also what is added meanwhile, or after so many milliseconds. */
export async function finished(maxMs: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, maxMs);
  const all = async () => {
    while (unfinished.size > 0) await Promise.allSettled(unfinished);
  };
  await Promise.race([all(), late]);
  clearTimeout(timer);
}

/** Ends all calls of this process, and waits until what they left elsewhere has been stopped. */
export async function stopAll(reason: unknown, maxMs: number): Promise<void> {
  for (const run of runsWithPendingCalls()) run.abort(reason);
  await finished(maxMs);
}

let isGuarded = false;
let isLeaving = false;
const STOP_MAX_MS = 10_000;
/** As shells have it: 128 and the number of the signal. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * From now on a Ctrl-C, and an error that nobody catches, end the calls first and then the process; a second Ctrl-C ends
 * the process at once. Only where the program has no listener of its own: a session or a server knows better.
 */
export function guardExit(): void {
  if (isGuarded) return;
  isGuarded = true;
  holdErrors();
  for (const [signal, code] of Object.entries(EXIT_CODES)) {
    if (process.listenerCount(signal) > 0) continue;
    process.once(signal, () => {
      process.once(signal, () => process.exit(code));
      const reason = new Error(`the process got ${signal}`);
      reason.name = "Interrupted";
      outliveItsErrors(reason);
      void stopAll(reason, STOP_MAX_MS).finally(() => process.exit(code));
    });
  }
}

/**
 * Node ends a program with the error that nobody catches, in the same turn: what has just been told to stop would never
 * hear of it. Listens only while that would leave something behind, so that errors are Node's business at all other times.
 */
function holdErrors(): void {
  if (isLeaving || !isGuarded) return;
  process.off("uncaughtException", endWith);
  if (needsTimeToLeave()) process.on("uncaughtException", endWith);
}

/** Ends the calls, and then the process as Node would have done it. */
function endWith(error: unknown): void {
  // The program has a listener of its own, and lives on.
  if (process.listenerCount("uncaughtException") > 1) return;
  const asBefore = outliveItsErrors(error);
  void stopAll(error, STOP_MAX_MS).finally(() => {
    asBefore();
    // As a rejection that nobody handles: thrown from here it would be shown with this line as its place.
    void Promise.reject(error);
  });
}

/**
 * The calls reject with `reason`, and a program that catches nothing would end by that before anything is stopped. What
 * is a consequence of it is no news; another error is told, and does not end the process sooner either.
 * @returns to be called when errors are Node's business again.
 */
function outliveItsErrors(reason: unknown): () => void {
  isLeaving = true;
  process.off("uncaughtException", endWith);
  const onError = (error: unknown) => {
    if (!isCausedBy(error, reason)) console.error(error);
  };
  process.on("uncaughtException", onError);
  return () => process.off("uncaughtException", onError);
}

function isCausedBy(error: unknown, reason: unknown): boolean {
  const seen = new Set<unknown>();
  for (let at: unknown = error; !seen.has(at); at = at instanceof Error ? at.cause : undefined) {
    if (at === reason) return true;
    seen.add(at);
  }
  return false;
}
