/**
 * The modes without a screen: which one, the ways out, exit codes.
 * @module
 */
import { keepRunFiles } from "../../runtime/deck/run-files.ts";
import type { Session } from "../../runtime/session/client/api.ts";
import type { CommandContext } from "../commands/command.ts";
import { CommandError, isCommand, runCommand } from "../commands/registry.ts";
import { CommandState } from "../commands/state.ts";
import { exitCodes } from "../exit-codes.ts";
import { ctrlC, descend, type PressState } from "../interrupt.ts";
import type { ReplOptions, StartSession } from "../launch.ts";
import {
  createStyle,
  hasLightGround,
  type Style,
  wantsAscii,
  wantsColor,
} from "../terminal/style.ts";
import { runJson } from "./json.ts";
import { runLines } from "./line.ts";
import { LineReader } from "./line-reader.ts";
import { Questions } from "./questions.ts";
import { Report } from "./report.ts";
import { cellsOf, runCells } from "./run.ts";

export interface PlainOptions {
  /** Of `-e` or of a file. */
  readonly cells: readonly string[] | undefined;
  readonly start: StartSession;
}

/** Width of decks and values that go to no terminal. */
const PIPE_COLUMNS = 100;
const CLOSE_GRACE_MS = 1_000;

/** Runs until the input ends or something ends us. @returns the exit code. */
export async function runPlain(repl: ReplOptions, options: PlainOptions): Promise<number> {
  const isTerminal = process.stdout.isTTY === true;
  const columns = isTerminal ? Math.max(40, process.stdout.columns) : PIPE_COLUMNS;
  const session = options.start({
    folder: repl.folder,
    columns,
    color: repl.mode !== "json" && wantsColor(process.env, isTerminal),
    ...(repl.check === undefined ? {} : { check: repl.check }),
  });
  using ending = watchEnds(session);
  const filesWritten = keepRunFiles(session, {
    onNotice: (text) => void process.stderr.write(`${text}\n`),
  });
  try {
    const work =
      repl.mode === "json"
        ? json(repl, options, session, ending)
        : text(repl, options, session, columns, ending);
    return await Promise.race([work, ending.code]);
  } finally {
    // A pipe that still waits for input would keep the process alive.
    process.stdin.destroy();
    await session.close({ graceMs: CLOSE_GRACE_MS });
    await filesWritten();
  }
}

function json(
  repl: ReplOptions,
  options: PlainOptions,
  session: Session,
  ending: Ending,
): Promise<number> {
  return runJson({
    session,
    write: (line) => process.stdout.write(line),
    cells: options.cells,
    keepsGoing: repl.keepGoing === true,
    onSigint: ending.onSigint,
    inputRefusal:
      "input() has nobody to ask: with --json, send cells as requests instead of -e or a file",
  });
}

/** Why a cell of a pipe, of `-e` or of a file cannot ask; undefined when a person is there. */
function inputRefusal(isPiped: boolean): string | undefined {
  if (process.stdin.isTTY === true) return undefined;
  return isPiped
    ? "input() has nobody to ask: standard input is the cells. Put them into a file and run it in a terminal: eagerdeck repl FILE"
    : "input() has nobody to ask: standard input is no terminal. Run it in one, or send the cells to eagerdeck repl --json";
}

