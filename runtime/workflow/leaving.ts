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
  const done = () => unfinished.delete(work);
  work.then(done, done);
}

const elsewhere = new Set<object>();

/** A call runs on another machine from now on. @returns to be called when it does no more. */
export function runsElsewhere(): () => void {
  const call = {};
  elsewhere.add(call);
  return () => elsewhere.delete(call);
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
const STOP_MAX_MS = 10_000;
/** As shells have it: 128 and the number of the signal. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * From now on a Ctrl-C ends the calls first and then the process; a second one ends the process at once. Only where the
 * program has no listener of its own: a session or a server knows better.
 */
export function guardExit(): void {
  if (isGuarded) return;
  isGuarded = true;
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
 * The calls reject with `reason`, and a program that catches nothing would end by that before anything is stopped. What
 * is a consequence of it is no news; another error is told, and does not end the process sooner either.
 */
function outliveItsErrors(reason: Error): void {
  process.on("uncaughtException", (error) => {
    if (!isCausedBy(error, reason)) console.error(error);
  });
}

function isCausedBy(error: unknown, reason: Error): boolean {
  const seen = new Set<unknown>();
  for (let at = error; at instanceof Error && !seen.has(at); at = at.cause) {
    if (at === reason) return true;
    seen.add(at);
  }
  return false;
}
