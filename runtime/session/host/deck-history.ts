/**
 * What is known of runs: those of this process from memory, all others from the history of the folder.
 * @module
 */
import type { RunSummary } from "../../deck/views.ts";
import type { ExecutionEnded } from "../../events/events.ts";
import type { CallRecord, RunRecord } from "../../events/record-shape.ts";
import type { Records } from "../../events/records.ts";
import type { History, StoredRun } from "../../store/history.ts";
import {
  type LeftBehind,
  type LeftCall,
  leftBehind,
  leftCount,
} from "../../store/left-executions.ts";
import type { EarlierValues } from "../../store/reuse.ts";
import { keptCall } from "../../workflow/kept.ts";
import { type Reuse, runsWithPendingCalls } from "../../workflow/run.ts";
import { CallHandle, type CallSource } from "./call-handle.ts";
import { DeckHandle, RunList } from "./deck-handle.ts";
import type { DeckSettings } from "./deck-settings.ts";
import type { AgainOptions } from "./evaluator.ts";

export interface DeckHistoryOptions {
  readonly records: Records;
  readonly settings: DeckSettings;
  /** Name of the session. */
  readonly session: string;
  /** The history, with all that happened until now; absent before there is one. */
  readonly history: () => History | undefined;
  /** The source that made a run of this process. */
  readonly sourceOf: (cell: number | undefined, runId: string) => string | undefined;
  readonly again: (source: string, options: AgainOptions) => Promise<unknown>;
  readonly reusePlan: (
    run: RunRecord,
    valuesOf: (call: CallRecord) => EarlierValues | undefined,
  ) => Reuse;
}

/** A run, whoever remembers it. */
export interface KnownRun extends RunSummary {
  readonly n: number | undefined;
  readonly cellId: string | undefined;
  /** Of its cell. */
  readonly source: string | undefined;
}

export class DeckHistory {
  readonly #options: DeckHistoryOptions;
  readonly deck: DeckHandle;
  readonly settings: DeckSettings;

  constructor(options: DeckHistoryOptions) {
    this.#options = options;
    this.settings = options.settings;
    this.deck = new DeckHandle(this);
  }

  /** Handles on all runs of this folder, newest first. */
  runs = (): RunList => {
    const own = this.#options.records.runs();
    const ids = new Set(own.map(({ id }) => id));
    const earlier = (this.#options.history()?.runs() ?? []).filter(({ id }) => !ids.has(id));
    const all = [
      ...own.map(({ id, startedAt }) => ({ id, startedAt })),
      ...earlier.map(({ id, startedAt }) => ({ id, startedAt })),
    ].sort((a, b) => b.startedAt - a.startedAt);
    return RunList.from(all.map(({ id }) => new DeckHandle(this, id))) as RunList;
  };

  /** By execution count: `decks[7]` is the newest run of `In [7]` in the session. */
  readonly decks: Record<number, DeckHandle> = new Proxy(
    {},
    {
      get: (_, key) => {
        const id = this.#counts().get(String(key));
        return id === undefined ? undefined : new DeckHandle(this, id);
      },
      has: (_, key) => this.#counts().has(String(key)),
      ownKeys: () => [...this.#counts().keys()],
      getOwnPropertyDescriptor: (_, key) => ({
        value: typeof key === "string" ? `deck of In [${key}]` : undefined,
        enumerable: true,
        configurable: true,
      }),
    },
  );

  /** The newest run of each execution count, also of an earlier process of the session. */
  #counts(): Map<string, string> {
    const { records, history, session } = this.#options;
    const counts = new Map<string, string>();
    const stored = history()?.runs() ?? [];
    for (const { id, n, ...run } of stored.reverse()) {
      if (run.session === session && n !== undefined) counts.set(String(n), id);
    }
    for (const { id, n } of records.runs()) if (n !== undefined) counts.set(String(n), id);
    return counts;
  }

  /** @param id default: the newest run of the session. */
  known(id: string | undefined): KnownRun | undefined {
    const { records, history, sourceOf } = this.#options;
    const run = id === undefined ? records.runs().at(-1) : records.run(id);
    if (run !== undefined) {
      const roots = [...run.calls.values()].filter(({ parentId }) => parentId === undefined);
      const calls = [...(run.counts?.values() ?? [])].reduce((sum, count) => sum + count, 0);
      return {
        ...{ id: run.id, title: run.title, state: run.state, startedAt: run.startedAt },
        ...{ n: run.n, cellId: run.cellId, endedAt: run.endedAt, calls },
        ...{ name: roots.length === 1 ? roots[0]?.name : undefined },
        source: sourceOf(run.cell, run.id),
      };
    }
    return id === undefined ? this.#newestStored() : history()?.run(id);
  }

  record(id: string | undefined): RunRecord | undefined {
    const { records, history } = this.#options;
    const run = id === undefined ? records.runs().at(-1) : records.run(id);
    if (run !== undefined) return run;
    const stored = id ?? this.#newestStored()?.id;
    return stored === undefined ? undefined : history()?.record(stored);
  }

  /** After a crash of the user process the session goes on, and so does its newest deck. */
  #newestStored(): StoredRun | undefined {
    const { history, session } = this.#options;
    return history()
      ?.runs()
      .find((run) => run.session === session);
  }

