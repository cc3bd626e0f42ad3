/**
 * Compiles a workflow as admin does at registration: references are looked up, bindings are checked.
 *
 * Invariants:
 * 1. A closure holds everything its workflow needs to run: tasks, sub-workflows, interfaces of launch plans.
 * 2. All errors are reported together, each with its node.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import type { WorkflowSpec } from "../../../runtime/flyte/idl/flyteidl/admin/workflow_pb.ts";
import {
  type CompiledWorkflowClosure,
  CompiledWorkflowClosureSchema,
} from "../../../runtime/flyte/idl/flyteidl/core/compiler_pb.ts";
import type { Identifier } from "../../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import type {
  TypedInterface,
  VariableMap,
} from "../../../runtime/flyte/idl/flyteidl/core/interface_pb.ts";
import type { Binding, BindingData } from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import { LiteralSchema } from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import type { TaskTemplate } from "../../../runtime/flyte/idl/flyteidl/core/tasks_pb.ts";
import type { LiteralType } from "../../../runtime/flyte/idl/flyteidl/core/types_pb.ts";
import {
  type Node,
  NodeSchema,
  type WorkflowTemplate,
} from "../../../runtime/flyte/idl/flyteidl/core/workflow_pb.ts";
import { identifierText, invalid } from "./checks.ts";
import { identifierKey } from "./registry.ts";
import { castable, typeOfLiteral, typeText } from "./types.ts";
import type { World } from "./world.ts";

export const START_NODE = "start-node";
export const END_NODE = "end-node";

/** @throws {ConnectError} INVALID_ARGUMENT that lists every error with its node. */
export function compileWorkflow(
  world: World,
  id: Identifier,
  spec: WorkflowSpec,
): CompiledWorkflowClosure {
  const compiler = new Compiler(world, spec);
  const { template } = spec;
  if (!template) throw invalid("missing spec");
  compiler.check(template);
  const { errors } = compiler;
  if (errors.length > 0) {
    const lines = errors.map((error, index) => `\tError ${index}: ${error}\n`).join("");
    throw invalid(
      `failed to compile workflow for [${identifierText(id)}] with err: ` +
        `failed to compile workflow with err Collected Errors: ${errors.length}\n${lines}`,
    );
  }
  return create(CompiledWorkflowClosureSchema, {
    primary: { template: framed(template) },
    subWorkflows: compiler.subWorkflows.map((one) => ({ template: framed(one) })),
    tasks: [...compiler.tasks.values()].map((one) => ({ template: one })),
    launchPlans: [...compiler.launchPlans.values()],
  });
}

/** With the two nodes that the platform adds. */
function framed(template: WorkflowTemplate): WorkflowTemplate {
  const start = create(NodeSchema, { id: START_NODE });
  const end = create(NodeSchema, { id: END_NODE, inputs: template.outputs });
  return { ...template, nodes: [start, ...template.nodes, end] };
}

class Compiler {
  readonly errors: string[] = [];
  readonly tasks = new Map<string, TaskTemplate>();
  readonly launchPlans = new Map<
    string,
    { template: { id: Identifier; interface: TypedInterface } }
  >();
  readonly subWorkflows: WorkflowTemplate[];
  readonly #world: World;

  constructor(world: World, spec: WorkflowSpec) {
    this.#world = world;
    this.subWorkflows = spec.subWorkflows;
  }

