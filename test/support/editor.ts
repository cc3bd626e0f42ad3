/** The editor in notation: `|` is the cursor, `<ctrl-k>` a key, everything else typed text. */
import { actionOf } from "../../repl/editor/keymap.ts";
import type { KeyPress } from "../../repl/editor/keys.ts";
import { reduce } from "../../repl/editor/reduce.ts";
import {
  type EditorContext,
  type EditorState,
  type Effect,
  emptyEditor,
} from "../../repl/editor/state.ts";
import type { ParseResult } from "../../runtime/session/client/api.ts";

/** Knows brackets only, which is enough to tell complete from incomplete in these tests. */
export const bracketContext: EditorContext = {
  parse(code): ParseResult {
    const open = [...code].filter((character) => "([{".includes(character)).length;
    const closed = [...code].filter((character) => ")]}".includes(character)).length;
    if (open > closed) return { status: "incomplete", indent: "" };
    if (open < closed) return { status: "invalid", offset: 0, message: "too many closers" };
    return { status: "complete" };
  },
  hasGhost: true,
  completes: "dot",
  canRun: true,
};

export function pressesOf(keys: string): KeyPress[] {
  const parts = keys.match(/<[a-z][a-z_-]*>|<ctrl-_>|<alt-_>|[^<]+|</g) ?? [];
  return parts.map((part) =>
    part.startsWith("<") && part.endsWith(">")
      ? { kind: "key", name: part.slice(1, -1) }
      : { kind: "text", text: part },
  );
}

export function stateOf(notation: string, history: readonly string[] = []): EditorState {
  const cursor = notation.indexOf("|");
  const entries = history.map((source) => ({ source, isHere: true }));
  return { ...emptyEditor, text: notation.replace("|", ""), cursor, history: entries };
}

export function notationOf({ text, cursor }: EditorState): string {
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

export function pressAll(
  start: EditorState,
  presses: readonly KeyPress[],
): { readonly state: EditorState; readonly effects: readonly Effect[] } {
  let state = start;
  const effects: Effect[] = [];
  for (const press of presses) {
    const action = actionOf(press, state);
    if (!action) continue;
    const reduced = reduce(state, action, bracketContext);
    state = reduced.state;
    effects.push(...reduced.effects);
  }
  return { state, effects };
}

/** `edit("a|b", "<ctrl-k>")` is `"a|"`. */
export function edit(notation: string, keys: string, history: readonly string[] = []): string {
  return notationOf(pressAll(stateOf(notation, history), pressesOf(keys)).state);
}
