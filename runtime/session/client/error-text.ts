/**
 * A cell's error as text: heading with its place, code frame, frames, causes.
 * @module
 */
import type { CellError, CellFrame } from "../cell-error.ts";

/** What a piece of the text is, for front ends that have colours. */
export type ErrorTextRole = "name" | "dim" | "caret" | "error";
export type PaintError = (text: string, role: ErrorTextRole) => string;

const FRAMES_MAX = 8;
const CAUSES_MAX = 5;

/**
 * @param paint gives a piece of text its colour; the identity by default.
 * @returns one string per line, without line ends.
 */
function cellErrorLines(error: CellError, paint: PaintError = (text) => text): string[] {
  if (error.diagnostics && error.codeFrame !== undefined && error.name === "TypeScriptError") {
    // The frames of all diagnostics were rendered where the source was; the message counts the rest.
    return painted(error.codeFrame.split("\n"), paint);
  }
  const lines = headline(error, paint);
  if (error.codeFrame) lines.push(...painted(error.codeFrame.split("\n"), paint));
  lines.push(...frameLines(error.frames, paint), ...traceLines(error, paint));
  for (const member of error.errors ?? [])
    lines.push(`  ${paint("with", "dim")} ${summary(member)}`);
  let cause = error.cause;
  for (let depth = 0; cause && depth < CAUSES_MAX; depth++) {
    lines.push(`${paint("caused by", "dim")} ${summary(cause)}`);
    if (cause.codeFrame) lines.push(...painted(cause.codeFrame.split("\n"), paint));
    lines.push(...frameLines(cause.frames.slice(0, 3), paint), ...traceLines(cause, paint));
    cause = cause.cause;
  }
  // On a line of its own, so that front ends make a link of it.
  if (error.url !== undefined) lines.push(error.url);
  return lines;
}

/** The same, joined by line ends. */
export function cellErrorText(error: CellError, paint?: PaintError): string {
  return cellErrorLines(error, paint).join("\n");
}

function headline(error: CellError, paint: PaintError): string[] {
  const place = error.frames.find((frame) => frame.from !== "package") ?? error.frames[0];
  const where = place ? `${paint(location(place), "dim")}  ` : "";
  const [first = "", ...rest] = error.message.split("\n");
  const text =
    error.thrown === undefined
      ? `${paint(error.name, "error")}: ${first}`
      : `${paint("thrown", "error")}: ${first}`;
  return [`${where}${text}`, ...rest];
}

function summary(error: CellError): string {
  return error.thrown === undefined ? `${error.name}: ${error.message}` : error.thrown;
}

function location(frame: CellFrame): string {
  return `${frame.file}:${frame.line}:${frame.column}`;
}

/** The innermost frame is in the heading already; a single one says nothing more. */
function frameLines(frames: readonly CellFrame[], paint: PaintError): string[] {
  if (frames.length === 1 && frames[0]?.function === undefined) return [];
  const lines = frames.slice(0, FRAMES_MAX).map((frame) => {
    const text = `    at ${frame.function ? `${frame.function} (${location(frame)})` : location(frame)}`;
    return frame.from === "package" ? paint(text, "dim") : text;
  });
  const left = frames.length - FRAMES_MAX;
  return left > 0 ? [...lines, paint(`    … ${left} more`, "dim")] : lines;
}

function traceLines({ trace = [] }: CellError, paint: PaintError): string[] {
  return trace.map((line) => paint(`    ${line}`, "dim"));
}

function painted(lines: readonly string[], paint: PaintError): string[] {
  return lines.map((line) => {
    const [, gutter = "", carets = ""] = /^(\s*│\s*)(\^+)$/.exec(line) ?? [];
    if (carets !== "") return paint(gutter, "dim") + paint(carets, "caret");
    if (/^❯/.test(line)) return line;
    return /^\s+\d* ?│/.test(line) ? paint(line, "dim") : line;
  });
}
