/**
 * `.sh`: a line for the person's own shell, with its output as it comes.
 *
 * It gets a process group of its own: an interrupt ends all that it started, and nothing else. Its input is empty, for
 * the keyboard belongs to the screen.
 * @module
 */
import { spawn } from "node:child_process";

export interface ShellOptions {
  /** Absolute. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly onOutput: (stream: "stdout" | "stderr", text: string) => void;
}

export type ShellEnd =
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals }
  | { readonly kind: "not-started"; readonly reason: string };

const KILL_AFTER_MS = 2_000;

/** Runs until the shell has ended and its output was read; never rejects. */
export function runShell(command: string, options: ShellOptions): Promise<ShellEnd> {
  const { folder, signal, onOutput } = options;
  const isWindows = process.platform === "win32";
  const child = spawn(command, {
    cwd: folder,
    shell: isWindows ? true : process.env["SHELL"] || "/bin/sh",
    detached: !isWindows,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let timer: NodeJS.Timeout | undefined;
  const end = (how: NodeJS.Signals) => {
    try {
      if (child.pid === undefined || isWindows) child.kill(how);
      else process.kill(-child.pid, how);
    } catch {
      // It has ended already.
    }
  };
  const stop = () => {
    end("SIGINT");
    timer = setTimeout(() => end("SIGKILL"), KILL_AFTER_MS);
  };
  for (const stream of ["stdout", "stderr"] as const) {
    // A character may be cut in two by the pipe; the decoder waits for its other half.
    child[stream].setEncoding("utf8").on("data", (text: string) => onOutput(stream, text));
  }
  return new Promise((resolve) => {
    const settle = (ended: ShellEnd) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      resolve(ended);
    };
    child.once("error", ({ message }) => settle({ kind: "not-started", reason: message }));
    child.once("close", (code, by) =>
      settle(by === null ? { kind: "exit", code: code ?? 0 } : { kind: "signal", signal: by }),
    );
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
