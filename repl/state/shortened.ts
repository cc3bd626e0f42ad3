/**
 * The text that was shortened last on the screen, for Ctrl-O.
 * @module
 */
export type ShortenedText =
  | { readonly kind: "text"; readonly text: string }
  /** Relative to the working folder. */
  | { readonly kind: "file"; readonly path: string };

export class Shortened {
  #last: ShortenedText | undefined;

  /** Undefined while everything was shown whole. */
  get last(): ShortenedText | undefined {
    return this.#last;
  }

  keep(text: ShortenedText): void {
    this.#last = text;
  }
}
