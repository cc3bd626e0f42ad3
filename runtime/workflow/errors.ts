/**
 * The one error a call rejects with, whatever went wrong and wherever it ran.
 * @module
 */

import { types } from "node:util";
import type { SourcePosition } from "../events/events.ts";
import { preview } from "../values/preview.ts";

const BRAND = Symbol.for("eagerdeck.EagerException");

/**
 * What went wrong, for code that branches on it.
 * - `TASK_FAILED`: the function threw; `cause` is what it threw
 * - `INPUT_INVALID`, `OUTPUT_INVALID`: a value does not fit its schema; the message names each path
 * - `INPUT_FAILED`: an input was a promise and rejected; the function did not run
 * - `TIMED_OUT`: the last attempt took longer than its timeout
 * - `CANCELLED`: interrupted, cancelled, or the parent failed; `cause` is the reason
 * - `THREAD_FAILED`: the worker thread of a task ended before the task did
 * - `WORKFLOW_COMPILE`: a static workflow used a placeholder as a value
 *
 * Of calls that run on a cluster also:
 * - `REMOTE_FAILED`: the execution failed; `cause` tells the error there, with its class by name
 * - `REMOTE_ABORTED`: somebody else ended it
 * - `REMOTE_NOT_FOUND`: no such task, workflow, launch plan or version is registered
 * - `REMOTE_REJECTED`: the cluster refuses the request, and says why
 * - `REMOTE_AUTH`: it wants a login that there is not, or refuses the one there is
 * - `REMOTE_UNREACHABLE`: no answer for ten minutes; what runs there is left alone
 * - `OUTPUT_UNREADABLE`, `OUTPUT_TOO_LARGE`: the value exists, and cannot be had
 * - `NAME_COLLISION`: an execution of that name belongs to somebody else
 * - `VERSION_CONFLICT`: that version is registered with another content
 * - `IMAGE_MISSING`: to register a task an image is needed
 * - `RUNTIME_MISMATCH`: the image has another version of eagerdeck
 * - `CONFIG_NOT_FOUND`, `CONFIG_INVALID`: nothing says where the cluster is, or a setting cannot be used
 * - `STORAGE_NO_LIST`: without credentials for the store a folder there cannot be listed
 */
export type EagerCode =
  | "TASK_FAILED"
  | "INPUT_INVALID"
  | "INPUT_FAILED"
  | "OUTPUT_INVALID"
  | "TIMED_OUT"
  | "CANCELLED"
  | "THREAD_FAILED"
  | "WORKFLOW_COMPILE"
  | RemoteCode;

/** What goes wrong between here and a cluster. */
export type RemoteCode =
  | "REMOTE_FAILED"
  | "REMOTE_ABORTED"
  | "REMOTE_NOT_FOUND"
  | "REMOTE_REJECTED"
  | "REMOTE_AUTH"
  | "REMOTE_UNREACHABLE"
  | "OUTPUT_UNREADABLE"
  | "OUTPUT_TOO_LARGE"
  | "NAME_COLLISION"
  | "VERSION_CONFLICT"
  | "IMAGE_MISSING"
  | "RUNTIME_MISMATCH"
  | "CONFIG_NOT_FOUND"
  | "CONFIG_INVALID"
  | "STORAGE_NO_LIST";

/** Whose failure it is: the user's code, the machinery's, nobody's (cancelled), or the clock's. */
export type EagerKind = "user" | "system" | "cancelled" | "timeout";

export interface EagerDetails {
  readonly kind?: EagerKind;
  /** Name of the task, workflow or eager workflow. */
  readonly task?: string;
  readonly callId?: string;
  readonly attempts?: number;
  readonly source?: SourcePosition | undefined;
  readonly url?: string;
  /** Present also for `undefined`: a task may throw that. */
  readonly cause?: unknown;
}

/**
 * A call failed. What the task itself threw is the `cause`, unchanged, also a non-Error.
 * Not to be extended: `instanceof` of a subclass would hold for every EagerException.
 */
export class EagerException extends Error {
  static {
    // On the prototype: an own `name` would be printed a second time by `util.inspect`.
    const name = { value: "EagerException", configurable: true, writable: true };
    Object.defineProperties(EagerException.prototype, { name, [BRAND]: { value: true } });
  }
  // A notebook may load its own copy of the package, and front ends rebuild errors that came over IPC.
  static override [Symbol.hasInstance](value: unknown): value is EagerException {
    // What a task threw may be anything; no trap of a proxy runs because somebody asks what it is.
    return typeof value === "object" && value !== null && !types.isProxy(value) && BRAND in value;
  }

