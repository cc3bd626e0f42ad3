/**
 * A cell's error as Jupyter's three fields, in messages and in notebook files; colours in the traceback only.
 * @module
 */
import type { CellError } from "../cell-error.ts";
import { cellErrorText } from "./error-text.ts";

export interface ErrorFields {
  ename: string;
  evalue: string;
  traceback: string[];
}

const COLORS = { name: "36", dim: "2", caret: "31", error: "1;31" };

export function errorFields(error: CellError): ErrorFields {
  // Line by line: a colour that spans lines is lost at the first line end in some viewers.
  const paint = (text: string, role: keyof typeof COLORS): string =>
    text
      .split("\n")
      .map((line) => (line === "" ? line : `\u001b[${COLORS[role]}m${line}\u001b[0m`))
      .join("\n");
  return {
    ename: error.name,
    evalue: error.message,
    traceback: cellErrorText(error, paint).split("\n"),
  };
}