  check(template: WorkflowTemplate): void {
    const interfaces = new Map<string, TypedInterface | undefined>();
    const nodes = [...template.nodes, ...(template.failureNode ? [template.failureNode] : [])];
    for (const node of nodes) {
      if (interfaces.has(node.id)) {
        this.#add("DuplicateNodeID", node.id, "Trying to insert two nodes with the same id.");
      }
      interfaces.set(node.id, this.#interfaceOf(node));
    }
    const inputs = template.interface?.inputs;
    for (const node of nodes) {
      const expected = interfaces.get(node.id)?.inputs;
      // A failure node is bound by name: what it does not take is not bound.
      if (expected) this.#bindings(node.id, node.inputs, expected, interfaces, inputs);
      for (const upstream of node.upstreamNodeIds) {
        if (upstream !== START_NODE && !interfaces.has(upstream)) {
          this.#add("UpstreamNodeNotFound", node.id, `Upstream node [${upstream}] not found.`);
        }
      }
    }
    const outputs = template.interface?.outputs;
    if (outputs) this.#bindings(END_NODE, template.outputs, outputs, interfaces, inputs);
    const cycle = findCycle(template.nodes);
    if (cycle) this.#add("CycleDetected", cycle, `Cycle detected at node [${cycle}].`);
  }

  #add(code: string, node: string, description: string): void {
    this.errors.push(`Code: ${code}, Node Id: ${node}, Description: ${description}`);
  }

