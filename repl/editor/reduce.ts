/**
 * The editor as one pure function: `(state, action) → { state, effects }`.
 *
 * Decides what an action means now, with a popup, a search or a ghost on the screen; the changes
 * themselves are in `edits.ts`, `history.ts`, `search.ts` and `complete.ts`.
 * @module
 */
import { widthOf } from "../terminal/width.ts";
import { previousBorder, snap } from "./buffer.ts";
import { choose, commonPrefix, insertOf, type Offers, openPopup, type Popup } from "./complete.ts";
import {
  backspace,
  dedent,
  deleteForward,
  emptied,
  insert,
  isInIndentation,
  kill,
  newline,
  paste,
  replace,
  replaceText,
  step,
  TAB,
  target,
  toLine,
  yank,
} from "./edits.ts";
import { ghostOf, ghostWord, remembered, walk, withOlder } from "./history.ts";
import { indentAt, isInCall } from "./scan.ts";
import { chooseHit, closeSearch, openSearch, takeHit, withQuery } from "./search.ts";
import {
  type Action,
  type EditorContext,
  type EditorState,
  type Effect,
  emptyEditor,
  moved,
  quiet,
  type Reduced,
  withoutPopup,
} from "./state.ts";

/** Actions after which an open signature box is asked for again instead of closed. */
const FOLLOWED: ReadonlySet<Action["kind"]> = new Set(["insert", "backspace", "delete", "move"]);

const ONLY_COMMENTS = /^\s*(?:\/\/[^\n]*\s*|\/\*(?:[^*]|\*(?!\/))*\*\/\s*)+$/;

export function reduce(before: EditorState, action: Action, context: EditorContext): Reduced {
  // The second key of a pair decides; any other action ends the wait for it.
  const { prefix, ...rest } = before;
  const state = prefix === undefined ? before : rest;
  if (action.kind === "prefix") return quiet({ ...state, prefix: action.prefix });
  if (state.search) return reduceSearch(state, action, context);
  return withSignature(state, action, reduceText(state, action, context));
}

function reduceText(state: EditorState, action: Action, context: EditorContext): Reduced {
  switch (action.kind) {
    case "insert":
      return typed(state, action.text, context);
    case "paste":
      return paste(state, action.text);
    case "enter":
      return enter(state, context);
    case "newline":
      return quiet(newline(withoutPopup(state), indentAt(state.text, state.cursor)));
    case "run":
      return run(withoutPopup(state), context);
    case "tab":
      return tab(state);
    case "back-tab":
      return backTab(state);
    case "close":
      return quiet(closed(state));
    case "move":
      return quiet(move(state, action.to, context));
    case "vertical":
      if (state.popup) return chooseItem(state, state.popup, action.step);
      return quiet(vertical(state, action.step));
    case "backspace":
      return quiet(backspace(state));
    case "delete":
      return quiet(deleteForward(state));
    case "delete-or-leave":
      if (state.text === "") return { state, effects: [{ kind: "leave" }] };
      return quiet(deleteForward(state));
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
    case "search":
      return quiet(openSearch(withoutPopup(state)));
    case "completions":
      return quiet(complete(state, action));
    case "signature":
      return quiet(signed(state, action));
    case "described":
      return quiet(described(state, action));
    case "history-read":
      return quiet(withOlder(state, action.older));
    case "replace-text":
      return quiet(replaceText(state, action.text));
    case "give-back":
      if (state.text !== "") return quiet(state);
      return quiet(moved(state, action.text, snap(action.text, action.cursor)));
    case "clear":
      return quiet(clear(state));
    case "prefix":
      return quiet(state);
    case "interrupt":
    case "repaint":
    case "fold-tree":
    case "suspend":
    case "edit-externally":
    case "background":
    case "page":
      return { state, effects: [{ kind: action.kind }] };
    default:
      return action satisfies never;
  }
}

