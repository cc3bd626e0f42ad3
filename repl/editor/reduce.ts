/**
 * The editor as one pure function: `(state, action) → { state, effects }`.
 *
 * Invariants, for every state that leaves here: the cursor stands on a grapheme border; `version`
 * rises whenever text or cursor changed, so that a late answer can be told from a current one; text
 * never holds CR or control characters.
 * @module
 */
import type { Completions, ParseResult } from "../../runtime/session/client/api.ts";
import { widthOf } from "../terminal/width.ts";
import {
  blankWordLeft,
  indentation,
  lineEnd,
  lineStart,
  nextBorder,
  offsetAtColumn,
  previousBorder,
  snap,
  wordLeft,
  wordRight,
} from "./buffer.ts";
import { choose, commonPrefix, insertOf, openPopup, type Popup, refit } from "./complete.ts";
import { PASTE_LENGTH_MAX } from "./paste.ts";
import { indentAt, indentOfOpener } from "./scan.ts";

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
  readonly history: readonly string[];
  /** Set while Up and Down walk through the history. */
  readonly walk?: {
    readonly index: number;
    readonly prefix: string;
    readonly draft: Step;
  };
  readonly popup?: Popup;
}

interface Step {
  readonly text: string;
  readonly cursor: number;
}

export type Action =
  | { readonly kind: "insert"; readonly text: string }
  | { readonly kind: "paste"; readonly text: string }
  | { readonly kind: "enter" | "newline" | "run" | "tab" | "back-tab" | "close" }
  | {
      readonly kind: "move";
      readonly to:
        | "left"
        | "right"
        | "word-left"
        | "word-right"
        | "line-start"
        | "line-end"
        | "text-start"
        | "text-end";
    }
  | { readonly kind: "vertical"; readonly step: 1 | -1 }
  | { readonly kind: "backspace" | "delete" | "delete-or-leave" }
  | {
      readonly kind: "kill";
      readonly to: "word-left" | "blank-word-left" | "word-right" | "line-end" | "line-start";
    }
  | { readonly kind: "yank" | "yank-older" | "undo" | "redo" }
  /** An answer of the type service to the text of `version`. */
  | { readonly kind: "completions"; readonly version: number; readonly completions: Completions }
  /** A refused cell comes back into an empty editor. */
  | { readonly kind: "give-back"; readonly text: string; readonly cursor: number }
  | { readonly kind: "clear" | "interrupt" | "repaint" };

export type Effect =
  | { readonly kind: "run"; readonly code: string }
  | { readonly kind: "complete"; readonly version: number }
  | { readonly kind: "leave" | "interrupt" | "repaint" }
  | { readonly kind: "notice"; readonly text: string };

export interface EditorContext {
  /** The real parser; commands count as complete. */
  parse(code: string): ParseResult;
}

interface Reduced {
  readonly state: EditorState;
  readonly effects: readonly Effect[];
}

const UNDO_STEPS_MAX = 200;
const KILLS_MAX = 32;
const HISTORY_MAX = 10_000;
const TAB = "  ";

export const emptyEditor: EditorState = {
  text: "",
  cursor: 0,
  version: 0,
  undo: [],
  redo: [],
  kills: [],
  history: [],
};

