/**
 * The summary of a session as rows.
 * @module
 */
import { counted, formatDuration } from "../../values/format.ts";
import type { SessionCell, SessionModel } from "../session-deck.ts";
import { countsText, lineText, nameText } from "../wording.ts";
import { panelRows } from "./failures.ts";
import { cutSpans, fitSpans, muted, type Row, runRole, type Span } from "./spans.ts";

export function sessionRows(session: SessionModel, columns: number): Row[] {
  if (session.runs === 0) return [[muted("no calls yet")]];
  const facts = session.facts.map(({ value, label }) => `${value} ${label}`).join(" · ");
  const rows: Row[] = [
    cutSpans(
      [
        { text: `${session.look.glyph} `, role: runRole(session.state) },
        { text: session.title, role: "name" },
      ],
      columns,
    ),
    cutSpans([muted(`  ${facts}`)], columns),
  ];
  for (const { label, panel, fixedIn } of session.errors) {
    if (fixedIn === undefined) {
      rows.push(cutSpans([muted(`  ${label}`)], columns), ...panelRows(panel, columns));
      continue;
    }
    const name = panel.call ? `${nameText(panel.call.name)} ` : "";
    const error: Span = { text: lineText(panel.error), role: "error" };
    const spans = [muted(`  ✕ ${label} ${name}`), error, muted(`, fixed in ${fixedIn}`)];
    rows.push(cutSpans(spans, columns));
  }
  if (session.errorsLeft > 0) {
    rows.push([muted(`  … ${counted(session.errorsLeft, "more failure")}`)]);
  }
  for (const cell of session.cells) rows.push(cellRow(cell, columns));
  if (session.cellsLeft > 0) {
    rows.push([muted(`  … ${counted(session.cellsLeft, "earlier cell")}`)]);
  }
  return rows;
}

function cellRow({ label, title, model, earlier }: SessionCell, columns: number): Row {
  const spans: Span[] = [
    { text: `${model.look.glyph} `, role: runRole(model.run.state) },
    muted(`${label} `),
    { text: title, role: "name" },
  ];
  if (model.output !== undefined) {
    spans.push(muted(" → "), { text: lineText(model.output), role: "value" });
  }
  const again = earlier > 0 ? ` · ${counted(earlier, "earlier run")}` : "";
  const time = formatDuration(model.wallMs).padStart(9);
  const tail = `   ${countsText(model.counts)}${again}${time}`;
  return cutSpans([...fitSpans(spans, Math.max(24, columns - tail.length)), muted(tail)], columns);
}
