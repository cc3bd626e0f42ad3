/** The REPL without a terminal: what it is given on stdin, what it says on stdout and stderr, how it ends. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { distFolder } from "./dist.ts";

export interface PipedResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

export interface PipedRepl {
  readonly stdin: NodeJS.WritableStream;
  /** Everything written so far. */
  output(): { readonly stdout: string; readonly stderr: string };
  signal(name: NodeJS.Signals): void;
  /** Closes our end of its stdout. */
  closeOutput(): void;
  readonly ended: Promise<PipedResult>;
}

export interface PipedOptions {
  /** With the real session, as people start it. */
  readonly isReal?: boolean;
  readonly folder?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const scripted = fileURLToPath(new URL("scripted-repl.ts", import.meta.url));

/** Starts the REPL on a scripted session, or as people start it. */
export function startPiped(args: readonly string[], options: PipedOptions = {}): PipedRepl {
  const script = options.isReal ? [`${distFolder}/cli/main.js`, "repl"] : [scripted];
  const { NO_COLOR: _, FORCE_COLOR: _force, ...env } = process.env;
  const child = spawn(process.execPath, [...script, ...args], {
    env: { ...env, ...options.environment },
    stdio: ["pipe", "pipe", "pipe"],
    ...(options.folder === undefined ? {} : { cwd: options.folder }),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  // It may end before it has read everything.
  child.stdin.on("error", () => undefined);
  const { promise, resolve } = Promise.withResolvers<PipedResult>();
  child.on("close", (code) => resolve({ stdout, stderr, code }));
  return {
    stdin: child.stdin,
    output: () => ({ stdout, stderr }),
    signal: (name) => void child.kill(name),
    closeOutput: () => child.stdout.destroy(),
    ended: promise,
  };
}

/** Runs with the whole input at once. */
export async function runPiped(
  args: readonly string[],
  input: string | Uint8Array = "",
  options: PipedOptions = {},
): Promise<PipedResult> {
  const repl = startPiped(args, options);
  repl.stdin.end(input);
  return await repl.ended;
}
