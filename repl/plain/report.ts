/**
 * The session's stream → stdout and stderr, for every mode without a screen that people read.
 *
 * Output and values go to stdout; decks, task lines, diagnostics and errors to stderr, so that a pipe
 * holds what the program said and nothing else. Output is passed on as it is: the terminal, if there
 * is one, belongs to the program.
 * @module
 */
import type { CallSettled, RuntimeEvent } from "../../runtime/events/events.ts";
import type { RunRecord } from "../../runtime/events/record-shape.ts";
import { Records } from "../../runtime/events/records.ts";
import type {
  ExecuteRequest,
  Session,
  SessionEvent,
  Settled,
} from "../../runtime/session/client/api.ts";
import { deckText, errorText, plainText, resultText } from "../live/block.ts";
import { Transcript } from "../state/transcript.ts";
import { sanitize, sanitizeLine } from "../terminal/sanitize.ts";
import type { Style, Tone } from "../terminal/style.ts";
import { CallCounts } from "./call-counts.ts";

export interface ReportOptions {
  readonly session: Session;
  readonly columns: number;
  readonly isQuiet: boolean;
  /** `Out[3]: ` before values: for a person, not for a pipe. */
  readonly hasLabels: boolean;
  /** For a screen reader: sums instead of a line per call. */
  readonly isReadOut?: boolean;
  readonly out: { readonly style: Style; write(text: string): void };
  readonly err: { readonly style: Style; write(text: string): void };
}

/** The deck of a quick run says it all; task lines are for people who wait. */
const LINES_AFTER_MS = 1_000;
const LINES_MAX = 50;
/** How often it is looked whether sums are due. */
const COUNTS_LOOK_MS = 1_000;

const GLYPHS: Readonly<Record<CallSettled["state"], { glyph: string; tone: Tone }>> = {
  ok: { glyph: "✓", tone: "ok" },
  cached: { glyph: "◆", tone: "cached" },
  failed: { glyph: "✕", tone: "failed" },
  cancelled: { glyph: "⊘", tone: "cancelled" },
};

export class Report {
  readonly records = new Records();
  readonly transcript = new Transcript();
  /** How to print what comes by itself, at any time: line mode has a line there that is being typed. */
  aside: (print: () => void) => void = (print) => print();
  /** Errors that no cell reported: unhandled rejections, also of cells that had ended. */
  uncaughtCount = 0;
  readonly #options: ReportOptions;
  readonly #stop: () => void;
  readonly #updates = new Map<string, string>();
  #lines: TaskLines | undefined;
  readonly #openRuns = new Map<string, () => void>();
  /** Whoever called `process.exit` knows why the session ends. */
  #hasExited = false;
  /** Failures that were printed when nobody caught them; their cell ends with the same one. */
  readonly #printed = new WeakSet<object>();
  readonly #counts: CallCounts | undefined;
  readonly #countsTimer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #areDecksShown = true;

