/**
 * A terminal's screen as HTML, with its colours: to be made a picture of.
 * @module
 */
import xterm from "@xterm/headless";
import { escapeHtml } from "../../runtime/values/escape.ts";

type Screen = InstanceType<typeof xterm.Terminal>;

/** @param count rows, from the top of the scrollback. */
export function screenHtml(screen: Screen, count: number): string {
  const buffer = screen.buffer.active;
  const rows = Array.from({ length: count }, (_, y) => rowHtml(buffer.getLine(y)));
  return `<pre style="margin:0;padding:8px;display:inline-block;line-height:1.2;font:13px 'DejaVu Sans Mono',monospace">${rows.join("\n")}</pre>`;
}

/** The same for text with escape sequences, as tmux captures a screen. */
export async function capturedHtml(captured: string, columns: number): Promise<string> {
  const lines = captured.replace(/\n$/, "").split("\n");
  const screen = new xterm.Terminal({
    cols: columns,
    rows: Math.max(1, lines.length),
    allowProposedApi: true,
  });
  await new Promise<void>((done) => screen.write(lines.join("\r\n"), done));
  try {
    return screenHtml(screen, lines.length);
  } finally {
    screen.dispose();
  }
}

type Line = ReturnType<Screen["buffer"]["active"]["getLine"]>;

/** The sixteen colours of a terminal, as xterm has them. */
const PALETTE = [
  ..."#2e3436 #cc0000 #4e9a06 #c4a000 #3465a4 #75507b #06989a #d3d7cf".split(" "),
  ..."#555753 #ef2929 #8ae234 #fce94f #729fcf #ad7fa8 #34e2e2 #eeeeec".split(" "),
];

function rowHtml(line: Line): string {
  if (line === undefined) return "";
  const width = line.translateToString(true).length;
  let html = "";
  for (let x = 0; x < width; x++) {
    const cell = line.getCell(x);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const style = [
      cell.isFgPalette() ? `color:${PALETTE[cell.getFgColor()] ?? "inherit"}` : "",
      cell.isFgRGB() ? `color:#${cell.getFgColor().toString(16).padStart(6, "0")}` : "",
      cell.isBold() ? "font-weight:700" : "",
      cell.isDim() ? "opacity:.65" : "",
      cell.isUnderline() ? "text-decoration:underline" : "",
      cell.isInverse() ? "background:#888" : "",
    ].filter((each) => each !== "");
    const text = escapeHtml(cell.getChars() || " ");
    html += style.length > 0 ? `<span style="${style.join(";")}">${text}</span>` : text;
  }
  return html;
}
