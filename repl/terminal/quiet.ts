/**
 * Nothing but `Screen` prints while Ink has the terminal: one line of a library's `console.warn` or of
 * Node's own warnings would tear the frame.
 * @module
 */
import { Console } from "node:console";
import { createWriteStream } from "node:fs";
import { Writable } from "node:stream";

/** Sends `console` and process warnings to a file, or nowhere. */
export function silenceConsole(file: string | undefined): void {
  const sink: NodeJS.WritableStream = file
    ? createWriteStream(file, { flags: "a" })
    : new Writable({ write: (_chunk, _encoding, done) => done() });
  // The log is for us: that it cannot be written is no reason to stop.
  sink.on("error", () => undefined);
  globalThis.console = new Console(sink);
  process.removeAllListeners("warning");
  process.on("warning", (warning) => console.warn(warning));
}
