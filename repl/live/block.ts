/**
 * A finished cell → text: the deck if there were calls, then the value or the error.
 *
 * The parts are kept apart since a pipe sends them to different streams.
 * @module
 */
import { deckRows } from "../../runtime/deck/views.ts";
import type { RunRecord } from "../../runtime/events/record-shape.ts";
import type { Settled } from "../../runtime/session/client/api.ts";
import { cellErrorText } from "../../runtime/session/client/error-text.ts";
import type { MimeBundle } from "../../runtime/values/shape.ts";
import { sanitize, sanitizeData, sanitizeLine } from "../terminal/sanitize.ts";
import type { Style, Tone } from "../terminal/style.ts";
import { wrapText } from "../terminal/wrap.ts";
import { fitExcerpts } from "./excerpt.ts";

type CellError = NonNullable<Settled["error"]>;

export interface BlockOptions {
  readonly style: Style;
  readonly columns: number;
  /** A value of more rows is cut, with a count. */
  readonly valueRowsMax: number;
  /** Where a run's page is, if there is one: as people write it, and as a URL. */
  readonly page?: (runId: string) => { readonly path: string; readonly url: string } | undefined;
  /** Hears of a value that was cut: Ctrl-O shows it whole. */
  readonly onShortened?: (text: string) => void;
}

const DECK_ROWS_MAX = 40;
const DECK_COLUMNS_MAX = 120;

/** The whole block as the screen shows it, without a newline at the end; empty when there is nothing to say. */
export function blockText(
  settled: Settled,
  runs: readonly RunRecord[],
  options: BlockOptions,
): string {
  const parts = [
    ...runs.map((run) => deckText(run, options)),
    settled.value ? resultText(settled, options) : "",
    settled.error ? errorText(settled.error, options.style, options.columns) : "",
  ];
  return parts.filter((part) => part !== "").join("\n");
}

export function deckText(run: RunRecord, { style, columns, page }: BlockOptions): string {
  if (run.calls.size === 0 && (run.decks ?? []).length === 0) return "";
  const width = Math.max(20, Math.min(columns - 1, DECK_COLUMNS_MAX));
  const rows = deckRows(run, { columns: width, rowsMax: DECK_ROWS_MAX }).map(style.row);
  const file = page?.(run.id);
  if (file) rows.push(style.link(sanitizeLine(file.path), file.url));
  return rows.join("\n");
}

/** `Out[4]: [ 2, 3, 4 ]`; a value of several lines begins below. */
export function resultText(settled: Settled, options: BlockOptions): string {
  const label = options.style.paint(
    settled.n === undefined ? "Out: " : `Out[${settled.n}]: `,
    "result",
  );
  const text = cutRows(plainText(settled.value ?? {}), options);
  return text.includes("\n") ? `${label.trimEnd()}\n${text}` : label + text;
}

/** @param columns of the screen, if there is one: sentences break between words there, code is cut. */
export function errorText(error: CellError, style: Style, columns?: number): string {
  const tones = { name: "error", dim: "dim", caret: "caret", error: "error" } as const;
  const paint = (text: string, role: keyof typeof tones) =>
    style.paint(text, tones[role] satisfies Tone);
  const safe = sanitizeData(error);
  const fitted = columns === undefined ? safe : withFittedExcerpts(safe, columns - 1);
  const text = style.glyphs(cellErrorText(fitted, paint)).trimEnd();
  return columns === undefined ? text : wrapText(text, columns - 1);
}

function withFittedExcerpts(error: CellError, columns: number): CellError {
  const { codeFrame, cause, errors } = error;
  return {
    ...error,
    ...(codeFrame === undefined ? {} : { codeFrame: fitExcerpts(codeFrame, columns) }),
    ...(cause === undefined ? {} : { cause: withFittedExcerpts(cause, columns) }),
    ...(errors === undefined
      ? {}
      : { errors: errors.map((member) => withFittedExcerpts(member, columns)) }),
  };
}

/** What a terminal shows of a bundle. */
export function plainText(bundle: MimeBundle): string {
  const text = bundle["text/plain"] ?? bundle["text/markdown"];
  if (typeof text === "string") return sanitize(text.replace(/\n$/, ""));
  return `[${Object.keys(bundle).map(sanitize).join(", ")}]`;
}

function cutRows(text: string, { style, valueRowsMax, onShortened }: BlockOptions): string {
  const rows = text.split("\n");
  if (rows.length <= valueRowsMax) return text;
  onShortened?.(text);
  const more = `… ${(rows.length - valueRowsMax).toLocaleString("en-US")} more lines`;
  const note = style.paint(onShortened ? `${more}, Ctrl-O` : more, "dim");
  return [...rows.slice(0, valueRowsMax), note].join("\n");
}
