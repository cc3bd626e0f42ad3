/**
 * `eagerdeck notebook run`: a notebook through the real kernel, without Python.
 * @module
 */
import { basename } from "node:path";
import { runNotebook } from "../kernel/notebook-run.ts";
import { exitCodes } from "../repl/exit-codes.ts";
import { sessionPage } from "../runtime/deck/views.ts";
import { NotebookFileError } from "../runtime/session/notebook-file.ts";
import { checkInputFile, checkOutputFile, writeOutput } from "./files.ts";
import { UsageError } from "./usage.ts";

export interface NotebookFlags {
  readonly output?: string;
  readonly deck?: string;
  readonly keepGoing?: boolean;
}

/** @returns the exit code: 1 when a cell failed. */
export async function notebookRun(input: string, flags: NotebookFlags): Promise<number> {
  checkInputFile(input, "an .ipynb file");
  if (!/\.(?:ipynb|[cm]?[jt]sx?)$/.test(input)) {
    throw new UsageError(
      `${input} is no notebook; give an .ipynb file, or a .ts script with // %% cells`,
    );
  }
  for (const [flag, file] of Object.entries({ "-o": flags.output, "--deck": flags.deck })) {
    if (file !== undefined) checkOutputFile(flag, file);
  }
  const result = await executed(input, flags);
  if (flags.deck !== undefined) {
    const page = await sessionPage(result.runs, { title: basename(input) });
    if (!writeOutput("--deck", flags.deck, page)) return exitCodes.failed;
  }
  return result.ok ? exitCodes.ok : exitCodes.failed;
}

async function executed(input: string, flags: NotebookFlags) {
  try {
    return await runNotebook({
      input,
      ...(flags.output === undefined ? {} : { output: flags.output }),
      ...(flags.keepGoing === undefined ? {} : { keepGoing: flags.keepGoing }),
      onProgress: ({ cell, cells, error, state }) => {
        if (state === "started") return;
        process.stderr.write(`cell ${cell} of ${cells}: ${state}\n`);
        if (error) process.stderr.write(`${plain(error.traceback.join("\n"))}\n`);
      },
    });
  } catch (error) {
    if (error instanceof NotebookFileError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** Tracebacks carry the colours that notebooks show; a log file must not. */
function plain(text: string): string {
  const isColored = process.stderr.isTTY && !process.env["NO_COLOR"];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for.
  return isColored ? text : text.replaceAll(/\u001b\[[0-9;]*m/g, "");
}
