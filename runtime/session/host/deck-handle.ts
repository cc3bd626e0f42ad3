/**
 * `deck`, `decks[n]`, `runs()`: what ran in this session, with the real values while they are in memory.
 * @module
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import { inspect } from "node:util";
import { pageFile } from "../../deck/run-files.ts";
import {
  deckBundle,
  deckPage,
  deckRows,
  rowsToText,
  sessionBundle,
  sessionPage,
} from "../../deck/views.ts";
import type { RunRecord } from "../../events/record-shape.ts";
import type { Records } from "../../events/records.ts";
import { keptCall } from "../../workflow/kept.ts";

const HOOK = Symbol.for("Jupyter.display");
/** Tells `values/bundle.ts` that this hook may take longer than a user's: the first deck loads its renderer. */
const PATIENT = Symbol.for("eagerdeck.patient");
const TEXT = { columns: 100, rowsMax: 60 };

/** A page is written whole or not at all: beside the file, then renamed. */
function writeWhole(path: string, text: string): string {
  const file = isAbsolute(path) ? path : resolve(path);
  mkdirSync(dirname(file), { recursive: true });
  const part = `${file}.${randomUUID()}.part`;
  writeFileSync(part, text);
  renameSync(part, file);
  return file;
}

/** One call of the session with its real inputs and output. */
export class CallHandle {
  readonly #records: Records;
  readonly id: string;

  constructor(records: Records, id: string) {
    this.#records = records;
    this.id = id;
  }

  get name(): string {
    return this.#record.name;
  }

  get state(): string {
    return this.#record.state;
  }

  /** What the call was given, by input name. */
  get inputs(): Readonly<Record<string, unknown>> {
    return this.#kept.inputs;
  }

  /** What the call returned. @throws what it failed with, or an Error while it still runs. */
  get output(): unknown {
    const { outcome } = this.#kept;
    if (!outcome) throw new Error(`${this.id} ${this.name} has not settled yet`);
    if (!outcome.ok) throw outcome.error;
    return outcome.value;
  }

  /** What the call failed with; undefined when it did not. */
  get error(): unknown {
    const { outcome } = this.#kept;
    return outcome && !outcome.ok ? outcome.error : undefined;
  }

  /** Calls the newest definition of the same name again: the old inputs with these changes. */
  rerun(changes: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    return this.#kept.rerun(changes);
  }

  get #record() {
    const record = this.#records.call(this.id);
    if (!record) throw new Error(`no call ${this.id} in this session; runs() lists its runs`);
    return record;
  }

  get #kept() {
    const kept = keptCall(this.id);
    if (kept) return kept;
    throw new Error(
      `the values of ${this.id} ${this.#record.name} are not in memory any more: only those of the newest calls are kept`,
    );
  }

  [inspect.custom](): string {
    return `Call ${this.id} ${this.name} (${this.state})`;
  }
}

/** The deck of one run, or of the newest one. Shows itself when it is a cell's value. */
export class DeckHandle {
  readonly #history: DeckHistory;
  readonly #runId: string | undefined;

  constructor(history: DeckHistory, runId?: string) {
    this.#history = history;
    this.#runId = runId;
  }

  /** Any call of the session by its id, as the deck shows it. @throws when there is none. */
  task(id: string): CallHandle {
    if (!this.#history.records.call(id)) {
      throw new Error(`no call ${id} in this session; runs() lists its runs`);
    }
    return new CallHandle(this.#history.records, id);
  }

  /** The calls of this run to the task of that name, in order of call. */
  tasks(name: string): CallHandle[] {
    return this.#calls((call) => call.name === name);
  }

  /** The calls of this run that failed. */
  get failed(): CallHandle[] {
    return this.#calls((call) => call.state === "failed");
  }

  /** The summary of the whole session: the newest run of each cell. */
  session(title = "session"): SessionDeck {
    return new SessionDeck(this.#history, title);
  }

  /** Writes this deck as a page that stands alone. @returns the absolute path. */
  async save(path: string): Promise<string> {
    const run = this.#run;
    if (!run) throw new Error("nothing to save: no calls yet");
    return writeWhole(path, await deckPage(run));
  }

  async [HOOK]() {
    const run = this.#run;
    if (run === undefined) return { "text/plain": "no calls yet" };
    return await deckBundle(run, { file: pageFile(process.cwd(), run.id) });
  }

  [inspect.custom](): string {
    const run = this.#run;
    return run ? rowsToText(deckRows(run, TEXT)) : "no calls yet";
  }

  get #run(): RunRecord | undefined {
    const { records } = this.#history;
    return this.#runId === undefined ? records.runs().at(-1) : records.run(this.#runId);
  }

  #calls(choose: (call: { name: string; state: string }) => boolean): CallHandle[] {
    const calls = [...(this.#run?.calls.values() ?? [])];
    return calls.filter(choose).map((call) => new CallHandle(this.#history.records, call.id));
  }
}

/** The deck of a whole session; a notebook's last cell. */
export class SessionDeck {
  readonly #history: DeckHistory;
  readonly #title: string;

  constructor(history: DeckHistory, title: string) {
    this.#history = history;
    this.#title = title;
  }

  /** Writes the summary as a page that stands alone. @returns the absolute path. */
  async save(path: string): Promise<string> {
    return writeWhole(path, await sessionPage(this.#history.newestRuns(), { title: this.#title }));
  }

  [HOOK]() {
    return sessionBundle(this.#history.newestRuns(), { title: this.#title });
  }

  [inspect.custom](): string {
    return `deck of ${this.#history.newestRuns().length} cells`;
  }
}

for (const shown of [DeckHandle, SessionDeck]) {
  Object.defineProperty(shown.prototype[HOOK], PATIENT, { value: true });
}

export class DeckHistory {
  readonly records: Records;
  readonly deck: DeckHandle;

  constructor(records: Records) {
    this.records = records;
    this.deck = new DeckHandle(this);
  }

  /** Handles on all runs, newest first. */
  runs = (): DeckHandle[] => {
    return this.records
      .runs()
      .map((run) => new DeckHandle(this, run.id))
      .reverse();
  };

  /** By execution count: `decks[7]` is the newest run of `In [7]`. */
  readonly decks: Record<number, DeckHandle> = new Proxy(
    {},
    {
      get: (_, key) => {
        const run = this.records.runs().findLast((record) => String(record.n) === key);
        return run ? new DeckHandle(this, run.id) : undefined;
      },
      has: (_, key) => this.records.runs().some((record) => String(record.n) === key),
      ownKeys: () => [...this.#counts()],
      getOwnPropertyDescriptor: (_, key) => ({
        value: typeof key === "string" ? `deck of In [${key}]` : undefined,
        enumerable: true,
        configurable: true,
      }),
    },
  );

  #counts(): Set<string> {
    return new Set(this.records.runs().flatMap(({ n }) => (n === undefined ? [] : [String(n)])));
  }

  /** The newest run of each cell, by Jupyter's cell id where there is one, in the order of the cells' first runs. */
  newestRuns(): RunRecord[] {
    const newest = new Map<string, RunRecord>();
    for (const run of this.records.runs()) newest.set(run.cellId ?? `n${run.n ?? run.id}`, run);
    return [...newest.values()];
  }
}
