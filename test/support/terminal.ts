/**
 * A program in a real pseudo-terminal, and the screen that a person would see.
 *
 * Bytes do not say what is still visible: a headless xterm takes them, and tests read its rows. What
 * the terminal answers (cursor reports, keyboard queries) goes back to the program.
 */
import { fileURLToPath } from "node:url";
import { type IPty, spawn } from "@lydell/node-pty";
import xterm from "@xterm/headless";
import { vi } from "vitest";
import { distFolder } from "./dist.ts";
import { tempFolder } from "./temp-folder.ts";
import { DARK, type Palette, screenHtml } from "./terminal-html.ts";

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly folder?: string;
  /** Instead of Node. */
  readonly program?: string;
}

/** The REPL on a scripted session. */
export function openScriptedRepl(options: TerminalOptions = {}): Terminal {
  const script = fileURLToPath(new URL("scripted-repl.ts", import.meta.url));
  return new Terminal([script, ...(options.args ?? [])], options);
}

/** The REPL as people start it. */
export function openRepl(options: TerminalOptions = {}): Terminal {
  return new Terminal([`${distFolder}/cli/main.js`, "repl", ...(options.args ?? [])], options);
}

/** Any other command, in a terminal. */
export function openCommand(args: readonly string[], options: TerminalOptions = {}): Terminal {
  return new Terminal([`${distFolder}/cli/main.js`, ...args], options);
}

export class Terminal implements Disposable {
  readonly #pty: IPty;
  readonly #screen: InstanceType<typeof xterm.Terminal>;
  readonly #data = tempFolder();
  readonly #exit = Promise.withResolvers<{ readonly exitCode: number; readonly signal?: number }>();
  #hasExited = false;
  /** Everything the program has written. */
  raw = "";

  constructor(command: readonly string[], options: TerminalOptions) {
    const { columns = 80, rows = 24, environment = {}, folder = process.cwd() } = options;
    // Ink and others switch their screen off when a CI variable is set.
    const { CI: _, NO_COLOR: _noColor, FORCE_COLOR: _forceColor, ...inherited } = process.env;
    const env = {
      ...inherited,
      TERM: "xterm-256color",
      LANG: "C.UTF-8",
      // What is typed here is no history of whoever runs the tests.
      XDG_DATA_HOME: this.#data.path,
      ...environment,
    };
    this.#screen = new xterm.Terminal({
      cols: columns,
      rows,
      scrollback: 5_000,
      allowProposedApi: true,
    });
    this.#pty = spawn(options.program ?? process.execPath, [...command], {
      // It becomes TERM, whatever the environment says.
      name: env.TERM,
      cols: columns,
      rows,
      cwd: folder,
      env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)),
    });
    this.#pty.onData((data) => {
      this.raw += data;
      this.#screen.write(data);
    });
    this.#screen.onData((answer) => {
      if (!this.#hasExited) this.#pty.write(answer);
    });
    this.#pty.onExit((end) => {
      this.#hasExited = true;
      this.#exit.resolve(end);
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  resize(columns: number, rows: number): void {
    this.#screen.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  kill(signal: string): void {
    this.#pty.kill(signal);
  }

  /** All rows with the scrollback, without blanks at their ends and empty rows at the bottom. */
  rows(): string[] {
    const buffer = this.#screen.buffer.active;
    const rows: string[] = [];
    for (let y = 0; y < buffer.length; y++) {
      rows.push((buffer.getLine(y)?.translateToString(true) ?? "").trimEnd());
    }
    while (rows.at(-1) === "") rows.pop();
    return rows;
  }

  text(): string {
    return this.rows().join("\n");
  }

  /** The same rows as HTML, with their colours: to be made a picture of. */
  html(palette: Palette = DARK): string {
    return screenHtml(this.#screen.buffer.active, { palette, rows: this.rows().length });
  }

  /** Column and row, from 0, counted from the top of the scrollback. */
  cursor(): { readonly x: number; readonly y: number } {
    const { cursorX, cursorY, baseY } = this.#screen.buffer.active;
    return { x: cursorX, y: cursorY + baseY };
  }

  /** Polls until `look` does not throw; its error tells what the screen shows. */
  async see(look: (text: string, rows: string[]) => void, intervalMs = 30): Promise<void> {
    await vi.waitFor(
      () => {
        try {
          look(this.text(), this.rows());
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          throw new Error(`${message}\n--- screen\n${this.text()}\n---`);
        }
      },
      { timeout: 10_000, interval: intervalMs },
    );
  }

  /** Waits for the prompt of a number, with nothing typed yet. */
  async prompt(n: number): Promise<void> {
    await this.see((_, rows) => {
      const prompt = `In [${n}]:`;
      if (!rows.some((row) => row === prompt)) throw new Error(`no empty prompt ${prompt}`);
    });
  }

  /** The same, with no cell running or waiting. */
  async idle(n: number): Promise<void> {
    await this.prompt(n);
    await this.see((_, rows) => {
      if (!rows.at(-1)?.includes("Ctrl-D leave")) throw new Error("a cell is still running");
    });
  }

  async exited(): Promise<number> {
    const { exitCode, signal } = await this.#exit.promise;
    return signal ? 128 + signal : exitCode;
  }

  [Symbol.dispose](): void {
    if (!this.#hasExited) this.#pty.kill("SIGKILL");
    this.#screen.dispose();
    this.#data[Symbol.dispose]();
  }
}
