/**
 * Which request ran which cell: output goes under the cell that started it, however late it comes (K4).
 * @module
 */
import type { Header } from "./messages.ts";

/** Cells whose late output still finds its place. */
const CELLS_MAX = 1_000;

export interface Parent {
  readonly header: Header;
  /** Nothing of a silent cell is shown, late text included. */
  readonly silent: boolean;
  /** Whoever asked for it, when that client can be asked in turn: present if it allowed stdin. */
  readonly stdin?: readonly Uint8Array[];
}

export class Parents {
  readonly #cells = new Map<number, Parent>();
  /** In the order they began. */
  readonly #running = new Set<number>();
  #lastFinished: number | undefined;

  add(cell: number, parent: Parent): void {
    this.#cells.set(cell, parent);
    for (const oldest of this.#cells.keys()) {
      if (this.#cells.size <= CELLS_MAX) break;
      if (!this.#running.has(oldest)) this.#cells.delete(oldest);
      else break; // more than a thousand cells wait or run: nothing is forgotten meanwhile
    }
  }

  of(cell: number): Parent | undefined {
    return this.#cells.get(cell);
  }

  started(cell: number): void {
    this.#running.add(cell);
  }

  finished(cell: number): void {
    this.#running.delete(cell);
    this.#lastFinished = cell;
  }

  isRunning(cell: number): boolean {
    return this.#running.has(cell);
  }

  get someRuns(): boolean {
    return this.#running.size > 0;
  }

  get oldestRunning(): number | undefined {
    const [oldest] = this.#running;
    return oldest;
  }

  /** Where something goes that no cell is known to have caused: the oldest running cell, else the last one. */
  get fallback(): number | undefined {
    return this.oldestRunning ?? this.#lastFinished;
  }
}
