/**
 * Presses of Ctrl-C, one after the other, on a running REPL: what each means, `interrupt.ts` decides;
 * here it is done and said.
 * @module
 */
import type { InterruptKind, Session } from "../runtime/session/client/api.ts";
import { ctrlC, descend, type Meaning, type PressState, withoutHint } from "./interrupt.ts";
import type { Cells } from "./state/session.ts";
import type { Store } from "./state/store.ts";

export interface CtrlCOptions {
  readonly session: Session;
  readonly store: Store;
  readonly cells: Cells;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Whether a command is running: an install is stopped as a cell is. */
  readonly isBusy: () => boolean;
  /** Stops the running commands. */
  readonly stopCommands: () => void;
  readonly closePopup: () => void;
  readonly clearText: () => void;
  readonly leave: () => void;
}

export class CtrlC {
  readonly #options: CtrlCOptions;
  #presses: PressState = {};
  #pressedCell: number | undefined;

  constructor(options: CtrlCOptions) {
    this.#options = options;
  }

  press(): void {
    const { store, cells, now, isBusy } = this.#options;
    const { editor, asked } = store.get();
    // The ladder belongs to one cell: the next one is asked politely first.
    if (cells.foreground !== this.#pressedCell) this.#presses = descend(this.#presses);
    this.#pressedCell = cells.foreground;
    const situation = {
      hasPopup: !asked && (editor.popup ?? editor.search ?? editor.signature) !== undefined,
      hasText: !asked && editor.text !== "",
      isRunning: cells.foreground !== undefined || isBusy(),
    };
    const { meaning, state } = ctrlC(this.#presses, situation, now());
    this.#presses = state;
    void this.#obey(meaning);
  }

  /** Another key came: a second Ctrl-C is a first one again. */
  otherKey(): void {
    this.#presses = withoutHint(this.#presses);
  }

  async #obey(meaning: Meaning): Promise<void> {
    const { store, cells, closePopup, clearText, leave } = this.#options;
    switch (meaning.kind) {
      case "nothing":
        return;
      case "close-popup":
        return closePopup();
      case "clear-text":
        return clearText();
      case "hint": {
        const count = cells.backgroundCount;
        const others = count > 0 ? `; ${cellsText(count)} in the background: .cancel n` : "";
        return store.notice(`Ctrl-C again, or Ctrl-D, leaves${others}`);
      }
      case "leave":
        return leave();
      case "interrupt":
        return await this.#climb(meaning.interrupt);
      default:
        return meaning satisfies never;
    }
  }

  async #climb(kind: InterruptKind): Promise<void> {
    const { session, store, cells, stopCommands } = this.#options;
    const cell = cells.foreground;
    const others = cells.backgroundCount;
    const lost =
      others > 0
        ? `values are lost, ${cellsText(others)} in the background too`
        : "values are lost";
    if (kind === "cooperate") store.notice("interrupting… Ctrl-C again to force", "info", cell);
    if (kind === "terminate") store.notice(`Ctrl-C again restarts; ${lost}`, "warning", cell);
    if (kind === "kill") store.notice("restarting…", "warning", cell);
    stopCommands();
    // Cells in the background go on; without any, whatever runs is meant, also an install.
    const target = others > 0 && cell !== undefined ? { cell } : {};
    // The one that had to be killed is not to be repeated.
    const last = session.count - 1;
    const result = await session.interrupt(kind, target);
    if (result === "unsafe") {
      store.notice(`cannot be stopped alone; Ctrl-C again restarts, ${lost}`, "warning", cell);
    } else if (kind === "kill") {
      store.notice(last > 0 ? `restarted; .rerun 1-${last} repeats the cells before` : "restarted");
    } else if (result === "done" && cell === undefined) {
      store.notice("stopped");
    }
  }
}

function cellsText(count: number): string {
  return count === 1 ? "1 cell" : `${count} cells`;
}
