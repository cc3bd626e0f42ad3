/**
 * The session's stream → cells on the screen: which one runs, which wait, what each has printed.
 *
 * Invariants
 *   S1  Everything a cell says leaves through the scrollback, after its source and before its block.
 *   S2  An event of a cell that the screen has not begun yet waits for that beginning.
 *   S3  A cell ends once, whichever of its two reports (stream item, promise) comes first.
 * @module
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { RuntimeEvent } from "../../runtime/events/events.ts";
import { Records } from "../../runtime/events/records.ts";
import type {
  Execution,
  Session,
  SessionEvent,
  Settled,
} from "../../runtime/session/client/api.ts";
import { Spill } from "../../runtime/session/client/spill.ts";
import { CommandError } from "../commands/command.ts";
import type { Tokenize } from "../editor/highlight.ts";
import { paintSource } from "../editor/paint.ts";
import { isCommandLike } from "../editor/reduce.ts";
import { continuationPrompt } from "../editor/view.ts";
import { blockText, deckText, errorText, plainText } from "../live/block.ts";
import { OutputSanitizer, sanitize } from "../terminal/sanitize.ts";
import type { Style } from "../terminal/style.ts";
import { wrapText } from "../terminal/wrap.ts";
import { CellOutput } from "./cell-output.ts";
import type { Scrollback } from "./scrollback.ts";
import { Shortened } from "./shortened.ts";
import type { Foreground, Snapshot, Store } from "./store.ts";
import { Transcript } from "./transcript.ts";

interface Cell {
  readonly id: number;
  readonly code: string;
  /** The editor's version right after the cell had left it: who has typed since is not disturbed. */
  readonly version: number;
  readonly isTyped: boolean;
  /** The session has counted it, although we have not heard of its beginning yet. */
  readonly hasNumber: boolean;
  n?: number;
  /** The prompt does not wait for it. */
  isBackground: boolean;
  /** It was in the background, and came back. */
  isDetached: boolean;
  state: "waiting" | "running" | "ended";
  startedAtMs?: number;
  /** Events that came before the screen began the cell. */
  early: SessionEvent[];
  readonly output: CellOutput;
  runId?: string;
}

export interface CellsOptions {
  readonly session: Session;
  readonly store: Store;
  readonly scrollback: Scrollback;
  readonly style: Style;
  /** The grammar that colours the source; undefined until it has been loaded. */
  readonly tokenize?: () => Tokenize | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Lines of a cell's output that are printed as they come, for cells that begin now; default: 5,000. */
  readonly outputLinesMax?: () => number;
  /** A cell that was refused before it ran: its text, and where the first error stands. */
  readonly giveBack: (text: string, cursor: number) => void;
  /** A cell called `process.exit(n)`. */
  readonly onExit: (code: number) => void;
}

const VALUE_ROWS_MAX = 40;
const BACKGROUND_MAX = 8;
/** A cell that blocks its thread hears of no question. */
const CANCEL_ANSWER_MS = 3_000;
/** Elapsed times move ten times a second at first, then once. */
const TICK_MS = 100;
const SLOW_TICK_MS = 1_000;
const FAST_UNTIL_MS = 10_000;

export class Cells {
  readonly records = new Records();
  readonly shortened = new Shortened();
  readonly transcript = new Transcript();
  readonly #options: CellsOptions;
  readonly #spill: Spill;
  readonly #cells = new Map<number, Cell>();
  /** Runs whose calls went on when their cell ended, with the cell's number. */
  readonly #openRuns = new Map<string, number | undefined>();
  readonly #pages = new Map<string, { readonly path: string; readonly url: string }>();
  #areDecksShown = true;
  readonly #stopListening: () => void;
  #abortedCount = 0;
  #tick: NodeJS.Timeout | undefined;
  readonly #idleWaits: { readonly resolve: (isOk: boolean) => void; isOk: boolean }[] = [];
  #isRestarting = false;
  /** Failures printed when nobody caught them; their cell ends with the same one. */
  readonly #printed = new WeakSet<object>();
  #hasExited = false;

  constructor(options: CellsOptions) {
    this.#options = options;
    // What cannot be kept is told where the output is cut.
    this.#spill = new Spill({ folder: options.session.folder, log: () => undefined });
    this.#stopListening = options.session.onEvent((event) => this.#onEvent(event));
    // A process that cannot start says so by its phase.
    options.session.ready.catch(() => undefined);
    if (options.session.phase === "ready") this.#setPhase("ready");
  }

