/**
 * The kernel's own log: stderr, by `EAGERDECK_LOG=error|info|debug`. Never the key; never a cell's text above debug.
 * @module
 */
export type LogLevel = "error" | "info" | "debug";

export type Log = (level: LogLevel, message: string) => void;

const LEVELS: readonly LogLevel[] = ["error", "info", "debug"];

/** @param wanted what the environment says; anything unknown means `error`. */
export function stderrLog(wanted: string | undefined): Log {
  // Whoever read it may be gone (EPIPE); that is no reason for a kernel to end.
  process.stderr.on("error", () => undefined);
  const most = Math.max(0, LEVELS.indexOf(wanted as LogLevel)); // indexOf of a stranger is -1
  return (level, message) => {
    if (LEVELS.indexOf(level) <= most) process.stderr.write(`eagerdeck kernel: ${message}\n`);
  };
}
