/**
 * Why a user process ended, in words: told to the person whose variables went with it.
 * @module
 */
import { type HostItem, OWN_END } from "../protocol.ts";
import type { ProcessEnd } from "./user-process.ts";

/** @param exiting what the process said of itself when a cell called `process.exit`. */
export function endReason(
  end: ProcessEnd,
  exiting: Extract<HostItem, { kind: "exiting" }> | undefined,
): string {
  if (end.problem !== undefined) return end.problem;
  const own = end.stderrTail.lastIndexOf(OWN_END);
  if (own !== -1) return end.stderrTail.slice(own + OWN_END.length).split("\n", 1)[0] ?? "";
  if (exiting) {
    const where = exiting.where ? ` at ${exiting.where}` : "";
    return `process.exit(${exiting.code}) was called${where}`;
  }
  if (/heap out of memory|Reached heap limit/.test(end.stderrTail)) {
    return "it ran out of memory; NODE_OPTIONS=--max-old-space-size=MB raises the limit";
  }
  if (end.signal)
    return `it was ended by ${end.signal}${end.signal === "SIGKILL" ? " (out of memory?)" : ""}`;
  return `it ended with exit code ${end.code}`;
}
