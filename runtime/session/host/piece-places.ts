/**
 * Places within pieces of cells that went to a cluster. There they are said without the cell's number, for the same code in
 * another cell is the same code: `analysis/[fit@3f2a]:2:9`, the second line of what declares `fit`. Here they become
 * `In [3]:14:9` again.
 * @module
 */
import { createHash } from "node:crypto";
import type { CellPiece } from "../../workflow/cell-code.ts";
import type { Piece } from "../../workflow/thread/messages.ts";
import type { Position } from "./compile.ts";

export interface SentPiece extends CellPiece {
  /** The line of its cell in which it begins, from 1. */
  readonly firstLine: () => number;
}

/** By their sources. */
export type SentPieces = Map<string, SentPiece>;

type Locate = (line: number, column: number) => Position | undefined;

/** @param locate where a position of its compiled cell was written. */
export function locatedPiece(piece: Piece, locate: Locate): SentPiece {
  const at: Locate = (line, column) =>
    locate(piece.line + line - 1, line === 1 ? piece.column + column - 1 : column);
  let first: number | undefined;
  const firstLine = () => {
    first ??= writtenFirst(piece.text, at);
    return first;
  };
  return {
    ...piece,
    source: sourceName(piece),
    firstLine,
    locate: (line, column) => {
      const position = at(line, column);
      return position && { line: position.line - firstLine() + 1, column: position.column };
    },
  };
}

const FRAME = /[^\s(]*\[([^\]\s]+@[\da-f]{4})\]:(\d+):(\d+)/g;

/**
 * A stack that came from the cluster, with the places of cells.
 * @param label what people call a cell that was compiled under that name.
 */
export function locatedStack(
  stack: string,
  pieces: SentPieces,
  label: (file: string) => string | undefined,
): string {
  return stack.replaceAll(FRAME, (whole, source: string, line: string, column: string) => {
    const piece = pieces.get(decoded(source));
    const cell = piece && label(piece.file);
    if (piece === undefined || cell === undefined) return whole;
    return `${cell}:${piece.firstLine() + Number(line) - 1}:${column}`;
  });
}

/** Its name, and what tells it from an older one of that name. */
function sourceName({ name, text }: Piece): string {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 4);
  // It becomes a part of an address.
  return `${name.replaceAll(/[^\p{L}\p{N}.$_-]+/gu, "_")}@${hash}`;
}

function decoded(source: string): string {
  try {
    return decodeURIComponent(source);
  } catch {
    // It was written by nobody of ours.
    return source;
  }
}

/** The line of the cell in which the text begins: that of its first word that somebody wrote. */
function writtenFirst(text: string, at: Locate): number {
  for (const [index, line] of text.split("\n").entries()) {
    for (const { index: column } of line.matchAll(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu)) {
      const position = at(index + 1, column + 1);
      if (position) return Math.max(1, position.line - index);
    }
  }
  return 1;
}
