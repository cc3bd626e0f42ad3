/**
 * The session's stream → cells on the screen: which one runs, which wait, what each has printed.
 *
 * Invariants
 *   S1  Everything a cell says leaves through the scrollback, after its source and before its block.
 *   S2  An event of a cell that the screen has not begun yet waits for that beginning.
 *   S3  A cell ends once, whichever of its two reports (stream item, promise) comes first.
 * @module
 */
import type { RuntimeEvent } from "../../runtime/events/events.ts";
import { Records } from "../../runtime/events/records.ts";
import type {
  Execution,
  Session,
  SessionEvent,
  Settled,
} from "../../runtime/session/client/api.ts";
import { reduce } from "../editor/reduce.ts";
import { continuationPrompt } from "../editor/view.ts";
import { blockText, deckText, errorText, plainText } from "../live/block.ts";
import { emptyTail, feed, type Tail } from "../live/tail.ts";
import { OutputSanitizer, sanitize } from "../terminal/sanitize.ts";
import type { Style } from "../terminal/style.ts";
import type { Scrollback } from "./scrollback.ts";
import type { Snapshot, Store } from "./store.ts";
import { Transcript } from "./transcript.ts";

interface Cell {
  readonly id: number;
  readonly code: string;
  n?: number;
  state: "waiting" | "running" | "ended";
  /** Events that came before the screen began the cell. */
  early: SessionEvent[];
  tail: Tail;
  readonly output: OutputSanitizer;
  /** Last text of each display that was updated, printed when the cell ends. */
  readonly updates: Map<string, string>;
  runId?: string;
}

export interface CellsOptions {
  readonly session: Session;
  readonly store: Store;
  readonly scrollback: Scrollback;
  readonly style: Style;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** A cell called `process.exit(n)`. */
  readonly onExit: (code: number) => void;
}

const VALUE_ROWS_MAX = 40;
/** Elapsed times move ten times a second at first, then once. */
const TICK_MS = 100;
const SLOW_TICK_MS = 1_000;
const FAST_UNTIL_MS = 10_000;

export class Cells {
  readonly records = new Records();
  readonly transcript = new Transcript();
  readonly #options: CellsOptions;
  readonly #cells = new Map<number, Cell>();
  /** Runs whose calls went on when their cell ended, with the cell's number. */
  readonly #openRuns = new Map<string, number | undefined>();
  #areDecksShown = true;
  readonly #stopListening: () => void;
  #abortedCount = 0;
  #tick: NodeJS.Timeout | undefined;
  #isRestarting = false;
  /** Failures printed when nobody caught them; their cell ends with the same one. */
  readonly #printed = new WeakSet<object>();
  #hasExited = false;

  constructor(options: CellsOptions) {
    this.#options = options;
    this.#stopListening = options.session.onEvent((event) => this.#onEvent(event));
    // A process that cannot start says so by its phase.
    options.session.ready.catch(() => undefined);
    if (options.session.phase === "ready") this.#setPhase("ready");
  }

  /** Cells that run or wait. */
  get activeCount(): number {
    return this.#cells.size;
  }

  /** Number of the cell that an interrupt meets. */
  get oldestActive(): number | undefined {
    return this.#cells.keys().next().value;
  }

