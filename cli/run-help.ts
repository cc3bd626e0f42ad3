/**
 * `eagerdeck run FILE WORKFLOW --help`: the inputs of one workflow, as flags.
 * @module
 */
import type { ExportedEntity, InputDescription } from "../runtime/session/client/describe.ts";
import { flagOf } from "./inputs.ts";

/** @returns the text, with a newline at its end. */
export function workflowHelp(file: string, { exported, inputs }: ExportedEntity): string {
  const usage = `Usage: eagerdeck run [options] ${file} ${exported}`;
  if (!inputs) {
    return `${usage} [--name value ...]\n\nIts inputs have no schemas; they are those of its signature, each as --name value.\n`;
  }
  if (inputs.length === 0) return `${usage}\n\nIt takes no inputs.\n`;
  const flags = inputs.map((input) => (input.required ? flagOf(input) : `[${flagOf(input)}]`));
  const width = Math.max(...inputs.map((input) => flagOf(input).length));
  const rows = inputs.map((input) =>
    `  ${flagOf(input).padEnd(width)}  ${noteOf(input)}`.trimEnd(),
  );
  return `${usage} ${flags.join(" ")}\n\nInputs:\n${rows.join("\n")}\n`;
}

function noteOf({ schema }: InputDescription): string {
  const { default: fallback, description } = schema;
  const notes = [
    ...(typeof description === "string" ? [description] : []),
    ...(fallback === undefined ? [] : [`(default: ${JSON.stringify(fallback)})`]),
  ];
  return notes.join(" ");
}
