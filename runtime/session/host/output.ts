/**
 * Captures what cells print and gives it to the cell, and call, that printed it.
 *
 * `write` is replaced on the stream objects themselves, below `console` and above the file descriptor:
 * the async context at that moment names the cell, so a late `console.log` of cell 3 lands in cell 3.
 * @module
 */
import { StringDecoder } from "node:string_decoder";
import type { LogWritten } from "../../events/events.ts";
import { hasOwnSecrets, redactText } from "../../values/redact.ts";
import { now } from "../../workflow/engine.ts";
import { currentScope } from "../../workflow/run.ts";

type Sink = (event: LogWritten) => void;
type Callback = (error?: Error | null) => void;

/**
 * Captures stdout and stderr of this process.
 * @param fallbackCell the cell that text without an async context belongs to: the oldest running one, else the last.
 */
export function captureOutput(sink: Sink, fallbackCell: () => number | undefined): void {
  capture(process.stdout, "stdout", sink, fallbackCell);
  capture(process.stderr, "stderr", sink, fallbackCell);
}

/**
 * Callbacks of writes since the last turn, and how often each was given. `console.log` gives the same one
 * every time, and in a loop that prints no turn comes: a tick for each would fill the memory.
 */
let written = new Map<Callback, number>();

function callBack(done: Callback): void {
  if (written.size === 0) process.nextTick(callAll);
  written.set(done, (written.get(done) ?? 0) + 1);
}

function callAll(): void {
  const calls = written;
  written = new Map();
  for (const [done, times] of calls) {
    for (let n = 0; n < times; n++) {
      try {
        done(null);
      } catch (error) {
        // As if it had had a turn of its own: the others are called all the same.
        process.nextTick(() => {
          throw error;
        });
      }
    }
  }
}

function capture(
  target: NodeJS.WriteStream,
  stream: "stdout" | "stderr",
  sink: Sink,
  fallbackCell: () => number | undefined,
): void {
  // Bytes of one character may come in two writes.
  const decoder = new StringDecoder("utf8");
  const write = (chunk: unknown, encoding?: unknown, callback?: unknown): boolean => {
    const text = toText(chunk, encoding, decoder);
    if (text !== "") sink(logEvent(stream, text, fallbackCell));
    const done = (typeof encoding === "function" ? encoding : callback) as Callback | undefined;
    if (done) callBack(done);
    return true;
  };
  Object.defineProperty(target, "write", { value: write, writable: true, configurable: true });
  const end = (chunk?: unknown, encoding?: unknown, callback?: unknown) => {
    // Ending the stream would end the output of all later cells with it.
    if (chunk !== undefined && typeof chunk !== "function") write(chunk, encoding);
    const done = [chunk, encoding, callback].find((x) => typeof x === "function") as
      | Callback
      | undefined;
    if (done) callBack(done);
    return target;
  };
  Object.defineProperty(target, "end", { value: end, writable: true, configurable: true });
}

function toText(chunk: unknown, encoding: unknown, decoder: StringDecoder): string {
  if (typeof chunk === "string") {
    const isText = typeof encoding !== "string" || /^utf-?8$/i.test(encoding);
    return isText ? chunk : Buffer.from(chunk, encoding as BufferEncoding).toString("utf8");
  }
  if (chunk instanceof Uint8Array) {
    return decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  }
  throw new TypeError(
    `The "chunk" argument must be of type string or an instance of Buffer or Uint8Array, not ${typeof chunk}`,
  );
}

function logEvent(
  stream: "stdout" | "stderr",
  text: string,
  fallbackCell: () => number | undefined,
): LogWritten {
  const scope = currentScope();
  const cell = scope?.run.cell ?? fallbackCell();
  const safe = hasOwnSecrets() ? redactText(text) : text;
  return {
    kind: "log",
    runId: scope?.run.isAnnounced ? scope.run.id : "",
    at: now(),
    stream,
    text,
    ...(safe === text ? {} : { safe }),
    ...(cell === undefined ? {} : { cell }),
    ...(scope?.callId === undefined ? {} : { id: scope.callId }),
  };
}
