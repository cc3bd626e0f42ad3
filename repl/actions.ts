/**
 * What keys bring about beyond the editor: cells run, commands, questions answered, leaving.
 * @module
 */
import type { ParseResult, Session } from "../runtime/session/client/api.ts";
import { Asking } from "./asking.ts";
import { Assist } from "./assist.ts";
import { type CommandContext, isCommand } from "./commands/registry.ts";
import type { CommandState } from "./commands/state.ts";
import { CtrlC } from "./ctrl-c.ts";
import { actionOf } from "./editor/keymap.ts";
import type { KeyPress } from "./editor/keys.ts";
import { cleanPaste, PASTE_LENGTH_MAX } from "./editor/paste.ts";
import { reduce } from "./editor/reduce.ts";
import type { Action, EditorContext, Effect } from "./editor/state.ts";
import { deckText } from "./live/block.ts";
import type { KeptInputs } from "./state/kept-inputs.ts";
import type { Scrollback } from "./state/scrollback.ts";
import type { Cells } from "./state/session.ts";
import type { Store } from "./state/store.ts";
import type { Handover } from "./terminal/handover.ts";
import { OutputSanitizer } from "./terminal/sanitize.ts";
import type { Style } from "./terminal/style.ts";
import { Turns } from "./turns.ts";

export interface ActionsOptions {
  readonly session: Session;
  readonly store: Store;
  readonly inputs: KeptInputs;
  readonly cells: Cells;
  readonly scrollback: Scrollback;
  readonly handover: Handover;
  readonly style: Style;
  readonly commands: CommandState;
  /** Whether an earlier entry is suggested behind the cursor, and may be taken. */
  readonly hasGhost: () => boolean;
  /** Puts a text on the clipboard. @returns nothing, or what went wrong. */
  readonly copy: (text: string) => Promise<void>;
  /** Ends the REPL, with an exit code if one was asked for; called once. */
  readonly leave: (code?: number) => void;
  readonly repaint: () => void;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** Cells that may wait. */
const QUEUE_MAX = 20;

export class Actions {
  readonly #options: ActionsOptions;
  readonly #assist: Assist;
  readonly #asking: Asking;
  readonly #ctrlC: CtrlC;
  readonly #turns: Turns;
  #hasLeft = false;

