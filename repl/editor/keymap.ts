/**
 * Key names → actions of the editor. One table, so that `.help` and the tests read the same.
 * @module
 */
import type { KeyPress } from "./keys.ts";
import type { Action, EditorState } from "./state.ts";

const KEYS: Readonly<Record<string, Action>> = {
  enter: { kind: "enter" },
  "ctrl-j": { kind: "newline" },
  "shift-enter": { kind: "newline" },
  "alt-enter": { kind: "run" },
  "ctrl-enter": { kind: "run" },
  tab: { kind: "tab" },
  "shift-tab": { kind: "back-tab" },
  escape: { kind: "close" },
  "ctrl-g": { kind: "close" },

  left: { kind: "move", to: "left" },
  "ctrl-b": { kind: "move", to: "left" },
  right: { kind: "move", to: "right" },
  "ctrl-f": { kind: "move", to: "right" },
  up: { kind: "vertical", step: -1 },
  "ctrl-p": { kind: "vertical", step: -1 },
  down: { kind: "vertical", step: 1 },
  "ctrl-n": { kind: "vertical", step: 1 },
  home: { kind: "move", to: "line-start" },
  "ctrl-a": { kind: "move", to: "line-start" },
  end: { kind: "move", to: "line-end" },
  "ctrl-e": { kind: "move", to: "line-end" },
  "alt-b": { kind: "move", to: "word-left" },
  "ctrl-left": { kind: "move", to: "word-left" },
  "alt-left": { kind: "move", to: "word-left" },
  "alt-f": { kind: "move", to: "word-right" },
  "ctrl-right": { kind: "move", to: "word-right" },
  "alt-right": { kind: "move", to: "word-right" },
  "page-up": { kind: "move", to: "text-start" },
  "page-down": { kind: "move", to: "text-end" },

  backspace: { kind: "backspace" },
  "shift-backspace": { kind: "backspace" },
  "ctrl-h": { kind: "backspace" },
  delete: { kind: "delete" },
  "ctrl-d": { kind: "delete-or-leave" },
  "ctrl-w": { kind: "kill", to: "blank-word-left" },
  "alt-backspace": { kind: "kill", to: "word-left" },
  "alt-d": { kind: "kill", to: "word-right" },
  "ctrl-k": { kind: "kill", to: "line-end" },
  "ctrl-u": { kind: "kill", to: "line-start" },
  "ctrl-y": { kind: "yank" },
  "alt-y": { kind: "yank-older" },
  "ctrl-_": { kind: "undo" },
  "alt-_": { kind: "redo" },

  "ctrl-r": { kind: "search" },
  "ctrl-x": { kind: "prefix", prefix: "ctrl-x" },
  "ctrl-x ctrl-e": { kind: "edit-externally" },
  "ctrl-x ctrl-b": { kind: "background" },
  "ctrl-o": { kind: "page" },

  "ctrl-c": { kind: "interrupt" },
  "ctrl-l": { kind: "repaint" },
  "ctrl-t": { kind: "fold-tree" },
  "ctrl-z": { kind: "suspend" },
};

/** Undefined for a key, or a pair of keys, that means nothing. */
export function actionOf(
  press: KeyPress,
  { prefix }: Pick<EditorState, "prefix">,
): Action | undefined {
  if (press.kind === "text") return { kind: "insert", text: press.text };
  if (press.kind === "paste") return { kind: "paste", text: press.text };
  return prefix === undefined ? KEYS[press.name] : KEYS[`${prefix} ${press.name}`];
}
