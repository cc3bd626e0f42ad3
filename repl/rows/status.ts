/**
 * The one row at the bottom: a question, a notice, or what goes on. Pure.
 * @module
 */
import { insertOf } from "../editor/complete.ts";
import type { Snapshot } from "../state/store.ts";
import { sanitizeLine } from "../terminal/sanitize.ts";
import type { Style } from "../terminal/style.ts";
import { truncate } from "../terminal/width.ts";

export interface StatusOptions {
  readonly style: Style;
  readonly width: number;
  /** There is no room for a box: the best of it stands here. */
  readonly standsForBox: boolean;
}

export function statusRow(snapshot: Snapshot, options: StatusOptions): string {
  const { style, width, standsForBox } = options;
  const { question, notice, editor, asked } = snapshot;
  const dim = (text: string) => style.paint(truncate(sanitizeLine(text), width), "dim");
  if (question !== undefined) return style.paint(truncate(question, width), "warning");
  if (notice) {
    const tone = notice.level === "warning" ? "warning" : "dim";
    return style.paint(truncate(sanitizeLine(notice.text), width), tone);
  }
  if (asked) return dim("the cell asks · Enter answers · Ctrl-C interrupts");
  const { search, popup } = editor;
  if (search) {
    const count = search.hits.length;
    const place = count === 0 ? "nothing found" : `${search.chosen + 1} of ${count}`;
    const hit = search.hits[search.chosen]?.source.split("\n")[0] ?? "";
    const best = standsForBox && hit !== "" ? ` · ${hit}` : "";
    return dim(`${place}${best} · Ctrl-R older · Enter takes it · Esc back`);
  }
  if (standsForBox && popup) return dim(`Tab ${insertOf(popup.items[popup.chosen ?? 0])}`);
  if (editor.prefix) return dim("Ctrl-X … Ctrl-E edit in $EDITOR · Ctrl-B to the background");
  return dim(parts(snapshot).join(" · "));
}

function parts(snapshot: Snapshot): string[] {
  const { phase, foreground, background, isBeginning, nowMs } = snapshot;
  const queued = snapshot.queued + snapshot.held;
  const texts = [
    phaseText(phase, snapshot.defaultRemote),
    ...(snapshot.areTypesOff ? ["types: off"] : []),
  ];
  if (foreground) {
    const seconds = Math.floor(Math.max(0, nowMs - foreground.startedAtMs) / 1_000);
    texts.push(`cell ${foreground.n ?? "?"}${seconds > 0 ? ` · ${elapsed(seconds)}` : ""}`);
  }
  if (background.length > 0) texts.push(`background: ${background.join(", ")}`);
  if (queued > 0) texts.push(`${queued} queued`);
  const isBusy = foreground !== undefined || isBeginning || queued > 0;
  texts.push(isBusy ? "Ctrl-C interrupt" : "Ctrl-D leave", ".help");
  return texts;
}

function phaseText(phase: Snapshot["phase"], remote: string | undefined): string {
  if (phase === "starting") return "starting…";
  return phase === "lost" ? "no user process: the next cell starts one" : (remote ?? "local");
}

/** Whole seconds: a status that changes ten times a second would only flicker. */
function elapsed(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
}
