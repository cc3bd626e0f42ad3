/**
 * An error taken apart: message, the user's frames, causes, members, own properties.
 * @module
 */
import { isAbsolute, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { types } from "node:util";
import { beginning, cutText, escapeLine, escapeText } from "./escape.ts";
import { classNames, errorField, findDescriptor } from "./guard.ts";
import { cutRedacted, redactText } from "./redact.ts";
import type { ErrorBody } from "./shape.ts";

const FRAMES_MAX = 6;
const CAUSES_MAX = 5;
const MEMBERS_MAX = 5;
const PROPERTIES_MAX = 10;
const MESSAGE_LENGTH_MAX = 2_000;
/** Of causes and members, which are up to ten. */
const FURTHER_LENGTH_MAX = 500;
const STACK_LENGTH_MAX = 20_000;

type Frame = ErrorBody["frames"][number];

/** Frames of the engine say nothing about the user's code: the folder that `values/` lies in. */
const OWN_FOLDER = fileURLToPath(new URL("..", import.meta.url));

export function isError(value: object): boolean {
  return types.isNativeError(value) || classNames(value).includes("Error");
}

/** @param lineOf one safe line for the value of an extra property, by its name. */
export function errorBody(
  error: object,
  lineOf: (value: unknown, name: string) => string,
): ErrorBody {
  const members = membersOf(error);
  const trace = remoteTrace(error);
  return {
    as: "error",
    ...headline(error),
    frames: trace === undefined ? userFrames(errorField(error, "stack")) : [],
    ...(trace !== undefined && trace.length > 0 && { trace }),
    causes: causesOf(error, lineOf),
    ...(members !== undefined && {
      errors: members.slice(0, MEMBERS_MAX).map((member) => summary(member, lineOf)),
    }),
    properties: propertiesOf(error, lineOf),
  };
}

/** On errors that were put together from what another process wrote of them. */
const REMOTE_BRAND = Symbol.for("eagerdeck.RemoteError");
const TRACE_LINES_MAX = 16;
/** What began it stands at the end in Python, and at the beginning in JavaScript. */
const TRACE_HEAD_LINES = 6;
const TRACE_LINE_MAX = 300;

/**
 * The stack of an error from another process, as readable lines: without the headline, which says the same as its name
 * and message, and shortened in its middle.
 * @returns undefined for an error of this process.
 */
export function remoteTrace(error: object): string[] | undefined {
  if (findDescriptor(error, REMOTE_BRAND)?.value !== true) return undefined;
  const stack = errorField(error, "stack");
  if (typeof stack !== "string") return [];
  const said = [errorField(error, "name"), errorField(error, "message")].map(String);
  const headline = `${said[0]}: ${said[1]}`.trimEnd();
  let text = beginning(stack, STACK_LENGTH_MAX);
  if (text.startsWith(headline)) text = text.slice(headline.length);
  else if (text.trimEnd().endsWith(headline)) text = text.trimEnd().slice(0, -headline.length);
  const written = redactText(text)
    .split("\n")
    .filter((line) => line.trim() !== "");
  // JavaScript indents all its lines, Python those below the first: whoever shows them indents them under the head.
  const indent = Math.min(...written.map((line) => line.search(/\S/)));
  const lines = written.map((line) =>
    escapeText(beginning(line.slice(indent).trimEnd(), TRACE_LINE_MAX)),
  );
  const left = lines.length - TRACE_LINES_MAX;
  if (left <= 0) return lines;
  const tail = lines.slice(TRACE_HEAD_LINES - TRACE_LINES_MAX + 1);
  const indented = /^\s*/.exec(tail[0] ?? "")?.[0] ?? "";
  return [...lines.slice(0, TRACE_HEAD_LINES), `${indented}… ${left + 1} more lines`, ...tail];
}

/** Of an AggregateError, or what a SuppressedError holds: both errors are somebody's failure. */
function membersOf(error: object): readonly unknown[] | undefined {
  const members = errorField(error, "errors");
  if (Array.isArray(members)) return members;
  if (!classNames(error).includes("SuppressedError")) return undefined;
  return [errorField(error, "error"), errorField(error, "suppressed")];
}

/** `HttpError: 503 Service Unavailable`, in one line. */
export function errorLine(error: object): string {
  const { name, message } = headline(error);
  const first = message.split("\n", 1)[0] ?? "";
  return escapeLine(first === "" ? name : `${name}: ${first}`);
}

/** The body as plain text, as a terminal or a `<pre>` shows it. */
export function errorBodyToText(body: ErrorBody): string {
  const lines = [body.message === "" ? body.name : `${body.name}: ${body.message}`];
  for (const frame of body.frames) lines.push(`    at ${frameToText(frame)}`);
  for (const line of body.trace ?? []) lines.push(`    ${line}`);
  for (const cause of body.causes) lines.push(`  caused by  ${summaryToText(cause)}`);
  for (const member of body.errors ?? []) lines.push(`  with  ${summaryToText(member)}`);
  for (const { name, line } of body.properties) lines.push(`  ${name}: ${line}`);
  return lines.join("\n");
}

function frameToText(frame: Frame): string {
  return frame.function === undefined ? frame.location : `${frame.function} (${frame.location})`;
}

function summaryToText({ name, message }: { name: string; message: string }): string {
  const text = message.replaceAll("\n", "\n    ");
  return name === "" ? text : text === "" ? name : `${name}: ${text}`;
}

function headline(
  error: object,
  lengthMax = MESSAGE_LENGTH_MAX,
): { name: string; message: string } {
  const name = errorField(error, "name");
  const message = errorField(error, "message");
  const shown = typeof name === "string" && name !== "" ? name : (classNames(error)[0] ?? "Error");
  const text = typeof message === "string" ? message : "";
  return {
    name: cutRedacted(escapeLine(redactText(beginning(shown, 200))), 80),
    message: safeMessage(text, lengthMax),
  };
}

function safeMessage(message: string, lengthMax: number): string {
  // Hidden before it is cut: half a secret is one too.
  const safe = escapeText(redactText(beginning(message, MESSAGE_LENGTH_MAX * 2)));
  const left = message.length - MESSAGE_LENGTH_MAX * 2;
  const cut = cutText(safe, lengthMax);
  return left > 0 && cut === safe ? `${cut}…` : cut;
}

function summary(
  value: unknown,
  lineOf: (value: unknown, name: string) => string,
): { name: string; message: string } {
  const isShownAsError =
    typeof value === "object" && value !== null && !types.isProxy(value) && isError(value);
  return isShownAsError
    ? headline(value, FURTHER_LENGTH_MAX)
    : { name: "", message: lineOf(value, "") };
}

function causesOf(
  error: object,
  lineOf: (value: unknown, name: string) => string,
): ErrorBody["causes"] {
  const causes: { name: string; message: string }[] = [];
  const seen = new Set<unknown>([error]);
  let at: unknown = errorField(error, "cause");
  while (at !== undefined && !seen.has(at) && causes.length < CAUSES_MAX) {
    seen.add(at);
    causes.push(summary(at, lineOf));
    const goesOn = typeof at === "object" && at !== null && !types.isProxy(at) && isError(at);
    at = goesOn ? errorField(at as object, "cause") : undefined;
  }
  return causes;
}

const SHOWN_ELSEWHERE = new Set(["name", "message", "stack", "cause", "errors"]);
/** What carries it is a call's own exception: all but its code is said by the row it stands in. */
const CALL_BRAND = Symbol.for("eagerdeck.EagerException");

function propertiesOf(
  error: object,
  lineOf: (value: unknown, name: string) => string,
): ErrorBody["properties"] {
  const isOfCall = findDescriptor(error, CALL_BRAND)?.value === true;
  return Object.keys(error)
    .filter((name) => (isOfCall ? name === "code" : !SHOWN_ELSEWHERE.has(name)))
    .slice(0, PROPERTIES_MAX)
    .flatMap((name) => {
      const property = Object.getOwnPropertyDescriptor(error, name);
      if (property === undefined || typeof property.value === "function") return [];
      const line = "value" in property ? lineOf(property.value, name) : "[Getter]";
      return [{ name: cutRedacted(escapeLine(name), 40), line }];
    });
}

const FRAME = /^\s+at (?:async )?(?:(.{1,300}?) \()?(.{1,1000}?):(\d+):(\d+)\)?$/;

interface ParsedFrame {
  readonly function: string | undefined;
  readonly file: string;
  readonly position: string;
}

/**
 * The user's frames of a stack, innermost first. Positions in cells were mapped when the stack was made and read
 * `In [7]:12:9` already. Frames of node are dropped, those of packages and of eagerdeck too unless nothing is left.
 */
function userFrames(stack: unknown): Frame[] {
  if (typeof stack !== "string") return [];
  const frames = beginning(stack, STACK_LENGTH_MAX)
    .split("\n")
    .flatMap((line): ParsedFrame[] => {
      const match = FRAME.exec(line);
      const file = match?.[2];
      if (!match || file === undefined || file.startsWith("node:")) return [];
      return [{ function: match[1], file: asPath(file), position: `${match[3]}:${match[4]}` }];
    });
  const isPackage = ({ file }: ParsedFrame) => /(?:^|[\\/])node_modules[\\/]/.test(file);
  const outside = frames.filter((frame) => !frame.file.startsWith(OWN_FOLDER));
  const users = outside.filter((frame) => !isPackage(frame));
  const kept = users.length > 0 ? users : outside.length > 0 ? outside : frames;
  return kept.slice(0, FRAMES_MAX).map(({ function: name, file, position }) => ({
    ...(name !== undefined && name !== "" && { function: cutRedacted(escapeLine(name), 80) }),
    location: escapeLine(redactText(`${shortened(file)}:${position}`)),
  }));
}

function asPath(file: string): string {
  if (!file.startsWith("file:")) return file;
  try {
    return fileURLToPath(file);
  } catch {
    // Not a path of this system; the URL says as much.
    return file;
  }
}

/** Relative to the working folder when the file is inside: decks are read elsewhere. */
function shortened(file: string): string {
  if (!isAbsolute(file)) return file;
  const folder = workingFolder();
  if (folder === undefined) return file;
  const short = relative(folder, file);
  return short.startsWith("..") || isAbsolute(short) ? file : short.replaceAll(sep, "/");
}

function workingFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    // It was deleted: then nothing is inside.
    return undefined;
  }
}
