/**
 * What a headless terminal shows → HTML with its colours, to be made a picture of.
 * @module
 */
import type xterm from "@xterm/headless";
import { escapeHtml } from "../../runtime/values/escape.ts";

type Buffer = InstanceType<typeof xterm.Terminal>["buffer"]["active"];
type Line = NonNullable<ReturnType<Buffer["getLine"]>>;
type Cell = NonNullable<ReturnType<Line["getCell"]>>;

/** What a terminal's theme decides. */
export interface Palette {
  readonly ground: string;
  readonly ink: string;
  /** The sixteen colours: eight, then their bright ones. */
  readonly colors: readonly string[];
}

/** Tango, which many terminals have. */
export const DARK: Palette = {
  ground: "#1e1e1e",
  ink: "#dddddd",
  colors: [
    ..."#2e3436 #cc0000 #4e9a06 #c4a000 #3465a4 #75507b #06989a #d3d7cf".split(" "),
    ..."#555753 #ef2929 #8ae234 #fce94f #729fcf #ad7fa8 #34e2e2 #eeeeec".split(" "),
  ],
};

/** That of editors with a light theme. */
export const LIGHT: Palette = {
  ground: "#ffffff",
  ink: "#222222",
  colors: [
    ..."#000000 #cd3131 #107c10 #b5a900 #0451a5 #bc05bc #0598bc #555555".split(" "),
    ..."#666666 #cd3131 #14ce14 #b5ba00 #0451a5 #bc05bc #0598bc #a5a5a5".split(" "),
  ],
};

export interface ScreenHtmlOptions {
  readonly palette: Palette;
  /** How many rows of the buffer, from its top. */
  readonly rows: number;
  /** Where a block stands for the cursor. */
  readonly cursor?: { readonly x: number; readonly y: number };
  /** At least so wide. */
  readonly columns?: number;
}

/** One `<pre>`, on the palette's ground. */
export function screenHtml(
  buffer: Buffer,
  { palette, rows, cursor, columns = 0 }: ScreenHtmlOptions,
): string {
  const lines = Array.from({ length: rows }, (_, y) =>
    lineHtml(buffer.getLine(y), palette, cursor?.y === y ? cursor.x : undefined),
  );
  const { ground, ink } = palette;
  return `<pre style="margin:0;padding:8px;display:inline-block;min-width:${columns}ch;background:${ground};color:${ink};font:13px/1.25 'DejaVu Sans Mono',monospace">${lines.join("\n")}</pre>`;
}

/** Neighbours of one look share a `<span>`. */
function lineHtml(
  line: Line | undefined,
  palette: Palette,
  cursorColumn: number | undefined,
): string {
  if (line === undefined) return "";
  const end = Math.max(line.translateToString(true).length, (cursorColumn ?? -1) + 1);
  const runs: { css: string; text: string }[] = [];
  for (let x = 0; x < end; x++) {
    const cell = line.getCell(x);
    // The second column of a wide character.
    if (cell === undefined || cell.getWidth() === 0) continue;
    const css = x === cursorColumn ? inverse(palette, palette.ink) : cellCss(cell, palette);
    const text = cell.getChars() || " ";
    const last = runs.at(-1);
    if (last?.css === css) last.text += text;
    else runs.push({ css, text });
  }
  return runs
    .map(({ css, text }) =>
      css === "" ? escapeHtml(text) : `<span style="${css}">${escapeHtml(text)}</span>`,
    )
    .join("");
}

function cellCss(cell: Cell, palette: Palette): string {
  const color = colorOf(cell, palette);
  return [
    cell.isInverse() ? inverse(palette, color ?? palette.ink) : color ? `color:${color}` : "",
    cell.isBold() ? "font-weight:700" : "",
    cell.isDim() ? "opacity:.65" : "",
    cell.isUnderline() ? "text-decoration:underline" : "",
  ]
    .filter((each) => each !== "")
    .join(";");
}

function colorOf(cell: Cell, { colors }: Palette): string | undefined {
  if (cell.isFgPalette()) return colors[cell.getFgColor()];
  return cell.isFgRGB() ? `#${cell.getFgColor().toString(16).padStart(6, "0")}` : undefined;
}

function inverse({ ground }: Palette, color: string): string {
  return `background:${color};color:${ground}`;
}
