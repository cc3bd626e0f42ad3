/**
 * When a run is drawn: live frames while its cell runs, the deck when it ends, both in one display.
 *
 * Every update is recorded by shared documents and closes what people unfolded, so there are few.
 *
 * Invariants
 *   D1  The last frame is the deck, and `settle` does not resolve before it is out.
 *   D2  A frame that comes after its cell has settled is never shown: it would replace the deck.
 *   D3  One drawing per run at a time.
 * @module
 */
import { randomUUID } from "node:crypto";
import type { RuntimeEvent } from "../runtime/events/events.ts";
import type { MimeBundle } from "../runtime/values/shape.ts";
import type { Clock } from "./clock.ts";
import type { DeckRenderer } from "./deck-renderer.ts";
import type { Log } from "./log.ts";

const FIRST_FRAME_MS = 150;
const FRAME_MS = 250;
const SLOW_FRAME_MS = 1_000;
const SLOWEST_FRAME_MS = 5_000;
/** Elapsed times move although nothing happens. */
const IDLE_FRAME_MS = 1_000;
/** Calls that outlive their cell. */
const AFTER_CELL_MS = 10_000;
const SLOW_AFTER_MS = 60_000;
const SLOWEST_AFTER_MS = 600_000;
const LARGE_FRAME_LENGTH = 32_000;

export interface Frame {
  readonly bundle: MimeBundle;
  readonly displayId: string;
  readonly isUpdate: boolean;
}

export interface DecksOptions {
  readonly renderer: DeckRenderer;
  readonly clock: Clock;
  readonly log: Log;
  /** Sends one frame, after the text the cell wrote before it. */
  readonly show: (cell: number, frame: Frame) => void;
}

interface LiveRun {
  readonly runId: string;
  readonly cell: number;
  readonly displayId: string;
  /** Of the first call. */
  readonly startedAtMs: number;
  /** Front ends know the display; false again after `clear_output`. */
  isShown: boolean;
  openCalls: number;
  /** Something happened since the last frame. */
  isChanged: boolean;
  frameAtMs: number;
  frameLength: number;
  isDrawing: boolean;
  isDeckDrawing: boolean;
  /** The cell has ended; calls may go on. */
  isSettled: boolean;
  isEnded: boolean;
  cancel: (() => void) | undefined;
}

export class Decks {
  readonly #options: DecksOptions;
  readonly #runs = new Map<string, LiveRun>();
  #areShown = true;

  constructor(options: DecksOptions) {
    this.#options = options;
  }

  apply(cell: number, event: RuntimeEvent): void {
    this.#options.renderer.apply(event);
    let run = this.#runs.get(event.runId);
    if (event.kind === "call-created") {
      run ??= this.#add(event.runId, cell);
      run.openCalls += 1;
    }
    if (event.kind === "deck-added") run ??= this.#add(event.runId, cell);
    if (run === undefined) return; // no calls and decks yet: nothing to show
    if (event.kind === "call-settled") run.openCalls -= 1;
    if (event.kind === "run-ended") run.isEnded = true;
    run.isChanged = true;
    if (!run.isSettled || !run.isEnded) this.#schedule(run);
    else if (!run.isDeckDrawing) void this.#drawDeck(run); // else it is drawn once more when that is done
  }

  /** Whether frames and decks are sent from now on. Pages of runs are written either way. */
  showThemselves(areShown: boolean): void {
    this.#areShown = areShown;
  }

