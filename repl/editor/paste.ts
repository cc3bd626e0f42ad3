/**
 * Pasted text → text that may stand in the editor.
 * @module
 */
import { CONTROL_SEQUENCE } from "../terminal/escapes.ts";

/** Longer pastes are refused. */
export const PASTE_LENGTH_MAX = 1_000_000;

// At the beginning of a copied line. Ours and IPython's: no TypeScript begins so, and what has none is output.
const OURS = /^(?:In \[\d+\]: | {2,}\.\.\.: )/;
// Also Node's and Deno's, which may be code: they go when every line has one.
const ANY = /^(?:In \[\d+\]: | {2,}\.\.\.: |> |\.\.\. |\| )/;

/** Line ends become LF, control characters go; of a copied session the code stays, without prompts and output. */
export function cleanPaste(text: string): string {
  const lines = text
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(CONTROL_SEQUENCE, "")
    // Control characters and halves of characters: neither can be seen, both can do harm.
    .replaceAll(/(?![\n\t])\p{Cc}|\p{Cs}/gu, "")
    .split("\n");
  const filled = lines.filter((line) => line.trim() !== "");
  if (filled.length > 0 && filled.every((line) => isPrompted(line, ANY))) {
    return lines.map((line) => withoutPrompt(line, ANY)).join("\n");
  }
  if (!/^In \[\d+\]: /.test(filled[0] ?? "")) return lines.join("\n");
  const code = lines.filter((line) => isPrompted(line, OURS));
  return code.map((line) => withoutPrompt(line, OURS)).join("\n");
}

/** A terminal copies no blanks at the end of a line, not even the prompt's own. */
function isPrompted(line: string, prompt: RegExp): boolean {
  return prompt.test(`${line} `);
}

function withoutPrompt(line: string, prompt: RegExp): string {
  return prompt.test(line) ? line.replace(prompt, "") : isPrompted(line, prompt) ? "" : line;
}
