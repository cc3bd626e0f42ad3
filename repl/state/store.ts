/**
 * The one immutable snapshot that the screen is painted from, read with `useSyncExternalStore`.
 *
 * Every change is a function of the current snapshot, never of a captured one: a key and a session
 * event may come in the same turn.
 * @module
 */
import { type EditorState, emptyEditor } from "../editor/reduce.ts";
import type { Size } from "./layout.ts";

export interface Snapshot {
  readonly phase: "starting" | "ready" | "lost" | "leaving";
  readonly size: Size;
  readonly editor: EditorState;
  readonly foreground?: Foreground;
  /** Cells that wait for their turn. */
  readonly queued: number;
  /** The number that the cell being typed will get. */
  readonly nextCount: number;
  /** Blocks for `<Static>`; never shortened, since Ink counts them. */
  readonly finished: readonly string[];
  readonly notice?: Notice;
  /** A question whose answer is the next key. */
  readonly question?: string;
  /** Epoch milliseconds, moves while something runs. */
  readonly nowMs: number;
}

/** The running cell. */
export interface Foreground {
  readonly cell: number;
  readonly n?: number;
  readonly startedAtMs: number;
  readonly runId?: string;
  /** Output after the last newline. */
  readonly tail: string;
}

export interface Notice {
  readonly text: string;
  readonly level: "info" | "warning";
}

type Change = (snapshot: Snapshot) => Snapshot;

/** Session events reach the screen at most this often; keys at once. */
const SOON_MS = 100;

export class Store {
  #snapshot: Snapshot;
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(size: Size, nowMs: number) {
    this.#snapshot = {
      phase: "starting",
      size,
      editor: emptyEditor,
      queued: 0,
      nextCount: 1,
      finished: [],
      nowMs,
    };
  }

  readonly get = (): Snapshot => this.#snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Changes the snapshot and paints at once. */
  update(change: Change): void {
    this.#snapshot = change(this.#snapshot);
    this.#notify();
  }

  /** Changes the snapshot at once and paints within 100 ms, together with what else comes until then. */
  updateSoon(change: Change): void {
    this.#snapshot = change(this.#snapshot);
    this.#timer ??= setTimeout(() => this.#notify(), SOON_MS);
  }

  #notify(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const listener of this.#listeners) listener();
  }
}
