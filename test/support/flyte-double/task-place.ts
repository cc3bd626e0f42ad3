/**
 * Where a task runs, and the limits that hold there.
 * @module
 */
import type { ExecutionRow } from "./executions.ts";
import { TaskFailure } from "./failures.ts";
import type { NodeRow } from "./nodes.ts";
import type { World } from "./world.ts";

/** Propeller's `max-output-size-bytes`. */
const MAX_OUTPUT_BYTES = 10 * 1024 * 1024;

export interface TaskPlace {
  readonly world: World;
  readonly row: ExecutionRow;
  readonly node: NodeRow;
  /** Of this node's files: `…/n0/data` */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Which item of an array node this is. */
  readonly arrayIndex?: number;
}

/** @throws {TaskFailure} when propeller would not read outputs of that size. */
export function checkOutputSize(bytes: number, uri: string): void {
  if (bytes <= MAX_OUTPUT_BYTES) return;
  throw new TaskFailure(
    `Remote output size exceeds max, err: [output file @[${uri}] is too large [${bytes}] bytes, ` +
      `max allowed [${MAX_OUTPUT_BYTES}] bytes: remote file exceeds max size]`,
    { code: "OutputSizeExceeded" },
  );
}
