/**
 * Executions and their life: QUEUED → RUNNING → SUCCEEDING → SUCCEEDED, FAILING → FAILED, ABORTING → ABORTED.
 *
 * Invariants:
 * 1. A terminal phase is never left, and ABORTED is only reached through ABORTING.
 * 2. Looking up a name costs the same however many executions there are.
 * 3. A row's spec holds no inputs: they are kept beside it, as in admin's store.
 * @module
 */
import { clone, create } from "@bufbuild/protobuf";
import { durationFromMs, type Timestamp, timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type AbortMetadata,
  AbortMetadataSchema,
  type Execution,
  ExecutionClosureSchema,
  ExecutionSchema,
  type ExecutionSpec,
  ExecutionState,
  LiteralMapBlobSchema,
} from "../../../runtime/flyte/idl/flyteidl/admin/execution_pb.ts";
import {
  type ExecutionError,
  ExecutionErrorSchema,
  WorkflowExecution_Phase as Phase,
} from "../../../runtime/flyte/idl/flyteidl/core/execution_pb.ts";
import type {
  Identifier,
  WorkflowExecutionIdentifier,
} from "../../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import type { LiteralMap } from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import type { NodeRow } from "./nodes.ts";

export interface ExecutionRow {
  readonly id: WorkflowExecutionIdentifier;
  readonly spec: ExecutionSpec;
  readonly inputs: LiteralMap;
  readonly inputsUri: string;
  readonly workflowId: Identifier;
  /** By the id of the node execution, in the order of their creation. */
  readonly nodes: Map<string, NodeRow>;
  /** Rows of the tag table; one row of a joined list each. */
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly createdAt: Date;
  /** Aborted by TerminateExecution. */
  readonly stop: AbortController;
  phase: Phase;
  startedAt?: Date;
  updatedAt: Date;
  outputs?: LiteralMap;
  outputsUri?: string;
  error?: ExecutionError;
  abort?: AbortMetadata;
  archived: boolean;
  stateChangedAt: Date;
}

const TERMINAL: ReadonlySet<Phase> = new Set([
  Phase.SUCCEEDED,
  Phase.FAILED,
  Phase.ABORTED,
  Phase.TIMED_OUT,
]);

export function isTerminal(phase: Phase): boolean {
  return TERMINAL.has(phase);
}

export function phaseName(phase: Phase): string {
  return Object.entries(Phase).find(([, value]) => value === phase)?.[0] ?? "UNDEFINED";
}

export class Executions {
  readonly #byKey = new Map<string, ExecutionRow>();
  readonly #byTag = new Map<string, Set<ExecutionRow>>();
  readonly #byName = new Map<string, ExecutionRow[]>();
  readonly #waiting = new Set<() => void>();
  #notified = false;
  #frozen: readonly ExecutionRow[] | undefined;

