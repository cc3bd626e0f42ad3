/**
 * Launch plans: what they expect, and which version of a name is active.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type LaunchPlan,
  LaunchPlanClosureSchema,
  LaunchPlanSchema,
  type LaunchPlanSpec,
  LaunchPlanState,
} from "../../../runtime/flyte/idl/flyteidl/admin/launch_plan_pb.ts";
import {
  type Identifier,
  ResourceType,
} from "../../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import {
  type ParameterMap,
  ParameterMapSchema,
  ParameterSchema,
  type VariableMap,
} from "../../../runtime/flyte/idl/flyteidl/core/interface_pb.ts";
import { checkIdentifier, checkLabels, checkLiterals, checkSet, invalid } from "./checks.ts";
import { digestOf } from "./registry.ts";
import { castable, typeOfLiteral, typeText } from "./types.ts";
import type { LaunchPlanRow, World } from "./world.ts";

/** @throws {ConnectError} as flyteadmin: for a missing workflow, unknown or misfitting inputs. */
export function createLaunchPlan(
  world: World,
  id: Identifier | undefined,
  spec: LaunchPlanSpec | undefined,
): LaunchPlanRow {
  const checked = checkIdentifier(id, ResourceType.LAUNCH_PLAN);
  world.checkProject(checked.project, checked.domain);
  if (!spec) throw invalid("missing spec");
  const workflowId = checkIdentifier(spec.workflowId, ResourceType.WORKFLOW);
  checkLabels(spec.labels?.values ?? {});
  checkLiterals(spec.fixedInputs?.literals ?? {}, "fixed_inputs");
  const workflow = world.workflows.get(workflowId);
  const typed = workflow.closure.primary?.template?.interface;
  const expectedInputs = expectedOf(typed?.inputs, spec);
  const digest = digestOf({ spec, expectedInputs, outputs: typed?.outputs });
  return world.launchPlans.add(checked, digest, (createdAt) => {
    const closure = create(LaunchPlanClosureSchema, {
      state: LaunchPlanState.INACTIVE,
      expectedInputs,
      createdAt: timestampFromDate(createdAt),
      updatedAt: timestampFromDate(createdAt),
    });
    if (typed?.outputs) closure.expectedOutputs = typed.outputs;
    const column = (field: string) => (field === "state" ? closure.state : undefined);
    return { id: checked, digest, createdAt, spec, closure, column };
  });
}

function expectedOf(inputs: VariableMap | undefined, spec: LaunchPlanSpec): ParameterMap {
  const variables = inputs?.variables ?? {};
  const defaults = spec.defaultInputs?.parameters ?? {};
  const fixed = spec.fixedInputs?.literals ?? {};
  for (const [name, parameter] of Object.entries(defaults)) {
    const type = parameter.var?.type;
    const wanted = variables[name]?.type;
    if (!wanted) throw invalid(`unexpected default_input ${name}`);
    if (!type) {
      throw invalid(
        `The Variable component of the Parameter ${name} in default_inputs either is missing, ` +
          "or has a missing Type",
      );
    }
    if (parameter.behavior.case === undefined) {
      throw invalid(
        `Invalid variable ${name} in default_inputs - variable has neither default, nor is required. ` +
          "One must be specified",
      );
    }
    if (parameter.behavior.case === "default") {
      const found = typeOfLiteral(parameter.behavior.value);
      if (!found || !castable(found, type)) {
        throw invalid(
          `Type mismatch for Parameter ${name} in default_inputs has type ${typeText(type)}, ` +
            `expected ${found ? typeText(found) : "nil"}`,
        );
      }
    }
    if (!castable(type, wanted)) {
      throw invalid(
        `invalid default_input wrong type ${name}, expected ${typeText(type)}, got ${typeText(wanted)} instead`,
      );
    }
  }
  for (const [name, literal] of Object.entries(fixed)) {
    const wanted = variables[name]?.type;
    const found = typeOfLiteral(literal);
    if (!wanted) throw invalid(`unexpected fixed_input ${name}`);
    if (!found || !castable(found, wanted)) {
      throw invalid(
        `invalid fixed_input wrong type ${name}, expected ${typeText(wanted)}, got ` +
          `${found ? typeText(found) : "nil"} instead`,
      );
    }
  }
  const open = Object.entries(variables).filter(([name]) => !Object.hasOwn(fixed, name));
  return create(ParameterMapSchema, {
    parameters: Object.fromEntries(
      open.map(([name, variable]) => [
        name,
        defaults[name] ??
          create(ParameterSchema, { var: variable, behavior: { case: "required", value: true } }),
      ]),
    ),
  });
}

/** Making one version active takes it from the other versions of the name. */
export function setState(world: World, id: Identifier | undefined, state: LaunchPlanState): void {
  const row = world.launchPlans.get(checkSet(id));
  const now = timestampFromDate(new Date());
  if (state === LaunchPlanState.ACTIVE) {
    for (const other of world.launchPlans.rows(row.id)) {
      if (other.closure.state === LaunchPlanState.ACTIVE) {
        other.closure.state = LaunchPlanState.INACTIVE;
        other.closure.updatedAt = now;
      }
    }
  }
  row.closure.state = state;
  row.closure.updatedAt = now;
}

export function launchPlanMessage({ id, spec, closure }: LaunchPlanRow): LaunchPlan {
  return create(LaunchPlanSchema, { id, spec, closure });
}
