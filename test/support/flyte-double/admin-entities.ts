/**
 * AdminService's part for entities: tasks.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { ResourceListRequest } from "../../../runtime/flyte/idl/flyteidl/admin/common_pb.ts";
import { TaskSchema } from "../../../runtime/flyte/idl/flyteidl/admin/task_pb.ts";
import type { AdminService } from "../../../runtime/flyte/idl/flyteidl/service/admin_pb.ts";
import { type Column, matches, parseFilters, type Entity as Table } from "./filters.ts";
import { type Page, page } from "./lists.ts";
import { digestOf, type Entity, type Registry } from "./registry.ts";
import type { TaskRow, World } from "./world.ts";

export function entityMethods(world: World) {
  return {
    createTask({ id, spec }) {
      if (!id) throw new ConnectError("missing id", Code.InvalidArgument);
      const template = spec?.template;
      if (!template) throw new ConnectError("missing spec", Code.InvalidArgument);
      world.tasks.add(id, digestOf(template), (createdAt) => ({
        id,
        digest: digestOf(template),
        createdAt,
        template,
      }));
      return {};
    },
    getTask: ({ id }) => taskMessage(world.tasks.get(id)),
    listTasks(request) {
      const { rows, token } = listEntities(world.tasks, "task", request);
      return { tasks: rows.map(taskMessage), token };
    },
  } satisfies Partial<ServiceImpl<typeof AdminService>>;
}

function taskMessage({ id, template, createdAt }: TaskRow) {
  return create(TaskSchema, {
    id,
    closure: { compiledTask: { template }, createdAt: timestampFromDate(createdAt) },
  });
}

export function listEntities<Row extends Entity>(
  registry: Registry<Row>,
  table: Table,
  request: ResourceListRequest,
): Page<Row> {
  if (!request.id?.project) throw new ConnectError("missing project", Code.InvalidArgument);
  if (!request.id.domain) throw new ConnectError("missing domain", Code.InvalidArgument);
  const filters = parseFilters(request.filters, table);
  const rows = registry
    .rows(request.id)
    .filter((row) => matches(filters, (_entity, field) => column(row, field)));
  return page(rows, request, table, column);
}

function column(row: Entity, field: string): Column {
  const { id, createdAt } = row;
  switch (field) {
    case "project":
      return id.project;
    case "domain":
      return id.domain;
    case "name":
      return id.name;
    case "version":
      return id.version;
    case "created_at":
    case "updated_at":
      return createdAt;
    default:
      return undefined;
  }
}
