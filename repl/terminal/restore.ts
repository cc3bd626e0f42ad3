/**
 * Puts the terminal back on every way out, once: a shell without echo is the worst a REPL can leave.
 *
 * Ink restores cursor, paste and kitty mode when it unmounts. This is the net below it, for a throw
 * before Ink is up, for `process.exit` and for signals. After SIGKILL only `reset` helps.
 * @module
 */
import { writeSync } from "node:fs";

// End of a synchronized update, no colours, visible cursor, no bracketed paste, kitty keyboard popped.
// Popping an empty stack of keyboard modes does nothing, and terminals without the protocol ignore it.
const RESET = "\x1b[?2026l\x1b[0m\x1b[?25h\x1b[?2004l\x1b[<u";

export interface Restorer {
  /** Restores now; later calls and the exit of the process do nothing more. */
  restore(): void;
}

/** Arms the restoration. `stdin` is in raw mode from here on. */
export function armRestore(stdin: NodeJS.ReadStream, outputFd: number): Restorer {
  let isDone = false;
  const restore = () => {
    if (isDone) return;
    isDone = true;
    process.off("exit", restore);
    try {
      stdin.setRawMode(false);
    } catch {
      // The terminal is gone (EIO after a hang-up): there is nothing left to put back.
    }
    try {
      writeSync(outputFd, RESET);
    } catch {
      // As above; and a closed output has no cursor to show.
    }
  };
  process.on("exit", restore);
  return { restore };
}
