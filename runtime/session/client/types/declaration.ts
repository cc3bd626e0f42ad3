/**
 * Where a name is declared, and the text of that declaration.
 * @module
 */
import { readFile, stat } from "node:fs/promises";
import type { Location, LocationLink, Range } from "vscode-languageserver-protocol";

const FILE_BYTES_MAX = 4_000_000;
const LINES_MAX = 200;

export interface Place {
  readonly uri: string;
  /** Of the name. */
  readonly range: Range;
  /** Of the whole declaration, where the server says it. */
  readonly whole?: Range;
}

export function placeOf(found: Location | LocationLink): Place {
  if ("uri" in found) return found;
  const { targetUri, targetRange, targetSelectionRange } = found;
  return { uri: targetUri, range: targetSelectionRange, whole: targetRange };
}

/** Text of a file that a declaration may be in; absent when it cannot be read or is no source that anybody wrote. */
export async function fileText(path: string): Promise<string | undefined> {
  try {
    if ((await stat(path)).size > FILE_BYTES_MAX) return undefined;
    return await readFile(path, "utf8");
  } catch {
    return undefined; // gone since the checker read it: the place alone is told
  }
}

/** The lines of a range, from the beginning of the first: `export const a = 1` and not `a = 1`. */
export function textIn(text: string | undefined, whole: Range | undefined): { text?: string } {
  if (text === undefined || whole === undefined) return {};
  const { start, end } = whole;
  const lines = text.split("\n").slice(start.line, end.line + 1);
  // What follows the declaration in its last line is somebody else's; a semicolon is its own.
  const last = lines.at(-1) ?? "";
  const rest = last.slice(end.character);
  lines[lines.length - 1] = last.slice(0, end.character) + (/^\s*;/.test(rest) ? ";" : "");
  // A cell's document ends in a line of its own semicolon, which the last declaration of the cell takes for its.
  if (lines.length > 1 && lines.at(-1)?.trim() === ";") lines.pop();
  const more = lines.length - LINES_MAX;
  const shown = more > 0 ? [...lines.slice(0, LINES_MAX), `// … ${more} more lines`] : lines;
  return { text: unindented(shown).join("\n") };
}

function unindented(lines: readonly string[]): string[] {
  const indents = lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/));
  const indent = Math.min(...indents, 80);
  return lines.map((line) => line.slice(indent));
}
