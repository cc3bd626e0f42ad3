/**
 * A program in tmux, driven by keys and read by its screen: a terminal that people really use.
 * @module
 */
import { execFileSync } from "node:child_process";

export interface TmuxOptions {
  readonly columns: number;
  readonly rows: number;
  readonly folder: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const WAIT_MS = 20_000;
const POLL_MS = 50;

/** A tmux server of its own, with one window; ended with it. */
export class Tmux implements Disposable {
  readonly #socket = `eagerdeck-tour-${process.pid}-${Math.random().toString(36).slice(2)}`;

  constructor({ columns, rows, folder, command, environment }: TmuxOptions) {
    const env = Object.entries(environment).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    this.#tmux(
      "new-session",
      "-d",
      "-x",
      `${columns}`,
      "-y",
      `${rows}`,
      "-c",
      folder,
      ...env,
      command.map(quoted).join(" "),
    );
    this.#tmux("set-option", "-g", "status", "off");
    // The row of the status line goes to the program.
    this.#tmux("resize-window", "-x", `${columns}`, "-y", `${rows}`);
  }

  /** Types text as it is. */
  type(text: string): void {
    // tmux takes a semicolon at the end of an argument for its own.
    this.#tmux("send-keys", "-l", "--", text.replace(/;$/, "\\;"));
  }

  /** Presses keys by tmux's names: `Enter`, `C-r`, `Tab`. */
  press(...keys: readonly string[]): void {
    this.#tmux("send-keys", ...keys);
  }

  /** The screen as text. */
  text(): string {
    return this.#tmux("capture-pane", "-p");
  }

  /** The screen with its colours. */
  colored(): string {
    return this.#tmux("capture-pane", "-e", "-p");
  }

  /** Polls until the screen has it. @throws {Error} with the screen, after twenty seconds. */
  async see(wanted: RegExp): Promise<void> {
    const until = performance.now() + WAIT_MS;
    while (performance.now() < until) {
      if (wanted.test(this.text())) return;
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
    throw new Error(`not on the screen: ${wanted}\n${this.text()}`);
  }

  [Symbol.dispose](): void {
    this.#tmux("kill-server");
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync("tmux", ["-L", this.#socket, ...args], { encoding: "utf8" });
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
