/**
 * Snapshot → the rows of the live region and the cursor's place. Pure, so that Ink only paints.
 * @module
 */
import type { RunRecord } from "../runtime/events/record-shape.ts";
import { lineStart } from "./editor/buffer.ts";
import type { Highlighter } from "./editor/highlight.ts";
import { ghostOf } from "./editor/history.ts";
import { paintEditor } from "./editor/paint.ts";
import { isCommandLike } from "./editor/reduce.ts";
import type { EditorState } from "./editor/state.ts";
import { type EditorView, editorView } from "./editor/view.ts";
import type { TreeRows } from "./live/tree.tsx";
import {
  type BoxOptions,
  popupHeight,
  popupRows,
  searchRows,
  signatureHeight,
  signatureRows,
} from "./rows/boxes.ts";
import { statusRow } from "./rows/status.ts";
import {
  BOX_ROWS_MAX,
  type Layout,
  layout,
  questionColumns,
  TREE_ROWS_MAX,
} from "./state/layout.ts";
import type { Snapshot } from "./state/store.ts";
import { SGR } from "./terminal/escapes.ts";
import { sanitizeLine } from "./terminal/sanitize.ts";
import type { Style } from "./terminal/style.ts";
import { truncate, widthOf } from "./terminal/width.ts";

export interface Frame {
  readonly tree: readonly string[];
  /** The running cell's unfinished output line. */
  readonly tail?: string;
  readonly editor: readonly string[];
  /** Below the editor: completions, hits, or a signature. */
  readonly box: readonly string[];
  readonly status?: string;
  /** From the top left of the live region; absent when there is none. */
  readonly cursor?: { readonly x: number; readonly y: number };
}

export interface FrameContext {
  readonly style: Style;
  readonly treeRows: TreeRows;
  /** Absent until the grammar has been loaded. */
  readonly highlighter?: () => Highlighter | undefined;
  /** Whether an earlier entry is suggested behind the cursor. */
  hasGhost(): boolean;
  run(id: string): RunRecord | undefined;
}

export function composeFrame(snapshot: Snapshot, context: FrameContext): Frame {
  if (snapshot.phase === "leaving") return { tree: [], editor: [], box: [] };
  const { foreground, size } = snapshot;
  const { style } = context;
  const run = foreground?.runId === undefined ? undefined : context.run(foreground.runId);
  const tail = sanitizeLine((foreground?.tail ?? "").replaceAll(SGR, ""));
  const typed = typedText(snapshot);
  const available = layout(size, {
    editorLines: typed.text.split("\n").length,
    boxRows: Math.min(boxHeight(snapshot), BOX_ROWS_MAX),
    hasTail: tail !== "",
    treeRows: run === undefined ? 0 : snapshot.isTreeFolded ? 1 : TREE_ROWS_MAX,
  });
  const tree = context.treeRows.rows(run, {
    columns: available.width,
    rowsMax: available.tree,
    nowMs: snapshot.nowMs,
    style,
  });
  const view = editorView({
    ...typed,
    rowsMax: available.editor,
    columns: available.editorWidth,
  });
  return {
    tree,
    ...(available.tail ? { tail: truncate(tail, available.width) } : {}),
    editor: editorRows(view, snapshot, context, available),
    box: boxRows(snapshot, typed.prompt, { style, available }),
    ...(available.status
      ? {
          status: statusRow(snapshot, {
            style,
            width: available.width,
            standsForBox: available.standsForBox,
          }),
        }
      : {}),
    cursor: { x: view.cursor.x, y: tree.length + available.tail + view.cursor.y },
  };
}

/** What stands in the editor's place, and behind which prompt. */
function typedText({ editor, asked, nextCount, size: { columns } }: Snapshot): {
  readonly text: string;
  readonly cursor: number;
  readonly prompt: string;
} {
  if (asked) {
    const { text, cursor } = asked.editor;
    // One long word, or a window that became narrow, leaves room for the answer too.
    const prompt = truncate(sanitizeLine(asked.prompt), questionColumns(columns));
    return { text: asked.isPassword ? "" : text, cursor: asked.isPassword ? 0 : cursor, prompt };
  }
  const { search, text, cursor } = editor;
  if (search) return { text: search.query, cursor: search.query.length, prompt: "search: " };
  return { text, cursor, prompt: `In [${nextCount}]: ` };
}

function editorRows(
  view: EditorView,
  snapshot: Snapshot,
  { style, highlighter, hasGhost }: FrameContext,
  { editorWidth }: Layout,
): string[] {
  const { editor, asked, question } = snapshot;
  const { text, cursor } = editor;
  if (asked || editor.search) {
    // No code: an answer, or words to look for.
    return view.rows.map((row) => style.paint(row.prompt, "prompt") + style.glyphs(row.code));
  }
  const rows = paintEditor(view, {
    text,
    cursor,
    style,
    highlighter: highlighter?.(),
    isCommand: isCommandLike(text),
  });
  if (question !== undefined || !hasGhost()) return rows;
  const ghost = ghostText(editor, view, editorWidth);
  const last = rows.length - 1;
  return ghost === "" ? rows : rows.with(last, (rows[last] ?? "") + style.paint(ghost, "dim"));
}

/** The first line of the suggestion, as far as there is room behind the cursor. */
function ghostText(editor: EditorState, { cursor }: EditorView, editorWidth: number): string {
  const ghost = ghostOf(editor);
  const room = editorWidth - cursor.x;
  if (ghost === "" || room < 2) return "";
  const [first = "", ...more] = ghost.split("\n");
  return truncate(sanitizeLine(more.length > 0 ? `${first} …` : first), room);
}

function boxHeight({ editor, asked }: Snapshot): number {
  const { popup, search, signature } = editor;
  if (asked) return 0;
  if (search) return search.hits.length;
  if (popup) return popupHeight(popup);
  return signature ? signatureHeight(signature) : 0;
}

function boxRows(
  { editor, asked }: Snapshot,
  prompt: string,
  { style, available }: { style: Style; available: Layout },
): string[] {
  const { popup, search, signature, text, cursor } = editor;
  if (asked || available.box === 0) return [];
  const at = (offset: number): BoxOptions => ({
    style,
    rowsMax: available.box,
    width: available.width,
    column: widthOf(prompt) + widthOf(text.slice(lineStart(text, offset), offset)),
  });
  if (search) return searchRows(search, at(0));
  if (popup) return popupRows(popup, at(popup.start));
  return signature ? signatureRows(signature, at(cursor)) : [];
}
