/**
 * What keys bring about beyond the editor: cells run, commands, completion, interrupts, leaving.
 * @module
 */
import type { Completions, ParseResult, Session } from "../runtime/session/client/api.ts";
import type { CommandContext } from "./commands/command.ts";
import { completeCommand } from "./commands/complete.ts";
import { CommandError, isCommand, runCommand } from "./commands/registry.ts";
import { CommandState } from "./commands/state.ts";
import { actionOf } from "./editor/keymap.ts";
import type { KeyPress } from "./editor/keys.ts";
import { type Action, type Effect, reduce } from "./editor/reduce.ts";
import { ctrlC, descend, type Meaning, type PressState } from "./interrupt.ts";
import { deckText } from "./live/block.ts";
import type { Scrollback } from "./state/scrollback.ts";
import type { Cells } from "./state/session.ts";
import type { Store } from "./state/store.ts";
import { sanitize } from "./terminal/sanitize.ts";
import type { Style } from "./terminal/style.ts";

export interface ActionsOptions {
  readonly session: Session;
  readonly store: Store;
  readonly cells: Cells;
  readonly scrollback: Scrollback;
  readonly style: Style;
  /** Ends the REPL, with an exit code if one was asked for; called once. */
  readonly leave: (code?: number) => void;
  readonly repaint: () => void;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

const COMPLETION_MS = 3_000;

export class Actions {
  readonly #options: ActionsOptions;
  readonly #commandState: CommandState;
  #presses: PressState = {};
  #pressedCell: number | undefined;
  #commandsRunning = 0;
  #completion: AbortController | undefined;
  #hasLeft = false;

  constructor(options: ActionsOptions) {
    this.#options = options;
    this.#commandState = new CommandState(options.session);
  }

  press(press: KeyPress): void {
    const { question, phase } = this.#options.store.get();
    if (phase === "leaving") return;
    if (question !== undefined) return this.#answer(press);
    const action = actionOf(press);
    if (action) this.#dispatch(action);
  }

  /** Runs cells as if they had been typed. */
  runAll(codes: readonly string[]): void {
    for (const code of codes) this.#run(code);
  }

  /** A press of Ctrl-C, from the keyboard or as a signal. */
  interrupt(): void {
    const { store, cells, now } = this.#options;
    const { editor, phase } = store.get();
    if (phase === "leaving") return;
    // The ladder belongs to one cell: the next one is asked politely first.
    if (cells.oldestActive !== this.#pressedCell) this.#presses = descend(this.#presses);
    this.#pressedCell = cells.oldestActive;
    const situation = {
      hasPopup: editor.popup !== undefined,
      hasText: editor.text !== "",
      // An install is stopped as a cell is.
      isRunning: cells.activeCount > 0 || this.#commandsRunning > 0,
    };
    const { meaning, state } = ctrlC(this.#presses, situation, now());
    this.#presses = state;
    void this.#obey(meaning);
  }

  #dispatch(action: Action): void {
    const { store } = this.#options;
    let effects: readonly Effect[] = [];
    store.update((snapshot) => {
      const reduced = reduce(snapshot.editor, action, { parse: (code) => this.#parse(code) });
      effects = reduced.effects;
      // A notice has been seen once the next key comes; what Ctrl-C does next must stay to be read.
      const { notice, ...rest } = snapshot;
      const kept = notice && action.kind === "interrupt" ? { notice } : {};
      return { ...rest, ...kept, editor: reduced.state };
    });
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case "run":
        return this.#run(effect.code);
      case "complete":
        return void this.#complete(effect.version);
      case "interrupt":
        return this.interrupt();
      case "leave":
        return this.#askToLeave();
      case "repaint":
        return this.#options.repaint();
      case "notice":
        return this.#notice(effect.text);
      default:
        return effect satisfies never;
    }
  }

  #run(code: string): void {
    if (isCommand(code)) void this.#command(code);
    else void this.#options.cells.run(code);
  }

  async #command(code: string): Promise<void> {
    const { store, cells, scrollback, style } = this.#options;
    // A command takes no number: it is shown with the prompt behind which it was typed.
    scrollback.text(cells.echo(code, store.get().nextCount));
    this.#commandsRunning += 1;
    try {
      const text = await runCommand(code, this.#commandContext());
      scrollback.text(text);
    } catch (error) {
      // A command of ours that breaks is told as it is; the REPL and what was typed go on.
      const text = error instanceof CommandError ? error.message : String(error);
      scrollback.text(style.paint(sanitize(text), "error"));
    } finally {
      this.#commandsRunning -= 1;
    }
  }

  #commandContext(): CommandContext {
    const { session, store, cells, style } = this.#options;
    const { columns } = store.get().size;
    return {
      session,
      style,
      columns,
      transcript: cells.transcript,
      state: this.#commandState,
      leave: (code) => this.#leave(code),
      restart: () => cells.restart(),
      runs: () => cells.records.runs(),
      run: (n) => cells.findRun(n),
      deckText: (run) => deckText(run, { style, columns, valueRowsMax: 0 }),
      execute: (code) => cells.run(code),
    };
  }

