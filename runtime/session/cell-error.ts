/**
 * The error of a cell as plain data: made in the user process, shown by any front end.
 * @module
 */

/** One frame of a stack, at a position the person wrote. Line and column count from 1. */
export interface CellFrame {
  readonly function?: string;
  /** `In [3]`, or a path: relative to the session's folder where possible. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `package` frames come from `node_modules` and are shown dimmed. */
  readonly from: "cell" | "file" | "package";
}

/** One finding of the TypeScript checker. Line and column count from 1, columns in UTF-16 units. */
export interface Diagnostic {
  readonly code: number;
  readonly message: string;
  readonly severity: "error" | "warning";
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** What a failed cell ends with. Nothing in it is a live value. */
export interface CellError {
  /** The error's `name`; `TypeScriptError` for diagnostics, `SyntaxError`, `Interrupted`, `SessionLost`. */
  readonly name: string;
  readonly message: string;
  /** The error's own `code` (`INPUT_INVALID`, `ENOENT`, …) or ours (`SESSION_LOST`). */
  readonly code?: string;
  /** The user's frames, innermost first. */
  readonly frames: readonly CellFrame[];
  /** The page of the execution that failed, for a call on a cluster. */
  readonly url?: string;
  /** The stack of an error from another process, as it was written there. */
  readonly trace?: readonly string[];
  /** Plain text: the lines around the innermost position, numbered, with a caret. */
  readonly codeFrame?: string;
  /** The `cause`, at most eight deep, cycles cut. */
  readonly cause?: CellError;
  /** Members of an AggregateError, at most five. */
  readonly errors?: readonly CellError[];
  /** Present for `TypeScriptError`: at most ten, the message counts the rest. */
  readonly diagnostics?: readonly Diagnostic[];
  /** A thrown non-error as one line: `throw "x"` gives `"x"` with its quotes. */
  readonly thrown?: string;
}
