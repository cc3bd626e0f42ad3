/**
 * `deck.settings`: what shows by itself, and what is hidden in decks. Checked when it is assigned.
 * @module
 */
import { inspect } from "node:util";
import { preview } from "../../values/preview.ts";
import { setRedaction } from "../../values/redact.ts";

export type Inline = "on" | "off";

export class DeckSettings {
  readonly #onInline: (inline: Inline) => void;
  #inline: Inline = "on";
  #redact: readonly (RegExp | string)[] = [];

  /** @param onInline tells the front end. */
  constructor(onInline: (inline: Inline) => void) {
    this.#onInline = onInline;
    // A misspelt name would be a property that nobody reads.
    Object.preventExtensions(this);
  }

  /** Whether live trees and decks show by themselves; `deck` has everything either way. */
  get inline(): Inline {
    return this.#inline;
  }

  /** @throws {TypeError} for anything but `"on"` and `"off"`. */
  set inline(inline: Inline) {
    if (inline !== "on" && inline !== "off") {
      throw new TypeError(`deck.settings.inline is "on" or "off", not ${preview(inline).line}`);
    }
    this.#inline = inline;
    this.#onInline(inline);
  }

  /** Texts and patterns that read `[redacted]` in decks, besides what looks like a secret. */
  get redact(): readonly (RegExp | string)[] {
    return this.#redact;
  }

  /** @throws {TypeError} for anything but a list of patterns and texts. */
  set redact(rules: readonly (RegExp | string)[]) {
    const isList = Array.isArray(rules);
    const wrong: unknown = isList
      ? rules.find((rule) => !(rule instanceof RegExp) && (typeof rule !== "string" || rule === ""))
      : rules;
    if (!isList || wrong !== undefined) {
      throw new TypeError(
        `deck.settings.redact lists patterns and texts, like [/ID-\\d+/], not ${preview(wrong).line}`,
      );
    }
    this.#redact = Object.freeze([...rules]);
    setRedaction(this.#redact);
  }

  [inspect.custom](): object {
    return { inline: this.#inline, redact: this.#redact };
  }
}