export function reduce(state: EditorState, action: Action, context: EditorContext): Reduced {
  switch (action.kind) {
    case "insert":
      return quiet(insert(state, action.text));
    case "paste":
      return paste(state, action.text);
    case "enter":
      return enter(state, context);
    case "newline":
      return quiet(newline(withoutPopup(state), indentAt(state.text, state.cursor)));
    case "run":
      return run(withoutPopup(state));
    case "tab":
      return tab(state);
    case "back-tab":
      return quiet(state.popup ? chooseItem(state, -1) : dedent(state));
    case "close":
      return quiet(withoutPopup(state));
    case "move":
      return quiet(moveTo(withoutPopup(state), target(state, action.to)));
    case "vertical":
      return quiet(state.popup ? chooseItem(state, action.step) : vertical(state, action.step));
    case "backspace":
      return quiet(backspace(state));
    case "delete":
      return quiet(replace(state, state.cursor, nextBorder(state.text, state.cursor), ""));
    case "delete-or-leave":
      if (state.text === "") return { state, effects: [{ kind: "leave" }] };
      return quiet(replace(state, state.cursor, nextBorder(state.text, state.cursor), ""));
    case "kill":
      return quiet(kill(state, target(state, action.to)));
    case "yank":
      return quiet(yank(state, 0));
    case "yank-older":
      return quiet(state.yanked ? yank(state, state.yanked.index + 1) : state);
    case "undo":
      return quiet(step(state, "undo", "redo"));
    case "redo":
      return quiet(step(state, "redo", "undo"));
    case "completions":
      return quiet(complete(state, action.version, action.completions));
    case "give-back":
      if (state.text !== "") return quiet(state);
      return quiet(set(state, action.text, snap(action.text, action.cursor)));
    case "clear":
      return quiet(clear(state));
    case "interrupt":
    case "repaint":
      return { state, effects: [{ kind: action.kind }] };
    default:
      return action satisfies never;
  }
}

function quiet(state: EditorState): Reduced {
  return { state, effects: [] };
}

/** Removes what belongs to one moment only, and counts the version up. */
function set(state: EditorState, text: string, cursor: number): EditorState {
  const {
    goalColumn: _,
    last: _last,
    yanked: _yanked,
    walk: _walk,
    popup: _popup,
    ...kept
  } = state;
  return { ...kept, text, cursor, version: state.version + 1 };
}

function withoutPopup(state: EditorState): EditorState {
  if (state.popup === undefined) return state;
  const { popup: _, ...rest } = state;
  return rest;
}

function remember(state: EditorState): Pick<EditorState, "undo" | "redo"> {
  const undo = [...state.undo, { text: state.text, cursor: state.cursor }].slice(-UNDO_STEPS_MAX);
  return { undo, redo: [] };
}

/** Replaces a range; one undo step; the cursor goes behind what was put in. */
function replace(state: EditorState, start: number, end: number, text: string): EditorState {
  if (start === end && text === "") return state;
  const next = state.text.slice(0, start) + text + state.text.slice(end);
  const changed = set(state, next, snap(next, start + text.length));
  return refitPopup(state, { ...changed, ...remember(state) });
}

/** A popup stays open while the word before the cursor goes on to fit. */
function refitPopup(before: EditorState, after: EditorState): EditorState {
  const { popup } = before;
  if (popup === undefined || after.cursor < popup.start) return after;
  const word = after.text.slice(popup.start, after.cursor);
  if (!/^[\p{L}\p{N}_$]*$/u.test(word)) return after;
  const fitted = refit(popup, word);
  return fitted ? { ...after, popup: fitted } : after;
}

function insert(state: EditorState, text: string): EditorState {
  // One character after the other, so that it makes no difference how the terminal cut them.
  let current = state;
  for (const character of text) current = insertOne(current, character);
  return current;
}

function insertOne(state: EditorState, character: string): EditorState {
  const start = lineStart(state.text, state.cursor);
  const before = state.text.slice(start, state.cursor);
  if (")]}".includes(character) && before !== "" && before.trim() === "") {
    const blanks = indentOfOpener(state.text, state.cursor, character);
    if (blanks !== undefined && blanks.length < before.length) {
      return replace(state, start, state.cursor, blanks + character);
    }
  }
  const isSameWord = state.last === "type" && !(/\s$/.test(before) && character.trim() !== "");
  const text = state.text.slice(0, state.cursor) + character + state.text.slice(state.cursor);
  const changed = set(state, text, snap(text, state.cursor + character.length));
  const steps = isSameWord ? { undo: state.undo, redo: [] } : remember(state);
  return refitPopup(state, { ...changed, ...steps, last: "type" });
}