  constructor(options: ActionsOptions) {
    this.#options = options;
    const { session, store, cells, scrollback, style, now, repaint } = options;
    const interrupt = () => this.interrupt();
    this.#turns = new Turns({
      store,
      cells,
      scrollback,
      style,
      context: (signal) => this.#commandContext(signal),
    });
    this.#asking = new Asking({ store, scrollback, style, interrupt, repaint });
    this.#assist = new Assist({
      session,
      editor: () => store.get().editor,
      commands: () => this.#commandContext(),
      dispatch: (action) => this.dispatch(action),
      names: () => cells.transcript.names(),
      setTypesOff: (areTypesOff) => store.update((snapshot) => ({ ...snapshot, areTypesOff })),
    });
    this.#ctrlC = new CtrlC({
      session,
      store,
      cells,
      now,
      isBusy: () => this.#turns.count > 0,
      stopCommands: () => this.#turns.stop(),
      closePopup: () => this.dispatch({ kind: "close" }),
      clearText: () => this.dispatch({ kind: "clear" }),
      leave: () => this.#leave(),
    });
    session.onInput((question) => this.#asking.ask(question));
  }

  press(press: KeyPress): void {
    const { question, asked, phase, editor } = this.#options.store.get();
    if (phase === "leaving") return;
    if (question !== undefined) return this.#confirm(press);
    const action = actionOf(press, asked?.editor ?? editor);
    if (action?.kind !== "interrupt") this.#ctrlC.otherKey();
    // A pair of keys that means nothing is over with its second one.
    if (action === undefined) return this.dispatch({ kind: "close" }, editor.prefix !== undefined);
    if (asked) this.#asking.answer(action);
    else this.dispatch(action);
  }

  /** Runs cells as if they had been typed. */
  runAll(codes: readonly string[]): void {
    for (const code of codes) this.#turns.enter(code, false);
  }

  /** A press of Ctrl-C, from the keyboard or as a signal. */
  interrupt(): void {
    if (this.#options.store.get().phase !== "leaving") this.#ctrlC.press();
  }

  dispatch(action: Action, isWanted = true): void {
    if (!isWanted) return;
    const { store } = this.#options;
    let effects: readonly Effect[] = [];
    store.update((snapshot) => {
      const reduced = reduce(snapshot.editor, action, this.#context());
      effects = reduced.effects;
      // A notice has been seen once the next key comes; what Ctrl-C does next must stay to be read.
      const { notice, ...rest } = snapshot;
      const kept = notice && STAYING.has(action.kind) ? { notice } : {};
      return { ...rest, ...kept, editor: reduced.state };
    });
    for (const effect of effects) this.#perform(effect);
  }

  #context(): EditorContext {
    const { session, store, commands, hasGhost } = this.#options;
    return {
      parse: (code): ParseResult =>
        isCommand(code) ? { status: "complete" } : session.parse(code),
      hasGhost: hasGhost(),
      completes: commands.settings.values.complete,
      canRun: store.get().queued + store.get().held < QUEUE_MAX,
    };
  }

  #perform(effect: Effect): void {
    const { store } = this.#options;
    switch (effect.kind) {
      case "run":
        this.#options.inputs.add(
          effect.code,
          isCommand(effect.code) ? undefined : store.get().nextCount,
        );
        return this.#turns.enter(effect.code);
      case "complete":
        return void this.#assist.complete(effect.version, effect.isUnasked);
      case "signature":
        return void this.#assist.signature(effect.version);
      case "describe":
        return void this.#assist.describe(effect.name, effect.text, effect.at);
      case "interrupt":
        return this.interrupt();
      case "leave":
        return this.#askToLeave();
      case "repaint":
        return this.#options.repaint();
      case "fold-tree":
        return store.update((snapshot) => ({ ...snapshot, isTreeFolded: !snapshot.isTreeFolded }));
      case "background":
        return this.#background();
      case "edit-externally":
        return void this.#edit();
      case "page":
        return void this.#page();
      case "suspend":
        return void this.#options.handover.suspend();
      case "notice":
        return store.notice(effect.text);
      default:
        return effect satisfies never;
    }
  }

  #background(): void {
    const whyNot = this.#options.cells.background();
    if (whyNot !== "") this.#options.store.notice(whyNot);
  }

  #commandContext(signal?: AbortSignal): CommandContext {
    const { session, store, cells, scrollback, style, commands, copy, repaint } = this.#options;
    const { columns } = store.get().size;
    const output = new OutputSanitizer(style.hasColor);
    return {
      session,
      style,
      columns,
      transcript: cells.transcript,
      state: commands,
      ...(signal ? { signal } : {}),
      leave: (code) => this.#leave(code),
      restart: () => cells.restart(),
      earlier: () => this.#options.inputs.earlier(),
      runs: () => cells.records.runs(),
      run: (n) => cells.findRun(n),
      deckText: (run) => deckText(run, { style, columns, valueRowsMax: 0 }),
      execute: (code) => cells.run(code),
      say: (_stream, text) => scrollback.text(output.next(text.replaceAll("\r\n", "\n"))),
      edit: (text) => this.dispatch({ kind: "replace-text", text }),
      copy,
      background: () => cells.background(),
      foreground: (n) => cells.bringBack(n),
      cancel: (target) => cells.cancel(target),
      forget: () => {
        cells.forget();
        repaint();
      },
    };
  }

  async #edit(): Promise<void> {
    const { handover, store } = this.#options;
    const edited = await handover.edit(store.get().editor.text);
    if (edited.kind === "kept") {
      if (edited.problem !== undefined) store.notice(edited.problem, "warning");
    } else if (edited.text.length > PASTE_LENGTH_MAX) {
      store.notice("the edited text is over 1 MB; the cell stays as it was", "warning");
    } else {
      this.dispatch({ kind: "replace-text", text: cleanPaste(edited.text) });
    }
  }

  /** Ctrl-O: what was shortened last, whole. */
  async #page(): Promise<void> {
    const { cells, handover, store } = this.#options;
    const { last } = cells.shortened;
    const problem = last
      ? await handover.page(last)
      : "nothing has been shortened: everything is on the screen";
    if (problem !== undefined) store.notice(problem, "warning");
  }

  #askToLeave(): void {
    const { store, cells } = this.#options;
    const count = cells.activeCount;
    if (count === 0) return this.#leave();
    const question = `${count} ${count === 1 ? "cell still runs" : "cells still run"}. Leave? [y/N]`;
    store.update((snapshot) => ({ ...snapshot, question }));
  }

  #confirm(press: KeyPress): void {
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
    this.#turns.close();
    this.#options.commands.close();
    this.#options.leave(code);
  }
}

/** Actions that are no key of the person, and Ctrl-C, whose meaning is in the notice. */
const STAYING: ReadonlySet<Action["kind"]> = new Set([
  "interrupt",
  "completions",
  "signature",
  "described",
  "history-read",
  "give-back",
]);
