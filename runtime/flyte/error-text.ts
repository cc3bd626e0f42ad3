/**
 * How an error is told in the text of `error.pb`, in the layout that flytekit writes, so that failures of TypeScript and
 * of Python look alike in the console and are read by one parser.
 *
 * ```
 * Trace:
 *
 *     TypeError: x must be positive
 *         at addOne (flows/numbers.ts:3:9)
 *
 * Message:
 *
 *     TypeError: x must be positive
 * ```
 * Invariants
 *   X1  Never throws, whatever was thrown; never longer than it may be; secrets are not in it.
 *   X2  What cannot be parsed is kept whole.
 * @module
 */
import { preview } from "../values/preview.ts";
import { redactText } from "../values/redact.ts";

/** The cluster keeps no more of a message. */
export const ERROR_TEXT_MAX_BYTES = 16_000;
/** The part of it for the message, which is never what was cut in the middle of a trace. */
const MESSAGE_MAX_BYTES = 4_000;
const CAUSES_MAX = 20;
const INDENT = "    ";

export interface ErrorText {
  /** `TypeError`; empty when nobody knows it. */
  readonly name: string;
  readonly message: string;
  /** Frames and causes as they were written; absent when there are none. */
  readonly stack?: string;
  /** Which attempt it was, from 1, and how many there could have been. */
  readonly attempt?: number;
  readonly attempts?: number;
  /** Who is to blame, in the cluster's words. */
  readonly origin?: "USER" | "SYSTEM";
}

/** The class of what was thrown: `TypeError`, or `Error` of what is none. X1. */
export function errorName(thrown: unknown): string {
  try {
    if (thrown instanceof Error && typeof thrown.name === "string" && thrown.name !== "") {
      // It becomes a part of a code that is split at these.
      return thrown.name.replaceAll(/[\s:|]+/g, "_").slice(0, 100);
    }
  } catch {
    // A proxy or a throwing getter has no name.
  }
  return "Error";
}

/** @param thrown also a non-Error. */
export function writeErrorText(thrown: unknown, maxBytes = ERROR_TEXT_MAX_BYTES): string {
  const message = shortened(
    redactText(`${errorName(thrown)}: ${messageOf(thrown)}`),
    MESSAGE_MAX_BYTES,
  );
  const end = `\nMessage:\n\n${indented(message)}`;
  const start = "Trace:\n\n";
  const room = maxBytes - Buffer.byteLength(start) - Buffer.byteLength(end) - 1;
  const trace = shortened(indented(redactText(traceOf(thrown))), room);
  return `${start}${trace}\n${end}`;
}

/**
 * Reads the text again, also behind what the cluster writes before it:
 * `[1/3] currentAttempt done. Last Error: USER::`.
 */
export function parseErrorText(text: string): ErrorText {
  const head =
    /^\s*(?:\[(\d+)\/(\d+)\] currentAttempt done\. Last Error: )?(?:(USER|SYSTEM)::?)?\s*/.exec(
      text,
    );
  const [whole = "", attempt, attempts, origin] = head ?? [];
  const rest = text.slice(whole.length);
  const said = {
    ...(attempt !== undefined && { attempt: Number(attempt) }),
    ...(attempts !== undefined && { attempts: Number(attempts) }),
    ...(origin !== undefined && {
      origin: origin === "USER" ? ("USER" as const) : ("SYSTEM" as const),
    }),
  };
  const parts = split(rest);
  if (parts === undefined) return { name: "", message: rest.trimEnd() || text, ...said };
  const { stack, message } = parts;
  const named = /^([A-Za-z_$][\w$.]*): ?/.exec(message);
  return {
    name: named?.[1] ?? "",
    message: named ? message.slice(named[0].length) : message,
    ...(stack !== "" && { stack }),
    ...said,
  };
}

/** Of `Trace:` … `Message:`, and of flytekit before 1.13: `Traceback (most recent call last):` … `Message:`. */
function split(text: string): { readonly stack: string; readonly message: string } | undefined {
  const isOld = text.startsWith("Traceback (most recent call last):");
  if (!isOld && !text.startsWith("Trace:")) return undefined;
  // The last one: a trace may quote another error of this layout.
  const at = text.lastIndexOf("\nMessage:\n");
  if (at < 0) return undefined;
  const trace = text.slice(isOld ? 0 : "Trace:".length, at);
  const message = text.slice(at + "\nMessage:\n".length);
  // Older flytekit closes with the kind of the error in a line of its own.
  const withoutKind = message.replace(/\n+(?:User|System) error\.?\s*$/, "");
  return { stack: undented(trace), message: undented(withoutKind) };
}

function messageOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error && typeof thrown.message === "string") return thrown.message;
    if (typeof thrown === "string") return thrown;
  } catch {
    // Said below as any other value.
  }
  return `${preview(thrown).line} was thrown`;
}

/** Stacks of an error, its members and causes, the nearest first. */
function traceOf(thrown: unknown): string {
  const parts: string[] = [];
  const seen = new Set<unknown>();
  const add = (error: unknown, lead: string) => {
    if (seen.has(error) || seen.size >= CAUSES_MAX) return;
    seen.add(error);
    parts.push(`${lead}${stackOf(error)}`);
    const { cause, errors } = linked(error);
    for (const member of errors) add(member, "One of them: ");
    if (cause !== undefined) add(cause, "Caused by: ");
  };
  add(thrown, "");
  return parts.join("\n\n");
}

function linked(error: unknown): { readonly cause: unknown; readonly errors: readonly unknown[] } {
  try {
    if (!(error instanceof Error)) return { cause: undefined, errors: [] };
    const { cause } = error;
    return { cause, errors: error instanceof AggregateError ? [...error.errors] : [] };
  } catch {
    // A getter of a hostile error threw: it has no causes to tell.
    return { cause: undefined, errors: [] };
  }
}

function stackOf(error: unknown): string {
  const said = `${errorName(error)}: ${messageOf(error)}`;
  try {
    if (!(error instanceof Error) || typeof error.stack !== "string") return said;
    const frames = error.stack.split("\n").filter((line) => /^\s+at /.test(line) && !isOurs(line));
    return [said, ...frames].join("\n");
  } catch {
    // The same.
    return said;
  }
}

const OURS = new URL("../", import.meta.url);

/** Frames of the engine and of Node tell the person nothing. */
function isOurs(frame: string): boolean {
  return frame.includes(OURS.href) || frame.includes(OURS.pathname) || /\(?node:/.test(frame);
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, INDENT);
}

function undented(text: string): string {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const depths = lines.flatMap((line) =>
    line.trim() === "" ? [] : [/^ */.exec(line)?.[0].length ?? 0],
  );
  const depth = Math.min(INDENT.length, ...depths);
  const plain = lines.map((line) => line.slice(Math.min(depth, /^ */.exec(line)?.[0].length ?? 0)));
  return plain.join("\n").replaceAll(/^\n+|\s+$/g, "");
}

/** Head and tail of a text that is too long, cut between characters. */
function shortened(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  const left = bytes.length - maxBytes;
  const note = `\n${INDENT}… ${left} bytes are left out …\n`;
  const room = Math.max(0, maxBytes - Buffer.byteLength(note) - 8);
  const head = whole(bytes.subarray(0, Math.ceil((room * 2) / 3)));
  const tail = whole(bytes.subarray(bytes.length - Math.floor(room / 3)));
  return `${head}${note}${tail}`;
}

/** Without the halves of a character at its ends. */
function whole(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString("utf8")
    .replaceAll(/^\uFFFD+|\uFFFD+$/g, "");
}
