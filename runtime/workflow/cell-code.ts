/**
 * Where the code of a task comes from that a cell defined, when it goes to a cluster. A session tells what belongs to
 * it; neither the engine nor the cluster's side knows what a cell is.
 * @module
 */
import type { Definition } from "./definition.ts";
import type { Piece } from "./thread/messages.ts";

/** A place of a piece as it was written, from 1. Lines count from where its declaration begins. */
export interface PiecePosition {
  readonly line: number;
  readonly column: number;
}

export interface CellPiece extends Piece {
  /** What stacks call it: the same for the same code, whatever cell that stands in. */
  readonly source: string;
  /** Where a place of the piece was written; lines and columns count from 1, from the beginning of its text. */
  readonly locate: (line: number, column: number) => PiecePosition | undefined;
}

/** One thing that cells made and the code uses. */
export type CellPart =
  /** A function or class. */
  | { readonly kind: "code"; readonly piece: CellPiece; readonly uses: readonly number[] }
  /** The expression that made a value, to be evaluated again. */
  | {
      readonly kind: "made";
      readonly piece: CellPiece;
      readonly isAwaited: boolean;
      /** Indexes of the parts it uses. */
      readonly uses: readonly number[];
    }
  /** A copy, as an expression of JavaScript. */
  | { readonly kind: "value"; readonly text: string }
  /** `*` is the module itself. */
  | { readonly kind: "import"; readonly specifier: string; readonly exported: string }
  /** An export of eagerdeck's own, or a property of one: `Deck.html`. */
  | { readonly kind: "own"; readonly exported: string }
  /** The signal of the call that runs. */
  | { readonly kind: "signal" };

export interface CellSlice {
  readonly parts: readonly CellPart[];
  /** Indexes of the parts that are made again, in the order to make them. */
  readonly order: readonly number[];
  /** The session's names, each with the index of its part. */
  readonly names: ReadonlyMap<string, number>;
  /** All tasks and workflows, each with the index of the part that makes it. */
  readonly definitions: ReadonlyMap<Definition, number>;
  /** The folder that imports begin at. */
  readonly folder: string;
}

export interface CellCode {
  /**
   * What these tasks and workflows are made of, with the values that names have now.
   * @returns undefined when no cell made the first of them.
   * @throws {TypeError} that names what cannot be sent to a cluster.
   */
  slice(definitions: readonly Definition[]): CellSlice | undefined;
  /** A stack from the cluster with the places of cells. */
  located(stack: string): string;
}

let current: CellCode | undefined;

export function setCellCode(code: CellCode): void {
  current = code;
}

export function cellCode(): CellCode | undefined {
  return current;
}