  readonly code: EagerCode;
  readonly kind: EagerKind;
  /** Name of the task, workflow or eager workflow that failed. */
  readonly task: string;
  /** `t11`; empty when no call was made (`WORKFLOW_COMPILE`). */
  readonly callId: string;
  /** How often the function was started. */
  readonly attempts: number;
  /** Where the call was written; known in a session. */
  declare readonly source?: SourcePosition;
  /** The page of the execution, of a call that ran on a cluster. */
  declare readonly url?: string;

  constructor(code: EagerCode, message: string, details: EagerDetails = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.kind = details.kind ?? "user";
    this.task = details.task ?? "";
    this.callId = details.callId ?? "";
    this.attempts = details.attempts ?? 0;
    const root = "cause" in details ? innermost(details.cause) : undefined;
    if (root !== undefined) roots.set(this, root);
    // Not enumerable: it is the business of whoever lays out the frames.
    if (details.url !== undefined) this.url = details.url;
    if (details.source) Object.defineProperty(this, "source", { value: details.source });
  }

  /** The innermost EagerException among the causes: the failure that made this one. Itself if there is none. */
  get root(): EagerException {
    return innermost(this) ?? this;
  }
}

/**
 * An executor says with it how a call failed, in the words that the caller is to read; the engine makes the
 * `EagerException` of it. Anything else that an executor rejects with is what the function threw.
 */
export class CallFailure extends Error {
  /** Asked for instead of the prototype: what a task threw may be anything, and its traps must not run. */
  static is(value: unknown): value is CallFailure {
    return typeof value === "object" && value !== null && #brand in value;
  }

  readonly #brand = true;
  readonly code: EagerCode;
  readonly kind: EagerKind;
  readonly url: string | undefined;
  readonly attempts: number | undefined;

  constructor(
    code: EagerCode,
    message: string,
    details: {
      readonly kind?: EagerKind;
      readonly url?: string | undefined;
      readonly attempts?: number | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.kind = details.kind ?? "user";
    this.url = details.url;
    this.attempts = details.attempts;
  }
}

/**
 * Lets the stack of a call's exception begin where the call was written, without the engine's own frames.
 *
 * A call that failed after an `await` is not on the stack any more: then its place is the one frame, if it is known. The
 * frames of the function are those of the `cause`.
 * @param called what user code called.
 */
export function beginStackAt(
  exception: EagerException,
  called: ((...given: never[]) => unknown) | undefined,
  source: SourcePosition | undefined,
): void {
  Error.captureStackTrace(exception, called);
  if (source === undefined) return;
  const { stack } = exception;
  if (typeof stack === "string" && !/\n\s+at /.test(stack)) {
    exception.stack = `${stack}\n    at ${source.file}:${source.line}:${source.column}`;
  }
}

/** Of exceptions that were made with another one below: a failure that rises 20,000 calls asks at each of them. */
const roots = new WeakMap<EagerException, EagerException>();

/**
 * The innermost EagerException of a chain of causes, also behind errors that wrap one.
 * Never throws: what was thrown may be anything.
 */
export function innermost(error: unknown): EagerException | undefined {
  let found: EagerException | undefined;
  const seen = new Set<unknown>();
  try {
    // Errors of users may be chained as deep as they like; only a cycle has to be cut.
    for (let at = error; typeof at === "object" && at !== null && !seen.has(at); ) {
      seen.add(at);
      if (types.isProxy(at)) break;
      if (at instanceof EagerException) {
        const root = roots.get(at);
        if (root !== undefined) return root;
        found = at;
      }
      at = (at as { cause?: unknown }).cause;
    }
  } catch {
    // A getter or a proxy of the thrown value refused; what was found before it still holds.
  }
  return found;
}

/** Whether an error says that another attempt would end the same: it carries `recoverable: false`. */
export function isFinal(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  try {
    return Object.getOwnPropertyDescriptor(error, "recoverable")?.value === false;
  } catch {
    // A proxy that refuses to be looked at says nothing.
    return false;
  }
}

/**
 * What was thrown, as the part of a sentence: `TypeError: x must be positive`, `"a thrown string"`. Of a failed call
 * the innermost failure: a message does not grow with the depth it came from.
 */
export function reasonToText(reason: unknown): string {
  try {
    const error = innermost(reason) ?? reason;
    if (error instanceof EagerException) return error.message;
    if (error instanceof Error) {
      const { name, message } = error;
      if (typeof name === "string" && typeof message === "string") {
        return message ? `${name}: ${message}` : name;
      }
    }
  } catch {
    // An error with a throwing getter is shown as any other strange value.
  }
  return preview(reason).line;
}
