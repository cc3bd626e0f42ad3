/**
 * What draws decks from events, wherever it runs.
 * @module
 */
import type { RunFiles } from "../runtime/deck/run-files.ts";
import { deckBundle, liveBundle } from "../runtime/deck/views.ts";
import type { RuntimeEvent } from "../runtime/events/events.ts";
import type { RunRecord } from "../runtime/events/record-shape.ts";
import { Records } from "../runtime/events/records.ts";
import type { MimeBundle } from "../runtime/values/shape.ts";

export interface DeckRenderer {
  /** Calls are to be expected: what drawing needs is loaded ahead. */
  warm(): void;
  /** Takes the next event of some run. */
  apply(event: RuntimeEvent): void;
  /** The picture of a run that goes on. */
  live(runId: string, nowMs: number): Promise<MimeBundle>;
  /** The deck, of what is known by now. */
  deck(runId: string): Promise<MimeBundle>;
  /** No more will be asked about this run: its files are written. */
  forget(runId: string): void;
  /** The files of forgotten runs are written, or cannot be. */
  flush(): Promise<void>;
  close(): void;
}

/** Draws in this thread. */
export class LocalRenderer implements DeckRenderer {
  /** One fold per run, so that a run can be forgotten. */
  readonly #runs = new Map<string, Records>();
  /** Folds too, and keeps what it folded; without it no files are written. */
  readonly #files: RunFiles | undefined;

  constructor(files?: RunFiles) {
    this.#files = files;
  }

  warm(): void {
    // it is all here
  }

  apply(event: RuntimeEvent): void {
    if (this.#files) {
      this.#files.apply(event);
      return;
    }
    let records = this.#runs.get(event.runId);
    if (records === undefined) {
      records = new Records();
      this.#runs.set(event.runId, records);
    }
    records.apply(event);
  }

  async live(runId: string, nowMs: number): Promise<MimeBundle> {
    return await liveBundle(this.#run(runId), nowMs);
  }

  async deck(runId: string): Promise<MimeBundle> {
    return await deckBundle(this.#run(runId), this.#files?.place(runId) ?? {});
  }

  forget(runId: string): void {
    this.#runs.delete(runId);
    this.#files?.finish(runId);
  }

  async flush(): Promise<void> {
    await this.#files?.flushed();
  }

  close(): void {
    this.#runs.clear();
  }

  #run(runId: string): RunRecord {
    const run = this.#files ? this.#files.run(runId) : this.#runs.get(runId)?.run(runId);
    if (run === undefined) throw new Error(`no events of run ${runId}`);
    return run;
  }
}
