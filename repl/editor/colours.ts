/**
 * The grammar of the editor's colours: loaded once there is something on the screen, and asked again when
 * a text that is slow to read has been left alone.
 * @module
 */
import { Highlighter, loadTokenizer, REST_MS, type Tokenize } from "./highlight.ts";

export interface ColoursOptions {
  /** Paints the screen anew. */
  readonly repaint: () => void;
  /** Hears of each repaint; returns the way to stop. */
  readonly onRepaint: (listener: () => void) => () => void;
}

export class Colours {
  #tokenize: Tokenize | undefined;
  #highlighter: Highlighter | undefined;
  #rest: NodeJS.Timeout | undefined;
  #stop: (() => void) | undefined;

  /** Undefined until the grammar is there. */
  get tokenize(): Tokenize | undefined {
    return this.#tokenize;
  }

  get highlighter(): Highlighter | undefined {
    return this.#highlighter;
  }

  async load({ repaint, onRepaint }: ColoursOptions): Promise<void> {
    const tokenize = await loadTokenizer();
    const highlighter = new Highlighter(tokenize, () => performance.now());
    this.#tokenize = tokenize;
    this.#highlighter = highlighter;
    this.#stop = onRepaint(() => {
      clearTimeout(this.#rest);
      this.#rest = setTimeout(() => highlighter.isStale && repaint(), REST_MS + 1);
    });
    repaint();
  }

  close(): void {
    this.#stop?.();
    clearTimeout(this.#rest);
  }
}
