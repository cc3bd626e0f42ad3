/**
 * Rows of code → terminal text. Colour changes nothing but colour: without its escapes a painted row
 * is the plain one.
 * @module
 */
import type { Style, Tone } from "../terminal/style.ts";
import {
  type Highlighter,
  highlight,
  type LineRange,
  type Span,
  type Tokenize,
} from "./highlight.ts";
import { matchBracket } from "./scan.ts";
import { type EditorRow, type EditorView, plainRow } from "./view.ts";

interface Mark {
  readonly offset: number;
  readonly tone: Tone;
}

export interface PaintOptions {
  readonly text: string;
  readonly cursor: number;
  readonly style: Style;
  /** Absent until the grammar has been loaded. */
  readonly highlighter?: Highlighter | undefined;
  /** Commands have a colour for their name alone. */
  readonly isCommand: boolean;
}

/** The rows of the editor, each with its prompt. */
export function paintEditor(view: EditorView, options: PaintOptions): string[] {
  const { text, cursor, style, highlighter, isCommand } = options;
  const paintPrompt = (row: EditorRow) => style.paint(row.prompt, "prompt");
  if (!style.hasColor) return view.rows.map((row) => paintPrompt(row) + style.glyphs(row.code));
  const from = view.rows[0]?.line ?? 0;
  const range = { from, to: from + view.rows.length };
  const spans = isCommand ? commandSpans(text, range) : (highlighter?.spans(text, range) ?? []);
  const marks = isCommand ? [] : bracketMarks(text, cursor);
  return view.rows.map((row, index) => {
    const own = marks.map((mark) => ({ ...mark, offset: mark.offset - row.start }));
    return paintPrompt(row) + paintCode(row, spans[index] ?? [], own, style);
  });
}

/** Texts over this length stay plain in the transcript: they are printed whole. */
const PRINTED_LENGTH_MAX = 16_000;

/**
 * The lines of a text that is printed once, whole.
 * @param text sanitized.
 */
export function paintSource(
  text: string,
  options: {
    readonly style: Style;
    readonly tokenize?: Tokenize | undefined;
    readonly isCommand: boolean;
  },
): string[] {
  const { style, tokenize, isCommand } = options;
  const lines = text.split("\n");
  const range = { from: 0, to: lines.length };
  const isPlain = !style.hasColor || text.length > PRINTED_LENGTH_MAX;
  if (isPlain) return lines.map(style.glyphs);
  const spans = isCommand
    ? commandSpans(text, range)
    : tokenize
      ? highlight(text, range, tokenize)
      : [];
  return lines.map((line, index) => paintCode(plainRow(line), spans[index] ?? [], [], style));
}

/** The name of a command: `.type`, `%time`. */
function commandSpans(text: string, { from, to }: LineRange): Span[][] {
  const name = /^\s*[.%?]\w*/.exec(text)?.[0] ?? "";
  const line = name.split("\n").length - 1;
  const last = name.slice(name.lastIndexOf("\n") + 1);
  const start = last.length - last.trimStart().length;
  return Array.from({ length: to - from }, (_, index) =>
    from + index === line ? [{ start, end: last.length, tone: "keyword" as const }] : [],
  );
}

function bracketMarks(text: string, cursor: number): Mark[] {
  const match = matchBracket(text, cursor);
  if (match === undefined) return [];
  return "partner" in match
    ? [{ offset: match.partner, tone: "bracket" }]
    : [{ offset: match.at, tone: "unmatched" }];
}

/** Runs of one tone, each painted once. `offsets` of marks count from the line's start, as those of spans. */
function paintCode(
  row: Pick<EditorRow, "code" | "offsets">,
  spans: readonly Span[],
  marks: readonly Mark[],
  style: Style,
): string {
  let painted = "";
  let run = "";
  let runTone: Tone | undefined;
  const flush = () => {
    painted += runTone === undefined ? style.glyphs(run) : style.paint(run, runTone);
    run = "";
  };
  // Both go from left to right: a search per unit would take a second for a dense line of 16 kB.
  let at = 0;
  for (let unit = 0; unit < row.code.length; unit++) {
    const offset = row.offsets?.[unit] ?? (row.offsets ? -1 : unit);
    while ((spans[at]?.end ?? Number.POSITIVE_INFINITY) <= offset) at++;
    const span = spans[at];
    const mark = marks.find((mark) => mark.offset === offset);
    const tone = mark?.tone ?? (span && span.start <= offset ? span.tone : undefined);
    if (tone !== runTone) {
      flush();
      runTone = tone;
    }
    run += row.code[unit];
  }
  flush();
  return painted;
}
