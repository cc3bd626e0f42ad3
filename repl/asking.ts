/**
 * `input()` of a running cell, answered on the screen in the place of the next cell.
 * @module
 */
import type { InputAnswer, InputQuestion } from "../runtime/session/client/api.ts";
import { reduce } from "./editor/reduce.ts";
import { type Action, type EditorContext, emptyEditor } from "./editor/state.ts";
import { questionColumns } from "./state/layout.ts";
import type { Scrollback } from "./state/scrollback.ts";
import type { Store } from "./state/store.ts";
import { sanitize } from "./terminal/sanitize.ts";
import type { Style } from "./terminal/style.ts";
import { wrapText } from "./terminal/wrap.ts";

export interface AskingOptions {
  readonly store: Store;
  readonly scrollback: Scrollback;
  readonly style: Style;
  readonly interrupt: () => void;
  readonly repaint: () => void;
}

const gone: InputAnswer = { ok: false, name: "Interrupted", message: "input() was interrupted" };

/** An answer is one line, without completion and history. */
const line: EditorContext = {
  parse: () => ({ status: "complete" }),
  hasGhost: false,
  completes: "off",
  canRun: true,
};

export class Asking {
  readonly #options: AskingOptions;
  /** Who waits for the answer to the question on the screen. */
  #answered: ((answer: InputAnswer) => void) | undefined;
  #before = Promise.resolve();

  constructor(options: AskingOptions) {
    this.#options = options;
  }

  /** One question after the other: two cells may ask at once. */
  ask(question: InputQuestion): Promise<InputAnswer> {
    const answer = this.#before.then(() => this.#show(question));
    this.#before = answer.then(() => undefined);
    return answer;
  }

  async #show({ prompt, password, signal }: InputQuestion): Promise<InputAnswer> {
    if (signal.aborted) return gone;
    const { store, scrollback, style } = this.#options;
    const { promise, resolve } = Promise.withResolvers<InputAnswer>();
    const onAbort = () => resolve(gone);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#answered = resolve;
    // An answer has one row: what of the question does not stand before it is printed above.
    const columns = questionColumns(store.get().size.columns);
    const rows = wrapText(style.glyphs(sanitize(prompt)), columns).split("\n");
    const last = rows.pop() ?? "";
    scrollback.text(rows.map((row) => `${row}\n`).join(""));
    store.update((snapshot) => ({
      ...snapshot,
      asked: { prompt: last, isPassword: password, editor: emptyEditor },
    }));
    try {
      const answer = await promise;
      const shown = answer.ok && !password ? answer.value : "";
      scrollback.text(last + style.glyphs(sanitize(shown)));
      return answer;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#answered = undefined;
      store.update(({ asked: _, ...rest }) => rest);
    }
  }

  /** A key of the person while a question is on the screen. */
  answer(action: Action): void {
    const { store, interrupt, repaint } = this.#options;
    const { asked } = store.get();
    if (!asked) return;
    switch (action.kind) {
      case "enter":
      case "run":
      case "newline":
        return this.#answered?.({ ok: true, value: asked.editor.text });
      case "delete-or-leave":
        if (asked.editor.text !== "") return this.#edit(action);
        return this.#answered?.({ ok: false, name: "EOFError", message: "the input has ended" });
      case "interrupt":
        return interrupt();
      case "repaint":
        return repaint();
      case "paste":
        // As a paste, not as typed text, which goes in one character after the other.
        return this.#edit({ kind: "paste", text: action.text.replaceAll("\n", " ") });
      case "insert":
      case "move":
      case "kill":
      case "yank":
      case "yank-older":
      case "backspace":
      case "delete":
      case "undo":
      case "redo":
        return this.#edit(action);
      default:
        // Completion, history and the like belong to the next cell, whose text waits.
        return;
    }
  }

  #edit(action: Action): void {
    this.#options.store.update((snapshot) => {
      const { asked } = snapshot;
      if (!asked) return snapshot;
      const editor = reduce(asked.editor, action, line).state;
      return { ...snapshot, asked: { ...asked, editor } };
    });
  }
}
