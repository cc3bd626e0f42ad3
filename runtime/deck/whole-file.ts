/**
 * Files that are there whole or not at all: written beside their place, then renamed.
 * @module
 */
import { randomUUID } from "node:crypto";
import { realpath, rename, rm, stat, writeFile } from "node:fs/promises";

/** Replaces the file. The folder has to be there. @throws {Error} of the file system; nothing is left beside the file then. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const target = await existing(file);
  // A file in the place of /dev/null would be the end of many programs.
  if (target?.isDevice) return await writeFile(target.path, text);
  const path = target?.path ?? file;
  const part = `${path}.${randomUUID()}.part`;
  try {
    await writeFile(part, text);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** What has the name, links followed: they stay links. */
async function existing(file: string) {
  try {
    const path = await realpath(file);
    const found = await stat(path);
    return { path, isDevice: !found.isFile() && !found.isDirectory() };
  } catch {
    return undefined; // nothing there yet, or nothing that may be looked at: writing will tell
  }
}
