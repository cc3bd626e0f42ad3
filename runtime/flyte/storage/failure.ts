/**
 * What goes wrong with stored data, in words that name the file and what to do about it.
 *
 * Invariant: no message holds a signed URL, or the query of any URL: whoever reads it could read the data.
 * @module
 */

/**
 * - `STORAGE_NOT_FOUND`: nothing is stored there
 * - `STORAGE_DENIED`: the storage refused; credentials are missing, wrong or not allowed to
 * - `STORAGE_UNREACHABLE`: no answer, or the connection broke again and again
 * - `STORAGE_NO_LIST`: a folder cannot be listed without credentials of the storage
 * - `STORAGE_NO_WRITE`: there is no way to write to this place from here
 * - `STORAGE_TOO_LARGE`: more bytes than can be held in memory, or sent in one request
 * - `STORAGE_CHANGED`: what is stored changed while it was read, or what is sent while it was sent
 * - `STORAGE_UNSUPPORTED`: an address of a kind that nobody here can open
 * - `STORAGE_MISSING`: the package that speaks to the storage does not load
 * - `STORAGE_FAILED`: anything else the storage answered
 */
export type StorageCode =
  | "STORAGE_NOT_FOUND"
  | "STORAGE_DENIED"
  | "STORAGE_UNREACHABLE"
  | "STORAGE_NO_LIST"
  | "STORAGE_NO_WRITE"
  | "STORAGE_TOO_LARGE"
  | "STORAGE_CHANGED"
  | "STORAGE_UNSUPPORTED"
  | "STORAGE_MISSING"
  | "STORAGE_FAILED";

/** Stored data could not be read, written or listed. */
export class StorageError extends Error {
  static {
    const name = { value: "StorageError", configurable: true, writable: true };
    Object.defineProperty(StorageError.prototype, "name", name);
  }

  readonly code: StorageCode;

  constructor(code: StorageCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Whether an error is a storage's, with one of these codes. */
export function isStorageError(error: unknown, ...codes: readonly StorageCode[]): boolean {
  return error instanceof StorageError && (codes.length === 0 || codes.includes(error.code));
}
