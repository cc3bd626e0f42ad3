/**
 * The serial queue of all that leaves the live region: texts, and changes of the screen that have to
 * come between two texts.
 *
 * Ink writes a text at once and paints a store update later, so that one turn's `write` and update
 * come out in the opposite order. Hence the queue waits for the flush after each change.
 * @module
 */

/** The way into the terminal; exists once Ink has mounted. */
export interface ScrollbackPort {
  /** Above the live region. */
  write(text: string): void;
  /** Resolves when everything rendered so far is on its way to the terminal. */
  flush(): Promise<void>;
  /** Resolves when the terminal takes more. */
  drained(): Promise<void>;
}

type Item =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "change"; readonly change: () => void };

/** Texts are collected for this long: 2,000 single lines would redraw the frame 2,000 times. */
const COLLECT_MS = 33;
/** Pieces in which a long text is written, so that keys are read in between. */
const PIECE_LENGTH = 64 * 1024;

export class Scrollback {
  #port: ScrollbackPort | undefined;
  #items: Item[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isBusy = false;
  #isPaused = false;
  #lastWriteMs = 0;
  #waiting: (() => void)[] = [];

  attach(port: ScrollbackPort): void {
    this.#port = port;
    this.#wake();
  }

  /** Whole lines; a missing newline at the end is added. */
  text(text: string): void {
    if (text === "") return;
    this.#items.push({ kind: "text", text: text.endsWith("\n") ? text : `${text}\n` });
    this.#wake();
  }

  /** Runs `change` after all texts before it, and lets no later text out until it is painted. */
  change(change: () => void): void {
    this.#items.push({ kind: "change", change });
    this.#wake();
  }

  /** Lets nothing out until `resume`. Resolves when what was on its way is out. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    while (this.#isBusy) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#wake();
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    while (this.#isBusy || this.#items.length > 0) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        this.#wake(0);
      });
    }
  }

  #wake(delayMs = this.#delayMs()): void {
    if (this.#isBusy || this.#isPaused || this.#port === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), delayMs);
  }

  #delayMs(): number {
    if (this.#items.some((item) => item.kind === "change")) return 0;
    return Math.max(0, Math.min(COLLECT_MS, this.#lastWriteMs + COLLECT_MS - performance.now()));
  }

  async #run(): Promise<void> {
    const port = this.#port;
    if (port === undefined || this.#isBusy || this.#isPaused) return;
    this.#isBusy = true;
    try {
      while (!this.#isPaused) {
        const text = this.#takeText();
        for (const piece of pieces(text)) {
          port.write(piece);
          this.#lastWriteMs = performance.now();
          await port.drained();
        }
        const next = this.#items.shift();
        if (next?.kind !== "change") break;
        next.change();
        await port.flush();
      }
    } finally {
      this.#isBusy = false;
      for (const resolve of this.#waiting.splice(0)) resolve();
      if (this.#items.length > 0) this.#wake();
    }
  }

  /** All texts up to the next change. */
  #takeText(): string {
    const end = this.#items.findIndex((item) => item.kind !== "text");
    const texts = this.#items.splice(0, end === -1 ? this.#items.length : end);
    return texts.map((item) => (item.kind === "text" ? item.text : "")).join("");
  }
}

/** Each piece but the last ends behind a newline, since the live region follows it. */
function* pieces(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const end = pieceEnd(text, start);
    yield text.slice(start, end);
    start = end;
  }
}

function pieceEnd(text: string, start: number): number {
  if (text.length - start <= PIECE_LENGTH) return text.length;
  const newline = text.lastIndexOf("\n", start + PIECE_LENGTH);
  if (newline >= start) return newline + 1;
  const next = text.indexOf("\n", start + PIECE_LENGTH);
  return next === -1 ? text.length : next + 1;
}
