/**
 * `eagerdeck notebook run`: a notebook through the real kernel, without Python.
 * @module
 */
import { basename, dirname, resolve } from "node:path";
import { runNotebook } from "../kernel/notebook-run.ts";
import { ParameterError } from "../kernel/parameters.ts";
import { exitCodes } from "../repl/exit-codes.ts";
import { sessionPage } from "../runtime/deck/views.ts";
import { type Session, startSession } from "../runtime/session/client/session.ts";
import type { Dialect } from "../runtime/session/dialect.ts";
import {
  NotebookFileError,
  notebookDialect,
  readNotebook,
} from "../runtime/session/notebook-file.ts";
import { checkInputFile, checkOutputFile, writeOutput } from "./files.ts";
import { readParameters } from "./parameters.ts";
import { Stop } from "./stop.ts";
import { UsageError } from "./usage.ts";

const COLUMNS = 100;
const CLOSE_GRACE_MS = 300;

export interface NotebookFlags {
  readonly output?: string;
  /** `NAME=VALUE`. */
  readonly parameter?: readonly string[];
  readonly parametersFile?: string;
  readonly deck?: string;
  readonly keepGoing?: boolean;
}

/** @returns the exit code: 1 when a cell failed. */
export async function notebookRun(
  input: string,
  out: string | undefined,
  flags: NotebookFlags,
): Promise<number> {
  checkInputFile(input, "an .ipynb file");
  if (!isNotebook(input)) {
    throw new UsageError(
      `${input} is no notebook; give an .ipynb file, or a .ts script with // %% cells`,
    );
  }
  if (out !== undefined && flags.output !== undefined) {
    throw new UsageError(`the output is given twice: ${out} and -o ${flags.output}`);
  }
  if (out !== undefined && !isNotebook(out)) {
    throw new UsageError(`${out} is no notebook's name; the output is an .ipynb or .ts file`);
  }
  const output = out ?? flags.output;
  for (const [flag, file] of Object.entries({ [out ?? "-o"]: output, "--deck": flags.deck })) {
    if (file !== undefined) checkOutputFile(flag, file);
  }
  const parameters = readParameters(flags.parameter ?? [], flags.parametersFile);
  const dialect = await dialectOf(input);
  const folder = dirname(resolve(input));
  const session = startSession({ folder, columns: COLUMNS, ...(dialect && { dialect }) });
  using stop = new Stop(session);
  try {
    const result = await executed({ input, output, parameters, session, stop }, flags);
    if (result.unsaved) {
      const why = result.unsaved.message;
      process.stderr.write(`eagerdeck: ${output} could not be written: ${why}\n`);
    }
    if (stop.code !== undefined) return stop.code;
    if (flags.deck !== undefined) {
      const page = await sessionPage(result.runs, { title: basename(input) });
      if (!writeOutput("--deck", flags.deck, page)) return exitCodes.failed;
    }
    return result.ok && !result.unsaved ? exitCodes.ok : exitCodes.failed;
  } catch (error) {
    // A session that was stopped while it started fails in many ways; the person knows why.
    if (stop.code !== undefined) return stop.code;
    throw error;
  } finally {
    await session.close({ graceMs: CLOSE_GRACE_MS });
  }
}

/** For which kernel it was written. @throws {UsageError} when it is no notebook. */
async function dialectOf(input: string): Promise<Dialect | undefined> {
  try {
    return notebookDialect(await readNotebook(input));
  } catch (error) {
    if (error instanceof NotebookFileError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function isNotebook(file: string): boolean {
  return /\.(?:ipynb|[cm]?[jt]sx?)$/.test(file);
}

interface Wanted {
  readonly input: string;
  readonly output: string | undefined;
  readonly parameters: ReadonlyMap<string, unknown>;
  readonly session: Session;
  readonly stop: Stop;
}

async function executed(wanted: Wanted, flags: NotebookFlags) {
  const { input, output, parameters, session, stop } = wanted;
  try {
    return await runNotebook({
      input,
      parameters,
      session,
      ...(output === undefined ? {} : { output }),
      ...(flags.keepGoing === undefined ? {} : { keepGoing: flags.keepGoing }),
      isStopped: () => stop.code !== undefined,
      onWarning: (text) => void process.stderr.write(`eagerdeck: warning: ${text}\n`),
      onProgress: ({ cell, cells, error, state }) => {
        if (state === "started") return stop.calling();
        process.stderr.write(`cell ${cell} of ${cells}: ${state}\n`);
        if (error) process.stderr.write(`${plain(error.traceback.join("\n"))}\n`);
      },
    });
  } catch (error) {
    if (error instanceof NotebookFileError || error instanceof ParameterError) {
      throw new UsageError(error.message, { cause: error });
    }
    throw error;
  }
}

/** Tracebacks carry the colours that notebooks show; a log file must not. */
function plain(text: string): string {
  const isColored = process.stderr.isTTY && !process.env["NO_COLOR"];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for.
  return isColored ? text : text.replaceAll(/\u001b\[[0-9;]*m/g, "");
}
