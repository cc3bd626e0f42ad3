/**
 * `eagerdeck notebook run`: a notebook through the real kernel, without Python.
 * @module
 */
import { existsSync, writeFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { runNotebook } from "../kernel/notebook-run.ts";
import { sessionPage } from "../runtime/deck/views.ts";
import { NotebookFileError } from "../runtime/session/notebook-file.ts";
import { EXIT, UsageError } from "./usage.ts";

export interface NotebookFlags {
  readonly output?: string;
  readonly deck?: string;
  readonly keepGoing?: boolean;
}

/** @returns the exit code: 1 when a cell failed. */
export async function notebookRun(input: string, flags: NotebookFlags): Promise<number> {
  if (!existsSync(input)) throw new UsageError(`no such file: ${input}`);
  for (const [flag, file] of Object.entries({ "-o": flags.output, "--deck": flags.deck })) {
    if (file !== undefined && !existsSync(dirname(resolve(file)))) {
      throw new UsageError(`${flag}: no such folder: ${dirname(file)}`);
    }
  }
  const result = await executed(input, flags);
  if (flags.deck !== undefined) {
    writeFileSync(flags.deck, await sessionPage(result.runs, { title: basename(input) }));
  }
  return result.ok ? EXIT.ok : EXIT.failed;
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
