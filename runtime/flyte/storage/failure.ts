/**
 * What goes wrong with stored data, in words that name the file and what to do about it.
 *
 * Invariant: no message holds a signed URL, or the query of any URL: whoever reads it could read the data.
 * @module
 */
import { FlyteError, type StorageCode } from "../errors.ts";

export type { StorageCode } from "../errors.ts";

/** Stored data could not be read, written or listed. */
export class StorageError extends FlyteError {
  declare readonly code: StorageCode;

  constructor(code: StorageCode, message: string, cause?: unknown) {
    super(code, message, cause === undefined ? undefined : { cause });
  }
}

/** Whether an error is a storage's, with one of these codes. */
export function isStorageError(error: unknown, ...codes: readonly StorageCode[]): boolean {
  return error instanceof StorageError && (codes.length === 0 || codes.includes(error.code));
}
