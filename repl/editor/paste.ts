/**
 * Pasted text → text that may stand in the editor.
 * @module
 */
import { CONTROL_SEQUENCE } from "../terminal/escapes.ts";

/** Longer pastes are refused. */
export const PASTE_LENGTH_MAX = 1_000_000;

// A prompt of ours, of IPython, of Node or of Deno, at the beginning of a copied line.
const PROMPT = /^(?:In \[\d+\]: | {2,}\.\.\.: |> |\.\.\. |\| )/;

/** Line ends become LF, control characters go, prompts go when every line begins with one. */
export function cleanPaste(text: string): string {
  const lines = text
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(CONTROL_SEQUENCE, "")
    // Control characters and halves of characters: neither can be seen, both can do harm.
    .replaceAll(/(?![\n\t])\p{Cc}|\p{Cs}/gu, "")
    .split("\n");
  const filled = lines.filter((line) => line.trim() !== "");
  const isTranscript = filled.length > 0 && filled.every((line) => PROMPT.test(`${line} `));
  if (!isTranscript) return lines.join("\n");
  return lines.map((line) => line.replace(PROMPT, "")).join("\n");
}
