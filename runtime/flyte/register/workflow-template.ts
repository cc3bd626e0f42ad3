/**
 * Workflows as a cluster knows them: a static one by its recorded graph, an eager one as the single node of a workflow of
 * its own, and the launch plan by which either is started.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import type { StandardSchema } from "../../types/standard-schema.ts";
import type { Definition } from "../../workflow/definition.ts";
import type { RecordedNode } from "../../workflow/recording.ts";
import type { GraphBinding } from "../../workflow/signatures.ts";
import { compiledWorkflow } from "../../workflow/workflow.ts";
import type { LaunchPlanSpec } from "../idl/flyteidl/admin/launch_plan_pb.ts";
import { LaunchPlanSpecSchema } from "../idl/flyteidl/admin/launch_plan_pb.ts";
import { type WorkflowSpec, WorkflowSpecSchema } from "../idl/flyteidl/admin/workflow_pb.ts";
import { ResourceType } from "../idl/flyteidl/core/identifier_pb.ts";
import {
  type Parameter,
  ParameterSchema,
  type TypedInterface,
} from "../idl/flyteidl/core/interface_pb.ts";
import {
  type Binding,
  type BindingData,
  BindingDataSchema,
  BindingSchema,
  type Literal,
} from "../idl/flyteidl/core/literals_pb.ts";
import {
  type Node,
  type NodeMetadata,
  NodeMetadataSchema,
  NodeSchema,
  TaskNodeSchema,
  WorkflowNodeSchema,
  type WorkflowTemplate,
  WorkflowTemplateSchema,
} from "../idl/flyteidl/core/workflow_pb.ts";
import { encodeMap } from "../literals/encode.ts";
import { typedInterface } from "../literals/types.ts";
import { entityName } from "./entity-name.ts";
import { identifier, type Place } from "./identifiers.ts";
import { retriesOf, timeoutOf } from "./task-template.ts";

/** What flytekit calls the node that runs when others failed. */
const FAILURE_NODE = "efn";
/** The node that stands for the workflow itself: its inputs are its values. */
const START_NODE = "";

/** The task that cleans up after an eager workflow. */
export function cleanupName(eager: string): string {
  return `${eager}-cleanup`;
}

/** The workflow of an eager workflow: one node, and a clean-up that runs when it has failed. */
export function eagerWorkflow(definition: Definition, place: Place): WorkflowSpec {
  const name = entityName(definition);
  const io = typedInterface(definition);
  const task = (of: string) => ({
    case: "taskNode" as const,
    value: {
      reference: {
        case: "referenceId" as const,
        value: identifier(ResourceType.TASK, of, place),
      },
    },
  });
  return create(WorkflowSpecSchema, {
    template: create(WorkflowTemplateSchema, {
      id: identifier(ResourceType.WORKFLOW, name, place),
      metadata: {},
      metadataDefaults: {},
      interface: io,
      nodes: [
        {
          id: "n0",
          metadata: { name: definition.name },
          inputs: variableNames(io, "inputs").map((each) =>
            binding(each, promise(START_NODE, each)),
          ),
          target: task(name),
        },
      ],
      outputs: variableNames(io, "outputs").map((each) => binding(each, promise("n0", each))),
      failureNode: {
        id: FAILURE_NODE,
        metadata: { name: cleanupName(definition.name) },
        target: task(cleanupName(name)),
      },
    }),
  });
}

/**
 * A static workflow with all static workflows below it.
 * @throws {TypeError} naming what a cluster cannot run as it stands.
 * @throws {EagerException} `WORKFLOW_COMPILE`
 */
export async function staticWorkflow(definition: Definition, place: Place): Promise<WorkflowSpec> {
  const subWorkflows = new Map<string, WorkflowTemplate>();
  const template = await staticTemplate(definition, place, subWorkflows);
  return create(WorkflowSpecSchema, { template, subWorkflows: [...subWorkflows.values()] });
}

async function staticTemplate(
  definition: Definition,
  place: Place,
  subWorkflows: Map<string, WorkflowTemplate>,
): Promise<WorkflowTemplate> {
  const { graph, nodes } = compiledWorkflow(definition);
  const io = typedInterface(definition);
  const wiring = new Wiring(definition, nodes);
  const made: Node[] = [];
  for (const [index, recorded] of nodes.entries()) {
    made.push(await wiring.node(`n${index}`, recorded, place));
    const called = recorded.definition;
    if (called.entity !== "workflow" || subWorkflows.has(entityName(called))) continue;
    // There before what it calls, so that workflows that call each other end here too.
    subWorkflows.set(entityName(called), create(WorkflowTemplateSchema));
    subWorkflows.set(entityName(called), await staticTemplate(called, place, subWorkflows));
  }
  return create(WorkflowTemplateSchema, {
    id: identifier(ResourceType.WORKFLOW, entityName(definition), place),
    metadata: {},
    metadataDefaults: {},
    interface: io,
    nodes: made,
    outputs: await wiring.outputs(graph.output, io),
  });
}

