/**
 * AdminService's part for entities: tasks, workflows, launch plans.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { ResourceListRequest } from "../../../runtime/flyte/idl/flyteidl/admin/common_pb.ts";
import { LaunchPlanState } from "../../../runtime/flyte/idl/flyteidl/admin/launch_plan_pb.ts";
import { TaskSchema } from "../../../runtime/flyte/idl/flyteidl/admin/task_pb.ts";
import { WorkflowSchema } from "../../../runtime/flyte/idl/flyteidl/admin/workflow_pb.ts";
import { CompiledWorkflowClosureSchema } from "../../../runtime/flyte/idl/flyteidl/core/compiler_pb.ts";
import {
  type Identifier,
  ResourceType,
} from "../../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import type { TaskTemplate } from "../../../runtime/flyte/idl/flyteidl/core/tasks_pb.ts";
import type { AdminService } from "../../../runtime/flyte/idl/flyteidl/service/admin_pb.ts";
import { checkIdentifier, invalid } from "./checks.ts";
import { compileWorkflow } from "./compile.ts";
import { type Column, matches, parseFilters, type Entity as Table } from "./filters.ts";
import { createLaunchPlan, launchPlanMessage, setState } from "./launch-plans.ts";
import { type Page, page } from "./lists.ts";
import { digestOf, type Entity, type Registry } from "./registry.ts";
import type { LaunchPlanRow, TaskRow, WorkflowRow, World } from "./world.ts";

export function entityMethods(world: World) {
  return {
    createTask({ id, spec }) {
      addTask(world, id, spec?.template);
      return {};
    },
    getTask: ({ id }) => taskMessage(world.tasks.get(id)),
    listTasks(request) {
      const { rows, token } = listEntities(world.tasks, "task", request);
      return { tasks: rows.map(taskMessage), token };
    },
    listTaskIds: (request) => listIds(world.tasks, "task", request),

    createWorkflow({ id, spec }) {
      const checked = checkIdentifier(id, ResourceType.WORKFLOW);
      world.checkProject(checked.project, checked.domain);
      if (!spec?.template) throw invalid("missing spec");
      const closure = compileWorkflow(world, checked, spec);
      const digest = digestOf(closure);
      world.workflows.add(checked, digest, (createdAt) => ({
        id: checked,
        digest,
        createdAt,
        closure,
      }));
      return {};
    },
    getWorkflow: ({ id }) => workflowMessage(world.workflows.get(id)),
    listWorkflows(request) {
      const { rows, token } = listEntities(world.workflows, "workflow", request);
      // The closure of a list holds no graph: it is in the blob store.
      return { workflows: rows.map((row) => workflowMessage(row, true)), token };
    },
    listWorkflowIds: (request) => listIds(world.workflows, "workflow", request),

    createLaunchPlan({ id, spec }) {
      createLaunchPlan(world, id, spec);
      return {};
    },
    getLaunchPlan: ({ id }) => launchPlanMessage(world.launchPlans.get(id)),
    getActiveLaunchPlan({ id }) {
      for (const field of ["project", "domain", "name"] as const) {
        if (!id?.[field]) throw invalid(`missing ${field}`);
      }
      const active = id && world.launchPlans.rows(id).find(isActive);
      if (!active) {
        throw new ConnectError(
          `No active launch plan could be found: ${id?.project}:${id?.domain}:${id?.name}`,
          Code.NotFound,
        );
      }
      return launchPlanMessage(active);
    },
    listActiveLaunchPlans({ project, domain, limit, token, sortBy }) {
      const rows = world.launchPlans.rows({ project, domain, name: "" }).filter(isActive);
      const found = page(rows, { limit, token, sortBy }, "launch_plan", column);
      return { launchPlans: found.rows.map(launchPlanMessage), token: found.token };
    },
    listLaunchPlans(request) {
      const { rows, token } = listEntities(world.launchPlans, "launch_plan", request);
      return { launchPlans: rows.map(launchPlanMessage), token };
    },
    listLaunchPlanIds: (request) => listIds(world.launchPlans, "launch_plan", request),
    updateLaunchPlan({ id, state }) {
      setState(world, id, state);
      return {};
    },
  } satisfies Partial<ServiceImpl<typeof AdminService>>;
}

/** @throws {ConnectError} as flyteadmin's validation and its immutable versions. */
export function addTask(
  world: World,
  id: Identifier | undefined,
  given: TaskTemplate | undefined,
): TaskRow {
  const checked = checkIdentifier(id, ResourceType.TASK);
  world.checkProject(checked.project, checked.domain);
  if (!given) throw invalid("missing spec");
  if (given.type === "") throw invalid("missing type");
  if (!given.metadata) throw invalid("missing metadata");
  if (given.metadata.runtime && given.metadata.runtime.version === "") {
    throw invalid("missing runtime version");
  }
  if (!given.interface) throw invalid("missing typed interface");
  if (given.target.case === "container" && given.target.value.image === "") {
    throw invalid("missing image");
  }
  const template = { ...given, id: checked };
  const digest = digestOf(template);
  return world.tasks.add(checked, digest, (createdAt) => ({
    id: checked,
    digest,
    createdAt,
    template,
    column: (field) => (field === "type" ? template.type : undefined),
  }));
}

function taskMessage({ id, template, createdAt }: TaskRow) {
  return create(TaskSchema, {
    id,
    closure: { compiledTask: { template }, createdAt: timestampFromDate(createdAt) },
  });
}

function workflowMessage({ id, closure, createdAt }: WorkflowRow, brief = false) {
  const typed = closure.primary?.template?.interface;
  const shown =
    brief && typed
      ? create(CompiledWorkflowClosureSchema, { primary: { template: { interface: typed } } })
      : closure;
  return create(WorkflowSchema, {
    id,
    closure: { compiledWorkflow: shown, createdAt: timestampFromDate(createdAt) },
  });
}

function isActive({ closure }: LaunchPlanRow): boolean {
  return closure.state === LaunchPlanState.ACTIVE;
}

function listEntities<Row extends Entity>(
  registry: Registry<Row>,
  table: Table,
  request: ResourceListRequest,
): Page<Row> {
  if (!request.id) throw invalid("missing id");
  if (!request.id.project) throw invalid("missing project");
  if (!request.id.domain) throw invalid("missing domain");
  const filters = parseFilters(request.filters, table);
  const rows = registry
    .rows(request.id)
    .filter((row) => matches(filters, (_entity, field) => column(row, field)));
  return page(rows, request, table, column);
}

function listIds(
  registry: Registry<Entity>,
  table: Table,
  request: {
    readonly project: string;
    readonly domain: string;
    readonly limit: number;
    readonly token: string;
    readonly filters: string;
  },
) {
  const { project, domain, limit, token } = request;
  if (!project) throw invalid("missing project");
  if (!domain) throw invalid("missing domain");
  const filters = parseFilters(request.filters, table);
  const rows = registry
    .rows({ project, domain, name: "" })
    .filter((row) => matches(filters, (_entity, field) => column(row, field)));
  const names = [...new Set(rows.map(({ id }) => id.name))].sort();
  const found = page(names, { limit, token }, table, () => undefined);
  return {
    entities: found.rows.map((name) => ({ project, domain, name })),
    token: found.token,
  };
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
    case "digest":
      return row.digest;
    case "created_at":
    case "updated_at":
      return createdAt;
    default:
      return row.column?.(field);
  }
}
