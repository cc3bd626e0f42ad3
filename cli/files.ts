/**
 * Files that commands are given: what is wrong with them is said before any work is done.
 * @module
 */
import { accessSync, constants, existsSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "./usage.ts";

/** @throws {UsageError} unless the file is there and no folder. @param wanted what to give instead. */
export function checkInputFile(file: string, wanted: string): void {
  if (!existsSync(file)) throw new UsageError(`no such file: ${file}`);
  if (statSync(file).isDirectory()) throw new UsageError(`${file} is a folder; give ${wanted}`);
}

/** @throws {UsageError} when the file's folder is missing or not ours to write into, or a folder has its name. */
export function checkOutputFile(flag: string, file: string): void {
  if (!existsSync(dirname(resolve(file)))) {
    throw new UsageError(`${flag}: no such folder: ${dirname(file)}`);
  }
  if (existsSync(file)) {
    if (statSync(file).isDirectory()) {
      throw new UsageError(`${flag}: ${file} is a folder; give a file`);
    }
    return; // also /dev/stdout, in whose folder nobody may make files
  }
  try {
    accessSync(dirname(resolve(file)), constants.W_OK);
  } catch (error) {
    throw new UsageError(`${flag}: no right to write into ${dirname(file)}`, { cause: error });
  }
}

/** Writes a result; a failure (no right, disk full) is said. @returns whether it was written. */
export function writeOutput(flag: string, file: string, text: string): boolean {
  try {
    writeFileSync(file, text);
    return true;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    process.stderr.write(`eagerdeck: ${flag}: ${file} could not be written: ${why}\n`);
    return false;
  }
}
