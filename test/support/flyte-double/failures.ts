/**
 * Failures of tasks, as containers report them and as executions show them.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import {
  ExecutionError_ErrorKind as ErrorKind,
  type ExecutionError,
  ExecutionErrorSchema,
} from "../../../runtime/flyte/idl/flyteidl/core/execution_pb.ts";

export interface TaskFailureOptions {
  /** `USER:ValueError` */
  readonly code?: string;
  readonly kind?: "user" | "system";
  /** Retried while the task has retries left. */
  readonly recoverable?: boolean;
  readonly worker?: string;
}

/** A failure field by field; an answer throws it, a container's `error.pb` becomes one. */
export class TaskFailure extends Error {
  override name = "TaskFailure";
  readonly error: ExecutionError;
  readonly recoverable: boolean;

  constructor(message: string, options: TaskFailureOptions = {}) {
    super(message);
    this.recoverable = options.recoverable ?? false;
    this.error = create(ExecutionErrorSchema, {
      code: options.code ?? "USER:Error",
      message,
      kind: options.kind === "system" ? ErrorKind.SYSTEM : ErrorKind.USER,
      worker: options.worker ?? "",
      timestamp: timestampNow(),
    });
  }
}

/**
 * What an answer threw, as its container would have written it.
 * @param recoverable of an Error that says nothing about it.
 */
export function failureOf(thrown: unknown, recoverable: boolean): TaskFailure {
  if (thrown instanceof TaskFailure) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const indented = (error.stack ?? "").replaceAll("\n", "\n    ");
  return new TaskFailure(
    `Trace:\n\n    ${indented}\n\nMessage:\n\n    ${error.name}: ${error.message}`,
    { code: `USER:${error.name}`, recoverable },
  );
}
