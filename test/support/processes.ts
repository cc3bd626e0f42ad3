/**
 * Whether processes are there.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";

/** Processes can be found by what stands in their environment: Linux shows it, other systems do not. */
export const canFindProcesses = process.platform === "linux";

/**
 * Every process of this machine that has `mark` in its environment, whoever its parent is now. A zombie has none.
 * @returns their numbers with their command lines.
 */
export function processesMarked(
  mark: string,
): { readonly pid: number; readonly command: string }[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      if (!readFileSync(`/proc/${name}/environ`, "utf8").includes(mark)) return [];
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      return [{ pid: Number(name), command }];
    } catch {
      return []; // it has ended meanwhile, or it is somebody else's
    }
  });
}

/** Also true for a zombie that its new parent has not collected yet. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // ESRCH: nobody has that number
  }
}
