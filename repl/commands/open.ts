/**
 * A file in the program that the desktop opens it with.
 * @module
 */
import { spawn } from "node:child_process";

const OPENERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
};

/** Starts it and waits for nothing but its start. @returns what to tell the person: the path, whatever happened. */
export async function openFile(file: string): Promise<string> {
  const [command, ...before] = OPENERS[process.platform] ?? ["xdg-open"];
  const child = spawn(command, [...before, file], { stdio: "ignore", detached: true });
  const problem = await new Promise<Error | undefined>((resolve) => {
    child.once("spawn", () => resolve(undefined)).once("error", resolve);
  });
  child.unref();
  return problem === undefined ? `opening ${file}` : `cannot open a browser here: ${file}`;
}