/** Turns the bindings of one workflow's graph into those of the cluster. */
class Wiring {
  readonly #definition: Definition;
  readonly #nodes: readonly RecordedNode[];

  constructor(definition: Definition, nodes: readonly RecordedNode[]) {
    this.#definition = definition;
    this.#nodes = nodes;
  }

  async node(id: string, { definition, inputs }: RecordedNode, place: Place): Promise<Node> {
    if (definition.entity === "map" || definition.entity === "group") {
      throw this.#refused(
        `calls ${definition.name}, and a static workflow on a cluster has no ${definition.entity}; write it with eager(async …)`,
      );
    }
    const { variables = {} } = typedInterface(definition).inputs ?? {};
    const unknown = Object.keys(inputs).find((name) => !Object.hasOwn(variables, name));
    if (unknown !== undefined) {
      throw this.#refused(`passes ${unknown} to ${definition.name}, which has no schema for it`);
    }
    const bound: Binding[] = [];
    const literals: Record<string, unknown> = {};
    for (const [name, from] of Object.entries(inputs)) {
      if (from.kind === "value") literals[name] = from.value;
      else
        bound.push(binding(name, this.#promised(from, `the input ${name} of ${definition.name}`)));
    }
    // What is left out has its default here, as it has it where the workflow runs locally.
    for (const [name, schema] of Object.entries(definition.inputs ?? {})) {
      if (Object.hasOwn(inputs, name)) continue;
      const fallback = defaultOf(schema);
      if (fallback) literals[name] = fallback.value;
    }
    const wanted = Object.fromEntries(Object.keys(literals).map((name) => [name, variables[name]]));
    const { literals: encoded } = await encodeMap(literals, defined(wanted), {});
    for (const [name, literal] of Object.entries(encoded)) {
      bound.push(binding(name, constant(literal)));
    }
    return create(NodeSchema, {
      id,
      metadata: nodeMetadata(definition),
      inputs: bound,
      target: target(definition, place),
    });
  }

  async outputs(from: GraphBinding, io: TypedInterface): Promise<Binding[]> {
    const { variables = {} } = io.outputs ?? {};
    const names = Object.keys(variables);
    if (names.length === 0) return [];
    const { outputs } = this.#definition;
    if (outputs === undefined && names.length === 1 && names[0] === "o0") {
      return [binding("o0", await this.#bound(from, "o0", io, "its output"))];
    }
    const bound: Binding[] = [];
    for (const [index, name] of names.entries()) {
      const member =
        from.kind === "object"
          ? from.members[name]
          : from.kind === "list" && outputs === undefined
            ? from.members[index]
            : from.kind === "node"
              ? from
              : undefined;
      if (member === undefined) throw this.#refused(`returns nothing for its output ${name}`);
      const data =
        from.kind === "node"
          ? this.#nodeOutput(from.id, name)
          : await this.#bound(member, name, io, `its output ${name}`);
      bound.push(binding(name, data));
    }
    return bound;
  }

  async #bound(
    from: GraphBinding,
    name: string,
    io: TypedInterface,
    what: string,
  ): Promise<BindingData> {
    if (from.kind !== "value") return this.#promised(from, what);
    const variable = defined({ [name]: io.outputs?.variables[name] });
    const { literals } = await encodeMap({ [name]: from.value }, variable, {});
    const literal = literals[name];
    if (literal === undefined) throw this.#refused(`returns nothing for ${what}`);
    return constant(literal);
  }

  #promised(from: GraphBinding, what: string): BindingData {
    switch (from.kind) {
      case "input":
        return promise(START_NODE, from.name);
      case "node":
        return this.#nodeOutput(from.id, undefined);
      case "list": {
        const bindings = from.members.map((member) => this.#promised(member, what));
        return create(BindingDataSchema, { value: { case: "collection", value: { bindings } } });
      }
      case "object":
        throw this.#refused(
          `puts together an object for ${what}; on a cluster a task has to do that, or eager(async …)`,
        );
      default:
        throw this.#refused(
          `mixes values and placeholders for ${what}; use a task, or eager(async …)`,
        );
    }
  }

