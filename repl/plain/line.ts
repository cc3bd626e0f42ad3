/**
 * Line mode: `node:readline` instead of a screen, for screen readers, dumb terminals and editors that
 * run a REPL in a pipe. Whole lines, nothing that was printed is rewritten.
 * @module
 */
import type { Session } from "../../runtime/session/client/api.ts";
import { type Inputs, openInputs } from "../../runtime/store/inputs.ts";
import { isCommand } from "../commands/registry.ts";
import { exitCodes } from "../exit-codes.ts";
import { ctrlC, descend, type PressState, withoutHint } from "../interrupt.ts";
import { LineReader } from "./line-reader.ts";
import type { Questions } from "./questions.ts";
import type { Report } from "./report.ts";

export interface LineOptions {
  readonly session: Session;
  readonly report: Report;
  readonly isQuiet: boolean;
  /** Whether what is typed is kept for later sessions. */
  readonly keepsHistory: boolean;
  /** Hears what earlier sessions typed, oldest first, once it is read. */
  readonly onEarlier: (sources: readonly string[]) => void;
  readonly command: (code: string) => Promise<boolean> | undefined;
  /** Hears of each SIGINT. */
  readonly onSigint: (press: () => void) => void;
  /** Who asks for cells; from here on with the lines of this mode. */
  readonly questions: Questions;
  /** Ended by the `.exit` command. */
  readonly left: Promise<number>;
}

const CONTINUATION = "... ";

/** Reads cells line by line until the input ends. @returns the exit code. */
export async function runLines(options: LineOptions): Promise<number> {
  const { session, report, keepsHistory, onSigint, questions, left } = options;
  // A pipe is a program, whose lines nobody wants back.
  const isStored = keepsHistory && process.stdin.isTTY === true;
  const onNotice = (text: string) => report.say(text, "muted");
  const inputs = await openInputs({ folder: session.folder, isStored, onNotice });
  const kept = await keptSources(inputs);
  options.onEarlier(kept.toReversed());
  const lines = new Lines(options, inputs);
  using reader = new LineReader({
    // Readline's history is one of lines: a cell of three comes back as three.
    history: kept.flatMap((source) => source.split("\n").reverse()),
    onInterrupt: () => lines.press(reader),
  });
  onSigint(() => lines.press(reader));
  questions.reader = reader;
  report.aside = (print) => reader.aside(print);
  return await Promise.race([lines.run(reader), lines.left, left]);
}

/** Newest first. */
async function keptSources(inputs: Inputs): Promise<readonly string[]> {
  const sources: string[] = [];
  await inputs.load((older) => {
    for (const { source } of older) sources.push(source);
  });
  return sources;
}

class Lines {
  readonly #options: LineOptions;
  readonly #inputs: Inputs;
  readonly #left = Promise.withResolvers<number>();
  #draft: string[] = [];
  #isRunning = false;
  #presses: PressState = {};

  constructor(options: LineOptions, inputs: Inputs) {
    this.#options = options;
    this.#inputs = inputs;
  }

  /** Resolves when the person leaves by Ctrl-C. */
  get left(): Promise<number> {
    return this.#left.promise;
  }

  async run(reader: LineReader): Promise<number> {
    for (;;) {
      const line = await reader.read(this.#prompt());
      // What is typed and not complete runs all the same: the parser then says what is missing.
      if (line !== undefined) this.#draft.push(line);
      if (line === undefined || this.#isReady()) await this.#submit();
      if (line === undefined) return exitCodes.ok;
    }
  }

  press(reader: LineReader): void {
    const { session, report } = this.#options;
    const isRunning = this.#isRunning;
    // What is typed while a cell runs is an answer to it, or waits in sight: the press means the cell.
    const hasText = !isRunning && (this.#draft.length > 0 || reader.hasText);
    const situation = { hasPopup: false, hasText, isRunning };
    const { meaning, state } = ctrlC(this.#presses, situation, performance.now());
    this.#presses = state;
    switch (meaning.kind) {
      case "interrupt":
        void session.interrupt(meaning.interrupt);
        return;
      case "leave":
        return this.#left.resolve(exitCodes.ok);
      case "clear-text":
        this.#draft = [];
        reader.clear();
        return reader.prompt(this.#prompt());
      case "hint":
        report.say("Ctrl-C again, or Ctrl-D, leaves", "muted");
        return reader.prompt(this.#prompt());
      default:
        // The same press, held; and there is no popup to close.
        return;
    }
  }

  #prompt(): string {
    const { isQuiet, session } = this.#options;
    if (isQuiet) return "";
    return this.#draft.length > 0 ? CONTINUATION : `In [${session.count + 1}]: `;
  }

  #isReady(): boolean {
    const code = this.#draft.join("\n");
    if (code.trim() === "" || isCommand(code)) return true;
    return this.#options.session.parse(code).status !== "incomplete";
  }

  async #submit(): Promise<void> {
    const code = this.#draft.join("\n");
    this.#draft = [];
    if (code.trim() === "") return;
    const { session, report, command } = this.#options;
    this.#inputs.add(code, isCommand(code) ? undefined : session.count + 1);
    this.#isRunning = true;
    try {
      // Also after a failure the next line runs: each is its own decision.
      await (command(code) ?? report.run(code, { stopOnError: false }));
    } finally {
      this.#isRunning = false;
      this.#presses = withoutHint(descend(this.#presses));
    }
  }
}
