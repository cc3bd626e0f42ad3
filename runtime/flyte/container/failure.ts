/**
 * How a container says that it failed: `error.pb`, which the cluster reads before it looks at the exit code.
 * @module
 */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { EagerException, isFinal } from "../../workflow/errors.ts";
import { errorName, writeErrorText } from "../error-text.ts";
import {
  ContainerError_Kind,
  type ContainerErrorSchema,
  ErrorDocumentSchema,
} from "../idl/flyteidl/core/errors_pb.ts";
import { ExecutionError_ErrorKind } from "../idl/flyteidl/core/execution_pb.ts";
import { withoutBundleRoots } from "../register/entity-name.ts";

/** Whose fault it is, and whether the cluster is to try again. */
export interface TaskFailure {
  readonly thrown: unknown;
  readonly origin: "user" | "system";
  readonly isRecoverable: boolean;
  /** Default: the class of what was thrown. */
  readonly code?: string;
}

/** What the user's function threw, or what did not fit its schemas. */
export function userFailure(thrown: unknown, retries: number, code?: string): TaskFailure {
  return {
    thrown,
    origin: "user",
    // The same rule as where the task runs locally.
    isRecoverable: retries > 0 && !isFinal(thrown),
    ...(code !== undefined && { code }),
  };
}

/** Storage, transport, loading: another attempt may well succeed. */
export function systemFailure(thrown: unknown, isRecoverable = true): TaskFailure {
  const code: unknown =
    typeof thrown === "object" && thrown !== null && "code" in thrown ? thrown.code : undefined;
  return {
    thrown,
    origin: "system",
    isRecoverable,
    ...(typeof code === "string" && { code }),
  };
}

/** A failure that is known where it happens, on its way out. */
export class Failed extends Error {
  readonly failure: TaskFailure;
  constructor(failure: TaskFailure) {
    super("the task failed", { cause: failure.thrown });
    this.failure = failure;
  }
}

/** What is told of it, in `error.pb` and in the pod's log. */
export function failureText({ thrown }: TaskFailure): string {
  return withoutBundleRoots(writeErrorText(thrown));
}

/** Bytes of `error.pb`. */
export function errorDocument(failure: TaskFailure, worker: string, atMs: number): Uint8Array {
  const { code = errorName(failure.thrown), isRecoverable, origin } = failure;
  const error: MessageInitShape<typeof ContainerErrorSchema> = {
    code: `${origin === "user" ? "USER" : "SYSTEM"}:${code}`,
    message: failureText(failure),
    kind: isRecoverable ? ContainerError_Kind.RECOVERABLE : ContainerError_Kind.NON_RECOVERABLE,
    origin: origin === "user" ? ExecutionError_ErrorKind.USER : ExecutionError_ErrorKind.SYSTEM,
    timestamp: timestampFromMs(atMs),
    worker,
  };
  return toBinary(ErrorDocumentSchema, create(ErrorDocumentSchema, { error }));
}

/** Of a rejected call: what its function threw, or the exception itself when the engine refused something. */
export function thrownBy(rejection: unknown): { readonly thrown: unknown; readonly code?: string } {
  if (!(rejection instanceof EagerException)) return { thrown: rejection };
  if (rejection.code === "TASK_FAILED") return { thrown: rejection.cause };
  return { thrown: rejection, code: rejection.code };
}
