/**
 * What encoding and decoding share: what they are given, and the list of what does not fit.
 * @module
 */
import { type Misfit, misfitsToText } from "../../types/validate.ts";
import { preview } from "../../values/preview.ts";

/** The part of a storage that values need. */
export interface LiteralStore {
  /** @throws for what is larger than `maxBytes`, or not there. */
  read(uri: string, options?: { signal?: AbortSignal; maxBytes?: number }): Promise<Uint8Array>;
}

export interface LiteralContext {
  /** Reads offloaded literals and files, takes uploads. */
  readonly store?: LiteralStore | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How integers are read whose type does not say it; `number` unless given. */
  readonly integers?: "number" | "bigint" | undefined;
}

/** What does not fit, gathered so that one message names everything that has to be mended. */
export class Misfits {
  readonly #found: Misfit[] = [];
  #more = 0;

  /** More than these are counted, not listed. */
  static readonly LISTED = 50;

  get count(): number {
    return this.#found.length + this.#more;
  }

  add(path: string, message: string): undefined {
    if (this.#found.length < Misfits.LISTED) this.#found.push({ path, message });
    else this.#more++;
  }

  expected(path: string, what: string, received: unknown): undefined {
    const name = /[^.[\]]*$/.exec(path)?.[0] ?? "";
    return this.add(path, `expected ${what}, received ${preview(received, { name }).line}`);
  }

  /** Adds all that another list holds. */
  take(other: Misfits): void {
    for (const { path, message } of other.#found) this.add(path, message);
    this.#more += other.#more;
  }

  /** @throws {TypeError} that lists what was found, if anything was. */
  check(): void {
    if (this.count === 0) return;
    const more = this.#more > 0 ? `; and ${this.#more} more` : "";
    throw new TypeError(misfitsToText(this.#found) + more);
  }
}

/** `orders[3]`, `prices.apple`. */
export function step(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  return path === "" ? key : `${path}.${key}`;
}
