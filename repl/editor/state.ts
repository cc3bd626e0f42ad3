/**
 * What the editor knows, what can be done to it, and what it asks for in return.
 *
 * Invariants, for every state: the cursor stands on a grapheme border; `version` rises whenever text or
 * cursor changed, so that a late answer can be told from a current one; text never holds CR or control
 * characters.
 * @module
 */
import type { ParseResult, SignatureHelp } from "../../runtime/session/client/api.ts";
import type { Offers, Popup } from "./complete.ts";
import type { Search } from "./search.ts";

export interface EditorState {
  readonly text: string;
  readonly cursor: number;
  readonly version: number;
  /** The column that Up and Down aim at. */
  readonly goalColumn?: number;
  readonly undo: readonly Step[];
  readonly redo: readonly Step[];
  /** What the last change was: typing goes on in one undo step, kills in one entry of the ring. */
  readonly last?: "type" | "kill" | "yank";
  /** Newest first. */
  readonly kills: readonly string[];
  readonly yanked?: { readonly start: number; readonly end: number; readonly index: number };
  /** Oldest first. */
  readonly history: readonly HistoryEntry[];
  /** Set while Up and Down walk through the history. */
  readonly walk?: {
    readonly index: number;
    readonly prefix: string;
    readonly draft: Step;
  };
  readonly popup?: Popup;
  /** The call around the cursor. */
  readonly signature?: SignatureHelp;
  /** Set while Ctrl-R searches; the text stays the draft until a hit is taken. */
  readonly search?: Search;
  /** The first key of two has been pressed. */
  readonly prefix?: "ctrl-x";
}

/** Something that was typed once. */
export interface HistoryEntry {
  readonly source: string;
  /** Whether it was typed in this project. */
  readonly isHere: boolean;
}

export interface Step {
  readonly text: string;
  readonly cursor: number;
}

export type Motion =
  | "left"
  | "right"
  | "word-left"
  | "word-right"
  | "line-start"
  | "line-end"
  | "text-start"
  | "text-end";

export type Action =
  | { readonly kind: "insert"; readonly text: string }
  | { readonly kind: "paste"; readonly text: string }
  | { readonly kind: "enter" | "newline" | "run" | "tab" | "back-tab" | "close" }
  | { readonly kind: "move"; readonly to: Motion }
  | { readonly kind: "vertical"; readonly step: 1 | -1 }
  | { readonly kind: "backspace" | "delete" | "delete-or-leave" }
  | {
      readonly kind: "kill";
      readonly to: "word-left" | "blank-word-left" | "word-right" | "line-end" | "line-start";
    }
  | { readonly kind: "yank" | "yank-older" | "undo" | "redo" }
  | { readonly kind: "prefix"; readonly prefix: "ctrl-x" }
  /** Ctrl-R: opens the search, in it goes to the next older hit. */
  | { readonly kind: "search" }
  /** An answer of the type service to the text of `version`. */
  | {
      readonly kind: "completions";
      readonly version: number;
      readonly completions: Offers;
      /** Nobody asked by Tab: nothing is inserted. */
      readonly isUnasked?: boolean;
    }
  | { readonly kind: "signature"; readonly version: number; readonly help?: SignatureHelp }
  /** Type and documentation of the popup's chosen item. */
  | { readonly kind: "described"; readonly name: string; readonly text: string }
  /** Older inputs, oldest first, read from the history file. */
  | { readonly kind: "history-read"; readonly older: readonly HistoryEntry[] }
  /** The text comes from elsewhere: an editor, a cell of before. One undo step. */
  | { readonly kind: "replace-text"; readonly text: string }
  /** A refused cell comes back into an empty editor. */
  | { readonly kind: "give-back"; readonly text: string; readonly cursor: number }
  | { readonly kind: "clear" }
  | Passed;

/** What the editor hands on as it is. */
export interface Passed {
  readonly kind:
    | "interrupt"
    | "repaint"
    | "fold-tree"
    | "suspend"
    | "edit-externally"
    | "background"
    | "page";
}

export type Effect =
  | { readonly kind: "run"; readonly code: string }
  | { readonly kind: "complete"; readonly version: number; readonly isUnasked: boolean }
  | { readonly kind: "signature"; readonly version: number }
  /** The popup's chosen item has changed: its documentation is wanted. */
  | { readonly kind: "describe"; readonly name: string; readonly text: string; readonly at: number }
  | { readonly kind: "leave" }
  | { readonly kind: "notice"; readonly text: string }
  | Passed;

export interface EditorContext {
  /** The real parser; commands count as complete. */
  parse(code: string): ParseResult;
  /** Whether ghost suggestions can be told from typed text. */
  readonly hasGhost: boolean;
  /** When completions come unasked: never, behind a dot, in words too. */
  readonly completes: "off" | "dot" | "auto";
  /** Cells that may still be sent: over a limit Enter refuses instead of losing the text. */
  readonly canRun: boolean;
}

export interface Reduced {
  readonly state: EditorState;
  readonly effects: readonly Effect[];
}

export const emptyEditor: EditorState = {
  text: "",
  cursor: 0,
  version: 0,
  undo: [],
  redo: [],
  kills: [],
  history: [],
};

export function quiet(state: EditorState): Reduced {
  return { state, effects: [] };
}

/** Another text or cursor: what belongs to one moment only goes, and the version rises. */
export function moved(state: EditorState, text: string, cursor: number): EditorState {
  const {
    goalColumn: _,
    last: _last,
    yanked: _yanked,
    walk: _walk,
    popup: _popup,
    signature: _signature,
    search: _search,
    ...kept
  } = state;
  return { ...kept, text, cursor, version: state.version + 1 };
}

export function withoutPopup(state: EditorState): EditorState {
  if (state.popup === undefined) return state;
  const { popup: _, ...rest } = state;
  return rest;
}
