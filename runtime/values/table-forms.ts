/**
 * A table of a value as HTML, Markdown and text.
 *
 * The HTML has inline styles only, each on the cell it is for: a notebook that is not trusted keeps those, and JupyterLab's
 * own rules for tables (centred, striped, right-aligned) are set aside by them.
 * @module
 */
import { columnsOf, cutLine, escapeHtml } from "./escape.ts";
import type { MimeBundle, PreviewBody } from "./shape.ts";

type TableBody = Extract<PreviewBody, { readonly as: "table" }>;

const CELL_COLUMNS_MAX = 32;
const HAIRLINE = "border:0;border-bottom:1px solid rgba(127,127,127,.28)";
const CELL = `${HAIRLINE};padding:3px 10px 3px 0;vertical-align:top;white-space:nowrap;background:rgba(0,0,0,0)`;
const TABLE = "border-collapse:collapse;margin:0;font-size:13px";
const MUTED = "opacity:.75;font-weight:400;font-size:11px";

/** @param line what stands above it in text: `Table 1,204 × 6`. */
export function tableBundle(body: TableBody, line?: string): MimeBundle {
  return {
    "text/html": tableHtml(body),
    "text/markdown": tableMarkdown(body),
    "text/plain": `${line === undefined ? "" : `${line}\n`}${tableText(body)}\n${body.caption}`,
  };
}

/** `number`, `bigint`, `Int32`, `f64`, `float`: figures stand below each other. */
export function isNumericType(type: string | undefined): boolean {
  return type !== undefined && /^(?:number|bigint|u?int|float|double|decimal|[iuf]\d)/i.test(type);
}

function tableHtml({ columns, rows, caption }: TableBody): string {
  const aligned = columns.map(({ type }) => (isNumericType(type) ? "right" : "left"));
  const style = (column: number) => `${CELL};text-align:${aligned[column] ?? "left"}`;
  const heads = columns.map(
    ({ name, type }, column) =>
      `<th style="${style(column)}">${escapeHtml(name)} <br><span style="${MUTED}">${escapeHtml(type)}</span> </th>`,
  );
  const body = rows.map((cells) => {
    const row = cells.map((cell, column) => {
      const text = cell === null ? `<span style="${MUTED}">null</span>` : escapeHtml(cell);
      return `<td style="${style(column)}">${text} </td>`;
    });
    return `<tr style="background:rgba(0,0,0,0)">${row.join("")}</tr>`;
  });
  return (
    `<div style="overflow-x:auto"><table style="${TABLE}"><thead><tr>${heads.join("")}</tr></thead>` +
    `<tbody>${body.join("")}</tbody></table></div><div style="${MUTED};margin-top:4px">${escapeHtml(caption)}</div>`
  );
}

function tableMarkdown({ columns, rows, caption }: TableBody): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = columns.map(({ type }) => (isNumericType(type) ? "---:" : "---"));
  return [
    line(columns.map(({ name }) => escapeMarkdown(name))),
    line(rule),
    ...rows.map((cells) => line(cells.map((cell) => escapeMarkdown(cell ?? "null")))),
    "",
    escapeMarkdown(caption),
  ].join("\n");
}

function tableText({ columns, rows }: TableBody): string {
  const short = (text: string) => cutLine(text, CELL_COLUMNS_MAX);
  const texts = [
    columns.map(({ name }) => short(name)),
    columns.map(({ type }) => short(type)),
    ...rows.map((cells) => cells.map((cell) => short(cell ?? "null"))),
  ];
  const widths = columns.map((_, column) =>
    Math.max(0, ...texts.map((cells) => columnsOf(cells[column] ?? ""))),
  );
  return texts
    .map((cells) =>
      cells
        .map((cell, column) => {
          const blanks = " ".repeat(Math.max(0, (widths[column] ?? 0) - columnsOf(cell)));
          return isNumericType(columns[column]?.type) ? blanks + cell : cell + blanks;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>|#]/g, "\\$&");
}
