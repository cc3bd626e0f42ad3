/**
 * Cells one after the other, from `-e`, a file or a pipe; stops at the first that fails.
 * @module
 */
import type { Session, Settled } from "../../runtime/session/client/api.ts";
import { exitCodes } from "../exit-codes.ts";
import { CellSplitter } from "./cells.ts";
import type { Report } from "./report.ts";

export interface RunOptions {
  readonly session: Session;
  readonly report: Report;
  readonly keepsGoing: boolean;
  /** Runs a cell that is a command; false when it failed. */
  readonly command: (code: string) => Promise<boolean> | undefined;
}

/** Runs cells as they come. @returns the exit code they add up to. */
export async function runCells(
  cells: AsyncIterable<string> | Iterable<string>,
  options: RunOptions,
): Promise<number> {
  const { report, keepsGoing } = options;
  let code: number = exitCodes.ok;
  for await (const cell of cells) {
    const ended = await runCell(cell, options);
    if (ended === exitCodes.ok) continue;
    code = Math.max(code, ended);
    if (!keepsGoing || ended === exitCodes.interrupted) return code;
  }
  await report.runsEnded();
  return code === exitCodes.ok && report.uncaughtCount > 0 ? exitCodes.failed : code;
}

async function runCell(code: string, options: RunOptions): Promise<number> {
  const command = options.command(code);
  if (command) return (await command) ? exitCodes.ok : exitCodes.failed;
  return codeOf(await options.report.run(code));
}

export function codeOf(settled: Settled): number {
  if (settled.status === "ok") return exitCodes.ok;
  if (settled.status === "interrupted") return exitCodes.interrupted;
  return settled.error?.code === "SESSION_LOST" ? exitCodes.lost : exitCodes.failed;
}

/** The cells of a stream of bytes. @throws {TypeError} for bytes that are no UTF-8. */
export async function* cellsOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const splitter = new CellSplitter();
  for await (const chunk of input) yield* splitter.push(decoder.decode(chunk, { stream: true }));
  yield* splitter.push(decoder.decode());
  yield* splitter.end();
}
