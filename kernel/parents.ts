/**
 * Which request ran which cell: output goes under the cell that started it, however late it comes (K4).
 * @module
 */
import type { Header } from "./messages.ts";

/** Cells whose late output still finds its place. */
const CELLS_MAX = 1_000;
/** Fewer comm messages: a slider that is dragged sends hundreds, and must not take the place of cells. */
const COMMS_MAX = 100;

export interface Parent {
  readonly header: Header;
  /** Nothing of a silent cell is shown, late text included. */
  readonly silent: boolean;
  /** Whoever asked for it, when that client can be asked in turn: present if it allowed stdin. */
  readonly stdin?: readonly Uint8Array[];
}

export class Parents {
  readonly #cells = new Map<number, Parent>();
  /** Those of them that are comm messages, oldest first. */
  readonly #comms: number[] = [];
  /** Cells that have not ended, those that wait included. */
  readonly #unfinished = new Set<number>();
  /** In the order they began. */
  readonly #running = new Set<number>();
  #lastFinished: number | undefined;

  add(cell: number, parent: Parent): void {
    this.#cells.set(cell, parent);
    this.#unfinished.add(cell);
    for (const oldest of this.#cells.keys()) {
      if (this.#cells.size <= CELLS_MAX) break;
      if (!this.#unfinished.has(oldest)) this.#cells.delete(oldest);
      else break; // more than a thousand cells wait or run: nothing is forgotten meanwhile
    }
  }

  /** As `add`, for a message of a comm. */
  addComm(cell: number, parent: Parent): void {
    this.add(cell, parent);
    this.#comms.push(cell);
    const [oldest] = this.#comms;
    if (this.#comms.length <= COMMS_MAX || oldest === undefined) return;
    this.#comms.shift();
    if (!this.#running.has(oldest)) this.#cells.delete(oldest);
  }

  of(cell: number): Parent | undefined {
    return this.#cells.get(cell);
  }

  started(cell: number): void {
    this.#running.add(cell);
  }

  /** It was aborted while it waited. */
  aborted(cell: number): void {
    this.#unfinished.delete(cell);
  }

  finished(cell: number): void {
    this.#unfinished.delete(cell);
    this.#running.delete(cell);
    // What nobody is known to have caused is looked for under a cell; under a message of a widget nobody sees it.
    if (!this.#comms.includes(cell)) this.#lastFinished = cell;
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