  /** The cell has settled: draws its decks. */
  async settle(cell: number): Promise<void> {
    const runs = [...this.#runs.values()].filter((run) => run.cell === cell && !run.isSettled);
    for (const run of runs) run.isSettled = true;
    await Promise.all(runs.map((run) => this.#drawDeck(run)));
  }

  /** The cell's outputs were cleared: an update of a display that is gone would vanish silently. */
  cleared(cell: number): void {
    for (const run of this.#runs.values()) {
      if (run.cell !== cell) continue;
      run.isShown = false;
      run.isChanged = true;
      this.#schedule(run);
    }
  }

  close(): void {
    for (const run of this.#runs.values()) run.cancel?.();
    this.#runs.clear();
    this.#options.renderer.close();
  }

  #add(runId: string, cell: number): LiveRun {
    const run: LiveRun = {
      runId,
      cell,
      displayId: randomUUID(),
      startedAtMs: this.#options.clock.now(),
      isShown: false,
      openCalls: 0,
      isChanged: false,
      frameAtMs: Number.NEGATIVE_INFINITY,
      frameLength: 0,
      isDrawing: false,
      isDeckDrawing: false,
      isSettled: false,
      isEnded: false,
      cancel: undefined,
    };
    this.#runs.set(runId, run);
    return run;
  }

  /** Plans the next frame, sooner than planned if more happened. */
  #schedule(run: LiveRun): void {
    if (run.isDrawing || run.isDeckDrawing) return; // planned again when it is drawn
    run.cancel?.();
    run.cancel = undefined;
    if (!run.isChanged && (run.openCalls === 0 || run.isSettled)) return;
    const { clock } = this.#options;
    const dueMs = Math.max(
      run.startedAtMs + FIRST_FRAME_MS,
      run.frameAtMs + frameIntervalMs(run, clock.now()),
    );
    run.cancel = clock.after(Math.max(0, dueMs - clock.now()), () => {
      run.cancel = undefined;
      if (run.isSettled) void this.#drawDeck(run);
      else void this.#drawFrame(run);
    });
  }

  async #drawFrame(run: LiveRun): Promise<void> {
    const { clock, log, renderer } = this.#options;
    run.isDrawing = true;
    run.isChanged = false;
    run.frameAtMs = clock.now();
    try {
      const bundle = await renderer.live(run.runId, clock.now());
      if (!run.isSettled && this.#runs.has(run.runId)) this.#show(run, bundle);
    } catch (error) {
      log("error", `a live frame could not be drawn: ${String(error)}`); // the deck will say more
    }
    run.isDrawing = false;
    if (!run.isSettled && this.#runs.has(run.runId)) this.#schedule(run);
  }

  async #drawDeck(run: LiveRun): Promise<void> {
    const { clock, log, renderer } = this.#options;
    run.cancel?.();
    run.cancel = undefined;
    run.isChanged = false;
    run.isDeckDrawing = true;
    run.frameAtMs = clock.now();
    const isLast = run.isEnded;
    let bundle: MimeBundle;
    try {
      bundle = await renderer.deck(run.runId);
    } catch (error) {
      log("error", `a deck could not be drawn: ${String(error)}`);
      bundle = { "text/plain": "The deck of this run could not be drawn; the values are there." };
    }
    run.isDeckDrawing = false;
    if (!this.#runs.has(run.runId)) return; // closed meanwhile
    this.#show(run, bundle);
    if (isLast) {
      this.#runs.delete(run.runId);
      renderer.forget(run.runId);
    } else if (run.isEnded) void this.#drawDeck(run);
    else if (run.isChanged) this.#schedule(run);
  }

  #show(run: LiveRun, bundle: MimeBundle): void {
    // What has been begun is ended: a live tree that stays would look like a run that goes on.
    if (!this.#areShown && !run.isShown) return;
    const html = bundle["text/html"];
    run.frameLength = typeof html === "string" ? html.length : 0;
    const isUpdate = run.isShown;
    run.isShown = true;
    this.#options.show(run.cell, { bundle, displayId: run.displayId, isUpdate });
  }
}

/** How long after a frame the next one may come. */
function frameIntervalMs(run: LiveRun, nowMs: number): number {
  if (run.isSettled) return AFTER_CELL_MS;
  const ageMs = nowMs - run.startedAtMs;
  if (ageMs >= SLOWEST_AFTER_MS) return SLOWEST_FRAME_MS;
  if (ageMs >= SLOW_AFTER_MS || run.frameLength > LARGE_FRAME_LENGTH) return SLOW_FRAME_MS;
  return run.isChanged ? FRAME_MS : IDLE_FRAME_MS;
}
