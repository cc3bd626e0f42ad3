/**
 * What encoding a value knows of a handle (of a file, directory or dataset): one symbol and its shape.
 * @module
 */
import type { ColumnType } from "../types/value-type.ts";

export const HANDLE = Symbol.for("eagerdeck.handle");

/** Where stored data is. */
export interface Stored {
  readonly kind: "file" | "directory" | "dataset";
  readonly uri: string;
  /** `csv`, `parquet`; empty when nobody said it. */
  readonly format: string;
  /** Of the content: equal content under two addresses is one value. */
  readonly digest?: string | undefined;
  readonly columns?: readonly ColumnType[] | undefined;
}

/** Under `HANDLE` of a handle. */
export interface HandleState extends Omit<Stored, "uri"> {
  /** Absent while the content is only here. */
  readonly uri: string | undefined;
  /** Stores the content where the cluster finds it; once per handle and store. */
  readonly materialize?:
    | ((
        store: object,
        signal?: AbortSignal,
      ) => Promise<{ readonly uri: string; readonly digest?: string | undefined }>)
    | undefined;
}

export function handleStateOf(value: object): HandleState | undefined {
  const state = (value as { [HANDLE]?: HandleState })[HANDLE];
  return typeof state === "object" && state !== null ? state : undefined;
}
