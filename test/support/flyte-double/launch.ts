/**
 * Starts executions: of launch plans, of single tasks, and of launch plans inside workflows.
 *
 * Invariants:
 * 1. All checks come before anything is stored.
 * 2. The labels of a single task's execution are in its spec but not among the tags: flyteadmin writes tag rows
 *    for launch plans only, so a filter on `execution_tag` never finds the execution of a task.
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type ExecutionCreateRequest,
  ExecutionCreateRequestSchema,
  ExecutionMetadataSchema,
  type ExecutionSpec,
  ExecutionMetadata_ExecutionMode as Mode,
} from "../../../runtime/flyte/idl/flyteidl/admin/execution_pb.ts";
import { CompiledWorkflowClosureSchema } from "../../../runtime/flyte/idl/flyteidl/core/compiler_pb.ts";
import { WorkflowExecution_Phase as Phase } from "../../../runtime/flyte/idl/flyteidl/core/execution_pb.ts";
import {
  type Identifier,
  IdentifierSchema,
  ResourceType,
  WorkflowExecutionIdentifierSchema,
} from "../../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import { ParameterMapSchema } from "../../../runtime/flyte/idl/flyteidl/core/interface_pb.ts";
import {
  type LiteralMap,
  LiteralMapSchema,
} from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import {
  checkExecutionName,
  checkInputs,
  checkLabels,
  checkLiterals,
  checkSet,
  invalid,
} from "./checks.ts";
import { END_NODE, START_NODE } from "./compile.ts";
import { runExecution } from "./engine.ts";
import { abortMetadata, type ExecutionRow, isTerminal } from "./executions.ts";
import { TaskFailure } from "./failures.ts";
import type { Run } from "./graph.ts";
import type { NodeRow } from "./nodes.ts";
import type { Launchable, LaunchPlanRow, TaskRow, World } from "./world.ts";

/** @throws {ConnectError} for whatever flyteadmin refuses. */
export function launchExecution(
  world: World,
  request: ExecutionCreateRequest,
  principal: string,
): ExecutionRow {
  const { spec, project, domain } = request;
  if (project === "") throw invalid("missing project");
  if (domain === "") throw invalid("missing domain");
  if (request.name !== "") checkExecutionName(request.name);
  world.checkProject(project, domain);
  if (!spec) throw invalid("missing spec");
  const entity = checkSet(spec.launchPlan);
  if (
    entity.resourceType !== ResourceType.TASK &&
    entity.resourceType !== ResourceType.LAUNCH_PLAN
  ) {
    throw invalid(
      `Invalid reference entity resource type [${entity.resourceType}], only ` +
        "[map[LAUNCH_PLAN:<nil> TASK:<nil>]] allowed",
    );
  }
  // Older clients put inputs into the spec.
  const own = Object.keys(request.inputs?.literals ?? {}).length > 0 ? request.inputs : spec.inputs;
  const given = own ?? create(LiteralMapSchema);
  checkLiterals(given.literals, "inputs");
  const labels = { ...spec.labels?.values };
  checkLabels(labels);
  const launched =
    entity.resourceType === ResourceType.TASK
      ? ofTask(world, world.tasks.get(entity))
      : ofLaunchPlan(world, world.launchPlans.get(entity));
  const literals = checkInputs(given.literals, launched.fixed, launched.expected);
  const id = create(WorkflowExecutionIdentifierSchema, {
    project,
    domain,
    name: request.name || `a${randomBytes(10).toString("hex").slice(0, 19)}`,
  });
  if (world.executions.find(id)) {
    throw new ConnectError(
      "value with matching already exists (duplicate key value violates unique constraint " +
        '"executions_pkey")',
      Code.AlreadyExists,
    );
  }
  const now = new Date();
  const row: ExecutionRow = {
    id,
    spec: finalSpec(spec, launched, principal),
    inputs: create(LiteralMapSchema, { literals }),
    inputsUri: `${world.objects.base}/metadata/${project}/${domain}/${id.name}/inputs`,
    workflowId: launched.workflowId,
    tags: launched.tagged
      ? [
          ...Object.entries(labels).map(([key, value]) => ({ key, value })),
          ...spec.tags.map((key) => ({ key, value: "" })),
        ]
      : [],
    nodes: new Map(),
    createdAt: now,
    stop: new AbortController(),
    phase: Phase.UNDEFINED,
    updatedAt: now,
    archived: false,
    stateChangedAt: now,
  };
  world.objects.putMessage(row.inputsUri, LiteralMapSchema, row.inputs);
  world.executions.add(row);
  void runExecution(world, row, launched.closure, launchNode);
  return row;
}

/** As it is stored: without inputs, with who asked. */
function finalSpec(
  spec: ExecutionSpec,
  { launchPlan }: Launchable,
  principal: string,
): ExecutionSpec {
  const { inputs: _kept, ...rest } = spec;
  const metadata = { ...(spec.metadata ?? create(ExecutionMetadataSchema)), principal };
  const own = launchPlan?.spec;
  return {
    ...rest,
    metadata,
    maxParallelism: spec.maxParallelism || own?.maxParallelism || 25,
    overwriteCache: spec.overwriteCache || (own?.overwriteCache ?? false),
    ...(rest.envs || !own?.envs ? {} : { envs: own.envs }),
    ...(rest.rawOutputDataConfig?.outputLocationPrefix || !own?.rawOutputDataConfig
      ? {}
      : { rawOutputDataConfig: own.rawOutputDataConfig }),
  };
}

