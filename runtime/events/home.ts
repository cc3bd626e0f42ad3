/**
 * Where a folder keeps what eagerdeck remembers of it: `.eagerdeck`, out of sight of version control.
 * @module
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "./make-folder.ts";

const HOME = ".eagerdeck";

/** Relative to the working folder. */
export function homePath(...names: readonly string[]): string {
  return join(HOME, ...names);
}

/** Makes the place in a working folder. @returns its path there. @throws when it cannot be written. */
export function makeHome(folder: string, ...names: readonly string[]): string {
  const path = join(folder, HOME, ...names);
  makeFolder(path);
  const ignore = join(folder, HOME, ".gitignore");
  if (!existsSync(ignore)) writeFileSync(ignore, "*\n");
  return path;
}

/** Whether anything is to be remembered: `EAGERDECK_HISTORY` as `off`, or set to nothing, says no. */
export function isHistoryOn(environment: NodeJS.ProcessEnv = process.env): boolean {
  const setting = environment["EAGERDECK_HISTORY"]?.toLowerCase();
  return setting !== "off" && setting !== "";
}
