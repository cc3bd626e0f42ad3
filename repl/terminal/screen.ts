/**
 * The stdout that Ink gets, and the only writer to the terminal while Ink is mounted.
 *
 * During a resize it keeps the old size and holds what is painted until 60 ms after the last SIGWINCH:
 * the terminal reflows long rows before we can react, and each paint in between would leave debris.
 * @module
 */
import { EventEmitter, once } from "node:events";
import type { Size } from "../state/layout.ts";

/** What is used of `process.stdout`; a test gives a double. */
export interface Output {
  readonly columns: number;
  readonly rows: number;
  readonly isTTY: boolean;
  readonly writableNeedDrain: boolean;
  write(text: string, done?: (error?: Error | null) => void): boolean;
  on(event: "resize" | "drain" | "error", listener: (error: Error) => void): unknown;
  off(event: "resize" | "drain" | "error", listener: (error: Error) => void): unknown;
}

/**
 * Ink erases its old frame from the first column on. At the top of the screen tmux takes that for the
 * wish to keep the whole screen (`scroll-on-clear`), and the old frame would stay in the scrollback.
 */
const ERASE_FROM_LINE = "\x1b[1G\x1b[J";
const ERASE_FROM_SECOND_COLUMN = "\x1b[2G\x1b[J\x1b[1G\x1b[K";

const SETTLE_MS = 60;
const FALLBACK: Size = { columns: 80, rows: 24 };

export class Screen extends EventEmitter {
  readonly isTTY = true;
  readonly writable = true;
  readonly destroyed = false;
  readonly writableEnded = false;
  /** Bytes written so far: what the benchmark counts. */
  bytes = 0;
  #size: Size;
  #held: string[] | undefined;
  #heldDone: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Another program has the terminal. */
  #isPaused = false;
  readonly #output: Output;

  constructor(output: Output) {
    super();
    // Ink registers a listener for each mounted hook that asks for the size.
    this.setMaxListeners(0);
    this.#output = output;
    this.#size = sizeOf(output);
    output.on("resize", this.#onResize);
  }

  get columns(): number {
    return this.#size.columns;
  }

  get rows(): number {
    return this.#size.rows;
  }

  get size(): Size {
    return this.#size;
  }

  readonly write = (painted: string, done?: () => void): boolean => {
    const text = painted.replaceAll(ERASE_FROM_LINE, ERASE_FROM_SECOND_COLUMN);
    this.bytes += Buffer.byteLength(text);
    if (this.#held) {
      this.#held.push(text);
      if (done) this.#heldDone.push(done);
      return true;
    }
    return this.#output.write(text, () => done?.());
  };

  /** Resolves when the terminal has taken enough to take more. */
  async drained(): Promise<void> {
    if (!this.#output.writableNeedDrain) return;
    // `Output` is the part of a stream that is used; `once` only needs `on` and `off`.
    await once(this.#output as unknown as EventEmitter, "drain");
  }

  /** Keeps the size while another program has the terminal. */
  pause(): void {
    this.#isPaused = true;
    if (this.#held) this.#settle();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    const { columns, rows } = sizeOf(this.#output);
    if (columns !== this.#size.columns || rows !== this.#size.rows) this.#settle();
  }

  close(): void {
    this.#output.off("resize", this.#onResize);
    clearTimeout(this.#timer);
    this.#release();
  }

  readonly #onResize = (): void => {
    if (this.#isPaused) return;
    this.#held ??= [];
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#settle, SETTLE_MS);
  };

  readonly #settle = (): void => {
    clearTimeout(this.#timer);
    this.#release();
    this.#size = sizeOf(this.#output);
    this.emit("resize");
  };

  #release(): void {
    const text = this.#held?.join("") ?? "";
    const done = this.#heldDone.splice(0);
    this.#held = undefined;
    if (text === "" && done.length === 0) return;
    this.#output.write(text, () => {
      for (const resolve of done) resolve();
    });
  }
}

function sizeOf(output: Output): Size {
  return {
    columns: output.columns || FALLBACK.columns,
    rows: output.rows || FALLBACK.rows,
  };
}
