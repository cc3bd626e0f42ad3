/**
 * What is typed and not to be seen: a password.
 *
 * A terminal in its usual mode shows keys by itself; where readline edits the line it is readline's
 * output that shows them.
 * @module
 */
import { spawnSync } from "node:child_process";
import { Writable } from "node:stream";

/** readline's output: the terminal, but for what is secret. */
export class Echo extends Writable {
  isMuted = false;
  readonly #terminal: NodeJS.WriteStream;

  constructor(terminal: NodeJS.WriteStream) {
    super({ decodeStrings: false });
    this.#terminal = terminal;
  }

  /** readline wraps long lines by it. */
  get columns(): number {
    return this.#terminal.columns;
  }

  override _write(text: string, _encoding: BufferEncoding, written: () => void): void {
    if (!this.isMuted) this.#terminal.write(text);
    written();
  }
}

/**
 * Stops the terminal of stdin from showing keys until the result is disposed of, or we end.
 * @returns undefined when it cannot be stopped.
 */
export function stopTerminalEcho(): Disposable | undefined {
  if (!stty("-echo")) return undefined;
  const restore = () => void stty("echo");
  process.once("exit", restore);
  return {
    [Symbol.dispose]: () => {
      process.off("exit", restore);
      restore();
    },
  };
}

function stty(setting: string): boolean {
  return spawnSync("stty", [setting], { stdio: ["inherit", "ignore", "ignore"] }).status === 0;
}
