/**
 * `eagerdeck repl`: options → the terminal's own.
 * @module
 */
import { runRepl } from "../repl/launch.ts";
import { checkInputFile } from "./files.ts";
import { UsageError } from "./usage.ts";

export interface ReplFlags {
  readonly eval?: string;
  readonly interactive?: boolean;
  readonly plain?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly keepGoing?: boolean;
  /** False for `--no-history`. */
  readonly history?: boolean;
  readonly check?: "error" | "warn" | "off";
}

/** @returns the exit code. */
export async function repl(file: string | undefined, flags: ReplFlags): Promise<number> {
  if (file !== undefined && flags.eval !== undefined) {
    throw new UsageError("give a file or -e CODE, not both");
  }
  if (flags.plain && flags.json) throw new UsageError("--plain and --json exclude each other");
  if (flags.interactive && flags.json) throw new UsageError("--json and -i exclude each other");
  if (flags.interactive && file === undefined && flags.eval === undefined && !process.stdin.isTTY) {
    throw new UsageError("-i needs -e CODE or a file: standard input is the cells, and ends");
  }
  if (file !== undefined) {
    checkInputFile(file, "a .ts file");
  }
  return await runRepl({
    mode: flags.json ? "json" : flags.plain ? "plain" : "auto",
    folder: process.cwd(),
    ...(file === undefined ? {} : { file }),
    ...(flags.eval === undefined ? {} : { code: flags.eval }),
    ...(flags.check === undefined ? {} : { check: flags.check }),
    ...(flags.quiet === undefined ? {} : { quiet: flags.quiet }),
    ...(flags.keepGoing === undefined ? {} : { keepGoing: flags.keepGoing }),
    ...(flags.history === undefined ? {} : { history: flags.history }),
    ...(flags.interactive === undefined ? {} : { interactiveAfter: flags.interactive }),
  });
}
