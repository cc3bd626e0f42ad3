/**
 * Lines of stdin, given out one by one to whoever asks: line mode for its cells, `input()` of a cell.
 *
 * Lines that nobody has asked for yet wait, so that a pipe with cells and answers means the same however
 * fast it arrives, as in Python.
 * @module
 */
import { createInterface, type Interface } from "node:readline";
import { Echo, stopTerminalEcho } from "./echo.ts";

export interface ReadOptions {
  /** An answer of a cell: not for the history of lines. */
  readonly isAnswer?: boolean;
  readonly isSecret?: boolean;
  readonly signal?: AbortSignal;
}

export interface LineReaderOptions {
  /** Lines of earlier sessions, newest first. */
  readonly history?: readonly string[];
  readonly onInterrupt: () => void;
}

const LINES_KEPT_MAX = 1_000;

export class LineReader implements Disposable {
  readonly #lines: Interface;
  readonly #echo = new Echo(process.stderr);
  /** Readline edits the line; otherwise the terminal does, or nobody. */
  readonly #isEdited: boolean;
  readonly #waiting: string[] = [];
  #next: ((line: string | undefined) => void) | undefined;
  #isAnswer = false;
  #newestKept: string | undefined;
  #hasEnded = false;

  constructor({ history = [], onInterrupt }: LineReaderOptions) {
    this.#isEdited = isEditedByReadline();
    this.#newestKept = history[0];
    this.#lines = createInterface({
      input: process.stdin,
      output: this.#echo,
      terminal: this.#isEdited,
      historySize: LINES_KEPT_MAX,
      history: history.slice(0, LINES_KEPT_MAX),
      crlfDelay: Number.POSITIVE_INFINITY,
    });
    this.#lines.on("history", (kept) => this.#onKept(kept));
    this.#lines.on("SIGINT", onInterrupt);
    this.#lines.on("line", (line) => this.#onLine(line));
    this.#lines.on("close", () => {
      this.#hasEnded = true;
      this.#next?.(undefined);
    });
  }

  /** Whether something is typed on the line that has not been entered. */
  get hasText(): boolean {
    return this.#lines.line.length > 0;
  }

  /** Empties the line that is being typed. */
  clear(): void {
    if (!this.#isEdited) return;
    this.#lines.write(null, { ctrl: true, name: "e" });
    this.#lines.write(null, { ctrl: true, name: "u" });
  }

  /** Shows a prompt again, with what is typed behind it. */
  prompt(text: string): void {
    if (this.#hasEnded) {
      // Readline is closed; lines that came before the end are still given out.
      if (this.#waiting.length > 0) this.#echo.write(text);
      return;
    }
    this.#lines.setPrompt(text);
    this.#lines.prompt(true);
  }

  /** Prints below a line that is being typed, and shows prompt and line again; else just prints. */
  aside(print: () => void): void {
    const isTyping = this.#next !== undefined && !this.#hasEnded;
    if (isTyping) this.#echo.write("\n");
    print();
    if (!isTyping) return;
    // Readline would climb over the rows of the line as it stood, into what was printed.
    Object.assign(this.#lines, { prevRows: 0 });
    this.#lines.prompt(true);
  }

  /** The next line; undefined at the end of the input, or when `signal` aborts. One call at a time. */
  async read(prompt: string, options: ReadOptions = {}): Promise<string | undefined> {
    const { isAnswer = false, isSecret = false, signal } = options;
    if (signal?.aborted) return undefined;
    this.#isAnswer = isAnswer;
    const isAsked = isSecret && this.#waiting.length === 0 && !this.#hasEnded;
    // A terminal's own echo stops before the question is seen: nobody types too early then.
    using _unechoed = isAsked && !this.#isEdited ? hideEcho() : undefined;
    this.prompt(prompt);
    const early = this.#waiting.shift();
    if (early !== undefined || this.#hasEnded) return this.#given(early);
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#next = resolve;
    const onAbort = () => resolve(undefined);
    signal?.addEventListener("abort", onAbort, { once: true });
    using _muted = isAsked && this.#isEdited ? this.#mute() : undefined;
    try {
      const line = await promise;
      if (line === undefined && isAnswer && !this.#hasEnded) this.clear();
      return this.#given(line);
    } finally {
      this.#next = undefined;
      signal?.removeEventListener("abort", onAbort);
    }
  }

  [Symbol.dispose](): void {
    this.#lines.close();
  }

  #given(line: string | undefined): string | undefined {
    this.#isAnswer = false;
    // What is typed while a cell runs stands behind no prompt.
    this.#lines.setPrompt("");
    return line;
  }

  #onLine(line: string): void {
    const next = this.#next;
    this.#next = undefined;
    if (next) next(line);
    else this.#waiting.push(line);
  }

  /** The array is readline's own: what is taken out of it is forgotten. */
  #onKept(kept: string[]): void {
    if (this.#isAnswer && kept[0] !== this.#newestKept) kept.shift();
    this.#newestKept = kept[0];
  }

  #mute(): Disposable {
    this.#echo.isMuted = true;
    return {
      [Symbol.dispose]: () => {
        this.#echo.isMuted = false;
        process.stderr.write("\n");
      },
    };
  }
}

function hideEcho(): Disposable | undefined {
  if (!process.stdin.isTTY) return undefined;
  const stopped = stopTerminalEcho();
  if (!stopped) process.stderr.write("(what you type is shown) ");
  return (
    stopped && {
      [Symbol.dispose]: () => {
        stopped[Symbol.dispose]();
        process.stderr.write("\n");
      },
    }
  );
}

/** A screen reader reads a line that readline rewrites again from its start. */
function isEditedByReadline(): boolean {
  const { stdin, stderr, env } = process;
  const isTerminal = stdin.isTTY === true && stderr.isTTY === true;
  return isTerminal && env["TERM"] !== "dumb" && !env["INK_SCREEN_READER"];
}
