/**
 * Screens of a terminal as files: text, and a picture that a browser takes.
 * @module
 */
import { writeFileSync } from "node:fs";
import xterm from "@xterm/headless";
import type { Browser } from "playwright-core";
import { type Palette, screenHtml } from "../support/terminal-html.ts";
import type { Screen } from "./tmux.ts";

export interface PictureOptions {
  readonly browser: Browser;
  readonly palette: Palette;
  readonly columns: number;
  readonly rows: number;
  /** Path without an ending. */
  readonly file: string;
}

/** Writes `file.txt` and `file.png`. */
export async function keepScreen(screen: Screen, options: PictureOptions): Promise<void> {
  const { browser, palette, columns, rows, file } = options;
  writeFileSync(`${file}.txt`, `${screen.text}\n`);
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  await new Promise<void>((done) =>
    terminal.write(screen.ansi.replaceAll("\n", "\r\n"), () => done()),
  );
  const html = screenHtml(terminal.buffer.active, {
    palette,
    rows,
    columns,
    cursor: screen.cursor,
  });
  terminal.dispose();
  const page = await browser.newPage();
  await page.setContent(`<body style="margin:0">${html}</body>`);
  await page.locator("pre").screenshot({ path: `${file}.png` });
  await page.close();
}
