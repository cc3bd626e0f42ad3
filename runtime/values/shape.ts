/**
 * What other parts know of a value: a preview for rows of calls, a MIME bundle for front ends.
 *
 * Both are plain, serializable data made once, when the value exists; nobody looks at the value again.
 * @module
 */

/** How a value is shown in one line, and in full when it is unfolded. */
export interface Preview {
  /** One line of safe plain text: control and bidi characters escaped, at most 80 columns. */
  readonly line: string;
  /** What kind of value it is, for styling and for tests: `"number"`, `"array"`, `"error"`, … */
  readonly kind: string;
  /** Present only when there is more to see than `line` says. */
  readonly body?: PreviewBody;
  /** Why the value could not be shown in full, in words. */
  readonly missing?: string;
}

export type PreviewBody =
  | { readonly as: "text"; readonly text: string }
  | {
      readonly as: "table";
      readonly columns: readonly { readonly name: string; readonly type: string }[];
      /** Cells as text; `null` for a value that is missing. */
      readonly rows: readonly (readonly (string | null)[])[];
      readonly caption: string;
    }
  | ErrorBody
  | { readonly as: "image"; readonly mime: string; readonly base64: string; readonly alt: string }
  /** HTML as its maker wrote it, but for secrets: views make it safe, or show the text. */
  | { readonly as: "html"; readonly html: string; readonly text: string };

/** An error taken apart, so that each front end can lay it out in its own way. */
export interface ErrorBody {
  readonly as: "error";
  readonly name: string;
  readonly message: string;
  /** The user's frames only, innermost first, at most six: `{ function: "publish", location: "report.ts:41:11" }`. */
  readonly frames: readonly { readonly function?: string; readonly location: string }[];
  /** The stack of an error from another process, as it was written there: of any language, at most 16 lines. */
  readonly trace?: readonly string[];
  /** The chain of `cause`, outermost first, at most five, cycles cut. */
  readonly causes: readonly { readonly name: string; readonly message: string }[];
  /** Members of an AggregateError, at most five. */
  readonly errors?: readonly { readonly name: string; readonly message: string }[];
  /** The error's own extra properties, each value as one line. */
  readonly properties: readonly { readonly name: string; readonly line: string }[];
}

/**
 * Media type (RFC 6838) → content, as Jupyter's `data`. Strings, base64 for bytes, objects for JSON vendor types.
 * Bundles made by eagerdeck always hold `text/plain`.
 */
export type MimeBundle = Readonly<Record<string, unknown>>;