  /** @param name of the output; undefined: the only one. */
  #nodeOutput(id: string, name: string | undefined): BindingData {
    const called = this.#nodes[Number(id.slice(1))]?.definition;
    if (called === undefined) throw new Error(`the graph has no node ${id}`);
    const names = variableNames(typedInterface(called), "outputs");
    if (name !== undefined && names.includes(name)) return promise(id, name);
    if (names.length === 1 && names[0] !== undefined) return promise(id, names[0]);
    throw this.#refused(
      names.length === 0
        ? `uses the value of ${called.name}, which has no output schema`
        : `uses all outputs of ${called.name} as one value; on a cluster a task has to do that, or eager(async …)`,
    );
  }

  #refused(why: string): TypeError {
    return new TypeError(`workflow ${this.#definition.name} ${why}`);
  }
}

/** What this node has different from its task: `addOne.with({ retries: 2 })`. */
function nodeMetadata(definition: Definition): NodeMetadata {
  const { name, settings } = definition;
  const { cache, cacheOff, retries, timeoutMs } = settings;
  return create(NodeMetadataSchema, {
    name,
    ...(retries !== undefined && { retries: { retries: retriesOf(definition) } }),
    ...timeoutOf(timeoutMs),
    ...(cacheOff && { cacheableValue: { case: "cacheable", value: false } }),
    ...(cache?.version !== undefined && {
      cacheableValue: { case: "cacheable", value: true },
      cacheVersionValue: { case: "cacheVersion", value: cache.version },
    }),
  });
}

function target(definition: Definition, place: Place): Node["target"] {
  const name = entityName(definition);
  if (definition.entity === "workflow") {
    const value = identifier(ResourceType.WORKFLOW, name, place);
    const called = create(WorkflowNodeSchema, { reference: { case: "subWorkflowRef", value } });
    return { case: "workflowNode", value: called };
  }
  const value = identifier(ResourceType.TASK, name, place);
  const called = create(TaskNodeSchema, { reference: { case: "referenceId", value } });
  return { case: "taskNode", value: called };
}

/** The launch plan by which a workflow is started: what may be left out has its default. */
export async function launchPlan(definition: Definition, place: Place): Promise<LaunchPlanSpec> {
  const { cluster } = definition.settings;
  const { variables = {} } = typedInterface(definition).inputs ?? {};
  const parameters: Record<string, Parameter> = {};
  for (const [name, variable] of Object.entries(variables)) {
    const schema = definition.inputs?.[name];
    const fallback = schema && defaultOf(schema);
    const literal =
      fallback &&
      (await encodeMap({ [name]: fallback.value }, { [name]: variable }, {})).literals[name];
    parameters[name] = create(ParameterSchema, {
      var: variable,
      behavior: literal ? { case: "default", value: literal } : { case: "required", value: true },
    });
  }
  return create(LaunchPlanSpecSchema, {
    workflowId: identifier(ResourceType.WORKFLOW, entityName(definition), place),
    entityMetadata: {},
    defaultInputs: { parameters },
    fixedInputs: {},
    labels: { values: { ...cluster.labels } },
    annotations: {},
  });
}

/** What stands in for an input that is left out; undefined when it must be given. */
function defaultOf(schema: StandardSchema): { readonly value: unknown } | undefined {
  try {
    const checked = schema["~standard"].validate(undefined);
    if (checked instanceof Promise || checked.issues !== undefined) return undefined;
    return { value: checked.value };
  } catch {
    // A schema of one's own that cannot look at `undefined` has no default.
    return undefined;
  }
}

function binding(name: string, data: BindingData): Binding {
  return create(BindingSchema, { var: name, binding: data });
}

function promise(nodeId: string, name: string): BindingData {
  return create(BindingDataSchema, { value: { case: "promise", value: { nodeId, var: name } } });
}

/** A value that is written into the workflow. */
function constant({ value }: Literal): BindingData {
  switch (value.case) {
    case "scalar":
      return create(BindingDataSchema, { value: { case: "scalar", value: value.value } });
    case "collection": {
      const bindings = value.value.literals.map(constant);
      return create(BindingDataSchema, { value: { case: "collection", value: { bindings } } });
    }
    case "map": {
      const entries = Object.entries(value.value.literals);
      const bindings = Object.fromEntries(entries.map(([name, each]) => [name, constant(each)]));
      return create(BindingDataSchema, { value: { case: "map", value: { bindings } } });
    }
    default:
      throw new TypeError("a value written into a workflow is too large to be a part of it");
  }
}

function variableNames(io: TypedInterface, side: "inputs" | "outputs"): string[] {
  return Object.keys(io[side]?.variables ?? {});
}

function defined<T>(of: Readonly<Record<string, T | undefined>>): Record<string, T> {
  const found: Record<string, T> = {};
  for (const [name, value] of Object.entries(of)) if (value !== undefined) found[name] = value;
  return found;
}
