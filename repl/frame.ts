/**
 * Snapshot → the rows of the live region and the cursor's place. Pure, so that Ink only paints.
 * @module
 */
import type { RunRecord } from "../runtime/events/record-shape.ts";
import { lineStart } from "./editor/buffer.ts";
import type { Popup } from "./editor/complete.ts";
import { insertOf } from "./editor/complete.ts";
import { editorView } from "./editor/view.ts";
import type { TreeRows } from "./live/tree.tsx";
import { layout, POPUP_ROWS_MAX, TREE_ROWS_MAX } from "./state/layout.ts";
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
  readonly popup: readonly string[];
  readonly status?: string;
  /** From the top left of the live region; absent when there is none. */
  readonly cursor?: { readonly x: number; readonly y: number };
}

export interface FrameContext {
  readonly style: Style;
  readonly treeRows: TreeRows;
  run(id: string): RunRecord | undefined;
}

export function composeFrame(snapshot: Snapshot, context: FrameContext): Frame {
  if (snapshot.phase === "leaving") return { tree: [], editor: [], popup: [] };
  const { editor, foreground, size } = snapshot;
  const { style } = context;
  const run = foreground?.runId === undefined ? undefined : context.run(foreground.runId);
  const tail = sanitizeLine((foreground?.tail ?? "").replaceAll(SGR, ""));
  const popup = editor.popup;
  const wishes = {
    editorLines: editor.text.split("\n").length,
    popupRows: Math.min(popup?.items.length ?? 0, POPUP_ROWS_MAX),
    hasTail: tail !== "",
    treeRows: run === undefined ? 0 : TREE_ROWS_MAX,
  };
  const available = layout(size, wishes);
  const tree = context.treeRows.rows(run, {
    columns: available.width,
    rowsMax: available.tree,
    nowMs: snapshot.nowMs,
    style,
  });
  const prompt = `In [${snapshot.nextCount}]: `;
  const view = editorView({
    text: editor.text,
    cursor: editor.cursor,
    prompt,
    rowsMax: available.editor,
    columns: available.editorWidth,
  });
  return {
    tree,
    ...(available.tail ? { tail: truncate(tail, available.width) } : {}),
    editor: view.rows.map((row) => style.paint(row.prompt, "prompt") + style.glyphs(row.code)),
    popup: popup ? popupRows(popup, snapshot, { style, rowsMax: available.popup, prompt }) : [],
    ...(available.status
      ? { status: statusRow(snapshot, style, available.completesInStatus, available.width) }
      : {}),
    cursor: { x: view.cursor.x, y: tree.length + available.tail + view.cursor.y },
  };
}

function popupRows(
  popup: Popup,
  snapshot: Snapshot,
  options: { style: Style; rowsMax: number; prompt: string },
): string[] {
  const { style, rowsMax, prompt } = options;
  const width = layout(snapshot.size, {
    editorLines: 1,
    popupRows: 0,
    hasTail: false,
    treeRows: 0,
  }).width;
  const chosen = popup.chosen ?? -1;
  const first = Math.max(0, Math.min(popup.items.length - rowsMax, chosen - rowsMax + 1));
  const shown = popup.items.slice(first, first + rowsMax);
  const { text } = snapshot.editor;
  const column = prompt.length + widthOf(text.slice(lineStart(text, popup.start), popup.start));
  const indent = " ".repeat(Math.min(column, Math.floor(width / 3)));
  const nameWidth = Math.min(24, Math.max(...shown.map((item) => widthOf(item.name))));
  return shown.map((item, index) => {
    const name = truncate(sanitizeLine(item.name), nameWidth);
    // TypeScript repeats the kind in front: `(method) Array<number>.at(…)`.
    const type = sanitizeLine(item.detail ?? "").replace(/^\(\w+\) /, "");
    const detail = type === "" ? item.kind : `${item.kind}  ${type}`;
    const rest = truncate(detail, width - indent.length - nameWidth - 2);
    const padded = name + " ".repeat(Math.max(0, nameWidth - widthOf(name)));
    const isChosen = first + index === chosen;
    return `${indent}${style.paint(padded, isChosen ? "chosen" : "value")}  ${style.paint(rest, "dim")}`;
  });
}

function statusRow(snapshot: Snapshot, style: Style, completes: boolean, width: number): string {
  const { question, notice, editor } = snapshot;
  if (question !== undefined) return style.paint(truncate(question, width), "warning");
  if (completes && editor.popup) {
    const best = editor.popup.items[editor.popup.chosen ?? 0];
    return style.paint(truncate(`Tab ${sanitizeLine(insertOf(best))}`, width), "dim");
  }
  if (notice) {
    const text = truncate(sanitizeLine(notice.text), width);
    return style.paint(text, notice.level === "warning" ? "warning" : "dim");
  }
  return style.paint(truncate(statusParts(snapshot).join(" · "), width), "dim");
}

function statusParts(snapshot: Snapshot): string[] {
  const { phase, foreground, queued, nowMs } = snapshot;
  const parts = [phaseText(phase)];
  if (foreground) {
    const seconds = Math.floor(Math.max(0, nowMs - foreground.startedAtMs) / 1_000);
    parts.push(`cell ${foreground.n ?? "?"}${seconds > 0 ? ` · ${elapsed(seconds)}` : ""}`);
  }
  if (queued > 0) parts.push(`${queued} queued`);
  if (foreground || queued > 0) parts.push("Ctrl-C interrupt");
  else parts.push("Ctrl-D leave");
  parts.push(".help");
  return parts;
}

function phaseText(phase: Snapshot["phase"]): string {
  if (phase === "starting") return "starting…";
  return phase === "lost" ? "no user process: the next cell starts one" : "local";
}

/** Whole seconds: a status that changes ten times a second would only flicker. */
function elapsed(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
}
