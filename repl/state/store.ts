/**
 * The one immutable snapshot that the screen is painted from, read with `useSyncExternalStore`.
 *
 * Every change is a function of the current snapshot, never of a captured one: a key and a session
 * event may come in the same turn.
 * @module
 */
import { type EditorState, emptyEditor } from "../editor/state.ts";
import type { Size } from "./layout.ts";

export interface Snapshot {
  readonly phase: "starting" | "ready" | "lost" | "leaving";
  /** Where calls run that say nothing else, when that is a cluster: `flytesnacks/development`. */
  readonly defaultRemote?: string;
  readonly size: Size;
  readonly editor: EditorState;
  readonly foreground?: Foreground;
  /** Numbers of the cells that go on beside the prompt. */
  readonly background: readonly number[];
  /** Cells that wait for their turn. */
  readonly queued: number;
  /** A cell has its turn, and is checked before it runs. */
  readonly isBeginning: boolean;
  /** Cells and commands that wait behind a command. */
  readonly held: number;
  /** The number that the cell being typed will get. */
  readonly nextCount: number;
  /** Blocks for `<Static>`; never shortened, since Ink counts them. */
  readonly finished: readonly string[];
  readonly notice?: Notice;
  /** A question whose answer is the next key. */
  readonly question?: string;
  /** A running cell's `input()`: its answer is typed in the place of the next cell. */
  readonly asked?: Asked;
  /** The type service has left a Tab without an answer. */
  readonly areTypesOff: boolean;
  /** Ctrl-T: the live tree is its summary alone. */
  readonly isTreeFolded: boolean;
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

/** A question of a cell, and the line that is typed for an answer. */
export interface Asked {
  /** What stands before the answer: the last row of the question, safe to print. */
  readonly prompt: string;
  /** What is typed is not to be shown. */
  readonly isPassword: boolean;
  readonly editor: EditorState;
}

export interface Notice {
  readonly text: string;
  readonly level: "info" | "warning";
  /** It is about this running cell, and goes when that has ended. */
  readonly cell?: number | undefined;
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
      background: [],
      queued: 0,
      isBeginning: false,
      held: 0,
      areTypesOff: false,
      isTreeFolded: false,
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

  /** A sentence in the status row, until the next key. */
  notice(text: string, level: Notice["level"] = "info", cell?: number): void {
    this.update((snapshot) => ({ ...snapshot, notice: { text, level, cell } }));
  }

  #notify(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const listener of this.#listeners) listener();
  }
}
