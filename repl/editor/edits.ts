/**
 * Changes of the text: typing, pasting, deleting, the kill ring, undo. Pure.
 * @module
 */
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
import { insertOf, refit } from "./complete.ts";
import { PASTE_LENGTH_MAX } from "./paste.ts";
import { indentOfOpener } from "./scan.ts";
import {
  type Action,
  type EditorState,
  moved,
  quiet,
  type Reduced,
  withoutPopup,
} from "./state.ts";

const UNDO_STEPS_MAX = 200;
const KILLS_MAX = 32;
export const TAB = "  ";

function remember(state: EditorState): Pick<EditorState, "undo" | "redo"> {
  const undo = [...state.undo, { text: state.text, cursor: state.cursor }].slice(-UNDO_STEPS_MAX);
  return { undo, redo: [] };
}

/** Replaces a range; one undo step; the cursor goes behind what was put in. */
export function replace(state: EditorState, start: number, end: number, text: string): EditorState {
  if (start === end && text === "") return state;
  const next = state.text.slice(0, start) + text + state.text.slice(end);
  const changed = moved(state, next, snap(next, start + text.length));
  return refitPopup(state, { ...changed, ...remember(state) });
}

/** Another text altogether, as one undo step. */
export function replaceText(state: EditorState, text: string): EditorState {
  return { ...moved(state, text, text.length), ...remember(state) };
}

/** A popup stays open while the word before the cursor goes on to fit. */
function refitPopup(before: EditorState, after: EditorState): EditorState {
  const { popup } = before;
  if (popup === undefined || after.cursor < popup.start) return after;
  const word = after.text.slice(popup.start, after.cursor);
  // Commands begin with their dot; a path has slashes, which only its own items begin with.
  const isWord = /^\.?[\p{L}\p{N}_$]*$/u.test(word);
  if (!isWord && !popup.all.some((item) => insertOf(item).startsWith(word))) return after;
  const fitted = refit(popup, word);
  return fitted ? { ...after, popup: fitted } : after;
}

export function insert(state: EditorState, text: string): EditorState {
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
  const changed = moved(state, text, snap(text, state.cursor + character.length));
  const steps = isSameWord ? { undo: state.undo, redo: [] } : remember(state);
  return refitPopup(state, { ...changed, ...steps, last: "type" });
}

export function paste(state: EditorState, text: string): Reduced {
  if (text.length > PASTE_LENGTH_MAX) {
    const size = `${(text.length / 1e6).toFixed(1)} MB`;
    const notice = `${size} pasted: over 1 MB is refused; save it and use .load FILE`;
    return { state, effects: [{ kind: "notice", text: notice }] };
  }
  return quiet(replace(withoutPopup(state), state.cursor, state.cursor, text));
}

export function newline(state: EditorState, indent: string): EditorState {
  return replace(state, state.cursor, state.cursor, `\n${indent}`);
}

export function dedent(state: EditorState): EditorState {
  const start = lineStart(state.text, state.cursor);
  const blanks = indentation(state.text, state.cursor).slice(0, TAB.length);
  if (blanks === "") return state;
  const cursor = Math.max(start, state.cursor - blanks.length);
  return { ...replace(state, start, start + blanks.length, ""), cursor };
}

/** Whether only blanks stand between the line's start and the cursor. */
export function isInIndentation({ text, cursor }: EditorState): boolean {
  return text.slice(lineStart(text, cursor), cursor).trim() === "";
}

export function backspace(state: EditorState): EditorState {
  const { text, cursor } = state;
  const before = text.slice(lineStart(text, cursor), cursor);
  // In the indentation one press takes a whole level.
  if (before.length > 1 && /^ +$/.test(before)) {
    const length = before.length % TAB.length || TAB.length;
    return replace(state, cursor - length, cursor, "");
  }
  return replace(state, previousBorder(text, cursor), cursor, "");
}

export function deleteForward(state: EditorState): EditorState {
  return replace(state, state.cursor, nextBorder(state.text, state.cursor), "");
}

export function target(state: EditorState, to: (Action & { kind: "move" | "kill" })["to"]): number {
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

/** Up or down one line, in the column that the walk began in; undefined beyond the first and last. */
export function toLine(
  state: EditorState,
  by: 1 | -1,
  columnOf: (text: string) => number,
): EditorState | undefined {
  const { text, cursor } = state;
  const start = lineStart(text, cursor);
  const end = lineEnd(text, cursor);
  if (by === -1 ? start === 0 : end === text.length) return undefined;
  const goalColumn = state.goalColumn ?? columnOf(text.slice(start, cursor));
  const line = by === -1 ? start - 1 : end + 1;
  return { ...moved(state, text, offsetAtColumn(text, line, goalColumn)), goalColumn };
}

export function kill(state: EditorState, to: number): EditorState {
  const { text, cursor } = state;
  // At a line's end Ctrl-K takes the line break.
  const reached = to !== cursor ? to : text[cursor] === "\n" ? cursor + 1 : to;
  const [start, end] = reached < cursor ? [reached, cursor] : [cursor, reached];
  if (start === end) return state;
  const killed = text.slice(start, end);
  const [newest = "", ...older] = state.kills;
  const joined = reached < cursor ? killed + newest : newest + killed;
  const kills = state.last === "kill" ? [joined, ...older] : [killed, ...state.kills];
  return { ...replace(state, start, end, ""), last: "kill", kills: kills.slice(0, KILLS_MAX) };
}

/** Puts back what was killed; right after that, the entry of the ring before it in its place. */
export function yank(state: EditorState, index: number): EditorState {
  const killed = state.kills[index % Math.max(1, state.kills.length)];
  if (killed === undefined) return state;
  const start = state.yanked && index > 0 ? state.yanked.start : state.cursor;
  const end = state.yanked && index > 0 ? state.yanked.end : state.cursor;
  const yanked = { start, end: start + killed.length, index };
  return { ...replace(state, start, end, killed), last: "yank", yanked };
}

/** Undo, or redo with the two stacks swapped. */
export function step(state: EditorState, from: "undo" | "redo", to: "undo" | "redo"): EditorState {
  const goal = state[from].at(-1);
  if (goal === undefined) return state;
  return {
    ...moved(state, goal.text, goal.cursor),
    [from]: state[from].slice(0, -1),
    [to]: [...state[to], { text: state.text, cursor: state.cursor }],
  };
}

/** Empties the editor; undo brings the text back. */
export function emptied(state: EditorState): EditorState {
  return { ...moved(state, "", 0), ...remember(state) };
}