  async #complete(version: number): Promise<void> {
    this.#completion?.abort();
    const controller = new AbortController();
    this.#completion = controller;
    const { text, cursor } = this.#options.store.get().editor;
    const completions = await this.#ask(text, cursor, controller.signal);
    if (completions !== undefined) this.#dispatch({ kind: "completions", version, completions });
  }

  async #ask(text: string, cursor: number, signal: AbortSignal): Promise<Completions | undefined> {
    const ofCommand = await completeCommand(text, cursor, this.#commandContext());
    if (ofCommand !== undefined) return ofCommand;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(COMPLETION_MS)]);
    try {
      return await this.#options.session.types.complete(text, cursor, limit);
    } catch {
      // A newer Tab aborted it: its own answer follows. Else the type service is slow or gone.
      if (!signal.aborted) this.#notice("no completions: the type checker does not answer");
      return undefined;
    }
  }

  async #obey(meaning: Meaning): Promise<void> {
    switch (meaning.kind) {
      case "nothing":
        return;
      case "close-popup":
        return this.#dispatch({ kind: "close" });
      case "clear-text":
        return this.#dispatch({ kind: "clear" });
      case "hint":
        return this.#notice("Ctrl-C again, or Ctrl-D, leaves");
      case "leave":
        return this.#leave();
      case "interrupt":
        return await this.#climb(meaning.interrupt);
      default:
        return meaning satisfies never;
    }
  }

  async #climb(kind: "cooperate" | "terminate" | "kill"): Promise<void> {
    const { session, cells } = this.#options;
    if (kind === "cooperate") this.#notice("interrupting… Ctrl-C again to force");
    if (kind === "terminate") this.#notice("Ctrl-C again restarts; values are lost", "warning");
    if (kind === "kill") this.#notice("restarting…", "warning");
    const result = await session.interrupt(kind);
    if (result === "unsafe") {
      this.#notice("cannot be stopped alone; Ctrl-C again restarts, values are lost", "warning");
    } else if (result === "done" && cells.activeCount === 0) {
      this.#clearNotice();
    }
  }

  #askToLeave(): void {
    const { store, cells } = this.#options;
    const count = cells.activeCount;
    if (count === 0) return this.#leave();
    const question = `${count} ${count === 1 ? "cell still runs" : "cells still run"}. Leave? [y/N]`;
    store.update((snapshot) => ({ ...snapshot, question }));
  }

  #answer(press: KeyPress): void {
    this.#options.store.update(({ question: _, ...rest }) => rest);
    const isYes =
      press.kind === "text"
        ? /^y/i.test(press.text)
        : press.kind === "key" && press.name === "ctrl-d";
    if (isYes) this.#leave();
  }

  #leave(code?: number): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#commandState.close();
    this.#options.leave(code);
  }

  #parse(code: string): ParseResult {
    return isCommand(code) ? { status: "complete" } : this.#options.session.parse(code);
  }

  #notice(text: string, level: "info" | "warning" = "info"): void {
    this.#options.store.update((snapshot) => ({ ...snapshot, notice: { text, level } }));
  }

  #clearNotice(): void {
    this.#options.store.update(({ notice: _, ...rest }) => rest);
  }
}
