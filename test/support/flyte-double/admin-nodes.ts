/**
 * AdminService's part for what is inside an execution: nodes, and the attempts of their tasks.
 * @module
 */
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { TaskExecution_Phase } from "../../../runtime/flyte/idl/flyteidl/core/execution_pb.ts";
import type {
  NodeExecutionIdentifier,
  TaskExecutionIdentifier,
} from "../../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import type { AdminService } from "../../../runtime/flyte/idl/flyteidl/service/admin_pb.ts";
import { data, getExecution, signed } from "./admin-executions.ts";
import { invalid } from "./checks.ts";
import { type Column, matches, parseFilters } from "./filters.ts";
import { page } from "./lists.ts";
import {
  type AttemptRow,
  attemptMessage,
  type NodeRow,
  nodeMessage,
  nodePhaseName,
} from "./nodes.ts";
import type { World } from "./world.ts";

export function nodeMethods(world: World) {
  const find = (id: NodeExecutionIdentifier | undefined) => {
    const row = getExecution(world, id?.executionId);
    const node = row.nodes.get(id?.nodeId ?? "");
    if (!node) {
      throw new ConnectError(
        `missing entity of type node execution with identifier node_id:"${id?.nodeId}"`,
        Code.NotFound,
      );
    }
    return { row, node };
  };
  const findAttempt = (id: TaskExecutionIdentifier | undefined) => {
    const found = find(id?.nodeExecutionId);
    const attempt = found.node.attempts.find((one) => one.attempt === id?.retryAttempt);
    if (!attempt) {
      throw new ConnectError(
        `missing entity of type task execution with identifier retry_attempt:${id?.retryAttempt}`,
        Code.NotFound,
      );
    }
    return { ...found, attempt };
  };
  return {
    getNodeExecution({ id }) {
      const { row, node } = find(id);
      return nodeMessage(row.id, node);
    },
    listNodeExecutions(request) {
      const row = getExecution(world, request.workflowExecutionId);
      const parent = request.uniqueParentId || undefined;
      const filters = parseFilters(request.filters, "node_execution");
      const nodes = [...row.nodes.values()].filter(
        (node) =>
          node.parent === parent && matches(filters, (_entity, field) => nodeColumn(node, field)),
      );
      const { rows, token } = page(nodes, request, "node_execution", nodeColumn);
      return { nodeExecutions: rows.map((node) => nodeMessage(row.id, node)), token };
    },
    getNodeExecutionData({ id }) {
      const { node } = find(id);
      return {
        inputs: signed(world, node.inputsUri),
        outputs: signed(world, node.outputsUri),
        fullInputs: data(world, node.inputsUri, node.inputs),
        fullOutputs: data(world, node.outputsUri, node.outputs),
      };
    },
    getTaskExecution({ id }) {
      const { row, node, attempt } = findAttempt(id);
      return attemptMessage(row.id, node, attempt);
    },
    listTaskExecutions(request) {
      if (!request.nodeExecutionId) throw invalid("missing node_execution_id");
      const { row, node } = find(request.nodeExecutionId);
      const filters = parseFilters(request.filters, "task_execution");
      const attempts = node.attempts.filter((attempt) =>
        matches(filters, (_entity, field) => attemptColumn(attempt, field)),
      );
      const { rows, token } = page(attempts, request, "task_execution", attemptColumn);
      return { taskExecutions: rows.map((one) => attemptMessage(row.id, node, one)), token };
    },
    getTaskExecutionData({ id }) {
      const { node, attempt } = findAttempt(id);
      return {
        inputs: signed(world, node.inputsUri),
        outputs: signed(world, attempt.outputsUri),
        fullInputs: data(world, node.inputsUri, node.inputs),
        fullOutputs: data(world, attempt.outputsUri, attempt.outputs),
      };
    },
  } satisfies Partial<ServiceImpl<typeof AdminService>>;
}

function nodeColumn(node: NodeRow, field: string): Column {
  switch (field) {
    case "node_id":
      return node.id;
    case "phase":
      return nodePhaseName(node.phase);
    case "created_at":
    case "node_execution_created_at":
      return node.createdAt;
    case "updated_at":
    case "node_execution_updated_at":
      return node.updatedAt;
    case "started_at":
      return node.startedAt;
    case "error_code":
      return node.error?.code;
    default:
      return undefined;
  }
}

function attemptColumn(attempt: AttemptRow, field: string): Column {
  switch (field) {
    case "retry_attempt":
      return attempt.attempt;
    case "phase":
      return name(TaskExecution_Phase, attempt.phase);
    case "name":
      return attempt.taskId.name;
    case "version":
      return attempt.taskId.version;
    case "created_at":
    case "task_execution_created_at":
      return attempt.createdAt;
    case "updated_at":
    case "task_execution_updated_at":
      return attempt.updatedAt;
    case "started_at":
      return attempt.startedAt;
    default:
      return undefined;
  }
}

function name(phases: Readonly<Record<string, number>>, phase: number): string | undefined {
  return Object.entries(phases).find(([, value]) => value === phase)?.[0];
}
