/**
 * Runs the nodes of a compiled workflow in the order of their bindings.
 *
 * Invariants:
 * 1. A node starts when all it waits for have succeeded, and at once: what does not depend on each other overlaps.
 * 2. The first failure aborts the other running nodes, unless the workflow says to complete what can run.
 * 3. The failure node runs after a failure, never after an abort; its own failure takes the place of the first.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import type { CompiledWorkflowClosure } from "../../../runtime/flyte/idl/flyteidl/core/compiler_pb.ts";
import { NodeExecution_Phase as NodePhase } from "../../../runtime/flyte/idl/flyteidl/core/execution_pb.ts";
import type { Identifier } from "../../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import {
  type LiteralMap,
  LiteralMapSchema,
  LiteralSchema,
} from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import { SimpleType } from "../../../runtime/flyte/idl/flyteidl/core/types_pb.ts";
import {
  type Node,
  WorkflowMetadata_OnFailurePolicy,
  type WorkflowTemplate,
} from "../../../runtime/flyte/idl/flyteidl/core/workflow_pb.ts";
import { runArrayNode } from "./array-node.ts";
import { resolveBindings } from "./bindings.ts";
import { END_NODE, START_NODE, upstreamOf } from "./compile.ts";
import type { ExecutionRow } from "./executions.ts";
import { failureOf, TaskFailure } from "./failures.ts";
import { enterNode, type NodeRow } from "./nodes.ts";
import { identifierKey } from "./registry.ts";
import { runTask } from "./task-run.ts";
import type { World } from "./world.ts";

export interface Run {
  readonly world: World;
  readonly row: ExecutionRow;
  readonly closure: CompiledWorkflowClosure;
  readonly signal: AbortSignal;
  /** Starts the launch plan of a node as an execution of its own, and waits for it. */
  readonly launch: (
    run: Run,
    node: NodeRow,
    launchPlan: Identifier,
    inputs: LiteralMap,
  ) => Promise<LiteralMap>;
}

/** Where nodes of a (sub-)workflow are. */
interface Level {
  /** In front of node ids: `n0-0-` below node n0. */
  readonly prefix: string;
  readonly parent: string | undefined;
}

export async function runWorkflow(
  run: Run,
  template: WorkflowTemplate,
  inputs: LiteralMap,
  level: Level = { prefix: "", parent: undefined },
): Promise<LiteralMap> {
  const completes =
    template.metadata?.onFailure ===
    WorkflowMetadata_OnFailurePolicy.FAIL_AFTER_EXECUTABLE_NODES_COMPLETE;
  const others = new AbortController();
  const nodes = template.nodes.filter(({ id }) => id !== START_NODE && id !== END_NODE);
  // A node alone has nobody to abort; joined signals are dear when there are thousands.
  const inner: Run =
    nodes.length > 1 ? { ...run, signal: AbortSignal.any([run.signal, others.signal]) } : run;
  const outputs = new Map([["", inputs]]);
  const done = new Map<string, Promise<void>>();
  let failed: TaskFailure | undefined;
  addNode(run, template.nodes[0], level, NodePhase.SUCCEEDED);
  const start = (node: Node): Promise<void> => {
    const started = done.get(node.id);
    if (started) return started;
    const work = (async () => {
      // Awaited by name: nodes may be listed in any order.
      await Promise.all(
        [...upstreamOf(node)].map((id) => {
          const upstream = template.nodes.find((one) => one.id === id);
          return upstream && start(upstream);
        }),
      );
      inner.signal.throwIfAborted();
      outputs.set(node.id, await runNode(inner, node, level, outputs));
    })();
    done.set(node.id, work);
    work.catch((thrown: unknown) => {
      if (run.signal.aborted || inner.signal.aborted) return;
      failed ??= failureOf(thrown, false);
      if (!completes) others.abort(new Error("Some node execution failed, auto-abort."));
    });
    return work;
  };
  const results = await Promise.allSettled(nodes.map(start));
  run.signal.throwIfAborted();
  if (failed) {
    await runFailureNode(run, template, inputs, failed, level);
    throw failed;
  }
  for (const result of results) if (result.status === "rejected") throw result.reason;
  const found = resolveBindings(END_NODE, template.outputs, outputs);
  addNode(run, template.nodes.at(-1), level, NodePhase.SUCCEEDED);
  return found;
}

/** @returns the row of a node that begins now; `undefined` for one that is not in the template. */
function addNode(
  run: Run,
  node: Node | undefined,
  level: Level,
  phase: NodePhase,
): NodeRow | undefined {
  if (!node) return undefined;
  const now = new Date();
  const { target } = node;
  const row: NodeRow = {
    id: `${level.prefix}${node.id}`,
    specId: node.id,
    parent: level.parent,
    isParent: target.case === "workflowNode" && target.value.reference.case === "subWorkflowRef",
    isEager: target.case === "taskNode" && (taskOf(run, node)?.metadata?.isEager ?? false),
    isArray: target.case === "arrayNode",
    attempts: [],
    phase,
    inputsUri: "",
    createdAt: now,
    updatedAt: now,
  };
  run.row.nodes.set(row.id, row);
  return row;
}