  /** Cells that run or wait. */
  get activeCount(): number {
    return this.#cells.size;
  }

  /** The session's number of the cell that an interrupt meets: it runs, or is the first that waits. */
  get foreground(): number | undefined {
    for (const { id, isBackground } of this.#cells.values()) if (!isBackground) return id;
    return undefined;
  }

  get backgroundCount(): number {
    return [...this.#cells.values()].filter(({ isBackground }) => isBackground).length;
  }

  /** Frees the prompt from the running cell, which goes on, and tells so. @returns why not; empty when it was done. */
  background(): string {
    const cell = this.#find(({ state, isBackground }) => state === "running" && !isBackground);
    if (cell === undefined) return "no cell is running";
    if (this.backgroundCount >= BACKGROUND_MAX) {
      return `${BACKGROUND_MAX} cells are in the background already`;
    }
    cell.isBackground = true;
    const { session, scrollback, store, style } = this.#options;
    cell.output.setAside(label(cell));
    store.update((snapshot) => withoutForeground(this.#counted(snapshot), cell.id));
    this.#tellIdle(false);
    scrollback.text(style.paint(`${label(cell)}goes on in the background`, "dim"));
    session.detach(cell.id);
    return "";
  }

  /** Brings a cell back from the background: its tree shows, and Ctrl-C meets it. @throws {CommandError} */
  bringBack(n: number): string {
    const cell = this.#find((candidate) => candidate.n === n && candidate.isBackground);
    if (cell === undefined) throw new CommandError(`In [${n}] is not in the background`);
    if (this.foreground !== undefined) throw new CommandError("another cell is running; .bg first");
    cell.isBackground = false;
    cell.isDetached = true;
    cell.output.bringBack();
    this.#options.store.update((snapshot) => ({
      ...this.#counted(snapshot),
      foreground: foregroundOf(cell, this.#options.now()),
    }));
    this.#keepTicking();
    return `In [${n}] is back`;
  }

  /** Whether the running cell came back from the background: the session's own queue does not wait for it. */
  get isHeld(): boolean {
    return this.#find(({ isBackground, isDetached }) => isDetached && !isBackground) !== undefined;
  }

  /** Asks the cell `In [n]`, or a call, to stop, and nothing else. @throws {CommandError} */
  async cancel(target: number | string): Promise<string> {
    const { session } = this.#options;
    if (typeof target === "number") {
      const cell = this.#find((candidate) => candidate.n === target);
      if (cell === undefined) throw new CommandError(`In [${target}] is not running`);
      await session.interrupt("cooperate", { cell: cell.id });
      return "";
    }
    const call = this.records.call(target);
    if (call === undefined) throw new CommandError(`no call ${target} in this session; see .tasks`);
    const asked = await session.evaluate(
      `deck.task(${JSON.stringify(target)}).cancel("by .cancel")`,
      {
        timeoutMs: CANCEL_ANSWER_MS,
      },
    );
    if (!asked.ok) throw new CommandError(`${target} cannot be cancelled: ${asked.error.message}`);
    const isRunning = asked.value["text/plain"] === "true";
    return isRunning ? `cancelled ${target} ${call.name}` : `${target} has settled already`;
  }

  /** Resolves when no cell runs or waits before the prompt; to false when one of them failed meanwhile. */
  async idle(): Promise<boolean> {
    if (this.foreground === undefined) return true;
    return await new Promise((resolve) => this.#idleWaits.push({ resolve, isOk: true }));
  }

  #tellIdle(hasFailed: boolean): void {
    for (const wait of this.#idleWaits) wait.isOk &&= !hasFailed;
    if (this.foreground !== undefined) return;
    for (const { resolve, isOk } of this.#idleWaits.splice(0)) resolve(isOk);
  }

  /** Forgets the runs that have ended. */
  forget(): void {
    this.records.clear();
    this.#pages.clear();
  }

  #find(fits: (cell: Cell) => boolean): Cell | undefined {
    return [...this.#cells.values()].find(fits);
  }

  /**
   * Shows and runs a cell.
   * @param isTyped the person has it from the editor: refused, it goes back there.
   * @returns how it ended, after all of it has been told to the screen.
   */
  async run(code: string, isTyped = false): Promise<Settled> {
    const { outputLinesMax, session, scrollback, style } = this.#options;
    const before = session.count;
    const execution = session.execute({ code });
    const id = execution.cell;
    this.transcript.entered(id, code);
    const cell: Cell = {
      id,
      code,
      version: this.#options.store.get().editor.version,
      isTyped,
      hasNumber: session.count > before,
      isBackground: false,
      isDetached: false,
      state: "waiting",
      early: [],
      output: new CellOutput({
        cell: id,
        scrollback,
        style,
        spill: this.#spill,
        shortened: this.shortened,
        linesMax: outputLinesMax?.(),
      }),
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
    const { style, tokenize } = this.#options;
    const prompt = n === undefined ? "In: " : `In [${n}]: `;
    const isCommand = isCommandLike(code);
    const rows = paintSource(sanitize(code), { style, tokenize: tokenize?.(), isCommand });
    const more = continuationPrompt(prompt);
    return rows
      .map((row, index) => style.paint(index === 0 ? prompt : more, "prompt") + row)
      .join("\n");
  }

  close(): void {
    this.#stopListening();
    clearTimeout(this.#tick);
    this.#spill.close();
  }

  async #follow(cell: Cell, execution: Execution): Promise<Settled> {
    const started = await execution.started;
    this.transcript.started(cell.id, started.n);
    if (started.aborted) this.#drop(cell);
    else this.#begin(cell, started.n);
    const settled = await execution.settled;
    if (started.aborted) this.transcript.settled(settled);
    this.#end(cell, settled);
    return settled;
  }

  #begin(cell: Cell, n: number | undefined): void {
    const { scrollback, store, now } = this.#options;
    cell.state = "running";
    cell.startedAtMs = now();
    if (n !== undefined) cell.n = n;
    scrollback.text(this.echo(cell.code, n));
    scrollback.change(() => {
      // It may be over by the time its turn on the screen comes; then its block follows at once.
      const nowMs = now();
      store.update((snapshot) => ({
        ...this.#counted(snapshot),
        nowMs,
        // Or sent to the background.
        ...(cell.isBackground ? {} : { foreground: foregroundOf(cell, nowMs) }),
      }));
      this.#keepTicking();
    });
    for (const event of cell.early.splice(0)) this.#handle(event, cell);
  }

  /** A cell that an earlier failure took out of the queue. */
  #drop(cell: Cell): void {
    cell.state = "ended";
    this.#cells.delete(cell.id);
    this.#tellIdle(true);
    this.#abortedCount++;
    const count = this.#abortedCount;
    const back = cell.isTyped ? `; Up brings ${count === 1 ? "it" : "them"} back` : "";
    this.#options.scrollback.change(() => {
      this.#options.store.update((snapshot) => ({
        ...this.#counted(snapshot),
        notice: {
          level: "warning",
          text: `${count} queued ${count === 1 ? "cell" : "cells"} dropped${back}`,
        },
      }));
      this.#abortedCount = 0;
    });
  }

  #end(cell: Cell, settled: Settled): void {
    if (cell.state === "ended") return;
    cell.state = "ended";
    this.transcript.settled(settled);
    this.#cells.delete(cell.id);
    this.#tellIdle(!cell.isBackground && settled.status !== "ok");
    const { scrollback, store, style } = this.#options;
    cell.output.end();
    if (cell.isBackground) {
      scrollback.text(style.paint(`${label(cell)}ended in the background`, "dim"));
    }
    const runs = this.#areDecksShown ? this.records.runsOfCell(cell.id) : [];
    for (const run of runs) if (run.state === "running") this.#openRuns.set(run.id, cell.n);
    scrollback.change(() => {
      const { columns } = store.get().size;
      // Who called `process.exit` knows why the session ends.
      const { error: _, ...exited } = settled;
      const isPrinted = settled.error !== undefined && this.#printed.has(settled.error);
      const shown = this.#hasExited || isPrinted ? exited : settled;
      const block = blockText(shown, runs, {
        style,
        columns,
        valueRowsMax: VALUE_ROWS_MAX,
        page: (runId) => this.#pages.get(runId),
        onShortened: (text) => this.shortened.keep({ kind: "text", text }),
      });
      store.update((snapshot) => {
        const rest = withoutForeground(this.#counted(snapshot), cell.id);
        return {
          ...rest,
          // Printed blocks become one shared marker: Ink counts the items and looks at new ones only.
          finished: block === "" ? rest.finished : [...rest.finished.map(() => ""), block],
        };
      });
    });
    if (settled.status === "error" && this.foreground === undefined) this.#giveBack(cell, settled);
  }

  /** A cell that the parser or the checker refused has not run: its text comes back. */
  #giveBack(cell: Cell, settled: Settled): void {
    const { session, store, giveBack } = this.#options;
    // Lines that were pasted without marks, or typed ahead, would mix with it.
    if (!cell.isTyped || store.get().editor.version !== cell.version) return;
    const parsed = session.parse(cell.code);
    const [diagnostic] = settled.error?.diagnostics ?? [];
    const offset =
      parsed.status === "complete"
        ? diagnostic && offsetOf(cell.code, diagnostic.line, diagnostic.column)
        : parsed.status === "invalid"
          ? parsed.offset
          : cell.code.length; // forced to run: what is missing is missing at its end
    if (offset !== undefined) giveBack(cell.code, offset);
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
          `${style.paint("uncaught", "warning")} ${errorText(event.error, style, this.#columns)}`,
        );
      case "settled":
        if (cell) this.#end(cell, event.settled);
        return;
      case "deck-settings":
        this.#areDecksShown = event.inline === "on";
        return;
      case "default-remote":
        return this.#options.store.update(({ defaultRemote: _, ...snapshot }) => ({
          ...snapshot,
          ...(event.name !== undefined && { defaultRemote: event.name }),
        }));
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
    if (!cell.output.write(text)) return;
    const tail = cell.output.unfinished;
    store.updateSoon((snapshot) =>
      snapshot.foreground?.cell === cell.id
        ? { ...snapshot, foreground: { ...snapshot.foreground, tail } }
        : snapshot,
    );
  }

  #onDisplay(event: SessionEvent & { kind: "display" }, cell: Cell | undefined): void {
    const text = plainText(event.bundle);
    // What a cell that has ended changes is not shown again.
    if (cell) cell.output.display(text, event.update ? event.displayId : undefined);
    else if (!event.update || event.displayId === undefined) this.#options.scrollback.text(text);
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
      const page = (id: string) => this.#pages.get(id);
      const deck = deckText(run, { style, columns, valueRowsMax: VALUE_ROWS_MAX, page });
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

  /** A run's page will be in this file: its deck shows the way. */
  pageWritten(runId: string, file: string): void {
    const url = pathToFileURL(resolve(this.#options.session.folder, file)).href;
    this.#pages.set(runId, { path: file, url });
  }

  /** A sentence for the person, above the prompt. */
  notice(text: string): void {
    this.#say(text, "warning");
  }

  #say(text: string, tone: "dim" | "warning" | "failed"): void {
    const { scrollback, style } = this.#options;
    scrollback.text(style.paint(wrapText(sanitize(text), this.#columns - 1), tone));
  }

  get #columns(): number {
    return this.#options.store.get().size.columns;
  }

  #counted(snapshot: Snapshot): Snapshot {
    const cells = [...this.#cells.values()];
    const waiting = cells.filter((cell) => cell.state === "waiting");
    const queued = waiting.filter((cell) => !cell.hasNumber).length;
    const background = cells.flatMap(({ isBackground, n }) => (isBackground ? [n ?? 0] : []));
    return {
      ...snapshot,
      queued,
      isBeginning: waiting.length > queued,
      background,
      nextCount: this.#options.session.count + queued + 1,
    };
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

function foregroundOf(cell: Cell, nowMs: number): Foreground {
  const { id, n, runId, output } = cell;
  return {
    cell: id,
    ...(n === undefined ? {} : { n }),
    startedAtMs: cell.startedAtMs ?? nowMs,
    ...(runId === undefined ? {} : { runId }),
    tail: output.unfinished,
  };
}

function withoutForeground(snapshot: Snapshot, cell: number): Snapshot {
  const { foreground, notice, ...rest } = snapshot;
  return {
    ...rest,
    ...(foreground && foreground.cell !== cell ? { foreground } : {}),
    ...(notice && notice.cell !== cell ? { notice } : {}),
  };
}

/** `[4] ` in front of what a cell in the background says. */
function label({ n }: Cell): string {
  return `[${n ?? "?"}] `;
}

/** UTF-16 offset of a line and column that count from 1. */
function offsetOf(text: string, line: number, column: number): number {
  const before = text.split("\n").slice(0, line - 1);
  return before.reduce((sum, row) => sum + row.length + 1, 0) + column - 1;
}
