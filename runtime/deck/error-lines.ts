/**
 * An error as lines of text: what was said, where, why, and what else it carries.
 * @module
 */
import { counted } from "../values/format.ts";
import type { ErrorBody, Preview } from "../values/shape.ts";
import { blockText, lineText, nameText } from "./wording.ts";

const MESSAGE_LINES_MAX = 12;
const TRACE_LINE_MAX = 320;

/**
 * The first line is `Name: message`; frames are indented by four, causes by two.
 * @returns at least one line.
 */
export function errorLines(error: Preview): string[] {
  const { body } = error;
  if (body?.as !== "error") {
    const text = body?.as === "text" ? blockText(body.text) : lineText(error);
    return bounded(text.split("\n"));
  }
  return [
    ...bounded(headOf(body).split("\n")),
    ...body.frames.map((frame) =>
      frame.function === undefined
        ? `    at ${nameText(frame.location)}`
        : `    at ${nameText(frame.function)} (${nameText(frame.location)})`,
    ),
    ...(body.trace ?? []).map((line) => `    ${blockText(line, TRACE_LINE_MAX)}`),
    ...body.properties.map(
      ({ name, line }) => `  ${nameText(name)}: ${lineText({ line, kind: "" })}`,
    ),
    ...(body.errors ?? []).map((each) => `  one of  ${firstLine(headOf(each))}`),
    ...body.causes.map((cause) => `  caused by  ${firstLine(headOf(cause))}`),
  ];
}

function headOf({ name, message }: Pick<ErrorBody, "name" | "message">): string {
  return blockText(message === "" ? name : `${name}: ${message}`);
}

function firstLine(text: string): string {
  const end = text.indexOf("\n");
  return end < 0 ? text : `${text.slice(0, end)} …`;
}

function bounded(lines: string[]): string[] {
  if (lines.length <= MESSAGE_LINES_MAX) return lines;
  const left = lines.length - MESSAGE_LINES_MAX;
  return [...lines.slice(0, MESSAGE_LINES_MAX), `… ${counted(left, "more line")}`];
}
