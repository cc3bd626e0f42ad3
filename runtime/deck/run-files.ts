/**
 * What stays of a run: `.eagerdeck/runs/<run id>/deck.html` for people, `records.jsonl` for programs. For every front end.
 *
 * Invariants
 *   W1  A file is there whole or not at all: written beside its place, then renamed.
 *   W2  A folder that cannot be written costs a notice, once, and never a cell.
 *   W3  Nothing is made for a trivial run: a session of small cells leaves no folder.
 *   W4  Bounded: the newest 200 runs are kept; of a run, output beyond 5 MB and events beyond 500,000 are only counted.
 * @module
 */
import { existsSync } from "node:fs";
import { readdir, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { RuntimeEvent } from "../events/events.ts";
import { homePath, isHistoryOn, makeHome } from "../events/home.ts";
import type { RunRecord } from "../events/record-shape.ts";
import { Records } from "../events/records.ts";
import { cutText } from "../values/escape.ts";
import { redactPrinted, redactText } from "../values/redact.ts";
import { deckPage, isTrivial } from "./views.ts";
import { writeWhole } from "./whole-file.ts";

export interface RunFilesOptions {
  /** The session's working folder; `.eagerdeck` is made in it. */
  readonly folder: string;
  /** Hears of the first file that cannot be written. */
  readonly onNotice: (text: string) => void;
  /** Hears, when a run has ended, where its page will be: relative to the folder. */
  readonly onPage?: (runId: string, file: string) => void;
  /** Changes a record before its page is drawn. */
  readonly pageOf?: (run: RunRecord) => RunRecord;
}

const RUNS_MAX = 200;
const PAGE = "deck.html";
const EVENTS = "records.jsonl";
const LOG_LENGTH_MAX = 5_000_000;
const DECK_LENGTH_MAX = 20_000_000;
const EVENTS_MAX = 500_000;
const LINE_LENGTH_MAX = 20_000;
const MAY_NAME = /token|secret|passw|passphrase|authorization|cookie|credential|key/i;
/** Runs are named by the user process: a name must not lead anywhere. */
const RUN_ID = /^[A-Za-z0-9][\w-]{0,99}$/;

interface OpenRun {
  readonly records: Records;
  readonly log: EventLog;
}

export class RunFiles {
  readonly #options: RunFilesOptions;
  readonly #open = new Map<string, OpenRun>();
  readonly #done = new Set<string>();
  #writes: Promise<void> = Promise.resolve();
  /** Why nothing can be written. */
  #problem: string | undefined;

  constructor(options: RunFilesOptions) {
    this.#options = options;
  }

  /** Takes the next event of any run. */
  apply(event: RuntimeEvent): void {
    const { runId } = event;
    if (runId === "" || this.#done.has(runId)) return;
    let run = this.#open.get(runId);
    if (run === undefined) {
      run = { records: new Records(), log: new EventLog() };
      this.#open.set(runId, run);
    }
    run.records.apply(event);
    run.log.add(event);
  }

  /** The run as it is known. */
  run(runId: string): RunRecord | undefined {
    return this.#open.get(runId)?.records.run(runId);
  }

  /**
   * Where the page of a run that has ended will be, relative to the folder. Makes that place, so that a deck does not
   * name a file that cannot be written.
   */
  place(runId: string): { readonly file?: string; readonly problem?: string } {
    const run = this.run(runId);
    return run === undefined ? {} : this.#placeOf(run);
  }

  #placeOf(run: RunRecord): { readonly file?: string; readonly problem?: string } {
    if (!isWorthAFile(run)) return {};
    const path = homePath("runs", run.id);
    try {
      makeHome(this.#options.folder, "runs", run.id);
      return { file: join(path, PAGE) };
    } catch (error) {
      return { problem: this.#failed(error) };
    }
  }

  /** Nothing more will come of this run: writes its files, unless it is trivial. `flushed` tells when they are there. */
  finish(runId: string): void {
    const open = this.#open.get(runId);
    const run = open?.records.run(runId);
    this.#open.delete(runId);
    this.#remember(runId);
    if (open === undefined || run === undefined) return;
    const { file } = this.#placeOf(run);
    if (file === undefined) return;
    this.#options.onPage?.(runId, file);
    this.#writes = this.#writes.then(() => this.#write(run, open.log));
  }

  /** All files of finished runs are written, or cannot be. Never rejects. */
  flushed(): Promise<void> {
    return this.#writes;
  }

  async #write(run: RunRecord, log: EventLog): Promise<void> {
    const folder = join(this.#options.folder, homePath("runs", run.id));
    try {
      await writeWhole(join(folder, EVENTS), log.text());
      await writeWhole(join(folder, PAGE), await deckPage(this.#options.pageOf?.(run) ?? run));
      await prune(join(this.#options.folder, homePath("runs")));
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): string {
    const reason = error instanceof Error ? error.message : String(error);
    const isNews = this.#problem === undefined;
    this.#problem = reason;
    if (isNews) {
      this.#options.onNotice(
        `The decks of runs cannot be kept in ${homePath()}: ${reason}. This is said once; EAGERDECK_HISTORY=off keeps none.`,
      );
    }
    return reason;
  }

  #remember(runId: string): void {
    this.#done.add(runId);
    const [oldest] = this.#done;
    if (this.#done.size > RUNS_MAX && oldest !== undefined) this.#done.delete(oldest);
  }
}

function isWorthAFile(run: RunRecord): boolean {
  const hasContent = run.calls.size > 0 || (run.decks ?? []).length > 0;
  return hasContent && RUN_ID.test(run.id) && run.state !== "running" && !isTrivial(run);
}

/** Events as they came, but for output that nobody would read to its end. */
class EventLog {
  readonly #events: RuntimeEvent[] = [];
  #logLength = 0;
  #deckLength = 0;
  #leftOut = 0;

  add(event: RuntimeEvent): void {
    const length = event.kind === "log" ? event.text.length : 0;
    const deckLength = event.kind === "deck-added" ? JSON.stringify(event.bundle).length : 0;
    const isFull = this.#events.length >= EVENTS_MAX && event.kind !== "run-ended";
    const isTooLong =
      (length > 0 && this.#logLength + length > LOG_LENGTH_MAX) ||
      (deckLength > 0 && this.#deckLength + deckLength > DECK_LENGTH_MAX);
    if (isFull || isTooLong) {
      this.#leftOut++;
      return;
    }
    this.#logLength += length;
    this.#deckLength += deckLength;
    this.#events.push(event);
  }

  /** One JSON text per line. */
  text(): string {
    const lines = this.#events.map((event) => JSON.stringify(safeEvent(event)));
    if (this.#leftOut > 0) lines.push(JSON.stringify({ kind: "left-out", events: this.#leftOut }));
    return `${lines.join("\n")}\n`;
  }
}

/** Values were redacted when they were looked at; what a program prints comes as it is. */
function safeEvent(event: RuntimeEvent): RuntimeEvent {
  if (event.kind !== "log") return event;
  const { safe, ...rest } = event;
  const text = redactText(safe ?? event.text)
    .split("\n")
    // Looking for pairs of a name and a value costs a microsecond per three characters: only where there may be one.
    .map((line) => (MAY_NAME.test(line) ? redactPrinted(cutText(line, LINE_LENGTH_MAX)) : line))
    .join("\n");
  return { ...rest, text };
}

/** Only what was written here goes: a folder with something else in it stays. */
async function prune(runs: string): Promise<void> {
  const names = (await readdir(runs)).filter((name) => RUN_ID.test(name));
  if (names.length <= RUNS_MAX) return;
  const aged = await Promise.all(
    names.map(async (name) => ({ name, atMs: await modifiedMs(join(runs, name)) })),
  );
  aged.sort((a, b) => b.atMs - a.atMs);
  for (const { name } of aged.slice(RUNS_MAX)) {
    const folder = join(runs, name);
    await rm(join(folder, PAGE), { force: true });
    await rm(join(folder, EVENTS), { force: true });
    // Another session may have been faster, and a file of somebody else's keeps its folder.
    await rmdir(folder).catch(() => undefined);
  }
}

async function modifiedMs(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    // Another session has pruned it meanwhile.
    return 0;
  }
}

/** The page of an earlier run, relative to the folder, if it is there. */
export function pageFile(folder: string, runId: string): string | undefined {
  const file = homePath("runs", runId, PAGE);
  return RUN_ID.test(runId) && existsSync(join(folder, file)) ? file : undefined;
}

/** What a session looks like from here. */
interface EventSource {
  readonly folder: string;
  onEvent(
    listener: (event: { readonly kind: string; readonly event?: unknown }) => void,
  ): () => void;
}

/**
 * Keeps files of all runs of a session, each when it ends.
 * @returns the way to stop, which resolves when all is written.
 */
export function keepRunFiles(
  session: EventSource,
  options: Omit<RunFilesOptions, "folder">,
): () => Promise<void> {
  if (!isHistoryOn()) return async () => undefined;
  const files = new RunFiles({ folder: session.folder, ...options });
  const stop = session.onEvent((item) => {
    if (item.kind !== "event") return;
    // Items of that kind carry an event of the engine: `SessionEvent` in the session's API.
    const event = item.event as RuntimeEvent;
    files.apply(event);
    if (event.kind === "run-ended") files.finish(event.runId);
  });
  return async () => {
    stop();
    await files.flushed();
  };
}