  constructor(options: ReportOptions) {
    this.#options = options;
    this.#stop = options.session.onEvent((event) => this.#onEvent(event));
    if (options.isReadOut && !options.isQuiet) {
      const counts = new CallCounts(performance.now());
      this.#counts = counts;
      this.#countsTimer = setInterval(() => {
        for (const line of counts.due(performance.now())) this.say(line, "muted");
      }, COUNTS_LOOK_MS).unref();
    }
  }

  /** Runs a cell and prints what it ended with, after its output. */
  async run(code: string, options: Pick<ExecuteRequest, "stopOnError"> = {}): Promise<Settled> {
    const execution = this.#options.session.execute({ code, ...options });
    this.transcript.entered(execution.cell, code);
    const settled = await execution.settled;
    this.transcript.settled(settled);
    this.settled(settled);
    return settled;
  }

  /** Prints what a cell ended with, after its output. */
  settled(settled: Settled): void {
    if (this.#isClosed) return;
    this.#lines?.end();
    this.#lines = undefined;
    if (settled.n !== undefined) this.#counts?.ended(settled.n);
    const { out } = this.#options;
    for (const text of this.#updates.values()) out.write(`${text}\n`);
    this.#updates.clear();
    for (const { id, state } of this.records.runsOfCell(settled.cell)) {
      if (state === "running") this.#openRuns.set(id, () => this.aside(() => this.#printDeck(id)));
      else this.#printDeck(id);
    }
    if (settled.value) {
      const { hasLabels, columns } = this.#options;
      const options = { style: out.style, columns, valueRowsMax: Number.POSITIVE_INFINITY };
      const text = hasLabels ? resultText(settled, options) : plainText(settled.value);
      out.write(`${text}\n`);
    }
    const isNew = settled.error && !this.#printed.has(settled.error);
    if (settled.error && isNew && settled.status !== "aborted" && !this.#hasExited) {
      this.#options.err.write(`${errorText(settled.error, this.#options.err.style)}\n`);
    }
  }

  /** Resolves when the calls that outlived their cells have ended, and their decks are printed. */
  async runsEnded(): Promise<void> {
    while (this.#openRuns.size > 0) {
      await new Promise<void>((resolve) => {
        for (const [id, ended] of this.#openRuns) {
          this.#openRuns.set(id, () => {
            ended();
            resolve();
          });
          break;
        }
      });
    }
  }

  findRun(n?: number): RunRecord | undefined {
    return this.records
      .runs()
      .filter((run) => run.calls.size > 0 && (n === undefined || run.n === n))
      .at(-1);
  }

  deckText(run: RunRecord, style: Style): string {
    return deckText(run, { style, columns: this.#options.columns, valueRowsMax: 0 });
  }

  /** Says nothing more: what cells end with once the session is closed is our doing, not theirs. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#countsTimer);
    this.#lines?.end();
    this.#stop();
  }

  /** A line for the person, unless they asked for silence. */
  say(text: string, tone: Tone): void {
    const { err, isQuiet } = this.#options;
    if (!isQuiet) err.write(`${err.style.paint(sanitize(text), tone)}\n`);
  }

  #printDeck(id: string): void {
    const { err, isQuiet } = this.#options;
    const run = this.records.run(id);
    const text = run && !isQuiet && this.#areDecksShown ? this.deckText(run, err.style) : "";
    if (text !== "") err.write(`${text}\n`);
  }

  #onEvent(event: SessionEvent): void {
    this.transcript.apply(event);
    const { out, err } = this.#options;
    switch (event.kind) {
      case "event":
        this.records.apply(event.event);
        this.#count(event.event);
        return this.#onRuntimeEvent(event.event);
      case "display":
        if (event.update && event.displayId !== undefined) {
          this.#updates.set(event.displayId, plainText(event.bundle));
        } else out.write(`${plainText(event.bundle)}\n`);
        return;
      case "diagnostics":
        return this.say(event.text, "warning");
      case "notice":
        return this.say(event.text, event.level === "warning" ? "warning" : "muted");
      case "uncaught":
        this.uncaughtCount++;
        this.#printed.add(event.error);
        return this.aside(() => err.write(`uncaught ${errorText(event.error, err.style)}\n`));
      case "deck-settings":
        this.#areDecksShown = event.inline === "on";
        return;
      case "phase":
        if (event.phase === "starting") this.#areDecksShown = true;
        if (event.exitCode !== undefined) this.#hasExited = true;
        return;
      case "default-remote":
      case "comm":
      case "clear-output":
      case "settled":
        // There is no status row. A stream cannot be cleared and has no widgets; ends are for whoever runs the cells.
        return;
      default:
        return event satisfies never;
    }
  }

  #count(event: RuntimeEvent): void {
    const n = this.#counts && this.records.run(event.runId)?.n;
    if (n !== undefined) this.#counts?.apply(n, event);
  }

  #onRuntimeEvent(event: RuntimeEvent): void {
    const { out, err, isQuiet } = this.#options;
    if (event.kind === "log") {
      if (event.stream === "stdout") out.write(event.text);
      else if (event.stream === "stderr") err.write(event.text);
    } else if (event.kind === "run-ended") {
      const ended = this.#openRuns.get(event.runId);
      this.#openRuns.delete(event.runId);
      ended?.();
    } else if (event.kind === "call-created" && !isQuiet && this.#areDecksShown) {
      this.#lines ??= new TaskLines({
        linesMax: this.#options.isReadOut ? 0 : LINES_MAX,
        print: (line) => err.write(`${line}\n`),
      });
    } else if (event.kind === "call-settled" && !isQuiet) {
      this.#lines?.add(() => this.#taskLine(event), event.state === "failed");
    }
  }

  #taskLine(event: CallSettled): string {
    const { style } = this.#options.err;
    const { glyph, tone } = GLYPHS[event.state];
    const call = this.records.call(event.id);
    const value = event.output ? ` → ${event.output.line}` : ` ${event.error?.line ?? ""}`;
    const elapsedMs = call ? event.at - (call.startedAt ?? call.createdAt) : 0;
    const text = `${event.id} ${call?.name ?? "call"}${value} · ${elapsedText(elapsedMs)}`;
    return `${style.paint(glyph, tone)} ${style.glyphs(sanitizeLine(text))}`;
  }
}

/** A line per settled call, once the cell has taken long enough for someone to wonder. */
class TaskLines {
  readonly #print: (line: string) => void;
  readonly #linesMax: number;
  readonly #timer: NodeJS.Timeout;
  #early: { readonly line: () => string; readonly isFailure: boolean }[] = [];
  #isShowing = false;
  #shown = 0;
  #hidden = 0;

  /** @param options `linesMax`: beyond it only failures get a line. */
  constructor(options: { readonly linesMax: number; readonly print: (line: string) => void }) {
    this.#print = options.print;
    this.#linesMax = options.linesMax;
    this.#timer = setTimeout(() => {
      this.#isShowing = true;
      for (const { line, isFailure } of this.#early.splice(0)) this.add(line, isFailure);
    }, LINES_AFTER_MS);
    this.#timer.unref();
  }

  /** A failure is printed whatever their number. */
  add(line: () => string, isFailure: boolean): void {
    if (!this.#isShowing) {
      // Beyond the first lines only the number counts: nothing grows with 10,000 calls.
      if (isFailure || this.#early.length < this.#linesMax) this.#early.push({ line, isFailure });
      else this.#hidden++;
      return;
    }
    if (isFailure || this.#shown < this.#linesMax) {
      this.#shown++;
      this.#print(line());
    } else this.#hidden++;
  }

  end(): void {
    clearTimeout(this.#timer);
    if (this.#isShowing && this.#hidden > 0) this.#print(`… ${this.#hidden} more calls settled`);
  }
}

function elapsedText(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}
