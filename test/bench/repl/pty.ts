/**
 * A program in a pseudo-terminal of 120 × 50, with a watch: what it wrote, and when each part came.
 *
 * A headless xterm takes everything too, because programs ask their terminal things and wait for its answers. What is
 * timed is looked for in the bytes: a screen is parsed later than it is written. Of a line that changes only what differs
 * may be written, so that what stands there as a whole is read from the screen.
 * @module
 */
import { stripVTControlCharacters } from "node:util";
import { type IPty, spawn } from "@lydell/node-pty";
import xterm from "@xterm/headless";

const COLUMNS = 120;
const ROWS = 50;
const FRAME_START = "\x1b[?2026h";
const FRAME_END = "\x1b[?2026l";

interface Watch {
  readonly look: (text: string) => boolean;
  readonly seen: (at: number) => void;
}

export class BenchTerminal implements Disposable {
  readonly startedAt = performance.now();
  readonly #pty: IPty;
  readonly #screen: InstanceType<typeof xterm.Terminal>;
  readonly #watches = new Set<Watch>();
  readonly #exit = Promise.withResolvers<void>();
  #hasExited = false;
  /** Everything since the last `mark`. */
  #raw = "";

  constructor(
    command: readonly string[],
    options: { readonly folder: string; readonly env?: Readonly<Record<string, string>> },
  ) {
    const [program = "", ...args] = command;
    const { CI: _, NO_COLOR: _noColor, FORCE_COLOR: _forceColor, ...inherited } = process.env;
    const env = { ...inherited, TERM: "xterm-256color", LANG: "C.UTF-8", ...options.env };
    this.#screen = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
    this.#pty = spawn(program, args, { cols: COLUMNS, rows: ROWS, cwd: options.folder, env });
    this.#pty.onData((data) => {
      const at = performance.now();
      this.#raw += data;
      const text = this.text;
      for (const watch of [...this.#watches]) if (watch.look(text)) watch.seen(at);
      this.#screen.write(data);
    });
    this.#screen.onData((answer) => {
      if (!this.#hasExited) this.#pty.write(answer);
    });
    this.#pty.onExit(() => {
      this.#hasExited = true;
      this.#exit.resolve();
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  /** What came since the last `mark`, as it was written. */
  get raw(): string {
    return this.#raw;
  }

  /** The same without escapes. */
  get text(): string {
    return stripVTControlCharacters(this.#raw);
  }

  /** Forgets what came so far. */
  mark(): void {
    this.#raw = "";
  }

  type(text: string): void {
    if (!this.#hasExited) this.#pty.write(text);
  }

  /** When `look` held first for what came since the mark, as `performance.now()`; undefined: not within `maxMs`. */
  until(look: (text: string) => boolean, maxMs: number): Promise<number | undefined> {
    if (look(this.text)) return Promise.resolve(performance.now());
    return new Promise((resolve) => {
      const end = (at: number | undefined) => {
        clearTimeout(timer);
        this.#watches.delete(watch);
        resolve(at);
      };
      const watch: Watch = { look, seen: end };
      const timer = setTimeout(() => end(undefined), maxMs);
      this.#watches.add(watch);
    });
  }

  /** The rows of the screen, once all that came so far has been parsed. */
  async rows(): Promise<string[]> {
    await new Promise<void>((resolve) => this.#screen.write("", resolve));
    const { active } = this.#screen.buffer;
    const lines = Array.from({ length: ROWS }, (_, y) => active.getLine(active.baseY + y));
    return lines.map((line) => line?.translateToString(true) ?? "");
  }

  /** Bytes of each synchronized update since the mark. */
  frames(): number[] {
    return this.#raw
      .split(FRAME_START)
      .slice(1)
      .map((frame) => Buffer.byteLength(frame.split(FRAME_END)[0] ?? ""));
  }

  async end(): Promise<void> {
    if (!this.#hasExited) this.#pty.kill("SIGKILL");
    await this.#exit.promise;
    this.#screen.dispose();
  }

  [Symbol.dispose](): void {
    void this.end();
  }
}
