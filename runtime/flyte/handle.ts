/**
 * What values know of handles (of files, directories and datasets), and handles of values: one symbol and its shape.
 *
 * A handle shows its state under `HANDLE`; reading makes handles by what `setHandleMaker` was given.
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

type Maker = (stored: Stored, store: object | undefined) => unknown;

let maker: Maker | undefined;

/** @param make gives the handle of something stored; `store` reads it. */
export function setHandleMaker(make: Maker): void {
  maker = make;
}

/** @returns undefined when the handles' module is not loaded. */
export function makeHandle(stored: Stored, store: object | undefined): unknown {
  return maker?.(stored, store);
}
