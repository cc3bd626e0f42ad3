/**
 * What `.remote` and `%remote` ask of the user process and hear back, as plain data.
 * @module
 */

/** The media type under which the user process hands the answer over. */
export const REMOTE_ANSWER_TYPE = "application/vnd.eagerdeck.remote+json";

export type RemoteRequest =
  | { readonly action: "show" }
  | { readonly action: "off" }
  | {
      readonly action: "set";
      /** Absent with `domain`: as the settings say. */
      readonly project?: string;
      readonly domain?: string;
      /** A file of settings; absent: where they are looked for. */
      readonly config?: string;
    };

export interface RemoteAnswer {
  /** What is so now, one line each; the first says where calls run. */
  readonly lines: readonly string[];
  /** Why nothing was changed. */
  readonly error?: string;
}