  add(row: ExecutionRow): void {
    this.#byKey.set(executionKey(row.id), row);
    push(this.#byName, row.id.name, row);
    for (const { key, value } of row.tags) {
      const tag = `${key}=${value}`;
      const rows = this.#byTag.get(tag);
      if (rows) rows.add(row);
      else this.#byTag.set(tag, new Set([row]));
    }
    this.#notify();
  }

  find(
    id: Pick<WorkflowExecutionIdentifier, "project" | "domain" | "name">,
  ): ExecutionRow | undefined {
    return this.#byKey.get(executionKey(id));
  }

  named(name: string): readonly ExecutionRow[] {
    return this.#byName.get(name) ?? [];
  }

  tagged(key: string, value: string): Iterable<ExecutionRow> {
    return this.#byTag.get(`${key}=${value}`) ?? [];
  }

  all(): readonly ExecutionRow[] {
    return [...this.#byKey.values()];
  }

  /** What lists answer: rows as they were, while frozen. */
  get frozen(): readonly ExecutionRow[] | undefined {
    return this.#frozen;
  }

  /** @returns ends it. */
  freeze(): () => void {
    const rows = this.all().map((row) => ({ ...row }));
    this.#frozen = rows;
    return () => {
      if (this.#frozen === rows) this.#frozen = undefined;
    };
  }

  /** Moves a row on; what is terminal stays, and who was asked to abort can only abort. */
  enter(
    row: ExecutionRow,
    phase: Phase,
    change: Partial<Pick<ExecutionRow, "error" | "outputs" | "outputsUri" | "abort">> = {},
  ): boolean {
    if (isTerminal(row.phase)) return false;
    if (row.phase === Phase.ABORTING && phase !== Phase.ABORTED) return false;
    Object.assign(row, change);
    row.phase = phase;
    row.updatedAt = new Date();
    if (phase === Phase.RUNNING) row.startedAt ??= row.updatedAt;
    this.#notify();
    return true;
  }

  /** ABORTING now; ABORTED when its work has stopped. A second abort changes nothing. */
  abort(row: ExecutionRow, metadata: AbortMetadata): void {
    if (this.enter(row, Phase.ABORTING, { abort: metadata })) {
      row.stop.abort(new Error(`aborted by ${metadata.principal}: ${metadata.cause}`));
    }
  }

  /** Resolves as soon as the condition holds; it is looked at after changes of executions. */
  async when(condition: () => boolean, signal?: AbortSignal): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      signal?.addEventListener("abort", () => {
        this.#waiting.delete(look);
        reject(signal.reason);
      });
    });
  }

  /** Once per turn of the event loop, however many changes it had. */
  #notify(): void {
    if (this.#waiting.size === 0 || this.#notified) return;
    this.#notified = true;
    setImmediate(() => {
      this.#notified = false;
      for (const look of [...this.#waiting]) look();
    });
  }
}

function push<Row>(map: Map<string, Row[]>, key: string, row: Row): void {
  const rows = map.get(key);
  if (rows) rows.push(row);
  else map.set(key, [row]);
}

function executionKey(
  id: Pick<WorkflowExecutionIdentifier, "project" | "domain" | "name">,
): string {
  return `${id.project}:${id.domain}:${id.name}`;
}

export function abortMetadata(cause: string, principal: string): AbortMetadata {
  return create(AbortMetadataSchema, { cause, principal });
}

/**
 * The row as an answer.
 * @param trimmed as lists do it: the error's message cut to 100 bytes.
 */
export function executionMessage(row: ExecutionRow, trimmed: boolean): Execution {
  const closure = create(ExecutionClosureSchema, {
    phase: row.phase,
    createdAt: stamp(row.createdAt),
    updatedAt: stamp(row.updatedAt),
    workflowId: row.workflowId,
    stateChangeDetails: {
      state: row.archived ? ExecutionState.EXECUTION_ARCHIVED : ExecutionState.EXECUTION_ACTIVE,
      occurredAt: stamp(row.stateChangedAt),
    },
  });
  if (row.startedAt) {
    closure.startedAt = stamp(row.startedAt);
    const end = isTerminal(row.phase) ? row.updatedAt : row.startedAt;
    closure.duration = durationFromMs(end.getTime() - row.startedAt.getTime());
  }
  if (row.abort) {
    closure.outputResult = { case: "abortMetadata", value: row.abort };
  } else if (row.error) {
    const error = trimmed ? clone(ExecutionErrorSchema, row.error) : row.error;
    if (trimmed) error.message = trim(error.message);
    closure.outputResult = { case: "error", value: error };
  } else if (row.outputsUri !== undefined) {
    closure.outputResult = {
      case: "outputs",
      value: create(LiteralMapBlobSchema, { data: { case: "uri", value: row.outputsUri } }),
    };
  }
  return create(ExecutionSchema, { id: row.id, spec: row.spec, closure });
}

function stamp(date: Date): Timestamp {
  return timestampFromDate(date);
}

/** The shortest text of at least 100 bytes that is still valid UTF-8. */
function trim(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= 100) return message;
  let end = 100;
  while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end++;
  return bytes.toString("utf8", 0, end);
}
