/**
 * The live tree of `eagerdeck run` in a terminal: calls as they stand, with what is printed above them.
 *
 * Invariants
 *   L1  Ten pictures a second at most, and drawing takes a fifth of the time at most, however many calls there are.
 *   L2  While it is there nothing else writes to the terminal: `console` goes through it too.
 *   L3  Whole lines go above the tree and stay; a line that has not ended shows below them until it does.
 * @module
 */
import { Console } from "node:console";
import { Writable } from "node:stream";
import { emptyTail, feed, type Tail } from "../repl/live/tail.ts";
import { SGR } from "../repl/terminal/escapes.ts";
import { OutputSanitizer, sanitizeLine } from "../repl/terminal/sanitize.ts";
import { createStyle, hasLightGround, wantsAscii, wantsColor } from "../repl/terminal/style.ts";
import { LIVE_ROWS_MAX } from "../runtime/deck/rows.ts";
import { cutSpans, type Row, widthOf } from "../runtime/deck/text/spans.ts";
import { deckRows, liveRows } from "../runtime/deck/views.ts";
import type { RunRecord } from "../runtime/events/record-shape.ts";
import { type Output, type PaintedRow, Region } from "./region.ts";

const FRAME_MS = 100;
const COST_SHARE = 5;
/** A tree does not flash up for what is over at once. */
const APPEARS_AFTER_MS = 150;
const WIDTH_MAX = 120;
/** Of the last picture. */
export const DECK_ROWS_MAX = 60;
/** Words and glyphs of ASCII are longer than those they stand for. */
const ASCII_SPARE = 8;

export class LiveTree implements Disposable {
  readonly #run: () => RunRecord | undefined;
  readonly #style = createStyle({
    hasColor: wantsColor(process.env, true),
    isAscii: wantsAscii(process.env),
    isGroundLight: hasLightGround(process.env),
  });
  readonly #region = new Region(terminal);
  readonly #streams = { stdout: this.#stream(), stderr: this.#stream() };
  readonly #console = globalThis.console;
  #above = "";
  #timer: NodeJS.Timeout | undefined;
  #nextAt = 0;
  #hasEnded = false;
  readonly #onResize = () => this.#wake();
  // The shell's prompt comes where the tree was, and nothing is drawn before the terminal is ours again.
  readonly #onSuspend = () => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#region.draw([], this.#takeAbove());
    process.kill(process.pid, "SIGSTOP");
  };
  // Also after a stop from outside, of which nothing was said.
  readonly #onContinue = () => {
    this.#region.forget();
    this.#wake();
  };

  constructor(run: () => RunRecord | undefined) {
    this.#run = run;
    process.stderr.on("resize", this.#onResize);
    process.on("SIGTSTP", this.#onSuspend).on("SIGCONT", this.#onContinue);
    globalThis.console = new Console(this.#sayingTo("stdout"), this.#sayingTo("stderr"));
  }

  changed(): void {
    this.#wake();
  }

  say(text: string, to: "stdout" | "stderr"): void {
    if (this.#hasEnded || !process[to].isTTY) return void process[to].write(text);
    const stream = this.#streams[to];
    const { lines, tail } = feed(stream.tail, text);
    stream.tail = tail;
    if (lines !== "") this.#above += stream.sanitizer.next(lines);
    this.#wake();
  }

  end(): void {
    if (this.#hasEnded) return;
    for (const to of ["stdout", "stderr"] as const) {
      if (this.#streams[to].tail.text !== "") this.say("\n", to);
    }
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    globalThis.console = this.#console;
    process.stderr.off("resize", this.#onResize);
    process.off("SIGTSTP", this.#onSuspend).off("SIGCONT", this.#onContinue);
    this.#region.draw([], this.#takeAbove());
  }

  [Symbol.dispose](): void {
    this.end();
  }

  deck(run: RunRecord): void {
    this.end();
    const rows = deckRows(run, { columns: this.#columns, rowsMax: DECK_ROWS_MAX });
    process.stderr.write(rows.map((row) => `${this.#fitted(row).text}\n`).join(""));
  }

  get #columns(): number {
    const room = Math.max(1, Math.min(terminal.columns - 1, WIDTH_MAX));
    return this.#style.isAscii ? Math.max(1, room - ASCII_SPARE) : room;
  }

  #wake(): void {
    if (this.#hasEnded) return;
    const delay = Math.max(0, this.#nextAt - performance.now());
    this.#timer ??= setTimeout(() => this.#frame(), delay);
  }

  #frame(): void {
    this.#timer = undefined;
    const begunAt = performance.now();
    this.#region.draw(this.#rows(), this.#takeAbove());
    const cost = performance.now() - begunAt;
    this.#nextAt = begunAt + Math.max(FRAME_MS, cost * COST_SHARE);
    // Its times go on.
    if (this.#run()?.state === "running") this.#wake();
  }

  #takeAbove(): string {
    const above = this.#above;
    this.#above = "";
    return above;
  }

  #rows(): PaintedRow[] {
    const rows = Object.values(this.#streams).flatMap(({ tail }): Row[] => {
      const text = sanitizeLine(tail.text.replaceAll(SGR, ""));
      return text === "" ? [] : [[{ text, role: "value" }]];
    });
    const run = this.#run();
    const nowMs = Date.now();
    if (run && nowMs - run.startedAt >= APPEARS_AFTER_MS) {
      const rowsMax = Math.min(LIVE_ROWS_MAX, terminal.rows - 1 - rows.length);
      rows.push(...liveRows(run, { columns: this.#columns, rowsMax, nowMs }));
    }
    return rows.map((row) => this.#fitted(row));
  }

  /** At most as wide as the terminal, also where glyphs became words. */
  #fitted(row: Row): PaintedRow {
    const { glyphs, isAscii } = this.#style;
    const shown = row.map((span) => ({ ...span, text: glyphs(sanitizeLine(span.text)) }));
    const cut = cutSpans(shown, terminal.columns - (isAscii ? 3 : 1));
    const width = widthOf(cut.map((span) => ({ ...span, text: glyphs(span.text) })));
    return { text: this.#style.row(cut), width };
  }

  #stream(): { tail: Tail; readonly sanitizer: OutputSanitizer } {
    return { tail: emptyTail, sanitizer: new OutputSanitizer(this.#style.hasColor) };
  }

  #sayingTo(to: "stdout" | "stderr"): Writable {
    return new Writable({
      decodeStrings: false,
      write: (text, _encoding, done) => {
        this.say(String(text), to);
        done();
      },
    });
  }
}

/** A size that is not known reads as 0. */
const terminal: Output = {
  get columns() {
    return process.stderr.columns || 80;
  },
  get rows() {
    return process.stderr.rows || 24;
  },
  write: (text) => process.stderr.write(text),
};
