/**
 * Data frames: how many rows, which columns, and the first cells. Known by what they are made of, never imported; their
 * own texts are not used, for some print every row.
 * @module
 */
import { types } from "node:util";
import { formatBytes, formatCount } from "./format.ts";
import { dataOf, findDescriptor } from "./guard.ts";
import { type Limits, look } from "./kinds.ts";
import { keyText } from "./quoted.ts";
import type { PreviewBody } from "./shape.ts";
import { oneLine } from "./shown.ts";

const ROWS_MAX = 10;
const COLUMNS_MAX = 12;
/** A table that is ordered has to be sorted to be read in order. */
const SORTED_ROWS_MAX = 100_000;
const IN_CELL: Limits = { depth: 0, items: 3, stringLength: 40, areShapesTold: false };

export interface Frame {
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Of its values in memory, where that is known. */
  readonly bytes: number | undefined;
  /** The first rows, at most `max`, each with the values of the first `columnsMax` columns. */
  readonly head: (max: number, columnsMax: number) => readonly (readonly unknown[])[];
}

export type TableBody = Extract<PreviewBody, { readonly as: "table" }>;

/** @returns undefined for whatever is no data frame, or does not let itself be read as one. */
export function frameOf(value: object): Frame | undefined {
  if (types.isProxy(value)) return undefined;
  try {
    return arrowFrame(value) ?? arqueroFrame(value) ?? danfoFrame(value);
  } catch {
    // It only looked like one.
    return undefined;
  }
}

/** `Table 1,204 × 6` */
export function frameLine({ rows, columns }: Frame): string {
  return `Table ${formatCount(rows)} × ${formatCount(columns.length)}`;
}

/** @param secretName the frame's own name, if all in it is to be hidden. */
export function frameBody(frame: Frame, secretName: string | undefined): TableBody | undefined {
  try {
    const columns = frame.columns.slice(0, COLUMNS_MAX);
    const rows = frame.head(ROWS_MAX, COLUMNS_MAX).map((row) =>
      row.map((cell, column) => {
        if (cell === null || cell === undefined) return null;
        const { kind, shown } = look(cell, IN_CELL, secretName ?? columns[column]?.name);
        const text = oneLine(shown);
        // Text in a table needs no quotes to be told from a number: the row of types says so.
        return kind === "string" && text.endsWith('"') ? text.slice(1, -1) : text;
      }),
    );
    const parts = [
      `${formatCount(rows.length)} of ${formatCount(frame.rows)} rows`,
      `${columns.length} of ${frame.columns.length} columns`,
    ];
    if (frame.bytes !== undefined) parts.push(formatBytes(frame.bytes));
    return {
      as: "table",
      columns: columns.map(({ name, type }) => ({ name: keyText(name), type })),
      rows,
      caption: parts.join(" · "),
    };
  } catch {
    // A column that cannot be read: the line still says what it is.
    return undefined;
  }
}

interface ArrowVector {
  get(row: number): unknown;
}

/** Of apache-arrow: batches of columns under a schema. */
function arrowFrame(value: object): Frame | undefined {
  const schema = ownData(value, "schema");
  const batches = ownData(value, "batches");
  const fields = isObject(schema) ? dataOf(schema, "fields") : undefined;
  const childAt = findDescriptor(value, "getChildAt")?.value;
  if (!Array.isArray(fields) || !Array.isArray(batches) || typeof childAt !== "function") {
    return undefined;
  }
  const data = batches.map((batch: { data: { length: number; byteLength: number } }) => batch.data);
  const columns = fields.map(({ name, type }: { name: unknown; type: unknown }) => ({
    name: String(name),
    type: String(type),
  }));
  return {
    rows: data.reduce((sum, { length }) => sum + length, 0),
    columns,
    bytes: data.reduce((sum, { byteLength }) => sum + byteLength, 0),
    head: (max, columnsMax) => {
      const read = columns.slice(0, columnsMax).map(({ type }, index) => {
        const vector: ArrowVector | null = childAt.call(value, index);
        const isTime = /^(?:Timestamp|Date)/.test(type);
        return (row: number) => asDate(vector?.get(row), isTime);
      });
      const count = Math.min(
        max,
        data.reduce((sum, { length }) => sum + length, 0),
      );
      return Array.from({ length: count }, (_, row) => read.map((cell) => cell(row)));
    },
  };
}

/** Arrow gives moments as milliseconds. */
function asDate(cell: unknown, isTime: boolean): unknown {
  return isTime && typeof cell === "number" ? new Date(cell) : cell;
}

interface ArqueroTable {
  scan(visit: (row: number, data: unknown, stop: () => void) => void, ordered: boolean): void;
  numRows(): number;
}

/** Of arquero: named columns that have `at`, perhaps filtered and ordered. */
function arqueroFrame(value: object): Frame | undefined {
  const names = ownData(value, "_names");
  const data = ownData(value, "_data");
  const isTable = ["scan", "numRows", "columnNames"].every(
    (method) => typeof findDescriptor(value, method)?.value === "function",
  );
  if (!isTable || !Array.isArray(names) || !isObject(data)) return undefined;
  const table = value as unknown as ArqueroTable;
  const columns = names.map((name: unknown) => ({
    name: String(name),
    column: dataOf(data, String(name)) as ColumnData,
  }));
  const bytes = columns.map(({ column }) =>
    types.isTypedArray(column) ? column.byteLength : undefined,
  );
  const rows = table.numRows();
  return {
    rows,
    columns: columns.map(({ name, column }) => ({ name, type: columnType(column) })),
    bytes: bytes.every((size) => size !== undefined)
      ? bytes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
      : undefined,
    head: (max, columnsMax) => {
      const shown: unknown[][] = [];
      const read = columns.slice(0, columnsMax);
      const visit = (row: number, _: unknown, stop: () => void) => {
        if (shown.length < max) shown.push(read.map(({ column }) => column.at(row)));
        if (shown.length >= max) stop();
      };
      table.scan(visit, rows <= SORTED_ROWS_MAX);
      return shown;
    },
  };
}

interface ColumnData {
  readonly length: number;
  at(row: number): unknown;
}

/** Of danfo.js: rows and their columns in fields of the frame; a series has values in place of rows. */
function danfoFrame(value: object): Frame | undefined {
  const [rows, names, kinds] = ["$data", "$columns", "$dtypes"].map((key) => ownData(value, key));
  const isSeries = ownData(value, "$isSeries");
  const isFrame = Array.isArray(rows) && Array.isArray(names) && Array.isArray(kinds);
  if (!isFrame || typeof isSeries !== "boolean") return undefined;
  const columns = names.map((name: unknown, index) => ({
    name: String(name),
    type: String(kinds[index]),
  }));
  return {
    rows: rows.length,
    columns,
    bytes: undefined,
    head: (max, columnsMax) =>
      rows.slice(0, max).map((row: unknown) => {
        const cells = isSeries ? [row] : row;
        return Array.isArray(cells) ? cells.slice(0, columnsMax) : [];
      }),
  };
}

/** `Float64` of a typed array, else what its first values are. */
function columnType(column: ColumnData): string {
  if (types.isTypedArray(column)) return column[Symbol.toStringTag].replace("Array", "");
  const kinds = new Set<string>();
  for (let row = 0; row < Math.min(column.length, ROWS_MAX); row++) {
    const cell = column.at(row);
    if (cell !== null && cell !== undefined) kinds.add(look(cell, IN_CELL).kind);
  }
  const [only] = kinds;
  return kinds.size === 1 && only !== undefined ? only : kinds.size === 0 ? "null" : "mixed";
}

function ownData(value: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
