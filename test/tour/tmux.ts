/**
 * A program in a tmux of its own: keys go in as from a person, screens come out as text with colours.
 * @module
 */
import { execFileSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";

export interface TmuxOptions {
  readonly columns: number;
  readonly rows: number;
  readonly folder: string;
  /** A program with its arguments. */
  readonly command: readonly string[];
  /** For the program, besides what it inherits. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Screen {
  readonly text: string;
  /** The same rows with their escapes. */
  readonly ansi: string;
  readonly cursor: { readonly x: number; readonly y: number };
}

const POLL_MS = 50;
const WAIT_MS = 60_000;
/** Would decide on colours, or keep Ink from drawing. */
const UNWANTED = ["NO_COLOR", "FORCE_COLOR", "CI", "COLORFGBG", "TMUX"];

export class Tmux implements Disposable {
  readonly #socket = `eagerdeck-tour-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;

  constructor({ columns, rows, folder, command, environment }: TmuxOptions) {
    const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const size = ["-x", `${columns}`, "-y", `${rows}`];
    // A user's own configuration must not show in the pictures.
    this.#tmux("-f", "/dev/null", "new-session", "-d", "-s", "tour", ...size, "-c", folder, "cat");
    this.#tmux("set-option", "-g", "status", "off");
    this.#tmux("set-option", "-g", "default-terminal", "tmux-256color");
    // The server would end with its last program, and its last screen could not be read.
    this.#tmux("set-option", "-g", "remain-on-exit", "on");
    // Only now: the options above hold for programs that start after them.
    const program = ["env", ...UNWANTED.flatMap((name) => ["-u", name]), ...settings, ...command];
    this.#tmux("respawn-pane", "-k", "-t", "tour", "-c", folder, "--", ...program);
  }

  /** As if typed. */
  type(text: string): void {
    // tmux takes a semicolon at the end of an argument for its own.
    this.#tmux("send-keys", "-t", "tour", "-l", "--", text.replace(/;$/, "\\;"));
  }

  /** Keys by tmux's names: `Enter`, `C-r`. */
  press(...keys: readonly string[]): void {
    this.#tmux("send-keys", "-t", "tour", ...keys);
  }

  /** As a terminal pastes: in brackets, if the program asked for them. */
  paste(text: string): void {
    execFileSync("tmux", ["-L", this.#socket, "load-buffer", "-b", "tour", "-"], { input: text });
    this.#tmux("paste-buffer", "-p", "-d", "-b", "tour", "-t", "tour");
  }

  /** As it is now: text, colours and cursor of one moment. */
  screen(): Screen {
    const capture = ["capture-pane", "-p", "-t", "tour"];
    for (;;) {
      const text = this.#tmux(...capture);
      const ansi = this.#tmux(...capture, "-e");
      const place = this.#tmux("display-message", "-p", "-t", "tour", "#{cursor_x} #{cursor_y}");
      const [x = 0, y = 0] = place.split(" ").map(Number);
      if (text === this.#tmux(...capture)) return { text, ansi, cursor: { x, y } };
    }
  }

  /** All that the terminal remembers, as text. */
  history(): string {
    return this.#tmux("capture-pane", "-p", "-t", "tour", "-S", "-");
  }

  /** Polls until the screen has what is looked for. @throws {Error} with the screen. */
  async see(what: string, isThere: (text: string) => boolean): Promise<Screen> {
    const deadline = performance.now() + WAIT_MS;
    for (;;) {
      const screen = this.screen();
      if (isThere(screen.text)) return screen;
      if (performance.now() > deadline) {
        throw new Error(`not on the screen: ${what}\n--- screen\n${screen.text}\n---`);
      }
      await pause(POLL_MS);
    }
  }

  [Symbol.dispose](): void {
    this.#tmux("kill-server");
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync("tmux", ["-L", this.#socket, ...args], { encoding: "utf8" }).trimEnd();
  }
}