async function text(
  repl: ReplOptions,
  { cells: given }: PlainOptions,
  session: Session,
  columns: number,
  ending: Ending,
): Promise<number> {
  const isQuiet = repl.quiet === true;
  const isPiped = repl.mode === "auto" && process.stdin.isTTY !== true;
  const readsLines = given === undefined ? !isPiped : repl.interactiveAfter === true;
  const styles = { out: styleOf(process.stdout), err: styleOf(process.stderr) };
  const report = new Report({
    session,
    columns,
    isQuiet,
    hasLabels: readsLines,
    isReadOut: isReadOut(),
    out: { style: styles.out, write: (text) => process.stdout.write(text) },
    err: { style: styles.err, write: (text) => process.stderr.write(text) },
  });
  void ending.code.then(() => report.close());
  const left = Promise.withResolvers<number>();
  const questions = new Questions({
    refusal: inputRefusal(isPiped && given === undefined),
    open: () => new LineReader({ onInterrupt: ending.press }),
  });
  session.onInput((question) => questions.ask(question));
  const state = new CommandState(session);
  state.settings.onChange(({ theme }) => {
    for (const style of Object.values(styles)) style.setTheme(theme);
  });
  let earlier: readonly string[] = [];
  // Of commands: `.rerun 3` has failed when the cell has.
  let cellsFailed = 0;
  const context: CommandContext = {
    session,
    state,
    columns,
    transcript: report.transcript,
    style: styles.out,
    leave: (code) => left.resolve(code ?? exitCodes.ok),
    restart: () => session.restart(),
    earlier: () => earlier,
    runs: () => report.records.runs(),
    run: (n) => report.findRun(n),
    deckText: (run) => report.deckText(run, styles.out),
    execute: async (cell) => {
      const settled = await report.run(cell, { stopOnError: false });
      if (settled.status !== "ok") cellsFailed++;
      return settled;
    },
    say: (stream, text) => void process[stream].write(text),
  };
  const perform = async (cell: string) => {
    const before = cellsFailed;
    return (await performCommand(cell, context)) && cellsFailed === before;
  };
  const command = (cell: string) => (isCommand(cell) ? perform(cell) : undefined);
  const run = { session, report, command, keepsGoing: repl.keepGoing === true };
  ending.onSigint(cellPress(session, (code) => ending.resolve(code)));
  try {
    const cells = given ?? (isPiped ? cellsOf(process.stdin) : []);
    const ran = await Promise.race([runCells(cells, run), left.promise]);
    if (!readsLines || ran === exitCodes.interrupted) return ran;
    return await runLines({
      ...run,
      isQuiet,
      keepsHistory: repl.history !== false,
      onSigint: ending.onSigint,
      questions,
      left: left.promise,
      onEarlier: (sources) => {
        earlier = sources;
      },
    });
  } catch (error) {
    if (!(error instanceof TypeError) || !isPiped) throw error;
    process.stderr.write("the input is no UTF-8 text\n");
    return exitCodes.usage;
  } finally {
    state.close();
    report.close();
  }
}

async function performCommand(code: string, context: CommandContext): Promise<boolean> {
  try {
    const printed = await runCommand(code, context);
    if (printed !== "") process.stdout.write(`${printed}\n`);
    return true;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return false;
  }
}

/** SIGINT is a press of Ctrl-C: it climbs the ladder while a cell runs, and ends us between cells. */
function cellPress(session: Session, end: (code: number) => void): () => void {
  let presses: PressState = {};
  let pressedAt = session.count;
  return () => {
    if (session.count !== pressedAt) presses = descend(presses);
    pressedAt = session.count;
    const situation = { hasPopup: false, hasText: false, isRunning: true };
    const { meaning, state } = ctrlC(presses, situation, performance.now());
    presses = state;
    if (meaning.kind !== "interrupt") return;
    const before = session.count;
    void session.interrupt(meaning.interrupt).then((result) => {
      // Nothing was there to interrupt, or it is gone and the next cell must not start.
      if (result === "done" && session.count === before) end(exitCodes.interrupted);
    });
  };
}

interface Ending extends Disposable {
  /** Resolves when a signal, a closed pipe or `process.exit(n)` in a cell ends the program. */
  readonly code: Promise<number>;
  resolve(code: number): void;
  /** What a SIGINT does: readline reads Ctrl-C itself. */
  readonly press: () => void;
  onSigint(press: () => void): void;
}

function watchEnds(session: Session): Ending {
  const { promise, resolve } = Promise.withResolvers<number>();
  let press = () => resolve(exitCodes.interrupted);
  const onSigint = () => press();
  const onTerminate = () => resolve(exitCodes.terminated);
  const onHangUp = () => resolve(exitCodes.hungUp);
  // `| head -1` closes the pipe: nobody reads any more, so there is nothing left to do or to say.
  const onOutputError = () => resolve(exitCodes.closedPipe);
  const ignore = () => undefined;
  process.on("SIGINT", onSigint).on("SIGTERM", onTerminate).on("SIGHUP", onHangUp);
  process.stdout.on("error", onOutputError);
  process.stderr.on("error", ignore);
  const stop = session.onEvent((event) => {
    if (event.kind === "phase" && event.exitCode !== undefined) resolve(event.exitCode);
  });
  return {
    code: promise,
    resolve,
    press: onSigint,
    onSigint: (hear) => {
      press = hear;
    },
    [Symbol.dispose]: () => {
      // The output's listeners stay: an error that comes after our last word must not throw.
      process.off("SIGINT", onSigint).off("SIGTERM", onTerminate).off("SIGHUP", onHangUp);
      stop();
    },
  };
}

function isReadOut(): boolean {
  return Boolean(process.env["INK_SCREEN_READER"]);
}

function styleOf(stream: NodeJS.WriteStream): Style {
  return createStyle({
    hasColor: wantsColor(process.env, stream.isTTY === true),
    isAscii: wantsAscii(process.env),
    isSpoken: isReadOut(),
    isGroundLight: hasLightGround(process.env),
  });
}