/** Keys while a search is open: text goes into the query, what moves the cursor takes the hit first. */
function reduceSearch(state: EditorState, action: Action, context: EditorContext): Reduced {
  const query = state.search?.query ?? "";
  switch (action.kind) {
    case "insert":
      return quiet(withQuery(state, query + action.text));
    case "paste":
      return quiet(withQuery(state, query + action.text.replaceAll(/\s+/g, " ")));
    case "backspace":
      return quiet(withQuery(state, query.slice(0, previousBorder(query, query.length))));
    case "kill":
      return quiet(withQuery(state, ""));
    case "search":
      return quiet(chooseHit(state, 1));
    case "vertical":
      return quiet(chooseHit(state, action.step === -1 ? 1 : -1));
    case "enter":
    case "run":
    case "tab":
    case "newline":
      return quiet(takeHit(state));
    case "move":
      return reduceText(takeHit(state), action, context);
    case "close":
      return quiet(closeSearch(state));
    case "clear":
    case "give-back":
    case "replace-text":
      return reduceText(closeSearch(state), action, context);
    case "history-read":
      return quiet(withQuery(withOlder(state, action.older), query));
    case "interrupt":
    case "repaint":
    case "fold-tree":
    case "suspend":
      return { state, effects: [{ kind: action.kind }] };
    default:
      return quiet(state);
  }
}

function typed(state: EditorState, text: string, context: EditorContext): Reduced {
  const next = insert(state, text);
  const effects: Effect[] = [];
  if (next.popup === undefined && isCompletedUnasked(next, context)) {
    effects.push({ kind: "complete", version: next.version, isUnasked: true });
  }
  if (!isCommandLike(next.text) && isInCall(next.text, next.cursor)) {
    effects.push({ kind: "signature", version: next.version });
  }
  return { state: next, effects };
}

function isCompletedUnasked({ text, cursor }: EditorState, { completes }: EditorContext): boolean {
  const before = text.slice(Math.max(0, cursor - 100), cursor);
  if (completes === "off") return false;
  return (
    before.endsWith(".") ||
    (completes === "auto" && /(?<![\p{L}\p{N}_$])[\p{L}_$][\p{L}\p{N}_$]+$/u.test(before))
  );
}

/** Whether a text begins as commands do; the registry decides what really is one. */
export function isCommandLike(text: string): boolean {
  return /^\s*[.%?](?![\d.])/.test(text);
}

/** An open signature box follows the cursor: it stays until the answer for the new place comes. */
function withSignature(before: EditorState, action: Action, reduced: Reduced): Reduced {
  const { signature } = before;
  const { state, effects } = reduced;
  if (signature === undefined || state.signature || !FOLLOWED.has(action.kind)) return reduced;
  if (state.version === before.version || state.text === "") return reduced;
  const isAsked = effects.some(({ kind }) => kind === "signature");
  const more: Effect[] = isAsked ? [] : [{ kind: "signature", version: state.version }];
  return { state: { ...state, signature }, effects: [...effects, ...more] };
}

/** An unfinished text begins a new line; one that the parser accepts, or can never accept, runs. */
function enter(state: EditorState, context: EditorContext): Reduced {
  if (state.popup?.chosen !== undefined) return quiet(accept(state, state.popup));
  const text = withoutPopup(state);
  if (state.text.trim() === "") return quiet(text.text === "" ? text : clear(text));
  if (state.text.slice(state.cursor).trim() === "") {
    const parsed = context.parse(state.text);
    // A comment alone has nothing to run: it is the beginning of what it is about.
    if (ONLY_COMMENTS.test(state.text)) return quiet(newline(text, ""));
    if (parsed.status !== "incomplete") return run(text, context);
    const indent = parsed.indent.length > 0 ? parsed.indent : indentAt(state.text, state.cursor);
    return quiet(newline(text, indent));
  }
  return quiet(newline(text, indentAt(state.text, state.cursor)));
}

function run(state: EditorState, context: EditorContext): Reduced {
  const code = state.text.trimEnd();
  if (code.trim() === "") return quiet(state);
  if (!context.canRun) {
    const text = "too many cells wait already; Ctrl-C stops the running one";
    return { state, effects: [{ kind: "notice", text }] };
  }
  const { kills } = state;
  const history = remembered(state.history, code);
  return {
    state: { ...emptyEditor, version: state.version + 1, kills, history },
    effects: [{ kind: "run", code }],
  };
}