function taskOf(run: Run, node: Node) {
  if (node.target.case !== "taskNode" || !node.target.value.reference.value) return undefined;
  const key = identifierKey(node.target.value.reference.value);
  return run.closure.tasks.find(
    ({ template }) => template?.id && identifierKey(template.id) === key,
  )?.template;
}

async function runNode(
  run: Run,
  node: Node,
  level: Level,
  outputs: ReadonlyMap<string, LiteralMap>,
  failure?: TaskFailure,
): Promise<LiteralMap> {
  const row = addNode(run, node, level, NodePhase.QUEUED);
  if (!row) throw new Error("a node that is given is one");
  const { world } = run;
  try {
    const inputs = resolveBindings(node.id, node.inputs, outputs);
    if (failure) giveError(node.id, inputs, failure);
    row.inputs = inputs;
    row.inputsUri = `${folderOf(run, row)}/inputs.pb`;
    world.objects.putMessage(row.inputsUri, LiteralMapSchema, inputs);
    const result = await target(run, node, row, inputs);
    const outputsUri = `${folderOf(run, row)}/0/outputs.pb`;
    if (world.objects.size(outputsUri) === undefined) {
      world.objects.putMessage(outputsUri, LiteralMapSchema, result);
    }
    enterNode(row, NodePhase.SUCCEEDED, { outputs: result, outputsUri });
    return result;
  } catch (thrown) {
    if (run.signal.aborted) enterNode(row, NodePhase.ABORTED);
    else enterNode(row, NodePhase.FAILED, { error: failureOf(thrown, false).error });
    throw thrown;
  }
}

async function target(run: Run, node: Node, row: NodeRow, inputs: LiteralMap): Promise<LiteralMap> {
  const { target } = node;
  const place = { ...run, node: row, folder: folderOf(run, row) };
  const retries = node.metadata?.retries?.retries;
  if (target.case === "taskNode") {
    const template = taskOf(run, node);
    if (!template) throw missing(node, "task");
    return await runTask(place, template, inputs, retries);
  }
  if (target.case === "arrayNode") {
    const task = target.value.node && taskOf(run, target.value.node);
    if (!task) throw missing(node, "task");
    return await runArrayNode(place, target.value, task, inputs);
  }
  const reference = target.case === "workflowNode" ? target.value.reference : undefined;
  enterNode(row, NodePhase.RUNNING);
  if (reference?.case === "launchplanRef") {
    return await run.launch(run, row, reference.value, inputs);
  }
  if (reference?.case === "subWorkflowRef") {
    const key = identifierKey(reference.value);
    const sub = run.closure.subWorkflows.find(
      ({ template }) => template?.id && identifierKey(template.id) === key,
    )?.template;
    if (!sub) throw missing(node, "sub-workflow");
    return await runWorkflow(run, sub, inputs, { prefix: `${row.id}-0-`, parent: row.id });
  }
  throw missing(node, `runner for ${target.case}`);
}

function missing(node: Node, what: string): TaskFailure {
  return new TaskFailure(`node ${node.id} has no ${what}`, {
    kind: "system",
    code: "BadSpecification",
  });
}

/** `…/metadata/propeller/<project>-<domain>-<execution>/<node>/data` */
export function folderOf({ world, row }: Run, node: Pick<NodeRow, "id">): string {
  const { project, domain, name } = row.id;
  return `${world.objects.base}/metadata/propeller/${project}-${domain}-${name}/${node.id}/data`;
}

async function runFailureNode(
  run: Run,
  template: WorkflowTemplate,
  inputs: LiteralMap,
  failure: TaskFailure,
  level: Level,
): Promise<void> {
  const node = template.failureNode;
  if (!node) return;
  try {
    await runNode(run, node, level, new Map([["", inputs]]), failure);
  } catch (thrown) {
    // The workflow then fails with the failure node's error, as in propeller.
    throw run.signal.aborted ? run.signal.reason : failureOf(thrown, false);
  }
}

/** The input `err` of a failure node, where it has one, is given by the platform. */
function giveError(nodeId: string, { literals }: LiteralMap, failure: TaskFailure): void {
  if (!Object.hasOwn(literals, "err")) return;
  literals["err"] = create(LiteralSchema, {
    value: {
      case: "scalar",
      value: {
        value: {
          case: "union",
          value: {
            value: {
              value: {
                case: "scalar",
                value: {
                  value: {
                    case: "error",
                    value: { failedNodeId: nodeId, message: failure.error.message },
                  },
                },
              },
            },
            type: {
              type: { case: "simple", value: SimpleType.ERROR },
              structure: { tag: "FlyteError" },
            },
          },
        },
      },
    },
  });
}
