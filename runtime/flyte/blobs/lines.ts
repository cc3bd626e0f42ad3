/**
 * Bytes as text.
 * @module
 */
import { StorageError } from "../storage.ts";

/** A file without line ends must not fill the memory unseen. */
const LINE_LENGTH_MAX = 256 * 1024 * 1024;

/** UTF-8; a byte order mark is left out, bytes that are no text become U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Lines without their ends (`\n` or `\r\n`); the text behind the last end is a line if there is any. */
export async function* linesOf(
  stream: ReadableStream<Uint8Array>,
  name: string,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  // Of a line that goes over several pieces: joined once, at its end.
  let begun: string[] = [];
  let length = 0;
  for await (const piece of stream) {
    const parts = decoder.decode(piece, { stream: true }).split("\n");
    const last = parts.pop() ?? "";
    for (const part of parts) {
      const line = begun.length > 0 ? begun.join("") + part : part;
      begun = [];
      length = 0;
      yield line.endsWith("\r") ? line.slice(0, -1) : line;
    }
    if (last === "") continue;
    begun.push(last);
    length += last.length;
    if (length > LINE_LENGTH_MAX) {
      throw new StorageError(
        "STORAGE_TOO_LARGE",
        `${name} has a line of more than ${LINE_LENGTH_MAX} characters: read it as a stream`,
      );
    }
  }
  const rest = begun.join("") + decoder.decode();
  if (rest !== "") yield rest.endsWith("\r") ? rest.slice(0, -1) : rest;
}
