/**
 * Output as it comes → whole lines for the scrollback, and the unfinished rest for the tail row.
 *
 * CR begins the line anew, so that a progress bar prints once, in its last state.
 * @module
 */
import { ERASE_LINE } from "../terminal/escapes.ts";

export interface Tail {
  /** Text after the last newline. */
  readonly text: string;
  /** A CR came last: the next text replaces the line. */
  readonly isReturned: boolean;
}

export const emptyTail: Tail = { text: "", isReturned: false };

/** A tail longer than this goes out as a line of its own piece by piece: memory is bounded. */
const TAIL_LENGTH_MAX = 64 * 1024;

export function feed(
  tail: Tail,
  text: string,
): { readonly tail: Tail /** Whole lines, each with its newline. */; readonly lines: string } {
  // A replaced line needs no erasing.
  const parts = text.replaceAll(ERASE_LINE, "").split("\n");
  let current = tail;
  let lines = "";
  for (const [index, part] of parts.entries()) {
    current = write(current, part);
    if (index === parts.length - 1) break;
    lines += `${current.text}\n`;
    current = emptyTail;
  }
  if (current.text.length > TAIL_LENGTH_MAX) {
    return { tail: emptyTail, lines: `${lines}${current.text}\n` };
  }
  return { tail: current, lines };
}

function write(tail: Tail, part: string): Tail {
  let { text, isReturned } = tail;
  for (const [index, piece] of part.split("\r").entries()) {
    if (index > 0) isReturned = true;
    if (piece === "") continue;
    text = isReturned ? piece : text + piece;
    isReturned = false;
  }
  return { text, isReturned };
}
