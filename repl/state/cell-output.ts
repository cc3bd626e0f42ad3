/**
 * What one cell prints and displays: whole lines go to the scrollback, the unfinished one is shown in a row
 * of its own, what is too much goes to a file, and of a display that changes the last state is printed.
 * @module
 */
import { type Spill, whereSpilled } from "../../runtime/session/client/spill.ts";
import { emptyTail, feed } from "../live/tail.ts";
import { OutputSanitizer } from "../terminal/sanitize.ts";
import type { Style } from "../terminal/style.ts";
import { OutputLimit } from "./output-limit.ts";
import type { Scrollback } from "./scrollback.ts";
import type { Shortened } from "./shortened.ts";

export interface CellOutputOptions {
  /** The session's number of the cell. */
  readonly cell: number;
  readonly scrollback: Scrollback;
  readonly style: Style;
  readonly spill: Spill;
  readonly shortened: Shortened;
  /** Lines that are printed as they come; default: 5,000. */
  readonly linesMax?: number | undefined;
}

export class CellOutput {
  readonly #options: CellOutputOptions;
  readonly #limit: OutputLimit;
  readonly #sanitizer: OutputSanitizer;
  /** Last text of each display that was updated. */
  readonly #updates = new Map<string, string>();
  #tail = emptyTail;
  /** `[4] ` in front of each line, while the cell is in the background. */
  #mark = "";

  constructor(options: CellOutputOptions) {
    this.#options = options;
    const { cell, spill, style, linesMax } = options;
    this.#sanitizer = new OutputSanitizer(style.hasColor);
    this.#limit = new OutputLimit({
      ...(linesMax === undefined ? {} : { linesMax }),
      keep: (text) => spill.write(cell, text),
      note: (text) => style.paint(text, "dim"),
    });
  }

  /** The line that has no end yet, or how much is being left out. */
  get unfinished(): string {
    return this.#limit.progress || this.#tail.text;
  }

  /** @returns whether anything is to be seen of it. */
  write(text: string): boolean {
    const { tail, lines } = feed(this.#tail, text);
    const isNew = lines !== "" || tail.text !== this.#tail.text;
    if (lines !== "") this.#print(lines);
    this.#tail = tail;
    return isNew;
  }

  display(text: string, replaces: string | undefined): void {
    // A terminal cannot change what it has printed: the last state is printed when the cell ends.
    if (replaces !== undefined && this.#mark === "") this.#updates.set(replaces, text);
    else this.#options.scrollback.text(this.#marked(text));
  }

  /** From here on each line begins with `mark`; the unfinished one is ended. */
  setAside(mark: string): void {
    this.#mark = mark;
    this.#endLine();
  }

  /** The lines stand for themselves again. */
  bringBack(): void {
    this.#mark = "";
  }

  /** The unfinished line, what was left out before it, and the last state of displays. */
  end(): void {
    this.#endLine();
    const { cell, scrollback, spill, shortened } = this.#options;
    if (this.#limit.hasKept) {
      const spilled = spill.where(cell);
      spill.forget(cell);
      scrollback.text(this.#sanitizer.next(this.#marked(this.#limit.end(whereSpilled(spilled)))));
      if (spilled.kind !== "none") shortened.keep({ kind: "file", path: spilled.path });
    }
    for (const text of this.#updates.values()) scrollback.text(this.#marked(text));
    this.#updates.clear();
  }

  #endLine(): void {
    if (this.#tail.text !== "") this.#print(`${this.#tail.text}\n`);
    this.#tail = emptyTail;
  }

  #print(lines: string): void {
    const text = this.#limit.take(lines);
    if (text !== "") this.#options.scrollback.text(this.#sanitizer.next(this.#marked(text)));
  }

  #marked(lines: string): string {
    return this.#mark === "" ? lines : lines.replaceAll(/^(?=[^\n]|\n)/gm, this.#mark);
  }
}