function paste(state: EditorState, text: string): Reduced {
  if (text.length > PASTE_LENGTH_MAX) {
    const size = `${(text.length / 1e6).toFixed(1)} MB`;
    return { state, effects: [{ kind: "notice", text: `${size} pasted: over 1 MB is refused` }] };
  }
  return quiet(replace(withoutPopup(state), state.cursor, state.cursor, text));
}

function newline(state: EditorState, indent: string): EditorState {
  return replace(state, state.cursor, state.cursor, `\n${indent}`);
}

function enter(state: EditorState, context: EditorContext): Reduced {
  if (state.popup?.chosen !== undefined) return quiet(accept(state, state.popup));
  const closed = withoutPopup(state);
  if (state.text.trim() === "") return quiet(closed.text === "" ? closed : clear(closed));
  if (state.text.slice(state.cursor).trim() === "") {
    const parsed = context.parse(state.text);
    if (parsed.status !== "incomplete") return run(closed);
    const indent = parsed.indent.length > 0 ? parsed.indent : indentAt(state.text, state.cursor);
    return quiet(newline(closed, indent));
  }
  return quiet(newline(closed, indentAt(state.text, state.cursor)));
}

function run(state: EditorState): Reduced {
  const code = state.text.trimEnd();
  if (code.trim() === "") return quiet(state);
  const history =
    state.history.at(-1) === code ? state.history : [...state.history, code].slice(-HISTORY_MAX);
  const { kills } = state;
  return {
    state: { ...emptyEditor, version: state.version + 1, kills, history },
    effects: [{ kind: "run", code }],
  };
}

/** Ctrl-C over text: the text goes, undo and Up bring it back. */
function clear(state: EditorState): EditorState {
  if (state.text.trim() === "") return { ...set(state, "", 0), ...remember(state) };
  const { history, text } = state;
  return {
    ...set(state, "", 0),
    ...remember(state),
    history: history.at(-1) === text ? history : [...history, text],
  };
}

function tab(state: EditorState): Reduced {
  if (state.popup) return quiet(chooseItem(state, 1));
  const before = state.text.slice(lineStart(state.text, state.cursor), state.cursor);
  if (before.trim() === "") return quiet(replace(state, state.cursor, state.cursor, TAB));
  return { state, effects: [{ kind: "complete", version: state.version }] };
}

function dedent(state: EditorState): EditorState {
  const start = lineStart(state.text, state.cursor);
  const blanks = indentation(state.text, state.cursor).slice(0, TAB.length);
  if (blanks === "") return state;
  const cursor = Math.max(start, state.cursor - blanks.length);
  return { ...replace(state, start, start + blanks.length, ""), cursor };
}

function chooseItem(state: EditorState, by: 1 | -1): EditorState {
  return state.popup ? { ...state, popup: choose(state.popup, by) } : state;
}

function complete(state: EditorState, version: number, completions: Completions): EditorState {
  if (version !== state.version) return state;
  const popup = openPopup(completions, state);
  if (popup === undefined) return state;
  const [only] = popup.items;
  if (popup.items.length === 1 && only) return accept(state, { ...popup, chosen: 0 });
  const prefix = commonPrefix(popup.items);
  const word = state.text.slice(popup.start, state.cursor);
  if (popup.tailLength === 0 && prefix.length > word.length && prefix.startsWith(word)) {
    return replace({ ...state, popup }, popup.start, state.cursor, prefix);
  }
  return { ...state, popup };
}

function accept(state: EditorState, popup: Popup): EditorState {
  const text = insertOf(popup.items[popup.chosen ?? 0]);
  const end = Math.min(state.text.length, state.cursor + popup.tailLength);
  return replace(withoutPopup(state), popup.start, end, text);
}