  /** Shows and runs a cell. @returns how it ended, after all of it has been told to the screen. */
  async run(code: string): Promise<Settled> {
    const execution = this.#options.session.execute({ code });
    this.transcript.entered(execution.cell, code);
    const cell: Cell = {
      id: execution.cell,
      code,
      state: "waiting",
      early: [],
      tail: emptyTail,
      output: new OutputSanitizer(this.#options.style.hasColor),
      updates: new Map(),
    };
    this.#cells.set(cell.id, cell);
    this.#options.store.update((snapshot) => this.#counted(snapshot));
    return await this.#follow(cell, execution);
  }

  async restart(): Promise<void> {
    this.#isRestarting = true;
    try {
      await this.#options.session.restart();
    } finally {
      this.#isRestarting = false;
    }
  }

  /** The newest run, or the newest of `In [n]`. */
  findRun(n?: number) {
    return this.records
      .runs()
      .filter((run) => run.calls.size > 0 && (n === undefined || run.n === n))
      .at(-1);
  }

  /** The source as the transcript shows it, for a cell or a command. */
  echo(code: string, n: number | undefined): string {
    const { style } = this.#options;
    const prompt = n === undefined ? "In: " : `In [${n}]: `;
    const [first = "", ...rest] = sanitize(code).split("\n");
    const more = rest.map(
      (line) => style.paint(continuationPrompt(prompt), "prompt") + style.glyphs(line),
    );
    return [style.paint(prompt, "prompt") + style.glyphs(first), ...more].join("\n");
  }

  close(): void {
    this.#stopListening();
    clearTimeout(this.#tick);
  }

  async #follow(cell: Cell, execution: Execution): Promise<Settled> {
    const started = await execution.started;
    this.transcript.started(cell.id, started.n);
    if (started.aborted) this.#drop(cell);
    else this.#begin(cell, started.n);
    const settled = await execution.settled;
    this.transcript.settled(settled);
    this.#end(cell, settled);
    return settled;
  }

  #begin(cell: Cell, n: number | undefined): void {
    const { scrollback, store, now } = this.#options;
    cell.state = "running";
    if (n !== undefined) cell.n = n;
    scrollback.text(this.echo(cell.code, n));
    scrollback.change(() => {
      // It may be over by the time its turn on the screen comes; then its block follows at once.
      const nowMs = now();
      store.update((snapshot) => ({
        ...this.#counted(snapshot),
        nowMs,
        foreground: {
          cell: cell.id,
          ...(n === undefined ? {} : { n }),
          startedAtMs: nowMs,
          ...(cell.runId === undefined ? {} : { runId: cell.runId }),
          tail: cell.tail.text,
        },
      }));
      this.#keepTicking();
    });
    for (const event of cell.early.splice(0)) this.#handle(event, cell);
  }

