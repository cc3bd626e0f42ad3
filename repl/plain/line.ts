/**
 * Line mode: `node:readline` instead of a screen, for screen readers, dumb terminals and editors that
 * run a REPL in a pipe. Whole lines, nothing that was printed is rewritten.
 * @module
 */
import { createInterface } from "node:readline";
import type { Session } from "../../runtime/session/client/api.ts";
import { isCommand } from "../commands/registry.ts";
import { exitCodes } from "../exit-codes.ts";
import { ctrlC, descend, type PressState } from "../interrupt.ts";
import type { Report } from "./report.ts";

export interface LineOptions {
  readonly session: Session;
  readonly report: Report;
  readonly isQuiet: boolean;
  readonly command: (code: string) => Promise<boolean> | undefined;
  /** Hears of each SIGINT. */
  readonly onSigint: (press: () => void) => void;
  /** Ended by the `.exit` command. */
  readonly left: Promise<number>;
}

const CONTINUATION = "... ";

/** Reads cells line by line until the input ends. @returns the exit code. */
export async function runLines(options: LineOptions): Promise<number> {
  const { session, report, isQuiet, command, onSigint, left } = options;
  const isTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
  const lines = createInterface({
    input: process.stdin,
    output: process.stderr,
    // A screen reader reads a line that readline rewrites again from its start.
    terminal: isTerminal && process.env["TERM"] !== "dumb" && !process.env["INK_SCREEN_READER"],
    historySize: 1_000,
  });
  let draft: string[] = [];
  let running = Promise.resolve();
  let active = 0;
  let isClosed = false;
  let presses: PressState = {};
  const ended = Promise.withResolvers<number>();

  const prompt = () => {
    if (isQuiet || isClosed) return;
    lines.setPrompt(draft.length > 0 ? CONTINUATION : `In [${session.count + 1}]: `);
    lines.prompt();
  };
  const run = async (code: string) => {
    const asCommand = command(code);
    if (asCommand) await asCommand;
    else await report.run(code, { stopOnError: false });
    active--;
    presses = descend(presses);
    if (active === 0) prompt();
  };
  const submit = () => {
    const code = draft.join("\n");
    draft = [];
    if (code.trim() === "") return prompt();
    active++;
    // What was typed ahead runs in its turn, also after a failure: each line is its own decision.
    running = running.then(() => run(code));
  };
  const press = () => {
    const situation = { hasPopup: false, hasText: draft.length > 0, isRunning: active > 0 };
    const { meaning, state } = ctrlC(presses, situation, performance.now());
    presses = state;
    if (meaning.kind === "interrupt") void session.interrupt(meaning.interrupt);
    else if (meaning.kind === "leave") ended.resolve(exitCodes.ok);
    else if (meaning.kind === "clear-text") draft = [];
    else if (meaning.kind === "hint") report.say("Ctrl-C again, or Ctrl-D, leaves", "muted");
    if (meaning.kind === "clear-text" || meaning.kind === "hint") prompt();
  };
  onSigint(press);
  lines.on("SIGINT", press);
  lines.on("line", (line) => {
    draft.push(line);
    const code = draft.join("\n");
    const isReady = isCommand(code) || session.parse(code).status !== "incomplete";
    if (code.trim() === "" || isReady) submit();
    else prompt();
  });
  lines.on("close", () => {
    isClosed = true;
    // What is typed and not complete runs all the same: the parser then says what is missing.
    if (draft.length > 0) submit();
    void running.then(() => ended.resolve(exitCodes.ok));
  });
  prompt();
  const code = await Promise.race([ended.promise, left]);
  lines.close();
  return code;
}
