/**
 * What the person entered, in order: cells go to the session at once, commands that need no values run at
 * once, and commands that need them wait for the cells before them, with all that was entered behind them.
 *
 * As in the session's own queue, a cell that fails drops what waits.
 * @module
 */
import {
  type CommandContext,
  CommandError,
  commandTiming,
  isCommand,
  runCommand,
} from "./commands/registry.ts";
import type { Scrollback } from "./state/scrollback.ts";
import type { Cells } from "./state/session.ts";
import type { Store } from "./state/store.ts";
import { sanitize } from "./terminal/sanitize.ts";
import type { Style } from "./terminal/style.ts";
import { wrapText } from "./terminal/wrap.ts";

export interface TurnsOptions {
  readonly store: Store;
  readonly cells: Cells;
  readonly scrollback: Scrollback;
  readonly style: Style;
  readonly context: (signal: AbortSignal) => CommandContext;
}

interface Entry {
  readonly code: string;
  readonly isTyped: boolean;
}

export class Turns {
  readonly #options: TurnsOptions;
  /** Entered behind a command that needs values. */
  readonly #waiting: Entry[] = [];
  readonly #running = new Set<AbortController>();
  #isDraining = false;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Commands that are running. */
  get count(): number {
    return this.#running.size;
  }

  /** @param isTyped the person has it from the editor. */
  enter(code: string, isTyped = true): void {
    const isAtOnce = isCommand(code) ? commandTiming(code) === "now" : this.#isFree;
    const entry = { code, isTyped };
    if (isAtOnce) return void this.#run(entry);
    this.#waiting.push(entry);
    this.#count();
    void this.#drain();
  }

  /** Ends shell commands, installs and loads; what waits behind them is dropped, as behind a cell. */
  stop(): void {
    for (const controller of this.#running) controller.abort();
  }

  /** Nothing runs any more. */
  close(): void {
    this.#waiting.length = 0;
    this.stop();
  }

  /** Whether a cell may go to the session now, whose queue keeps it behind those that run. */
  get #isFree(): boolean {
    return this.#waiting.length === 0 && !this.#isDraining && !this.#options.cells.isHeld;
  }

  async #drain(): Promise<void> {
    if (this.#isDraining) return;
    this.#isDraining = true;
    try {
      while (this.#waiting.length > 0) {
        let isOk = await this.#options.cells.idle();
        if (isOk) {
          const entry = this.#waiting.shift();
          this.#count();
          isOk = entry === undefined || (await this.#run(entry));
        }
        if (!isOk) this.#drop(this.#waiting.splice(0).length);
      }
    } finally {
      this.#isDraining = false;
    }
  }

  #count(): void {
    const held = this.#waiting.length;
    this.#options.store.update((snapshot) => ({ ...snapshot, held }));
  }

  #drop(count: number): void {
    if (count === 0) return;
    this.#count();
    const [what, them] = count === 1 ? ["entry", "it"] : ["entries", "them"];
    this.#options.store.notice(
      `${count} waiting ${what} dropped; Up brings ${them} back`,
      "warning",
    );
  }

  /** @returns whether what waits behind may go on. */
  async #run({ code, isTyped }: Entry): Promise<boolean> {
    if (isCommand(code)) return await this.#command(code);
    return (await this.#options.cells.run(code, isTyped)).status === "ok";
  }

  async #command(code: string): Promise<boolean> {
    const { store, cells, scrollback, style, context } = this.#options;
    // A command takes no number: it is shown with the prompt behind which it was typed.
    scrollback.text(cells.echo(code, store.get().nextCount));
    const controller = new AbortController();
    this.#running.add(controller);
    const commands = context(controller.signal);
    let haveCellsFailed = false;
    const execute: CommandContext["execute"] = async (cell) => {
      const settled = await commands.execute(cell);
      haveCellsFailed ||= settled.status !== "ok";
      return settled;
    };
    try {
      scrollback.text(await runCommand(code, { ...commands, execute }));
      // `.rerun 3` has said nothing of its own, but has failed when the cell has.
      return !controller.signal.aborted && !haveCellsFailed;
    } catch (error) {
      // A command of ours that breaks is told as it is; the REPL and what was typed go on.
      const text = error instanceof CommandError ? error.message : String(error);
      const rows = wrapText(sanitize(text), store.get().size.columns - 1);
      scrollback.text(style.paint(rows, "error"));
      return false;
    } finally {
      this.#running.delete(controller);
    }
  }
}
