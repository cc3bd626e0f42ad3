/**
 * The built command line as a process of its own, with all that it says.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { distFolder } from "./dist.ts";

export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly ended: Promise<Said>;
  /** Resolves when stdout and stderr together hold that text. */
  said(text: string): Promise<void>;
}

/** @param options.environment beside PATH and HOME. */
export function startCommand(
  args: readonly string[],
  { folder, environment = {} }: { folder: string; environment?: Readonly<Record<string, string>> },
): RunningCommand {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, [join(distFolder, "cli/main.js"), ...args], {
    cwd: folder,
    env: { PATH, HOME, NO_COLOR: "1", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      said[stream] += text;
      for (const look of waiting) look();
    });
  }
  const ended = new Promise<Said>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...said }));
  });
  return {
    process: child,
    ended,
    said(text) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = () => {
        if (`${said.stdout}${said.stderr}`.includes(text)) resolve();
      };
      waiting.add(look);
      look();
      void ended.then(({ stderr }) =>
        reject(new Error(`it ended without saying ${text}: ${stderr}`)),
      );
      return promise.finally(() => waiting.delete(look));
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

export async function runCommand(
  args: readonly string[],
  options: Parameters<typeof startCommand>[1],
): Promise<Said> {
  await using command = startCommand(args, options);
  return await command.ended;
}
