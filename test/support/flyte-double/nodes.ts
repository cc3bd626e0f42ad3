/**
 * Node executions and the attempts of their tasks, as rows and as answers.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type NodeExecution,
  NodeExecutionClosureSchema,
  NodeExecutionSchema,
} from "../../../runtime/flyte/idl/flyteidl/admin/node_execution_pb.ts";
import {
  type TaskExecution,
  TaskExecutionClosureSchema,
  TaskExecutionSchema,
} from "../../../runtime/flyte/idl/flyteidl/admin/task_execution_pb.ts";
import type { CatalogCacheStatus } from "../../../runtime/flyte/idl/flyteidl/core/catalog_pb.ts";
import {
  type ExecutionError,
  NodeExecution_Phase as NodePhase,
  TaskExecution_Phase as TaskPhase,
} from "../../../runtime/flyte/idl/flyteidl/core/execution_pb.ts";
import type {
  Identifier,
  WorkflowExecutionIdentifier,
} from "../../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import type { LiteralMap } from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";

interface Timed {
  readonly createdAt: Date;
  startedAt?: Date;
  updatedAt: Date;
}

export interface NodeRow extends Timed {
  readonly id: string;
  /** The id in the workflow's template; `id` has the parents' in front. */
  readonly specId: string;
  /** The node that this one is below, in a sub-workflow. */
  readonly parent: string | undefined;
  readonly isParent: boolean;
  readonly isEager: boolean;
  readonly isArray: boolean;
  readonly attempts: AttemptRow[];
  phase: NodePhase;
  inputs?: LiteralMap;
  inputsUri: string;
  outputs?: LiteralMap;
  outputsUri?: string;
  error?: ExecutionError;
  deckUri?: string;
  cacheStatus?: CatalogCacheStatus;
  childExecution?: WorkflowExecutionIdentifier;
}

export interface AttemptRow extends Timed {
  readonly taskId: Identifier;
  readonly attempt: number;
  readonly taskType: string;
  phase: TaskPhase;
  outputs?: LiteralMap;
  outputsUri?: string;
  error?: ExecutionError;
  /** Where the output of a local process is; Flyte's logs are links as well. */
  logUri?: string;
}

export function enterNode(
  row: NodeRow,
  phase: NodePhase,
  change: Partial<
    Pick<NodeRow, "outputs" | "outputsUri" | "error" | "cacheStatus" | "childExecution">
  > = {},
): void {
  Object.assign(row, change);
  row.phase = phase;
  row.updatedAt = new Date();
  if (phase === NodePhase.RUNNING) row.startedAt ??= row.updatedAt;
}

export function enterAttempt(
  row: AttemptRow,
  phase: TaskPhase,
  change: Partial<Pick<AttemptRow, "outputs" | "outputsUri" | "error">> = {},
): void {
  Object.assign(row, change);
  row.phase = phase;
  row.updatedAt = new Date();
  if (phase === TaskPhase.RUNNING) row.startedAt ??= row.updatedAt;
}

/** `RUNNING` */
export function nodePhaseName(phase: NodePhase): string {
  return Object.entries(NodePhase).find(([, value]) => value === phase)?.[0] ?? "UNDEFINED";
}

export function nodeMessage(executionId: WorkflowExecutionIdentifier, row: NodeRow): NodeExecution {
  const closure = create(NodeExecutionClosureSchema, {
    phase: row.phase,
    ...times(row),
    deckUri: row.deckUri ?? "",
  });
  if (row.error) closure.outputResult = { case: "error", value: row.error };
  else if (row.outputsUri !== undefined) {
    closure.outputResult = { case: "outputUri", value: row.outputsUri };
  }
  if (row.childExecution) {
    closure.targetMetadata = {
      case: "workflowNodeMetadata",
      value: {
        $typeName: "flyteidl.admin.WorkflowNodeMetadata",
        executionId: row.childExecution,
      },
    };
  } else if (row.cacheStatus !== undefined) {
    closure.targetMetadata = {
      case: "taskNodeMetadata",
      value: {
        $typeName: "flyteidl.admin.TaskNodeMetadata",
        cacheStatus: row.cacheStatus,
        checkpointUri: "",
      },
    };
  }
  return create(NodeExecutionSchema, {
    id: { nodeId: row.id, executionId },
    inputUri: row.inputsUri,
    closure,
    metadata: {
      specNodeId: row.specId,
      isParentNode: row.isParent,
      isEager: row.isEager,
      isArray: row.isArray,
      retryGroup: row.parent === undefined ? "" : "0",
    },
  });
}

export function attemptMessage(
  executionId: WorkflowExecutionIdentifier,
  node: NodeRow,
  row: AttemptRow,
): TaskExecution {
  const closure = create(TaskExecutionClosureSchema, {
    phase: row.phase,
    ...times(row),
    taskType: row.taskType,
    logs:
      row.logUri === undefined ? [] : [{ uri: row.logUri, name: "Output of the double's process" }],
  });
  if (row.error) closure.outputResult = { case: "error", value: row.error };
  else if (row.outputsUri !== undefined) {
    closure.outputResult = { case: "outputUri", value: row.outputsUri };
  }
  return create(TaskExecutionSchema, {
    id: {
      taskId: row.taskId,
      nodeExecutionId: { nodeId: node.id, executionId },
      retryAttempt: row.attempt,
    },
    inputUri: node.inputsUri,
    closure,
  });
}

function times({ createdAt, startedAt, updatedAt }: Timed) {
  return {
    createdAt: timestampFromDate(createdAt),
    updatedAt: timestampFromDate(updatedAt),
    ...(startedAt && {
      startedAt: timestampFromDate(startedAt),
      duration: durationFromMs(updatedAt.getTime() - startedAt.getTime()),
    }),
  };
}
