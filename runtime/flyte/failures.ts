/**
 * What a failed execution tells, as errors of this program.
 *
 * A class does not cross the wire: `cause.name` says which one it was.
 * @module
 */

import { timestampDate } from "@bufbuild/protobuf/wkt";
import { cellCode } from "../workflow/cell-code.ts";
import { CallFailure, type EagerCode } from "../workflow/errors.ts";
import { parseErrorText } from "./error-text.ts";
import { FlyteError } from "./errors.ts";
import type { Execution } from "./idl/flyteidl/admin/execution_pb.ts";
import {
  ExecutionError_ErrorKind as ErrorKind,
  type ExecutionError,
  WorkflowExecution_Phase as Phase,
} from "./idl/flyteidl/core/execution_pb.ts";

/** What is known of the error there besides its name, message and stack. */
export interface RemoteErrorDetails {
  /** Flyte's, without its prefix: `USER:RangeError`, `OOMKilled`. */
  readonly flyteCode: string;
  readonly origin: "user" | "system" | "unknown";
  /** How often it was tried there. */
  readonly attempts?: number | undefined;
  /** The pod. */
  readonly worker?: string | undefined;
  readonly time?: Date | undefined;
}

/** The error that ended an execution, put together from what was written of it there. Its `name` is that of its class. */
export class RemoteError extends Error {
  static {
    // Who shows it knows by this that the stack is text from elsewhere, of any language.
    Object.defineProperty(RemoteError.prototype, Symbol.for("eagerdeck.RemoteError"), {
      value: true,
    });
  }
  readonly flyteCode: string;
  declare readonly origin: RemoteErrorDetails["origin"];
  declare readonly attempts: number | undefined;
  declare readonly worker?: string;
  declare readonly time?: Date;

  constructor(
    name: string,
    message: string,
    stack: string | undefined,
    details: RemoteErrorDetails,
  ) {
    super(message);
    Object.defineProperty(this, "name", { value: name, configurable: true, writable: true });
    this.stack = stack ?? `${name}: ${message}`;
    this.flyteCode = details.flyteCode;
    // The call it belongs to says as much already.
    Object.defineProperty(this, "origin", { value: details.origin });
    Object.defineProperty(this, "attempts", { value: details.attempts });
    if (details.worker !== undefined) this.worker = details.worker;
    if (details.time !== undefined) this.time = details.time;
  }
}

/**
 * Why the execution of a call has no value.
 * @param what the name of the call.
 */
export function failureOf({ closure, id }: Execution, what: string, url: string): CallFailure {
  const phase = closure?.phase ?? Phase.UNDEFINED;
  const result = closure?.outputResult;
  if (phase === Phase.ABORTED || result?.case === "abortMetadata") {
    const abort = result?.case === "abortMetadata" ? result.value : undefined;
    const by = abort?.principal ? ` by ${abort.principal}` : "";
    const why = abort?.cause ? `: ${abort.cause}` : "";
    return new CallFailure("REMOTE_ABORTED", `${what} was aborted on the cluster${by}${why}`, {
      kind: "cancelled",
      url,
    });
  }
  const error = result?.case === "error" ? remoteError(result.value) : undefined;
  if (phase === Phase.TIMED_OUT) {
    return new CallFailure("TIMED_OUT", `${what}: its execution ${id?.name} timed out there`, {
      kind: "timeout",
      url,
      attempts: error?.attempts,
      ...(error && { cause: error }),
    });
  }
  if (error === undefined) {
    return new CallFailure(
      "REMOTE_FAILED",
      `${what}: its execution ${id?.name} failed, and the cluster tells no reason`,
      { kind: "system", url },
    );
  }
  const said = error.message === "" ? error.name : `${error.name}: ${firstLine(error.message)}`;
  return new CallFailure("REMOTE_FAILED", `${what} failed: ${said}`, {
    kind: error.origin === "system" ? "system" : "user",
    url,
    attempts: error.attempts,
    cause: error,
  });
}

function remoteError({ code, message, kind, timestamp, worker }: ExecutionError): RemoteError {
  const { name, message: text, stack, attempt } = parseErrorText(message);
  const flyteCode = code.replace(/^RetriesExhausted\|/, "");
  const known = name || flyteCode.slice(flyteCode.lastIndexOf(":") + 1) || "Error";
  const located = stack && (cellCode()?.located(stack) ?? stack);
  return new RemoteError(known, text, located, {
    flyteCode,
    origin: kind === ErrorKind.USER ? "user" : kind === ErrorKind.SYSTEM ? "system" : "unknown",
    attempts: attempt,
    worker: worker === "" ? undefined : worker,
    time: timestamp && timestampDate(timestamp),
  });
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

/** What kept a call from its execution or its value, as the failure of the call. */
export function callFailure(error: unknown, what: string, url?: string): unknown {
  if (!(error instanceof FlyteError)) return error;
  return new CallFailure(CODES[error.code] ?? "REMOTE_REJECTED", `${what}: ${error.message}`, {
    kind: "system",
    cause: error,
    ...(url !== undefined && { url }),
  });
}

const CODES: Readonly<Record<string, EagerCode>> = {
  CONFIG_NOT_FOUND: "CONFIG_NOT_FOUND",
  CONFIG_INVALID: "CONFIG_INVALID",
  REMOTE_AUTH: "REMOTE_AUTH",
  REMOTE_UNREACHABLE: "REMOTE_UNREACHABLE",
  REMOTE_NOT_FOUND: "REMOTE_NOT_FOUND",
  REMOTE_TOO_LARGE: "OUTPUT_TOO_LARGE",
};