/** Ctrl-C over text: the text goes, undo and Up bring it back. */
function clear(state: EditorState): EditorState {
  const next = emptied(state);
  if (state.text.trim() === "") return next;
  return { ...next, history: remembered(state.history, state.text) };
}

function closed(state: EditorState): EditorState {
  const { popup, signature, ...rest } = state;
  // One press takes one thing away.
  return popup && signature ? { ...rest, signature } : rest;
}

function tab(state: EditorState): Reduced {
  if (state.popup) return chooseItem(state, state.popup, 1);
  if (isInIndentation(state)) return quiet(replace(state, state.cursor, state.cursor, TAB));
  return { state, effects: [{ kind: "complete", version: state.version, isUnasked: false }] };
}

function backTab(state: EditorState): Reduced {
  if (state.popup) return chooseItem(state, state.popup, -1);
  const dedented = dedent(state);
  if (dedented !== state) return quiet(dedented);
  return { state, effects: [{ kind: "signature", version: state.version }] };
}

function move(
  state: EditorState,
  to: (Action & { kind: "move" })["to"],
  context: EditorContext,
): EditorState {
  const ghost = context.hasGhost ? ghostOf(state) : "";
  if (ghost !== "" && (to === "right" || to === "line-end")) {
    return replace(state, state.cursor, state.cursor, ghost);
  }
  if (ghost !== "" && to === "word-right") {
    return replace(state, state.cursor, state.cursor, ghostWord(ghost));
  }
  return moved(withoutPopup(state), state.text, target(state, to));
}

function vertical(state: EditorState, by: 1 | -1): EditorState {
  // Someone who walks through the history goes on walking, also over entries of several lines.
  if (state.walk) return walk(state, by);
  return toLine(state, by, widthOf) ?? walk(state, by);
}

function chooseItem(state: EditorState, popup: Popup, by: 1 | -1): Reduced {
  const next = choose(popup, by);
  const item = next.items[next.chosen ?? 0];
  const accepted = accept(state, next);
  const effect: Effect = {
    kind: "describe",
    name: item?.name ?? "",
    text: accepted.text,
    at: Math.max(0, accepted.cursor - 1),
  };
  return { state: { ...state, popup: next }, effects: item ? [effect] : [] };
}

function complete(
  state: EditorState,
  answer: { version: number; completions: Offers; isUnasked?: boolean },
): EditorState {
  if (answer.version !== state.version) return state;
  const popup = openPopup(answer.completions, state);
  if (popup === undefined) return state;
  if (answer.isUnasked) return { ...state, popup };
  const [only] = popup.items;
  if (popup.items.length === 1 && only) return accept(state, { ...popup, chosen: 0 });
  const prefix = commonPrefix(popup.items);
  const word = state.text.slice(popup.start, state.cursor);
  if (popup.tailLength === 0 && prefix.length > word.length && prefix.startsWith(word)) {
    return replace({ ...state, popup }, popup.start, state.cursor, prefix);
  }
  return { ...state, popup };
}

function signed(state: EditorState, answer: Action & { kind: "signature" }): EditorState {
  if (answer.version !== state.version) return state;
  const { signature: _, ...rest } = state;
  return answer.help ? { ...rest, signature: answer.help } : rest;
}

function described(state: EditorState, answer: Action & { kind: "described" }): EditorState {
  const { popup } = state;
  if (popup?.chosen === undefined || popup.items[popup.chosen]?.name !== answer.name) return state;
  return { ...state, popup: { ...popup, about: { name: answer.name, text: answer.text } } };
}

function accept(state: EditorState, popup: Popup): EditorState {
  const text = insertOf(popup.items[popup.chosen ?? 0]);
  const end = Math.min(state.text.length, state.cursor + popup.tailLength);
  return replace(withoutPopup(state), popup.start, end, text);
}
