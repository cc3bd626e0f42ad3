/**
 * AdminService's part for executions.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { UrlBlobSchema } from "../../../runtime/flyte/idl/flyteidl/admin/common_pb.ts";
import {
  EventErrorAlreadyInTerminalStateSchema,
  EventFailureReasonSchema,
} from "../../../runtime/flyte/idl/flyteidl/admin/event_pb.ts";
import {
  ExecutionCreateRequestSchema,
  ExecutionMetadataSchema,
  ExecutionState,
  ExecutionMetadata_ExecutionMode as Mode,
} from "../../../runtime/flyte/idl/flyteidl/admin/execution_pb.ts";

import type { WorkflowExecutionIdentifier } from "../../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import {
  type LiteralMap,
  LiteralMapSchema,
} from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import type { AdminService } from "../../../runtime/flyte/idl/flyteidl/service/admin_pb.ts";
import { identity } from "./auth.ts";
import { invalid } from "./checks.ts";
import { listExecutions } from "./execution-list.ts";
import {
  abortMetadata,
  type ExecutionRow,
  executionMessage,
  isTerminal,
  phaseName,
} from "./executions.ts";
import { launchExecution } from "./launch.ts";
import type { World } from "./world.ts";

export function executionMethods(world: World) {
  const { executions } = world;
  return {
    createExecution(request, { values }) {
      return { id: launchExecution(world, request, values.get(identity)).id };
    },
    relaunchExecution({ id, name, overwriteCache }, { values }) {
      const row = getExecution(world, id);
      const metadata = {
        ...(row.spec.metadata ?? create(ExecutionMetadataSchema)),
        mode: Mode.RELAUNCH,
        referenceExecution: row.id,
      };
      const request = create(ExecutionCreateRequestSchema, {
        project: row.id.project,
        domain: row.id.domain,
        name,
        spec: { ...row.spec, metadata, overwriteCache },
        inputs: row.inputs,
      });
      return { id: launchExecution(world, request, values.get(identity)).id };
    },
    getExecution: ({ id }) => executionMessage(getExecution(world, id), false),
    getExecutionData({ id }) {
      const row = getExecution(world, id);
      return {
        inputs: signed(world, row.inputsUri),
        outputs: signed(world, row.outputsUri),
        fullInputs: data(world, row.inputsUri, row.inputs),
        fullOutputs: world.faults.emptyOutputs
          ? create(LiteralMapSchema)
          : data(world, row.outputsUri, row.outputs),
      };
    },
    listExecutions: (request) => listExecutions(world, request),
    terminateExecution({ id, cause }, { values }) {
      const row = getExecution(world, id);
      if (isTerminal(row.phase)) {
        throw new ConnectError(
          "Cannot abort an already terminated workflow execution",
          Code.FailedPrecondition,
          undefined,
          [
            {
              desc: EventFailureReasonSchema,
              value: create(EventFailureReasonSchema, {
                reason: {
                  case: "alreadyInTerminalState",
                  value: create(EventErrorAlreadyInTerminalStateSchema, {
                    currentPhase: phaseName(row.phase),
                  }),
                },
              }),
            },
          ],
        );
      }
      executions.abort(row, abortMetadata(cause, values.get(identity)));
      return {};
    },
    updateExecution({ id, state }) {
      const row = getExecution(world, id);
      row.archived = state === ExecutionState.EXECUTION_ARCHIVED;
      row.stateChangedAt = new Date();
      return {};
    },
  } satisfies Partial<ServiceImpl<typeof AdminService>>;
}

/** @throws {ConnectError} NOT_FOUND */
export function getExecution(
  world: World,
  id: WorkflowExecutionIdentifier | undefined,
): ExecutionRow {
  for (const field of ["project", "domain", "name"] as const) {
    if (!id?.[field]) throw invalid(`missing ${field}`);
  }
  const row = id && world.executions.find(id);
  if (row) return row;
  throw new ConnectError(
    `missing entity of type execution with identifier project:"${id?.project}" ` +
      `domain:"${id?.domain}" name:"${id?.name}"`,
    Code.NotFound,
  );
}

/** An object's signed URL with its size; empty for none. */
export function signed(world: World, uri: string | undefined) {
  const bytes = uri === undefined ? undefined : world.objects.size(uri);
  if (uri === undefined || bytes === undefined) return create(UrlBlobSchema);
  const { url } = world.store.sign("GET", uri, 3_600_000);
  return create(UrlBlobSchema, { url, bytes: BigInt(bytes) });
}

/** The map itself, unless it is too large for an answer: then it is empty, and the URL has to do. */
export function data(
  world: World,
  uri: string | undefined,
  map: LiteralMap | undefined,
): LiteralMap {
  const size = uri === undefined ? 0 : (world.objects.size(uri) ?? 0);
  return map && size < world.faults.maxDataBytes ? map : create(LiteralMapSchema);
}
