/**
 * ListExecutions, with the joins of admin's database.
 *
 * Invariants:
 * 1. Archived executions are left out unless a filter names the state.
 * 2. The join with tags is by the execution's name alone: a row comes once per tag row that matches.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ResourceListRequest } from "../../../runtime/flyte/idl/flyteidl/admin/common_pb.ts";
import { ExecutionListSchema } from "../../../runtime/flyte/idl/flyteidl/admin/execution_pb.ts";
import { ExecutionError_ErrorKind } from "../../../runtime/flyte/idl/flyteidl/core/execution_pb.ts";
import { ResourceType } from "../../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import { type ExecutionRow, executionMessage, phaseName } from "./executions.ts";
import { type Column, type Entity, type Filter, matches, parseFilters } from "./filters.ts";
import { page } from "./lists.ts";
import type { World } from "./world.ts";

export function listExecutions(world: World, request: ResourceListRequest) {
  const { id } = request;
  if (!id?.project) throw new ConnectError("missing project", Code.InvalidArgument);
  if (!id.domain) throw new ConnectError("missing domain", Code.InvalidArgument);
  const filters = parseFilters(request.filters, "execution");
  const anyState = filters.some(({ entity, field }) => entity === "execution" && field === "state");
  const joinsTags = filters.some(({ entity }) => entity === "execution_tag");
  const found: ExecutionRow[] = [];
  for (const row of world.executions.frozen ?? candidates(world, id, filters)) {
    if (row.id.project !== id.project || row.id.domain !== id.domain) continue;
    if (id.name !== "" && row.id.name !== id.name) continue;
    if (row.archived && !anyState) continue;
    if (!joinsTags) {
      if (matches(filters, (entity, field) => column(row, entity, field))) found.push(row);
      continue;
    }
    for (const other of world.executions.named(row.id.name)) {
      for (const tag of other.tags) {
        const read = (entity: Entity, field: string) =>
          entity === "execution_tag" ? tagColumn(other, tag, field) : column(row, entity, field);
        if (matches(filters, read)) found.push(row);
      }
    }
  }
  const { rows, token } = page(found, request, "execution", (row, field) =>
    column(row, "execution", field),
  );
  return create(ExecutionListSchema, {
    executions: rows.map((row) => executionMessage(row, true)),
    token,
  });
}

/** Those that an index says can match; the filters decide. */
function candidates(
  world: World,
  id: { readonly project: string; readonly domain: string; readonly name: string },
  filters: readonly Filter[],
): Iterable<ExecutionRow> {
  const by = (entity: Entity, field: string) =>
    filters.find(
      (filter) =>
        filter.entity === entity &&
        filter.field === field &&
        (filter.test === "eq" || filter.test === "value_in"),
    )?.values;
  const names = id.name !== "" ? [id.name] : by("execution", "execution_name");
  if (names) {
    return [...new Set(names)].flatMap((name) => {
      const row = world.executions.find({ project: id.project, domain: id.domain, name });
      return row ? [row] : [];
    });
  }
  const [key, ...keys] = by("execution_tag", "key") ?? [];
  const values = by("execution_tag", "value");
  if (key !== undefined && keys.length === 0 && values) {
    return new Set(
      values.flatMap((value) =>
        [...world.executions.tagged(key, value)].flatMap((row) =>
          world.executions.named(row.id.name),
        ),
      ),
    );
  }
  return world.executions.all();
}

function tagColumn(
  row: ExecutionRow,
  tag: { readonly key: string; readonly value: string },
  field: string,
): Column {
  if (field === "key") return tag.key;
  if (field === "value") return tag.value;
  return column(row, "execution", field);
}

function column(row: ExecutionRow, entity: Entity, field: string): Column {
  if (entity !== "execution") {
    const { launchPlan } = row.spec;
    // An inner join: an execution of a task has no launch plan, and the other way round.
    const isTask = launchPlan?.resourceType === ResourceType.TASK;
    if (entity === "task" ? !isTask : entity === "launch_plan" && isTask) return undefined;
    const entityId = entity === "workflow" ? row.workflowId : launchPlan;
    switch (field) {
      case "project":
        return entityId?.project;
      case "domain":
        return entityId?.domain;
      case "name":
        return entityId?.name;
      case "version":
        return entityId?.version;
      default:
        return undefined;
    }
  }
  switch (field) {
    case "execution_project":
      return row.id.project;
    case "execution_domain":
      return row.id.domain;
    case "execution_name":
      return row.id.name;
    case "phase":
      return phaseName(row.phase);
    case "created_at":
    case "execution_created_at":
      return row.createdAt;
    case "updated_at":
    case "execution_updated_at":
      return row.updatedAt;
    case "started_at":
      return row.startedAt;
    case "abort_cause":
      return row.abort?.cause;
    case "mode":
      return row.spec.metadata?.mode ?? 0;
    case "launch_entity":
      return row.spec.launchPlan?.resourceType === ResourceType.TASK ? "task" : "launch_plan";
    case "error_kind":
      return row.error && kindName(row.error.kind);
    case "error_code":
      return row.error?.code;
    case "user":
      return row.spec.metadata?.principal;
    case "state":
      return row.archived ? 1 : 0;
    default:
      return undefined;
  }
}

function kindName(kind: ExecutionError_ErrorKind): string {
  const found = Object.entries(ExecutionError_ErrorKind).find(([, value]) => value === kind);
  return found?.[0] ?? "UNKNOWN";
}
