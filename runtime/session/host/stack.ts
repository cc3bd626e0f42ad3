/**
 * Stacks at the positions people wrote: `err.stack` of user code and the frames of cell errors.
 *
 * `Error.prepareStackTrace` is set once; it maps frames of cells to `In [3]:2:23` and frames of local
 * modules to their source. Frames of Node and of eagerdeck itself are left out unless nothing else is left.
 * @module
 */
import { readFileSync } from "node:fs";
import { isAbsolute, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { types } from "node:util";
import { remoteTrace } from "../../values/error-body.ts";
import { cutText } from "../../values/escape.ts";
import { preview } from "../../values/preview.ts";
import type { CellError, CellFrame } from "../cell-error.ts";
import { codeFrame } from "../code-frame.ts";
import { packageRoot } from "../package-root.ts";
import { offsetToLineColumn } from "../positions.ts";
import type { Position, SyntaxProblem } from "./compile.ts";

const CAUSES_MAX = 8;
const ERRORS_MAX = 5;
const FRAMES_MAX = 20;
/** Nobody reads more, and a front end would have to draw it. */
const MESSAGE_CHARS_MAX = 100_000;

/** A text that stacks can point into. */
export interface SourceText {
  /** `In [3]`, or a path as people see it. */
  readonly label: string;
  /** The session's number of the cell; absent for a file. */
  readonly cell?: number;
  readonly source: () => string | undefined;
  readonly locate: (line: number, column: number) => Position | undefined;
}

/** Whose code a frame is in. */
type Owner = "user" | "node" | "eagerdeck";

export class Stacks {
  readonly #folder: string;
  /** By file name as V8 reports it: a cell's path, a module's URL. */
  readonly #texts = new Map<string, SourceText>();
  readonly #byLabel = new Map<string, SourceText>();
  /** The text that an error's innermost mapped frame is in: by now its file may have a newer version. */
  readonly #topTexts = new WeakMap<object, SourceText>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  register(file: string, text: SourceText): void {
    this.#texts.set(file, text);
    this.#byLabel.set(text.label, text);
  }

  /** Makes `err.stack` speak of cells and sources; called once, before user code. */
  install(): void {
    Error.stackTraceLimit = 30;
    Error.prepareStackTrace = (error, sites) => this.#stackText(error, sites);
  }

  /** What people call the text that was registered under this name. */
  labelOf(file: string): string | undefined {
    return this.#texts.get(file)?.label;
  }

  /** A path as people see it: relative to the session's folder where that is shorter. */
  label(path: string): string {
    // `node:internal/…`, or whatever a script called itself. `relative` would ask for the working folder, which may be gone.
    if (!isAbsolute(path)) return path;
    const local = relative(this.#folder, path);
    return local !== "" && !local.startsWith("..") && !isAbsolute(local) ? local : path;
  }

  /** Where the caller's code was written: the innermost frame in a cell or a local file. */
  here(): { file: string; line: number; column: number } | undefined {
    const holder: { stack?: unknown } = {};
    const before = Error.prepareStackTrace;
    Error.prepareStackTrace = (_, sites) => sites;
    Error.captureStackTrace(holder);
    const sites = holder.stack as NodeJS.CallSite[];
    Error.prepareStackTrace = before;
    for (const site of sites) {
      const file = site.getFileName();
      const text = file ? this.#texts.get(file) : undefined;
      const position = text?.locate(site.getLineNumber() ?? 0, site.getColumnNumber() ?? 0);
      if (text && position) return { file: text.label, ...position };
    }
    return undefined;
  }

  /** A stack that came from another thread as V8 wrote it, with the positions that people know. */
  located(stack: string): string {
    const lines = stack.split("\n").flatMap((line) => {
      const [, start = "", file, row, column, end = ""] =
        /^(\s*at (?:.*? \()?)(.+?):(\d+):(\d+)(\)?)$/.exec(line) ?? [];
      const text = file === undefined ? undefined : this.#textOf(file);
      if (!text) return [line];
      const position = text.locate(Number(row), Number(column));
      return position ? [`${start}${text.label}:${position.line}:${position.column}${end}`] : [];
    });
    return lines.join("\n");
  }

  /** A thread knows no versions of a file: its newest text is that of the path. */
  #textOf(file: string): SourceText | undefined {
    const found = this.#texts.get(file);
    return found || !file.startsWith("file:") ? found : this.#texts.get(fileURLToPath(file));
  }

  /** The cell whose code is innermost in the stack of what was thrown: that of a failure no async context tells of. */
  cellOf(thrown: unknown): number | undefined {
    if (!isError(thrown)) return undefined;
    for (const { file } of parseFrames(text(read(thrown, "stack")))) {
      const cell = (this.#byLabel.get(file) ?? this.#texts.get(file))?.cell;
      if (cell !== undefined) return cell;
    }
    return undefined;
  }

  #stackText(error: Error, sites: readonly NodeJS.CallSite[]): string {
    const byOwner: Record<Owner, string[]> = { user: [], node: [], eagerdeck: [] };
    for (const site of sites) {
      const text = this.#frameText(site);
      if (text) byOwner[text.owner].push(`    at ${text.line}`);
      const source = this.#texts.get(site.getFileName() ?? "");
      if (text && source && !this.#topTexts.has(error)) this.#topTexts.set(error, source);
    }
    // An error of Node's own without a user's frame keeps its top frame, the only hint there is.
    const frames = byOwner.user.length > 0 ? byOwner.user : byOwner.node.slice(0, 1);
    return [headline(error), ...frames].join("\n");
  }

  #frameText(site: NodeJS.CallSite): { line: string; owner: Owner } | undefined {
    const file = site.getFileName();
    if (!file) return undefined;
    const [line, column] = [site.getLineNumber() ?? 0, site.getColumnNumber() ?? 0];
    const text = this.#texts.get(file);
    const position = text ? text.locate(line, column) : undefined;
    // Code that the rewriter added, or a line above the cell: nobody wrote it.
    if (text && !position) return undefined;
    const path = file.startsWith("file://") ? fileURLToPath(file.replace(/[?#].*$/, "")) : file;
    const where =
      text && position
        ? `${text.label}:${position.line}:${position.column}`
        : `${this.label(path)}:${line}:${column}`;
    const name = functionName(site);
    const prefix = site.isAsync() ? "async " : "";
    return {
      line: name ? `${prefix}${name} (${where})` : `${prefix}${where}`,
      owner: file.startsWith("node:") ? "node" : isInternal(path) ? "eagerdeck" : "user",
    };
  }

  /** Takes an error apart for a front end. Never throws: everything is read behind guards. */
  cellError(thrown: unknown, depth = 0, seen = new Set<unknown>()): CellError {
    if (!isError(thrown)) {
      const line = preview(thrown).line;
      return { name: "Thrown", message: line, frames: [], thrown: line };
    }
    seen.add(thrown);
    const stack = text(read(thrown, "stack"));
    const trace = remoteTrace(thrown);
    const frames = trace === undefined ? this.#frames(stack) : [];
    const url = depth === 0 ? pageOf(thrown) : undefined;
    const cause = causeOf(thrown);
    const members = read(thrown, "errors");
    const top = frames.find((frame) => frame.from !== "package") ?? frames[0];
    const code = read(thrown, "code");
    // A task may throw undefined, and then that is the cause.
    const hasCause = isOwn(thrown, "cause");
    const goesOn = (value: unknown) =>
      hasCause && depth < CAUSES_MAX && !seen.has(value) && !isSaid(value, thrown);
    // The place that failed and the place where it began: what lies between is in the frames.
    const frame =
      top !== undefined && (depth === 0 || !goesOn(cause))
        ? this.#codeFrame(top, thrown)
        : undefined;
    return {
      name: text(read(thrown, "name")) || "Error",
      message: cutText(cleaned(text(read(thrown, "message")), frames[0]), MESSAGE_CHARS_MAX),
      ...(typeof code === "string" && code !== "" ? { code } : {}),
      frames,
      ...(url === undefined ? {} : { url }),
      ...(trace !== undefined && trace.length > 0 ? { trace } : {}),
      ...(frame ? { codeFrame: frame } : {}),
      ...(goesOn(cause) ? { cause: this.cellError(cause, depth + 1, seen) } : {}),
      ...(Array.isArray(members) && depth < CAUSES_MAX
        ? {
            errors: members
              .slice(0, ERRORS_MAX)
              .filter((member) => !seen.has(member))
              .map((member) => this.cellError(member, depth + 1, seen)),
          }
        : {}),
    };
  }

  /** The user's frames of a stack; mapped here too, for a library may have replaced `prepareStackTrace`. */
  #frames(stack: string): CellFrame[] {
    const frames = parseFrames(stack).flatMap((frame): CellFrame[] => {
      const text = this.#texts.get(frame.file);
      if (!text) return isInternal(frame.file.replace(/^file:\/\//, "")) ? [] : [frame];
      const position = text.locate(frame.line, frame.column);
      const from = text.label.startsWith("In [") ? "cell" : "file";
      return position ? [{ ...frame, ...position, file: text.label, from }] : [];
    });
    return frames.slice(0, FRAMES_MAX);
  }

  /** The error of a cell that does not parse. */
  syntaxError(source: string, label: string, problems: readonly SyntaxProblem[]): CellError {
    const problem = problems[0] ?? { message: "the cell does not parse", start: 0, end: 0 };
    const { line, column } = offsetToLineColumn(source, problem.start);
    const end = offsetToLineColumn(source, problem.end);
    const endColumn = end.line === line ? end.column : undefined;
    const frame = codeFrame(source, { line, column, ...(endColumn ? { endColumn } : {}) });
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
    return {
      name: "SyntaxError",
      message: problem.message + more,
      frames: [{ file: label, line, column, from: "cell" }],
      ...(frame ? { codeFrame: frame } : {}),
    };
  }

  #codeFrame(frame: CellFrame, error: unknown): string | undefined {
    const own = typeof error === "object" && error !== null ? this.#topTexts.get(error) : undefined;
    const known = own?.label === frame.file ? own : this.#byLabel.get(frame.file);
    const source = known ? known.source() : readText(frame.file, this.#folder);
    return (source && codeFrame(source, frame)) || undefined;
  }
}

function readText(file: string, folder: string): string | undefined {
  try {
    return readFileSync(isAbsolute(file) ? file : `${folder}${sep}${file}`, "utf8");
  } catch {
    // A frame may name a file that is gone or never was one; then there is no frame to show.
    return undefined;
  }
}

const internalFolders = [`${packageRoot}${sep}dist${sep}`, `${packageRoot}${sep}runtime${sep}`];

function isInternal(path: string): boolean {
  return internalFolders.some((folder) => path.startsWith(folder));
}

function functionName(site: NodeJS.CallSite): string {
  const name = site.getFunctionName();
  if (!name || name === "eval") return "";
  if (site.isConstructor()) return `new ${name}`;
  const method = site.getMethodName();
  return method && !name.endsWith(method) ? `${name} [as ${method}]` : name;
}

/** The first line of a stack, from the error as it is now. */
function headline(error: unknown): string {
  const name = text(read(error, "name")) || "Error";
  const message = text(read(error, "message"));
  return message ? `${name}: ${message}` : name;
}

const FRAME = /^\s*at (?:async )?(?:(.*?) \()?(.+?):(\d+):(\d+)\)?$/;

/** The frames of a stack as text: it may come from any realm, library or process. */
function parseFrames(stack: string): CellFrame[] {
  return stack.split("\n").flatMap((line): CellFrame[] => {
    const match = FRAME.exec(line);
    if (!match?.[2]) return [];
    const file = match[2];
    if (file.startsWith("node:")) return [];
    const from = file.startsWith("In [")
      ? "cell"
      : file.includes("node_modules")
        ? "package"
        : "file";
    return [
      {
        ...(match[1] ? { function: match[1] } : {}),
        file,
        line: Number(match[3]),
        column: Number(match[4]),
        from,
      },
    ];
  });
}

/** V8 quotes our rewrite in its messages: `(0 , $0.f) is not a function` is `f is not a function`. */
function cleaned(message: string, top: CellFrame | undefined): string {
  if (top?.from !== "cell") return message;
  return message
    .replaceAll(/\(0 ?, ?\$\d+(?:_\d+)?\.([\w$]+)\)/g, "$1")
    .replaceAll(/\$x(?:_\d+)?\.(?:maybe|undeclared|constant)\./g, "")
    .replaceAll(/\$\d+(?:_\d+)?\./g, "");
}

function isError(value: unknown): value is object {
  if (types.isProxy(value)) return false;
  return (
    types.isNativeError(value) ||
    (typeof value === "object" && value !== null && isErrorLike(value))
  );
}

function isErrorLike(value: object): boolean {
  try {
    return value instanceof Error;
  } catch {
    // A trap that throws: shown as the object it is.
    return false;
  }
}

/**
 * The cause that says something new: a call that failed because of another call repeats its text, and a
 * deep nest of eager workflows has as many of them as levels.
 */
function causeOf(error: unknown): unknown {
  const seen = new Set<unknown>();
  let cause = read(error, "cause");
  while (isError(cause) && !seen.has(cause)) {
    seen.add(cause);
    const next = read(cause, "cause");
    if (read(cause, "name") !== "EagerException" || next === undefined) break;
    cause = next;
  }
  return cause;
}

/** What a cluster refused is in the message of the call already, word for word. */
function isSaid(cause: unknown, error: unknown): boolean {
  if (!isError(cause) || read(cause, "name") !== "FlyteError") return false;
  return text(read(error, "message")).includes(text(read(cause, "message")));
}

/** Where the execution is to be seen that failed first: of this call, or of one that it made. */
function pageOf(error: unknown): string | undefined {
  const seen = new Set<unknown>();
  let found: string | undefined;
  for (let at = error; isError(at) && !seen.has(at); at = read(at, "cause")) {
    seen.add(at);
    if (read(at, "name") !== "EagerException") continue;
    const url = read(at, "url");
    if (typeof url === "string" && /^https?:\/\/[\x21-\x7e]{1,2000}$/i.test(url)) found = url;
  }
  return found;
}

function isOwn(value: unknown, key: string): boolean {
  try {
    return Object.hasOwn(value as object, key);
  } catch {
    // A trap that throws: there is nothing to show.
    return false;
  }
}

/** A property of anything; accessors of the user's may throw, and then there is nothing to show. */
function read(value: unknown, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return "[unreadable]";
  }
}

function text(value: unknown): string {
  return typeof value === "string"
    ? value
    : value === undefined || value === null
      ? ""
      : preview(value).line;
}
