/**
 * The box below the editor: completions, hits of the history search, or the signature of a call. Pure.
 * @module
 */
import type { SignatureHelp } from "../../runtime/session/client/api.ts";
import type { Popup } from "../editor/complete.ts";
import type { Search, SearchHit } from "../editor/search.ts";
import { sanitizeLine } from "../terminal/sanitize.ts";
import type { Style } from "../terminal/style.ts";
import { truncate, widthOf } from "../terminal/width.ts";

export interface BoxOptions {
  readonly style: Style;
  readonly rowsMax: number;
  /** Width of a row. */
  readonly width: number;
  /** The column that the box belongs to: of the word that is completed. */
  readonly column: number;
}

const NAME_WIDTH_MAX = 24;

/** Name, kind and type of the items around the chosen one, which has a mark where no colour shows it; below them what it is. */
export function popupRows(popup: Popup, options: BoxOptions): string[] {
  const { style, rowsMax, width } = options;
  const indent = indentOf(options);
  const about = popup.about && rowsMax > 1 ? popup.about.text : undefined;
  const { shown, first } = around(popup.items, popup.chosen ?? -1, rowsMax - (about ? 1 : 0));
  const nameWidth = Math.min(
    NAME_WIDTH_MAX,
    Math.max(0, ...shown.map((item) => widthOf(sanitizeLine(item.name)))),
  );
  const rows = shown.map((item, index) => {
    const name = truncate(sanitizeLine(item.name), nameWidth);
    // TypeScript repeats the kind in front: `(method) Array<number>.at(…)`.
    const type = sanitizeLine(item.detail ?? "").replace(/^\(\w+\) /, "");
    const detail = [item.kind, type].filter((part) => part !== "").join("  ");
    const rest = truncate(detail, width - indent.length - nameWidth - 2);
    const padded = name + " ".repeat(Math.max(0, nameWidth - widthOf(name)));
    const isChosen = first + index === popup.chosen;
    const before = isChosen && !style.hasColor ? indent.replace(/ $/, style.glyphs("❯")) : indent;
    return `${before}${style.paint(padded, isChosen ? "chosen" : "value")}  ${style.paint(rest, "dim")}`;
  });
  if (about !== undefined) {
    rows.push(indent + style.paint(truncate(sanitizeLine(about), width - indent.length), "dim"));
  }
  return rows;
}

/** How many rows `popupRows` would like. */
export function popupHeight(popup: Popup): number {
  return popup.items.length + (popup.about ? 1 : 0);
}

/** The hits, newest on top, the chosen one marked; a cell of several lines by its first. */
export function searchRows(search: Search, options: BoxOptions): string[] {
  const { style, rowsMax, width } = options;
  const { shown, first } = around(search.hits, search.chosen, rowsMax);
  return shown.map((hit, index) => {
    const isChosen = first + index === search.chosen;
    return `${isChosen ? style.paint("❯", "prompt") : " "} ${hitRow(hit, isChosen, style, width - 2)}`;
  });
}

function hitRow(hit: SearchHit, isChosen: boolean, style: Style, width: number): string {
  const lines = hit.source.split("\n");
  const more = lines.length > 1 ? `  +${lines.length - 1} lines` : "";
  const text = truncate(sanitizeLine(lines[0] ?? ""), Math.max(1, width - more.length));
  if (isChosen) return style.paint(text, "chosen") + style.paint(more, "dim");
  const marked = new Set(hit.positions);
  let row = "";
  for (let at = 0; at < text.length; ) {
    let end = at + 1;
    while (end < text.length && marked.has(end) === marked.has(at)) end++;
    const piece = text.slice(at, end);
    row += marked.has(at) ? style.paint(piece, "name") : style.glyphs(piece);
    at = end;
  }
  return row + style.paint(more, "dim");
}

/** The signature with its current parameter marked, and the first line of what it does. */
export function signatureRows(help: SignatureHelp, options: BoxOptions): string[] {
  const { style, rowsMax, width } = options;
  const { label, activeParameter, documentation } = help;
  const indent = indentOf(options);
  const room = Math.max(1, width - indent.length);
  const active = activeParameter ?? { start: 0, end: 0 };
  // A long signature is shown from a little before the parameter that is typed now.
  const start =
    active.end <= room - 1 ? 0 : Math.max(0, Math.min(active.start, active.end - room + 2) - 1);
  const cut = start > 0 ? "…" : "";
  const plain = (from: number, to: number) => sanitizeLine(label.slice(from, to));
  const before = cut + plain(start, active.start);
  const name = truncate(plain(active.start, active.end), Math.max(1, room - widthOf(before)));
  const after = truncate(plain(active.end, label.length), room - widthOf(before) - widthOf(name));
  const rows = [
    indent + style.paint(before, "dim") + style.paint(name, "current") + style.paint(after, "dim"),
  ];
  const about = documentation.replaceAll(/\s+/g, " ").trim();
  if (about !== "") rows.push(indent + style.paint(truncate(sanitizeLine(about), room), "dim"));
  return rows.slice(0, rowsMax);
}

export function signatureHeight({ documentation }: SignatureHelp): number {
  return documentation.trim() === "" ? 1 : 2;
}

function indentOf({ column, width }: BoxOptions): string {
  return " ".repeat(Math.max(0, Math.min(column, Math.floor(width / 3))));
}

/** At most `max` items with the chosen one among them. */
function around<T>(
  items: readonly T[],
  chosen: number,
  max: number,
): { readonly shown: readonly T[]; readonly first: number } {
  const first = Math.max(0, Math.min(items.length - max, chosen - max + 1));
  return { shown: items.slice(first, first + Math.max(0, max)), first };
}
