/**
 * AdminService's part for executions.
 * @module
 */
import { randomBytes } from "node:crypto";
import { clone, create } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import {
  type ExecutionCreateRequest,
  ExecutionCreateResponseSchema,
  ExecutionSpecSchema,
  ExecutionState,
} from "../../../runtime/flyte/idl/flyteidl/admin/execution_pb.ts";
import { WorkflowExecution_Phase as Phase } from "../../../runtime/flyte/idl/flyteidl/core/execution_pb.ts";
import {
  IdentifierSchema,
  ResourceType,
  type WorkflowExecutionIdentifier,
  WorkflowExecutionIdentifierSchema,
} from "../../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import { LiteralMapSchema } from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import type { AdminService } from "../../../runtime/flyte/idl/flyteidl/service/admin_pb.ts";
import { answerTask, runExecution } from "./engine.ts";
import { listExecutions } from "./execution-list.ts";
import { abortMetadata, type ExecutionRow, executionMessage, isTerminal } from "./executions.ts";
import type { World } from "./world.ts";

export function executionMethods(world: World) {
  const { executions } = world;
  const get = (id: WorkflowExecutionIdentifier | undefined): ExecutionRow => {
    if (!id?.name) throw new ConnectError("missing name", Code.InvalidArgument);
    const row = executions.find(id);
    if (!row) {
      throw new ConnectError(
        `missing entity of type execution with identifier project:"${id.project}" ` +
          `domain:"${id.domain}" name:"${id.name}"`,
        Code.NotFound,
      );
    }
    return row;
  };
  return {
    createExecution: (request, context) => createExecution(world, request, context),
    getExecution: ({ id }) => executionMessage(get(id), false),
    getExecutionData({ id }) {
      const row = get(id);
      const outputs = world.faults.emptyOutputs ? undefined : row.outputs;
      return {
        fullInputs: row.inputs,
        fullOutputs: outputs ?? create(LiteralMapSchema),
      };
    },
    listExecutions: (request) => listExecutions(world, request),
    terminateExecution({ id, cause }, context) {
      const row = get(id);
      if (isTerminal(row.phase)) {
        throw new ConnectError(
          "Cannot abort an already terminated workflow execution",
          Code.FailedPrecondition,
        );
      }
      executions.enter(row, Phase.ABORTING, { abort: abortMetadata(cause, principal(context)) });
      row.stop.abort(new Error(`aborted: ${cause}`));
      return {};
    },
    updateExecution({ id, state }) {
      const row = get(id);
      row.archived = state === ExecutionState.EXECUTION_ARCHIVED;
      row.stateChangedAt = new Date();
      return {};
    },
  } satisfies Partial<ServiceImpl<typeof AdminService>>;
}

/** Who asks; admin knows by the token. */
function principal(_context: HandlerContext): string {
  return "double-user";
}

function createExecution(world: World, request: ExecutionCreateRequest, _context: HandlerContext) {
  const { spec } = request;
  if (!spec?.launchPlan) throw new ConnectError("missing spec", Code.InvalidArgument);
  if (spec.launchPlan.resourceType !== ResourceType.TASK) {
    throw new ConnectError("Invalid reference entity resource type", Code.InvalidArgument);
  }
  const task = world.tasks.get(spec.launchPlan);
  const id = create(WorkflowExecutionIdentifierSchema, {
    project: request.project,
    domain: request.domain,
    name: request.name || `a${randomBytes(10).toString("hex").slice(0, 19)}`,
  });
  if (world.executions.find(id)) {
    throw new ConnectError(
      "value with matching already exists (duplicate key value violates unique constraint " +
        '"executions_pkey")',
      Code.AlreadyExists,
    );
  }
  const inputs = request.inputs ?? spec.inputs ?? create(LiteralMapSchema);
  const kept = clone(ExecutionSpecSchema, { ...spec, inputs: create(LiteralMapSchema) });
  delete kept.inputs;
  const now = new Date();
  const row: ExecutionRow = {
    id,
    spec: kept,
    inputs,
    workflowId: create(IdentifierSchema, {
      ...task.id,
      resourceType: ResourceType.WORKFLOW,
      name: `.flytegen.${task.id.name}`,
    }),
    tags: [
      ...Object.entries(spec.labels?.values ?? {}).map(([key, value]) => ({ key, value })),
      ...spec.tags.map((key) => ({ key, value: "" })),
    ],
    createdAt: now,
    stop: new AbortController(),
    phase: Phase.QUEUED,
    updatedAt: now,
    archived: false,
    stateChangedAt: now,
  };
  world.executions.add(row);
  void runExecution(world, row, (signal) => answerTask(world, row, task.template, inputs, signal));
  return create(ExecutionCreateResponseSchema, { id });
}
