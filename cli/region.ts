/**
 * Rows at the bottom of a terminal that are drawn anew in their place, and text that goes above them.
 *
 * Invariants
 *   R1  The cursor stands in the first column below the rows and is always visible: whatever ends the process, the
 *       terminal is in order.
 *   R2  A picture is one write, and what shows already is not written again.
 * @module
 */

/** What is used of `process.stderr`. */
export interface Output {
  readonly columns: number;
  readonly rows: number;
  write(text: string): boolean;
}

/** A row with its colours, and how wide it shows. */
export interface PaintedRow {
  readonly text: string;
  readonly width: number;
}

// A terminal that knows synchronized updates shows the picture at once; others ignore them.
const BEGIN = "\x1b[?2026h";
const END = "\x1b[?2026l";
/** Not from the first column on: at the top of the screen tmux would keep what is erased (`scroll-on-clear`). */
const ERASE_BELOW = "\x1b[2G\x1b[J\x1b[1G\x1b[K";

export class Region {
  readonly #output: Output;
  #shown: readonly PaintedRow[] = [];
  #columns: number;

  constructor(output: Output) {
    this.#output = output;
    this.#columns = output.columns;
  }

  /** @param above whole lines, each with its newline. */
  draw(rows: readonly PaintedRow[], above = ""): void {
    const { columns } = this.#output;
    if (above === "" && columns === this.#columns && isSame(rows, this.#shown)) return;
    const height = heightOf(this.#shown, columns);
    const erase = height === 0 ? "" : `\x1b[${height}A${ERASE_BELOW}`;
    const drawn = rows.map(({ text }) => `${text}\n`).join("");
    this.#shown = rows;
    this.#columns = columns;
    this.#output.write(`${BEGIN}${erase}${above}${drawn}${END}`);
  }

  /** Somebody else has had the terminal: what shows is no longer ours to erase. */
  forget(): void {
    this.#shown = [];
  }
}

/** Terminals wrap what they show when they become narrow. */
function heightOf(rows: readonly PaintedRow[], columns: number): number {
  return rows.reduce((sum, { width }) => sum + Math.max(1, Math.ceil(width / columns)), 0);
}

function isSame(rows: readonly PaintedRow[], others: readonly PaintedRow[]): boolean {
  return rows.length === others.length && rows.every(({ text }, at) => text === others[at]?.text);
}