  /** A cell that an earlier failure took out of the queue. */
  #drop(cell: Cell): void {
    cell.state = "ended";
    this.#cells.delete(cell.id);
    this.#abortedCount++;
    const count = this.#abortedCount;
    this.#options.scrollback.change(() => {
      this.#options.store.update((snapshot) => ({
        ...this.#counted(snapshot),
        notice: {
          level: "warning",
          text: `${count} queued ${count === 1 ? "cell" : "cells"} dropped; Up brings ${count === 1 ? "it" : "them"} back`,
        },
      }));
      this.#abortedCount = 0;
    });
  }

  #end(cell: Cell, settled: Settled): void {
    if (cell.state === "ended") return;
    cell.state = "ended";
    this.#cells.delete(cell.id);
    const { scrollback, store, style } = this.#options;
    if (cell.tail.text !== "") scrollback.text(cell.output.next(cell.tail.text));
    for (const text of cell.updates.values()) scrollback.text(text);
    const runs = this.#areDecksShown ? this.records.runsOfCell(cell.id) : [];
    for (const run of runs) if (run.state === "running") this.#openRuns.set(run.id, cell.n);
    scrollback.change(() => {
      const { columns } = store.get().size;
      // Who called `process.exit` knows why the session ends.
      const { error: _, ...exited } = settled;
      const isPrinted = settled.error !== undefined && this.#printed.has(settled.error);
      const shown = this.#hasExited || isPrinted ? exited : settled;
      const block = blockText(shown, runs, { style, columns, valueRowsMax: VALUE_ROWS_MAX });
      store.update((snapshot) => {
        const { foreground, ...rest } = this.#counted(snapshot);
        const isMine = foreground?.cell === cell.id;
        return {
          ...rest,
          ...(foreground && !isMine ? { foreground } : {}),
          // Printed blocks become one shared marker: Ink counts the items and looks at new ones only.
          finished: block === "" ? rest.finished : [...rest.finished.map(() => ""), block],
        };
      });
    });
    if (settled.status === "error" && this.#cells.size === 0) this.#giveBack(cell, settled);
  }

  /** A cell that the parser or the checker refused has not run: its text comes back. */
  #giveBack(cell: Cell, settled: Settled): void {
    const { session, store } = this.#options;
    const parsed = session.parse(cell.code);
    const [diagnostic] = settled.error?.diagnostics ?? [];
    const offset =
      parsed.status === "invalid"
        ? parsed.offset
        : diagnostic && offsetOf(cell.code, diagnostic.line, diagnostic.column);
    if (offset === undefined) return;
    store.update((snapshot) => ({
      ...snapshot,
      editor: reduce(
        snapshot.editor,
        { kind: "give-back", text: cell.code, cursor: offset },
        { parse: (code) => session.parse(code) },
      ).state,
    }));
  }

  #onEvent(event: SessionEvent): void {
    this.transcript.apply(event);
    if (event.kind === "phase") return this.#onPhase(event);
    if (event.kind === "event") this.records.apply(event.event);
    const cell = event.cell === undefined ? undefined : this.#cells.get(event.cell);
    if (cell?.state === "waiting") cell.early.push(event);
    else this.#handle(event, cell);
  }

  #handle(event: SessionEvent, cell: Cell | undefined): void {
    const { scrollback, style } = this.#options;
    switch (event.kind) {
      case "event":
        return this.#onRuntimeEvent(event.event, cell);
      case "display":
        return this.#onDisplay(event, cell);
      case "diagnostics":
        return scrollback.text(style.paint(sanitize(event.text), "warning"));
      case "notice":
        return this.#say(event.text, event.level === "warning" ? "warning" : "dim");
      case "uncaught":
        this.#printed.add(event.error);
        return scrollback.text(
          `${style.paint("uncaught", "warning")} ${errorText(event.error, style)}`,
        );
      case "settled":
        if (cell) this.#end(cell, event.settled);
        return;
      case "deck-settings":
        this.#areDecksShown = event.inline === "on";
        return;
      case "comm":
      case "clear-output":
      case "phase":
        // What is printed stays printed; widgets have no place here; phases were dealt with before.
        return;
      default:
        return event satisfies never;
    }
  }

  #onRuntimeEvent(event: RuntimeEvent, cell: Cell | undefined): void {
    const { store, now } = this.#options;
    if (event.kind === "log") {
      if (event.stream !== "log") this.#onOutput(event.text, cell);
      return;
    }
    if (event.kind === "run-started" && cell && this.#areDecksShown) {
      cell.runId = event.runId;
      store.updateSoon((snapshot) =>
        snapshot.foreground?.cell === cell.id
          ? { ...snapshot, foreground: { ...snapshot.foreground, runId: event.runId } }
          : snapshot,
      );
      this.#keepTicking();
      return;
    }
    if (event.kind === "run-ended" && this.#openRuns.has(event.runId)) this.#endRun(event.runId);
    const nowMs = now();
    const isFailure = event.kind === "call-settled" && event.state === "failed";
    if (isFailure) store.update((snapshot) => ({ ...snapshot, nowMs }));
    else store.updateSoon((snapshot) => ({ ...snapshot, nowMs }));
  }

  #onOutput(text: string, cell: Cell | undefined): void {
    const { scrollback, store, style } = this.#options;
    if (cell === undefined) {
      // Written after its cell had ended, or outside any: whole lines at once, there is no tail row.
      scrollback.text(new OutputSanitizer(style.hasColor).next(text.replaceAll("\r", "")));
      return;
    }
    const { tail, lines } = feed(cell.tail, text);
    if (lines !== "") scrollback.text(cell.output.next(lines));
    if (tail.text === cell.tail.text && lines === "") return;
    cell.tail = tail;
    store.updateSoon((snapshot) =>
      snapshot.foreground?.cell === cell.id
        ? { ...snapshot, foreground: { ...snapshot.foreground, tail: tail.text } }
        : snapshot,
    );
  }

  #onDisplay(event: SessionEvent & { kind: "display" }, cell: Cell | undefined): void {
    const text = plainText(event.bundle);
    const { displayId } = event;
    if (!event.update || displayId === undefined) {
      this.#options.scrollback.text(text);
    } else if (cell) {
      // A terminal cannot change what it has printed: the last state is printed when the cell ends.
      cell.updates.set(displayId, text);
    }
  }

  /** Calls that outlived their cell have ended: the deck is printed again, whole. */
  #endRun(runId: string): void {
    const n = this.#openRuns.get(runId);
    this.#openRuns.delete(runId);
    const run = this.records.run(runId);
    if (run === undefined) return;
    const { scrollback, store, style } = this.#options;
    scrollback.change(() => {
      const { columns } = store.get().size;
      const deck = deckText(run, { style, columns, valueRowsMax: VALUE_ROWS_MAX });
      const head = style.paint(`calls of ${n === undefined ? "a cell" : `In [${n}]`} ended`, "dim");
      store.update((snapshot) => ({
        ...snapshot,
        finished: [...snapshot.finished.map(() => ""), `${head}\n${deck}`],
      }));
    });
  }

  #onPhase(event: SessionEvent & { kind: "phase" }): void {
    const { phase, reason, exitCode } = event;
    // A new user process knows nothing of the old one's settings.
    if (phase === "starting") this.#areDecksShown = true;
    if (phase === "closed") return;
    const wasStarting = this.#options.store.get().phase === "starting";
    this.#setPhase(phase);
    if (phase !== "lost") return;
    if (exitCode !== undefined) {
      this.#hasExited = true;
      this.#options.onExit(exitCode);
      return;
    }
    // A running cell ends as lost and tells it; a restart was asked for.
    const isRunning = [...this.#cells.values()].some((cell) => cell.state === "running");
    if (isRunning || this.#isRestarting) return;
    const what = wasStarting ? "the user process could not start" : "the user process is gone";
    const then = wasStarting ? ".restart tries again" : "names are gone, numbers go on";
    this.#say(`${what}: ${reason ?? "no reason known"}; ${then}`, "failed");
  }

  #setPhase(phase: Snapshot["phase"]): void {
    this.#options.store.update((snapshot) =>
      snapshot.phase === "leaving" ? snapshot : { ...snapshot, phase },
    );
  }

  /** A sentence for the person, above the prompt. */
  notice(text: string): void {
    this.#say(text, "warning");
  }

  #say(text: string, tone: "dim" | "warning" | "failed"): void {
    const { scrollback, style } = this.#options;
    scrollback.text(style.paint(sanitize(text), tone));
  }

  #counted(snapshot: Snapshot): Snapshot {
    const queued = [...this.#cells.values()].filter((cell) => cell.state === "waiting").length;
    return { ...snapshot, queued, nextCount: this.#options.session.count + queued + 1 };
  }

  /** Moves the clock while a cell runs. */
  #keepTicking(): void {
    clearTimeout(this.#tick);
    const { store, now } = this.#options;
    const { foreground } = store.get();
    if (foreground === undefined) return;
    const hasCalls = foreground.runId !== undefined;
    const isFast = hasCalls && now() - foreground.startedAtMs < FAST_UNTIL_MS;
    this.#tick = setTimeout(
      () => {
        const nowMs = now();
        store.update((snapshot) => (snapshot.foreground ? { ...snapshot, nowMs } : snapshot));
        this.#keepTicking();
      },
      isFast ? TICK_MS : SLOW_TICK_MS,
    );
  }
}

/** UTF-16 offset of a line and column that count from 1. */
function offsetOf(text: string, line: number, column: number): number {
  const before = text.split("\n").slice(0, line - 1);
  return before.reduce((sum, row) => sum + row.length + 1, 0) + column - 1;
}
