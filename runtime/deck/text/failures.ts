/**
 * What failed and why, as rows.
 * @module
 */
import type { CallRecord } from "../../events/record-shape.ts";
import { counted, formatCount } from "../../values/format.ts";
import { errorLines } from "../error-lines.ts";
import { executionText, pageOf } from "../execution.ts";
import type { FailurePanel, Failures } from "../failures.ts";
import { inputsText, lineText, logText, nameText } from "../wording.ts";
import { cutSpans, muted, type Row, type Span } from "./spans.ts";

export function failureRows(failures: Failures, columns: number): Row[] {
  const rows = failures.panels.flatMap((panel) => panelRows(panel, columns));
  if (failures.panelsLeft > 0) {
    rows.push([muted(`  … ${counted(failures.panelsLeft, "more failure")}`)]);
  }
  for (const { name, count, message, firstInputs } of failures.handled) {
    const spans: Span[] = [
      { text: "  ! ", role: "retry" },
      { text: name, role: "name" },
      muted(count > 1 ? ` × ${formatCount(count)} ` : " "),
      { text: message, role: "error" },
      muted(` ${inputsText(firstInputs)} handled`),
    ];
    rows.push(cutSpans(spans, columns));
  }
  if (failures.handledLeft > 0) {
    rows.push([muted(`  … ${formatCount(failures.handledLeft)} more kinds of handled failures`)]);
  }
  return rows;
}

/** `execution e-simple-k2 · version v12`, leading to its page. */
export function executionSpan(call: CallRecord): Span {
  const url = pageOf(call);
  const text = executionText(call);
  return url === undefined ? muted(text) : { text: `${text} ↗`, role: "muted", url };
}

export function panelRows(panel: FailurePanel, columns: number): Row[] {
  const name: Span[] = panel.call ? [{ text: `${nameText(panel.call.name)} `, role: "name" }] : [];
  const rows: Row[] = [
    cutSpans([{ text: "  ✕ ", role: "failed" }, ...name, muted(panel.summary)], columns),
    ...errorLines(panel.error).map((text, index) =>
      cutSpans([{ text: `    ${text}`, role: index === 0 ? "error" : "muted" }], columns),
    ),
  ];
  if (panel.call?.link !== undefined) {
    rows.push(cutSpans([muted("    "), executionSpan(panel.call)], columns));
  }
  for (const { n, error } of panel.earlier) {
    rows.push(cutSpans([muted(`    attempt ${n}: ${lineText(error)}`)], columns));
  }
  for (const line of panel.log) {
    rows.push(cutSpans([muted(`    │ ${logText(line)}`)], columns));
  }
  // Never cut: half a statement is worth nothing.
  if (panel.look !== undefined) {
    rows.push([muted("    Look at it: "), { text: panel.look, role: "value" }]);
  }
  if (panel.rerun !== undefined) {
    rows.push([muted("    Run it again: "), { text: panel.rerun, role: "value" }]);
  }
  return rows;
}