function ofLaunchPlan(world: World, row: LaunchPlanRow): Launchable {
  const workflow = world.workflows.get(row.spec.workflowId);
  return {
    closure: workflow.closure,
    workflowId: workflow.id,
    expected: row.closure.expectedInputs?.parameters ?? {},
    fixed: row.spec.fixedInputs?.literals ?? {},
    tagged: true,
    launchPlan: row,
  };
}

/** A single task runs in a workflow made for it, `.flytegen.<task>`, with one node. */
function ofTask(world: World, row: TaskRow): Launchable {
  const known = world.generated.get(row);
  if (known) return known;
  const nodeId = nodeName(row.id.name);
  const { interface: typed } = row.template;
  const bind = (names: readonly string[], from: string) =>
    names.map((name) => ({
      var: name,
      binding: { value: { case: "promise" as const, value: { nodeId: from, var: name } } },
    }));
  const inputs = typed?.inputs?.variables ?? {};
  const outputs = bind(Object.keys(typed?.outputs?.variables ?? {}), nodeId);
  const workflowId = create(IdentifierSchema, {
    resourceType: ResourceType.WORKFLOW,
    project: row.id.project,
    domain: row.id.domain,
    name: `.flytegen.${row.id.name}`,
    version: row.id.version,
  });
  const made: Launchable = {
    workflowId,
    closure: create(CompiledWorkflowClosureSchema, {
      tasks: [{ template: row.template }],
      primary: {
        template: {
          id: workflowId,
          ...(typed && { interface: typed }),
          nodes: [
            { id: START_NODE },
            {
              id: nodeId,
              // Without a strategy of its own, a single task gets admin's default of three retries.
              metadata: { name: nodeId, retries: row.template.metadata?.retries ?? { retries: 3 } },
              inputs: bind(Object.keys(inputs), ""),
              target: {
                case: "taskNode",
                value: { reference: { case: "referenceId", value: row.id } },
              },
            },
            { id: END_NODE, inputs: outputs },
          ],
          outputs,
        },
      },
    }),
    expected: create(ParameterMapSchema, {
      parameters: Object.fromEntries(
        Object.entries(inputs).map(([name, variable]) => [
          name,
          { var: variable, behavior: { case: "required" as const, value: true } },
        ]),
      ),
    }).parameters,
    fixed: {},
    tagged: false,
    launchPlan: undefined,
  };
  world.generated.set(row, made);
  return made;
}

/** The last 63 characters of a task's name, without dots. */
function nodeName(task: string): string {
  return task.slice(-63).replaceAll(/[^-\p{L}\p{N}]/gu, "");
}

const launchNode: Run["launch"] = async (run, node, launchPlan, inputs) => {
  const { world, row } = run;
  const child = launchExecution(
    world,
    childRequest(row, node, launchPlan, inputs),
    "flytepropeller",
  );
  node.childExecution = child.id;
  const stop = () => {
    const cause = run.signal.reason instanceof Error ? run.signal.reason.message : "parent ended";
    world.executions.abort(child, abortMetadata(cause, "flytepropeller"));
  };
  run.signal.addEventListener("abort", stop, { once: true });
  try {
    await world.executions.when(() => isTerminal(child.phase));
  } finally {
    run.signal.removeEventListener("abort", stop);
  }
  if (child.phase === Phase.SUCCEEDED) return child.outputs ?? create(LiteralMapSchema);
  run.signal.throwIfAborted();
  if (child.phase === Phase.ABORTED) {
    throw new TaskFailure("launch plan aborted", {
      kind: "system",
      code: "RemoteChildWorkflowExecutionFailed",
    });
  }
  const { error } = child;
  throw new TaskFailure(
    `launchplan [${child.id.name}] failed, error: ${error?.code}: ${error?.message}`,
    { code: "USER:RemoteChildWorkflowExecutionFailed" },
  );
};

function childRequest(
  parent: ExecutionRow,
  node: NodeRow,
  launchPlan: Identifier,
  inputs: LiteralMap,
): ExecutionCreateRequest {
  const name = createHash("sha256").update(`${parent.id.name}-${node.id}-0`).digest("hex");
  return create(ExecutionCreateRequestSchema, {
    project: parent.id.project,
    domain: parent.id.domain,
    name: `f${name.slice(0, 19)}`,
    inputs,
    spec: {
      launchPlan,
      metadata: {
        mode: Mode.CHILD_WORKFLOW,
        nesting: (parent.spec.metadata?.nesting ?? 0) + 1,
        parentNodeExecution: { nodeId: node.id, executionId: parent.id },
      },
      ...(parent.spec.labels && { labels: parent.spec.labels }),
      ...(parent.spec.envs && { envs: parent.spec.envs }),
    },
  });
}
