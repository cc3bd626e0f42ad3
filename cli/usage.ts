/**
 * What was wrong with how a command was called: one sentence, exit code 2.
 * @module
 */
import { nearest } from "../runtime/values/nearest.ts";

/** The person called the command wrongly; the message says what to do instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** ` Did you mean 'x'?`, or nothing. */
export function didYouMean(name: string, known: readonly string[], prefix = ""): string {
  const best = nearest(name, known);
  return best === undefined ? "" : ` Did you mean '${prefix}${best}'?`;
}
