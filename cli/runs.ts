/**
 * `eagerdeck runs` and `eagerdeck cache`: what a folder remembers, without a session.
 * @module
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { exitCodes } from "../repl/exit-codes.ts";
import { pageFile } from "../runtime/deck/run-files.ts";
import { deckPage, deckRows, rowsToText, runListRows } from "../runtime/deck/views.ts";
import { homePath, makeHome } from "../runtime/events/home.ts";
import type { RunRecord } from "../runtime/events/record-shape.ts";
import { CacheFile } from "../runtime/store/cache.ts";
import { History, type StoredRun } from "../runtime/store/history.ts";
import { leftBehind, leftCount } from "../runtime/store/left-executions.ts";
import { packRun } from "../runtime/store/run-record.ts";
import { counted } from "../runtime/values/format.ts";
import { checkOutputFile, writeOutput } from "./files.ts";
import { didYouMean, UsageError } from "./usage.ts";

const LISTED_MAX = 20;
const COLUMNS = 100;
const ROWS_MAX = 200;

export interface ListFlags {
  readonly json?: boolean;
  /** How many, as it was written. */
  readonly limit?: string;
}

/** Newest first. */
export async function listRuns({ json, limit }: ListFlags): Promise<number> {
  const max = limit === undefined ? LISTED_MAX : Number(limit);
  if (!Number.isSafeInteger(max) || max < 1) {
    throw new UsageError(`--limit takes a number of runs, 1 or more, not '${limit}'`);
  }
  const runs = withHistory(
    (history) =>
      history.runs(max).map((run) => {
        const left = run.state === "killed" ? leftCount(leftBehind(history, run)) : 0;
        return left === 0 ? run : { ...run, left };
      }),
    [] as (StoredRun & { readonly left?: number })[],
  );
  if (json) {
    for (const { source: _, ...run } of runs) process.stdout.write(`${JSON.stringify(run)}\n`);
  } else if (runs.length === 0) {
    process.stderr.write(`no runs in ${resolve(homePath())}\n`);
  } else {
    process.stdout.write(`${rowsToText(runListRows(runs, ({ id }) => id))}\n`);
  }
  return exitCodes.ok;
}

/** The deck as text; with `json` the record. */
export async function showRun(id: string, { json }: { readonly json?: boolean }): Promise<number> {
  const { stored, record } = found(id);
  const text = json
    ? packRun(record)
    : rowsToText(deckRows(record, { columns: COLUMNS, rowsMax: ROWS_MAX }));
  process.stdout.write(`${text === "" ? `${stored.title}: no calls` : text}\n`);
  return exitCodes.ok;
}

/** The path of the page of a run; it is drawn if it is not there. */
export async function runDeck(
  id: string,
  { output }: { readonly output?: string },
): Promise<number> {
  if (output !== undefined) checkOutputFile("--output", output);
  const { stored, record } = found(id);
  const known = pageFile(process.cwd(), stored.id);
  if (output === undefined && known !== undefined) {
    process.stdout.write(`${resolve(known)}\n`);
    return exitCodes.ok;
  }
  if (output === undefined) makeHome(process.cwd(), "runs", stored.id);
  const file = output ?? homePath("runs", stored.id, "deck.html");
  if (!writeOutput("--output", file, await deckPage(record))) return exitCodes.failed;
  process.stdout.write(`${resolve(file)}\n`);
  return exitCodes.ok;
}

/** Forgets the values of cached tasks. */
export async function clearCache(): Promise<number> {
  if (!existsSync(homePath("cache.db"))) {
    process.stderr.write(`no cached values in ${resolve(homePath())}\n`);
    return exitCodes.ok;
  }
  let count: number;
  try {
    const { cache, notice } = CacheFile.open(process.cwd());
    if (notice !== undefined) process.stderr.write(`${notice}\n`);
    count = cache.clear();
    cache.close();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
  process.stderr.write(`forgot ${counted(count, "value")}\n`);
  return exitCodes.ok;
}

/** By its id or the beginning of it. */
function found(id: string): { readonly stored: StoredRun; readonly record: RunRecord } {
  return withHistory(
    (history) => {
      const runs = history.runs();
      const hits = runs.filter((run) => run.id === id || run.id.startsWith(id));
      const stored = hits.find((run) => run.id === id) ?? hits[0];
      if (stored === undefined || (hits.length > 1 && stored.id !== id)) {
        const ids = runs.map((run) => run.id);
        if (hits.length > 1) {
          throw new UsageError(
            `several runs begin with '${id}': ${hits
              .slice(0, 5)
              .map((run) => run.id)
              .join(", ")}`,
          );
        }
        throw new UsageError(
          `no run '${id}' here; eagerdeck runs list has them.${didYouMean(id, ids)}`,
        );
      }
      const record = history.record(stored.id);
      if (record === undefined)
        throw new UsageError(`the run '${id}' has no record: its process ended too early`);
      return { stored, record };
    },
    undefined,
    id,
  );
}

/** @param none what there is without a history; without it, that is an error. */
function withHistory<T>(read: (history: History) => T, none: T | undefined, id?: string): T {
  if (!existsSync(homePath("history.db"))) {
    if (none !== undefined) return none;
    throw new UsageError(`no run '${id}': no runs in ${resolve(homePath())}`);
  }
  let opened: ReturnType<typeof History.open>;
  try {
    opened = History.open(process.cwd());
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
  if (opened.notice !== undefined) process.stderr.write(`${opened.notice}\n`);
  try {
    return read(opened.history);
  } finally {
    opened.history.close();
  }
}
