/**
 * What keys bring about beyond the editor: cells run, commands, questions answered, leaving.
 * @module
 */
import type {
  InputAnswer,
  InputQuestion,
  ParseResult,
  Session,
} from "../runtime/session/client/api.ts";
import { Assist } from "./assist.ts";
import { CommandError, isCommand, runCommand } from "./commands/registry.ts";
import { CtrlC } from "./ctrl-c.ts";
import { actionOf } from "./editor/keymap.ts";
import type { KeyPress } from "./editor/keys.ts";
import { cleanPaste, PASTE_LENGTH_MAX } from "./editor/paste.ts";
import { reduce } from "./editor/reduce.ts";
import { type Action, type EditorContext, type Effect, emptyEditor } from "./editor/state.ts";
import { deckText } from "./live/block.ts";
import type { KeptInputs } from "./state/kept-inputs.ts";
import type { Scrollback } from "./state/scrollback.ts";
import type { Cells } from "./state/session.ts";
import type { Store } from "./state/store.ts";
import type { Handover } from "./terminal/handover.ts";
import { sanitize } from "./terminal/sanitize.ts";
import type { Style } from "./terminal/style.ts";

export interface ActionsOptions {
  readonly session: Session;
  readonly store: Store;
  readonly inputs: KeptInputs;
  readonly cells: Cells;
  readonly scrollback: Scrollback;
  readonly handover: Handover;
  readonly style: Style;
  /** Ends the REPL; called once. */
  readonly leave: () => void;
  readonly repaint: () => void;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** Cells that may wait. */
const QUEUE_MAX = 20;

export class Actions {
  readonly #options: ActionsOptions;
  readonly #assist: Assist;
  readonly #ctrlC: CtrlC;
  #commandsRunning = 0;
  #hasLeft = false;
  /** Who waits for the answer to the question on the screen. */
  #answered: ((answer: InputAnswer) => void) | undefined;
  #questions = Promise.resolve();

  constructor(options: ActionsOptions) {
    this.#options = options;
    const { session, store, cells, now } = options;
    this.#assist = new Assist({
      session,
      editor: () => store.get().editor,
      dispatch: (action) => this.dispatch(action),
      notice: (text) => store.notice(text),
    });
    this.#ctrlC = new CtrlC({
      session,
      store,
      cells,
      now,
      isBusy: () => this.#commandsRunning > 0,
      stopCommands: () => undefined,
      closePopup: () => this.dispatch({ kind: "close" }),
      clearText: () => this.dispatch({ kind: "clear" }),
      leave: () => this.#leave(),
    });
    session.onInput((question) => this.#ask(question));
  }

  press(press: KeyPress): void {
    const { question, asked, phase, editor } = this.#options.store.get();
    if (phase === "leaving") return;
    if (question !== undefined) return this.#confirm(press);
    const action = actionOf(press, asked?.editor ?? editor);
    // A pair of keys that means nothing is over with its second one.
    if (action === undefined) return this.dispatch({ kind: "close" }, editor.prefix !== undefined);
    if (asked) this.#answer(action);
    else this.dispatch(action);
  }

  /** Runs cells as if they had been typed. */
  runAll(codes: readonly string[]): void {
    for (const code of codes) this.#run(code);
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
    const { session, store, style } = this.#options;
    return {
      parse: (code): ParseResult =>
        isCommand(code) ? { status: "complete" } : session.parse(code),
      hasGhost: style.hasColor,
      completesAtDot: true,
      canRun: store.get().queued < QUEUE_MAX,
    };
  }

  #perform(effect: Effect): void {
    const { store, cells } = this.#options;
    switch (effect.kind) {
      case "run":
        this.#options.inputs.add(
          effect.code,
          isCommand(effect.code) ? undefined : store.get().nextCount,
        );
        return this.#run(effect.code);
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
        return store.notice(cells.background());
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

  #run(code: string): void {
    if (isCommand(code)) void this.#command(code);
    else this.#options.cells.run(code);
  }

  async #command(code: string): Promise<void> {
    const { session, store, cells, scrollback, style } = this.#options;
    // A command takes no number: it is shown with the prompt behind which it was typed.
    scrollback.text(cells.echo(code, store.get().nextCount));
    this.#commandsRunning += 1;
    try {
      const text = await runCommand(code, {
        session,
        leave: () => this.#leave(),
        restart: () => cells.restart(),
        run: (n) => cells.findRun(n),
        deckText: (run) =>
          deckText(run, { style, columns: store.get().size.columns, valueRowsMax: 0 }),
      });
      scrollback.text(text);
    } catch (error) {
      // A command of ours that breaks is told as it is; the REPL and what was typed go on.
      const text = error instanceof CommandError ? error.message : String(error);
      scrollback.text(style.paint(sanitize(text), "error"));
    } finally {
      this.#commandsRunning -= 1;
    }
  }

  /** One question after the other: two cells may ask at once. */
  #ask(question: InputQuestion): Promise<InputAnswer> {
    const answer = this.#questions.then(() => this.#show(question));
    this.#questions = answer.then(() => undefined);
    return answer;
  }

  async #show({ prompt, password, signal }: InputQuestion): Promise<InputAnswer> {
    const gone: InputAnswer = {
      ok: false,
      name: "Interrupted",
      message: "input() was interrupted",
    };
    if (signal.aborted) return gone;
    const { store, scrollback, style } = this.#options;
    const { promise, resolve } = Promise.withResolvers<InputAnswer>();
    const onAbort = () => resolve(gone);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#answered = resolve;
    store.update((snapshot) => ({
      ...snapshot,
      asked: { prompt, isPassword: password, editor: emptyEditor },
    }));
    try {
      const answer = await promise;
      const shown = answer.ok ? (password ? "" : answer.value) : "";
      scrollback.text(style.glyphs(sanitize(prompt + shown)));
      return answer;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#answered = undefined;
      store.update(({ asked: _, ...rest }) => rest);
    }
  }

  /** Keys of someone who types the answer to `input()`: one line, without completion and history. */
  #answer(action: Action): void {
    const { store } = this.#options;
    const { asked } = store.get();
    if (!asked) return;
    switch (action.kind) {
      case "enter":
      case "run":
      case "newline":
        return this.#answered?.({ ok: true, value: asked.editor.text });
      case "delete-or-leave":
        if (asked.editor.text !== "") break;
        return this.#answered?.({ ok: false, name: "EOFError", message: "the input has ended" });
      case "interrupt":
        return this.interrupt();
      case "repaint":
        return this.#options.repaint();
      case "paste":
        return this.#answer({ kind: "insert", text: action.text.replaceAll("\n", " ") });
      case "insert":
      case "move":
      case "kill":
      case "yank":
      case "yank-older":
      case "backspace":
      case "delete":
      case "undo":
      case "redo":
        break;
      default:
        return;
    }
    const line: EditorContext = { ...this.#context(), hasGhost: false, completesAtDot: false };
    store.update((snapshot) =>
      snapshot.asked
        ? {
            ...snapshot,
            asked: {
              ...snapshot.asked,
              editor: reduce(snapshot.asked.editor, action, line).state,
            },
          }
        : snapshot,
    );
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

  #leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#options.leave();
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
