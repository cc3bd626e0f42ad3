/**
 * An array of flat objects of one shape, as a table.
 * @module
 */
import { types } from "node:util";
import { formatCount } from "./format.ts";
import { type Limits, look, sharedKeys } from "./kinds.ts";
import { keyText } from "./quoted.ts";
import type { PreviewBody } from "./shape.ts";
import { oneLine } from "./shown.ts";

const TABLE_ROWS_MAX = 10;
const TABLE_COLUMNS_MAX = 12;
const IN_CELL: Limits = { depth: 0, items: 0, stringLength: 40, areShapesTold: false };

/**
 * @param secretName the array's own name, if all below it is to be hidden.
 * @returns undefined when the elements are no flat objects of one shape.
 */
export function tableBody(
  value: readonly unknown[],
  secretName: string | undefined,
): PreviewBody | undefined {
  const keys = sharedKeys(value);
  if (keys === undefined) return undefined;
  const names = keys.slice(0, TABLE_COLUMNS_MAX);
  const count = Math.min(value.length, TABLE_ROWS_MAX);
  const kinds = names.map(() => new Set<string>());
  const rows: (string | null)[][] = [];
  for (let index = 0; index < count; index++) {
    const row: unknown = Object.getOwnPropertyDescriptor(value, index)?.value;
    if (typeof row !== "object" || row === null || types.isProxy(row)) return undefined;
    const cells: (string | null)[] = [];
    for (const [column, key] of names.entries()) {
      const property = Object.getOwnPropertyDescriptor(row, key);
      if (property && !("value" in property)) return undefined;
      const cell: unknown = property?.value;
      if (typeof cell === "object" && cell !== null && !types.isDate(cell)) return undefined;
      const { kind, shown } = look(cell, IN_CELL, secretName ?? key);
      if (kind === "null" || kind === "undefined") {
        cells.push(null);
        continue;
      }
      kinds[column]?.add(kind);
      const text = oneLine(shown);
      // Text in a table needs no quotes to be told from a number: the row of types says so.
      cells.push(kind === "string" && text.endsWith('"') ? text.slice(1, -1) : text);
    }
    rows.push(cells);
  }
  const columns = names.map((key, column) => {
    const own = [...(kinds[column] ?? [])];
    return {
      name: keyText(key),
      type: own.length === 1 ? (own[0] ?? "") : own.length === 0 ? "null" : "mixed",
    };
  });
  return {
    as: "table",
    columns,
    rows,
    caption: `${formatCount(count)} of ${formatCount(value.length)} rows · ${names.length} of ${keys.length} columns`,
  };
}