  #interfaceOf(node: Node): TypedInterface | undefined {
    const { target } = node;
    switch (target.case) {
      case "taskNode":
        return target.value.reference.value && this.#task(node.id, target.value.reference.value);
      case "workflowNode": {
        const { reference } = target.value;
        if (reference.case === "launchplanRef") return this.#launchPlan(node.id, reference.value);
        if (reference.case === "subWorkflowRef") return this.#subWorkflow(node.id, reference.value);
        return undefined;
      }
      case "arrayNode": {
        // Checked when it runs: its inputs are lists of what the inner node takes.
        const inner = target.value.node;
        if (inner) this.#interfaceOf(inner);
        return undefined;
      }
      default:
        this.#add(
          "UnsupportedByDouble",
          node.id,
          `The double runs no ${target.case ?? "empty node"}.`,
        );
        return undefined;
    }
  }

  #task(nodeId: string, reference: Identifier): TypedInterface | undefined {
    const row = this.#world.tasks.find(reference);
    if (!row) {
      this.#add(
        "TaskReferenceNotFound",
        nodeId,
        `Referenced Task [${identifierText(reference)}] not found.`,
      );
      return undefined;
    }
    this.tasks.set(identifierKey(reference), row.template);
    return row.template.interface;
  }

  #launchPlan(nodeId: string, reference: Identifier): TypedInterface | undefined {
    const row = this.#world.launchPlans.find(reference);
    const workflow = row?.spec.workflowId && this.#world.workflows.find(row.spec.workflowId);
    const typed = workflow?.closure.primary?.template?.interface;
    if (!row || !typed) {
      this.#add(
        "WorkflowReferenceNotFound",
        nodeId,
        `Referenced Workflow [${identifierText(reference)}] not found.`,
      );
      return undefined;
    }
    const key = identifierKey(reference);
    this.launchPlans.set(key, { template: { id: row.id, interface: typed } });
    // What the launch plan knows by itself need not be bound.
    const open = Object.entries(typed.inputs?.variables ?? {}).filter(([name]) => {
      return row.closure.expectedInputs?.parameters[name]?.behavior.case === "required";
    });
    return {
      ...typed,
      inputs: { $typeName: "flyteidl.core.VariableMap", variables: Object.fromEntries(open) },
    };
  }

  #subWorkflow(nodeId: string, reference: Identifier): TypedInterface | undefined {
    const key = identifierKey(reference);
    const template = this.subWorkflows.find(({ id }) => id && identifierKey(id) === key);
    if (!template) {
      this.#add(
        "WorkflowReferenceNotFound",
        nodeId,
        `Referenced Workflow [${identifierText(reference)}] not found.`,
      );
      return undefined;
    }
    this.check(template);
    return template.interface;
  }

  #bindings(
    nodeId: string,
    bindings: readonly Binding[],
    expected: VariableMap,
    interfaces: ReadonlyMap<string, TypedInterface | undefined>,
    inputs: VariableMap | undefined,
  ): void {
    const bound = new Set<string>();
    for (const { var: name, binding } of bindings) {
      const variable = expected.variables[name];
      if (bound.has(name)) {
        this.#add("ParameterBoundMoreThanOnce", nodeId, `Input [${name}] is bound more than once.`);
      }
      bound.add(name);
      if (!variable?.type || !binding) continue;
      this.#binding(nodeId, name, binding, variable.type, interfaces, inputs);
    }
    for (const name of Object.keys(expected.variables)) {
      if (!bound.has(name))
        this.#add("ParameterNotBound", nodeId, `Parameter not bound [${name}].`);
    }
  }

  #binding(
    nodeId: string,
    name: string,
    { value: binding }: BindingData,
    expected: LiteralType,
    interfaces: ReadonlyMap<string, TypedInterface | undefined>,
    inputs: VariableMap | undefined,
  ): void {
    switch (binding.case) {
      case "promise": {
        const { nodeId: from, var: output, attrPath } = binding.value;
        const isInput = from === "" || from === START_NODE;
        if (!isInput && !interfaces.has(from)) {
          this.#add("NodeReferenceNotFound", nodeId, `Referenced node [${from}] not found.`);
          return;
        }
        const source = isInput ? inputs : interfaces.get(from)?.outputs;
        if (!source) return;
        const found = source.variables[output]?.type;
        if (!found) {
          this.#add(
            "VariableNameNotFound",
            nodeId,
            `Variable [${output}] not found on node [${isInput ? START_NODE : from}].`,
          );
        } else if (attrPath.length === 0 && !castable(found, expected)) {
          this.#mismatch(nodeId, `${from}.${output}`, found, name, expected);
        }
        return;
      }
      case "scalar": {
        const found = typeOfLiteral(create(LiteralSchema, { value: binding }));
        if (found && !castable(found, expected)) {
          this.#add(
            "MismatchingTypes",
            nodeId,
            `Variable [${name}] (type [${typeText(found)}]) doesn't match expected type [${typeText(expected)}].`,
          );
        }
        return;
      }
      case "collection":
        if (expected.type.case !== "collectionType") return;
        for (const item of binding.value.bindings) {
          this.#binding(nodeId, name, item, expected.type.value, interfaces, inputs);
        }
        return;
      case "map":
        if (expected.type.case !== "mapValueType") return;
        for (const item of Object.values(binding.value.bindings)) {
          this.#binding(nodeId, name, item, expected.type.value, interfaces, inputs);
        }
        return;
      default:
    }
  }

  #mismatch(nodeId: string, from: string, found: LiteralType, to: string, expected: LiteralType) {
    this.#add(
      "MismatchingTypes",
      nodeId,
      `The output variable '${from}' has type [${typeText(found)}], but it's assigned to the input ` +
        `variable '${to}' which has type type [${typeText(expected)}].`,
    );
  }
}

/** Nodes that a node waits for. */
export function upstreamOf(node: Node): Set<string> {
  const found = new Set(node.upstreamNodeIds);
  const walk = ({ value: binding }: BindingData) => {
    if (binding.case === "promise") found.add(binding.value.nodeId);
    else if (binding.case === "collection") binding.value.bindings.forEach(walk);
    else if (binding.case === "map") Object.values(binding.value.bindings).forEach(walk);
  };
  for (const { binding } of node.inputs) if (binding) walk(binding);
  found.delete("");
  found.delete(START_NODE);
  return found;
}

function findCycle(nodes: readonly Node[]): string | undefined {
  const upstream = new Map(nodes.map((node) => [node.id, upstreamOf(node)]));
  const done = new Set<string>();
  for (let before = -1; before !== done.size; ) {
    before = done.size;
    for (const [id, waits] of upstream) {
      if ([...waits].every((one) => done.has(one) || !upstream.has(one))) done.add(id);
    }
  }
  return nodes.find(({ id }) => !done.has(id))?.id;
}
