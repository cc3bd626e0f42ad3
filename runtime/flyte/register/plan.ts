/**
 * What has to be registered of a set of definitions, worked out before anything is sent.
 *
 * Invariants
 *   P1  The same definitions with the same bundle, image and platform make the same plan and version, on any machine.
 *   P2  What is used is registered too: the tasks and workflows that a static workflow calls.
 */
import { createHash } from "node:crypto";
import { create, type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import type { Definition } from "../../workflow/definition.ts";
import { compiledWorkflow } from "../../workflow/workflow.ts";
import { FlyteError } from "../errors.ts";
import { type LaunchPlanSpec, LaunchPlanSpecSchema } from "../idl/flyteidl/admin/launch_plan_pb.ts";
import { type TaskSpec, TaskSpecSchema } from "../idl/flyteidl/admin/task_pb.ts";
import { type WorkflowSpec, WorkflowSpecSchema } from "../idl/flyteidl/admin/workflow_pb.ts";
import { ResourceType } from "../idl/flyteidl/core/identifier_pb.ts";
import { typedInterface } from "../literals/types.ts";
import { entityName } from "./entity-name.ts";
import { identifier, type Place } from "./identifiers.ts";
import {
  type CodePlace,
  cleanupTemplate,
  type TemplateParts,
  taskTemplate,
} from "./task-template.ts";
import { cleanupName, eagerWorkflow, launchPlan, staticWorkflow } from "./workflow-template.ts";

export type Planned =
  | { readonly kind: "task"; readonly name: string; readonly spec: TaskSpec }
  | {
      readonly kind: "workflow";
      readonly name: string;
      readonly spec: WorkflowSpec;
      /** Of its nodes, for what the cluster's compiler says about one. */
      readonly nodes: readonly { readonly name: string; readonly at: string | undefined }[];
    }
  | { readonly kind: "launch_plan"; readonly name: string; readonly spec: LaunchPlanSpec };

export interface PlanParts {
  readonly place: Omit<Place, "version">;
  /** Of those that name none. */
  readonly image: string | undefined;
  readonly runtimeVersion: string;
  readonly platform: string | undefined;
  /** SHA-256 of the code; of an image that has it, a text that changes with it. */
  readonly code: string;
}

/**
 * Adds what the definitions use, each once.
 * @throws {FlyteError} `NAME_TAKEN` when two of them would have one name.
 */
export function withUsed(definitions: readonly Definition[]): readonly Definition[] {
  const byName = new Map<string, Definition>();
  const add = (definition: Definition) => {
    if (definition.entity === "map" || definition.entity === "group") return;
    const name = entityName(definition);
    const known = byName.get(name);
    if (known) {
      // The same function with other settings is a node of a workflow: the task itself was made first.
      if (known.fn === definition.fn) return;
      const advice = "give one of them another name, by the option name";
      throw new FlyteError("NAME_TAKEN", `there are two definitions of ${name}; ${advice}`);
    }
    byName.set(name, definition);
    if (definition.entity !== "workflow") return;
    for (const node of compiledWorkflow(definition).nodes) add(node.definition);
  };
  for (const definition of definitions) add(definition);
  return [...byName.values()];
}

/** What to register, in order: tasks, then workflows, then launch plans. */
export async function plan(
  definitions: readonly Definition[],
  parts: PlanParts,
  version: string,
  code: CodePlace,
): Promise<readonly Planned[]> {
  const place: Place = { ...parts.place, version };
  const tasks: Planned[] = [];
  const workflows: Planned[] = [];
  const launchPlans: Planned[] = [];
  const ofTask = (name: string, definition: Definition): TemplateParts => ({
    id: identifier(ResourceType.TASK, name, place),
    interface: typedInterface(definition),
    code,
    image: parts.image,
    runtimeVersion: parts.runtimeVersion,
    platform: parts.platform,
    codeVersion: parts.code.slice(0, 16),
  });
  for (const definition of definitions) {
    const name = entityName(definition);
    requireSchemas(definition);
    if (definition.entity !== "workflow") {
      const template = taskTemplate(definition, ofTask(name, definition));
      tasks.push({ kind: "task", name, spec: create(TaskSpecSchema, { template }) });
    }
    if (definition.entity === "task") continue;
    if (definition.entity === "eager") {
      const cleanup = cleanupName(name);
      const nothing = typedInterface({ name: cleanup });
      const template = cleanupTemplate(definition, {
        ...ofTask(cleanup, definition),
        interface: nothing,
      });
      tasks.push({ kind: "task", name: cleanup, spec: create(TaskSpecSchema, { template }) });
    }
    const spec =
      definition.entity === "eager"
        ? eagerWorkflow(definition, place)
        : await staticWorkflow(definition, place);
    workflows.push({ kind: "workflow", name, spec, nodes: nodesOf(definition) });
    launchPlans.push({ kind: "launch_plan", name, spec: await launchPlan(definition, place) });
  }
  return [...tasks, ...workflows, ...launchPlans];
}

function nodesOf(definition: Definition) {
  if (definition.entity !== "workflow") return [{ name: definition.name, at: undefined }];
  return compiledWorkflow(definition).nodes.map(({ definition: called, source }) => ({
    name: called.name,
    at: source && `${source.file}:${source.line}`,
  }));
}

/** A cluster passes on what has a type, and nothing else. */
function requireSchemas({ entity, name, fn, inputs }: Definition): void {
  if (inputs !== undefined || fn.length === 0) return;
  throw new TypeError(
    `${entity} ${name} takes inputs, and a cluster has to know their types; give the option inputs, like { inputs: { x: z.int() } }`,
  );
}

/** P1: `ed-` and 22 characters that change with anything that is registered. */
export async function versionOf(
  definitions: readonly Definition[],
  parts: PlanParts,
  module: string,
): Promise<string> {
  // Project and domain do not change what it is.
  const nowhere = { ...parts, place: { project: "", domain: "", org: "" } };
  const planned = await plan(definitions, nowhere, "", { module });
  const sorted = [...planned].sort((a, b) =>
    `${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1,
  );
  const hash = createHash("sha256").update(parts.code);
  for (const { kind, name, spec } of sorted)
    hash.update(`\n${kind} ${name} ${canonical(kind, spec)}`);
  return `ed-${hash.digest().subarray(0, 16).toString("base64url")}`;
}

const SCHEMAS = {
  task: TaskSpecSchema,
  workflow: WorkflowSpecSchema,
  launch_plan: LaunchPlanSpecSchema,
} as const;

function canonical(kind: Planned["kind"], spec: Planned["spec"]): string {
  const schema: DescMessage = SCHEMAS[kind];
  return canonicalText(schema, spec);
}

/** JSON of a message in which no order depends on who wrote it. */
export function canonicalText<D extends DescMessage>(schema: D, message: MessageShape<D>): string {
  return JSON.stringify(sortedKeys(toJson(schema, message)));
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sortedKeys(each)]));
}