function target(state: EditorState, to: (Action & { kind: "move" | "kill" })["to"]): number {
  const { text, cursor } = state;
  switch (to) {
    case "left":
      return previousBorder(text, cursor);
    case "right":
      return nextBorder(text, cursor);
    case "word-left":
      return wordLeft(text, cursor);
    case "blank-word-left":
      return blankWordLeft(text, cursor);
    case "word-right":
      return wordRight(text, cursor);
    case "line-start":
      return lineStart(text, cursor);
    case "line-end":
      return lineEnd(text, cursor);
    case "text-start":
      return 0;
    case "text-end":
      return text.length;
    default:
      return to satisfies never;
  }
}

function moveTo(state: EditorState, cursor: number): EditorState {
  return set(state, state.text, cursor);
}

function vertical(state: EditorState, by: 1 | -1): EditorState {
  const { text, cursor } = state;
  // Someone who walks through the history goes on walking, also over entries of several lines.
  if (state.walk) return walk(state, by);
  const start = lineStart(text, cursor);
  const end = lineEnd(text, cursor);
  if (by === -1 ? start === 0 : end === text.length) return walk(state, by);
  const goalColumn = state.goalColumn ?? widthOf(text.slice(start, cursor));
  const line = by === -1 ? start - 1 : end + 1;
  return { ...moveTo(state, offsetAtColumn(text, line, goalColumn)), goalColumn };
}

function walk(state: EditorState, by: 1 | -1): EditorState {
  const { history } = state;
  const current = state.walk ?? {
    index: history.length,
    prefix: state.text.slice(0, state.cursor),
    draft: { text: state.text, cursor: state.cursor },
  };
  for (let index = current.index + by; index >= 0 && index < history.length; index += by) {
    const entry = history[index] ?? "";
    if (!entry.startsWith(current.prefix) || entry === state.text) continue;
    return { ...set(state, entry, entry.length), walk: { ...current, index } };
  }
  if (by === -1 || state.walk === undefined) return state;
  return set(state, current.draft.text, current.draft.cursor);
}

function backspace(state: EditorState): EditorState {
  const { text, cursor } = state;
  const before = text.slice(lineStart(text, cursor), cursor);
  // In the indentation one press takes a whole level.
  if (before.length > 1 && /^ +$/.test(before)) {
    const length = before.length % TAB.length || TAB.length;
    return replace(state, cursor - length, cursor, "");
  }
  return replace(state, previousBorder(text, cursor), cursor, "");
}

function kill(state: EditorState, to: number): EditorState {
  const { text, cursor } = state;
  // At a line's end Ctrl-K takes the line break, at its start Ctrl-U the one before.
  const reached = to !== cursor ? to : text[cursor] === "\n" ? cursor + 1 : to;
  const [start, end] = reached < cursor ? [reached, cursor] : [cursor, reached];
  if (start === end) return state;
  const killed = text.slice(start, end);
  const [newest = "", ...older] = state.kills;
  const joined = reached < cursor ? killed + newest : newest + killed;
  const kills = state.last === "kill" ? [joined, ...older] : [killed, ...state.kills];
  return { ...replace(state, start, end, ""), last: "kill", kills: kills.slice(0, KILLS_MAX) };
}

function yank(state: EditorState, index: number): EditorState {
  const killed = state.kills[index % Math.max(1, state.kills.length)];
  if (killed === undefined) return state;
  const start = state.yanked && index > 0 ? state.yanked.start : state.cursor;
  const end = state.yanked && index > 0 ? state.yanked.end : state.cursor;
  const yanked = { start, end: start + killed.length, index };
  return { ...replace(state, start, end, killed), last: "yank", yanked };
}

function step(state: EditorState, from: "undo" | "redo", to: "undo" | "redo"): EditorState {
  const target = state[from].at(-1);
  if (target === undefined) return state;
  return {
    ...set(state, target.text, target.cursor),
    [from]: state[from].slice(0, -1),
    [to]: [...state[to], { text: state.text, cursor: state.cursor }],
  };
}