  /**
   * @param runId where to look; default: in the session, whose calls count up.
   * @throws {Error} when there is no such call.
   */
  task(id: string, runId?: string): CallHandle {
    const look = (): CallSource => {
      const found = this.#find(id, runId);
      if (found !== undefined) return found;
      throw new Error(
        runId === undefined
          ? `no call ${id} in this session; runs() lists its runs and earlier ones: runs()[1].task("t1")`
          : `no call ${id} in the run ${this.known(runId)?.title ?? runId}`,
      );
    };
    look();
    return new CallHandle(id, look);
  }

  #find(id: string, runId: string | undefined): CallSource | undefined {
    const { records, history, session } = this.#options;
    const own = records.call(id);
    if (own !== undefined && (runId === undefined || own.runId === runId)) {
      const kept = keptCall(id);
      const stored = kept === undefined ? history()?.call(own.runId, id) : undefined;
      return { record: own, kept, stored };
    }
    // Without a run the whole session is asked: its newest run need not be the one.
    const run = runId ?? history()?.runOfCall(session, id);
    if (run === undefined) return undefined;
    const record = history()?.record(run)?.calls.get(id);
    if (record === undefined) {
      // Of a handle on one run, calls of the session's other runs are found too.
      return runId !== undefined && records.run(runId) !== undefined
        ? this.#find(id, undefined)
        : undefined;
    }
    return { record, kept: undefined, stored: history()?.call(run, id) };
  }

  /** Executions that a run which has ended did not see end. */
  left({ id }: KnownRun): LeftBehind {
    const history = this.#options.history();
    const run = history?.run(id);
    return history === undefined || run === undefined ? { calls: [] } : leftBehind(history, run);
  }

  /** How many executions of a killed run may still run; of any other nobody has to look after them. */
  leftCount(run: KnownRun): number {
    return run.state === "killed" ? leftCount(this.left(run)) : 0;
  }

  /** Keeps what was heard of executions of a killed run. A file that is busy is no harm: whoever asks again hears it again. */
  heard(ended: readonly { readonly call: LeftCall; readonly phase: string }[]): void {
    const history = this.#options.history();
    const byRun = new Map<string, ExecutionEnded[]>();
    for (const { call, phase } of ended) {
      const { id, runId } = call;
      const events = byRun.get(runId) ?? [];
      byRun.set(runId, events);
      events.push({ kind: "execution-ended", runId, id, at: Date.now(), phase });
    }
    for (const [runId, events] of byRun) {
      try {
        history?.addHeard(runId, events);
      } catch {
        // Said above.
      }
    }
  }

  /** How a cell gets at a run: `runs()[3]`. */
  handleOf(id: string): string {
    const index = this.runs().findIndex((run) => run.id === id);
    return index === -1 ? "deck" : `runs()[${index}]`;
  }

  /** A run as a handle on it shows it: of a killed one without the executions that another run has taken up. */
  shown(run: RunRecord, handle = this.handleOf(run.id)): RunRecord {
    const known = run.state === "killed" ? this.known(run.id) : undefined;
    if (known === undefined) return { ...run, handle };
    const own = this.left(known).calls.filter(({ runId }) => runId === run.id);
    const left = new Set(own.map(({ id }) => id));
    const calls = new Map<string, CallRecord>();
    for (const [id, call] of run.calls) {
      const { link } = call;
      const isElsewhere = link !== undefined && link.ended === undefined && !left.has(id);
      calls.set(id, isElsewhere ? { ...call, link: { ...link, ended: "taken up" } } : call);
    }
    return { ...run, handle, calls };
  }

  /** Whether a run is of this very process. */
  isOwn(id: string): boolean {
    return this.#options.records.run(id) !== undefined;
  }

  /** Ends the calls of a run of this process that still run. @returns how many. */
  cancelCalls(run: RunRecord, reason: unknown): number {
    const open = [...run.calls.values()].filter(
      ({ endedAt, parentId }) => endedAt === undefined && parentId === undefined,
    );
    const ways = open.map(({ id }) => keptCall(id)?.cancel);
    for (const cancel of ways) cancel?.(reason);
    // Of a very large run the first calls are not among those that are kept.
    if (ways.includes(undefined)) {
      runsWithPendingCalls()
        .find(({ id }) => id === run.id)
        ?.abort(reason);
    }
    return open.length;
  }

  /** @throws {Error} when there is no source to run, or the run still goes on. */
  async resume(run: KnownRun): Promise<unknown> {
    const { again, reusePlan } = this.#options;
    const record = this.record(run.id);
    if (record === undefined)
      throw new Error(`the run ${run.title} is not in the history any more`);
    if (record.state === "running") {
      throw new Error(`${run.title} still runs; wait for it, or interrupt it`);
    }
    const { takenUpBy } = run.state === "killed" ? this.left(run) : {};
    if (takenUpBy?.state === "running") {
      throw new Error(
        `${takenUpBy.title} goes on with the executions of ${run.title}, and still runs; wait for it, or interrupt it`,
      );
    }
    const { source, title, n, cellId } = run;
    if (source === undefined) {
      throw new Error(
        `${title} is no cell: only the run of a cell can be resumed; use .rerun() of its calls`,
      );
    }
    const resumed = again(source, {
      title,
      ...(n !== undefined && { n }),
      ...(cellId !== undefined && { cellId }),
      linkedTo: run.id,
      reuse: reusePlan(record, (call) => this.#valuesOf(record.id, call)),
    });
    return await resumed.catch((error: unknown) => {
      // The usual case in a new session: the tasks are not there yet.
      if (!(error instanceof ReferenceError)) throw error;
      const advice = "run the cells that define what it uses first, then resume";
      throw new ReferenceError(`${error.message}, which ${title} uses: ${advice}`, {
        cause: error,
      });
    });
  }

  /** As they were when the call was made: what is in memory may have been changed since. */
  #valuesOf(runId: string, call: CallRecord): EarlierValues | undefined {
    const stored = this.#options.history()?.call(runId, call.id);
    if (stored === undefined) return undefined;
    const { inputTexts, outcome, outcomeMissing } = stored;
    const missing = Object.keys(stored.missing);
    if (outcome?.ok) return { inputTexts, missing, outcome: { value: outcome.value } };
    // What cannot be written is still there while its process is: the object itself.
    const kept = keptCall(call.id);
    if (kept?.runId === runId && kept.outcome?.ok) {
      return { inputTexts, missing, outcome: { value: kept.outcome.value } };
    }
    return { inputTexts, missing, ...(outcomeMissing !== undefined && { outcomeMissing }) };
  }

  /** The newest run of each cell, by Jupyter's cell id where there is one, in the order of the cells' first runs. */
  newestRuns(): RunRecord[] {
    const { records, history, session } = this.#options;
    const newest = new Map<string, RunRecord>();
    const own = records.runs();
    const ids = new Set(own.map(({ id }) => id));
    // Those of a user process that the session had before.
    const earlier = (history()?.runs() ?? [])
      .filter((run) => run.session === session && !ids.has(run.id))
      .reverse()
      .flatMap(({ id }) => history()?.record(id) ?? []);
    for (const run of [...earlier, ...own]) newest.set(run.cellId ?? `n${run.n ?? run.id}`, run);
    return [...newest.values()];
  }
}
