/**
 * The checker's findings of a cell as plain text: place, code, message and the lines they are about.
 * @module
 */
import type { Diagnostic } from "../cell-error.ts";
import { codeFrame } from "../code-frame.ts";

/** More are counted, not shown. */
export const DIAGNOSTICS_SHOWN_MAX = 10;

/** `In [3]:2:7 error TS2322: …` with its lines, for each; ten, then a count. */
export function diagnosticsText(
  code: string,
  where: string,
  diagnostics: readonly Diagnostic[],
): string {
  const shown = diagnostics.slice(0, DIAGNOSTICS_SHOWN_MAX).map((diagnostic) => {
    const { line, column, endLine, endColumn, severity, message } = diagnostic;
    const frame = codeFrame(code, { line, column, ...(endLine === line ? { endColumn } : {}) });
    return `${where}:${line}:${column} ${severity} TS${diagnostic.code}: ${message}\n${frame}`;
  });
  const left = diagnostics.length - shown.length;
  return [...shown, ...(left > 0 ? [`… and ${left} more`] : [])].join("\n");
}
