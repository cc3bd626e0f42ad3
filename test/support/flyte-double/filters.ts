/**
 * The filter grammar of flyteadmin's lists: `func(field,value)` joined by `+`, values of a list by `;`.
 *
 * Invariants:
 * 1. What admin refuses is refused here with INVALID_ARGUMENT: other functions, unknown columns, entities that
 *    do not join, text that is not of the form.
 * 2. Values are compared as a database would: numbers as numbers, times as times, all else as text.
 * @module
 */
import { Code, ConnectError } from "@connectrpc/connect";

export interface Filter {
  readonly entity: Entity;
  readonly field: string;
  readonly test: keyof typeof TESTS;
  readonly values: readonly string[];
}

export type Entity =
  | "execution"
  | "execution_tag"
  | "launch_plan"
  | "named_entity"
  | "node_execution"
  | "project"
  | "task"
  | "task_execution"
  | "workflow";

/** What a column holds; a missing value matches no filter, as NULL does not. */
export type Column = string | number | Date | undefined;

const TESTS = {
  contains: (column: string | number, [value]: Operand) => `${column}`.includes(`${value}`),
  not_like: (column: string | number, [value]: Operand) => `${column}` !== `${value}`,
  gt: (column: string | number, [value]: Operand) => value !== undefined && column > value,
  gte: (column: string | number, [value]: Operand) => value !== undefined && column >= value,
  lt: (column: string | number, [value]: Operand) => value !== undefined && column < value,
  lte: (column: string | number, [value]: Operand) => value !== undefined && column <= value,
  eq: (column: string | number, [value]: Operand) => column === value,
  ne: (column: string | number, [value]: Operand) => column !== value,
  value_in: (column: string | number, values: Operand) => values.includes(column),
  value_not_in: (column: string | number, values: Operand) => !values.includes(column),
};
type Operand = readonly (string | number)[];

const ENTITY_PREFIXES: Readonly<Record<string, Entity>> = {
  task: "task",
  workflow: "workflow",
  launch_plan: "launch_plan",
  execution: "execution",
  node_execution: "node_execution",
  task_execution: "task_execution",
  entities: "named_entity",
  project: "project",
  admin_tag: "execution_tag",
  execution_tag: "execution_tag",
};

const JOINS: Readonly<Record<Entity, readonly Entity[]>> = {
  execution: ["execution", "launch_plan", "workflow", "task", "execution_tag"],
  execution_tag: ["execution_tag"],
  launch_plan: ["launch_plan", "workflow"],
  named_entity: ["named_entity"],
  node_execution: ["node_execution", "execution"],
  project: ["project"],
  task: ["task"],
  task_execution: ["task_execution", "task", "execution", "node_execution"],
  workflow: ["workflow"],
};

/** Columns of admin's tables that a filter or a sort key may name. */
export const COLUMNS: Readonly<Record<Entity, ReadonlySet<string>>> = {
  execution: words(
    "id created_at updated_at deleted_at execution_project execution_domain execution_name launch_plan_id",
    "workflow_id task_id phase closure spec started_at execution_created_at execution_updated_at duration",
    "abort_cause mode source_execution_id parent_node_execution_id cluster inputs_uri user_inputs_uri",
    "error_kind error_code user state launch_entity",
  ),
  execution_tag: words(
    "id created_at updated_at deleted_at execution_project execution_domain execution_name key value",
  ),
  launch_plan: words(
    "id created_at updated_at deleted_at project domain name version spec workflow_id closure state digest",
    "schedule_type launch_condition_type",
  ),
  named_entity: words(
    "id created_at updated_at deleted_at resource_type project domain name description state",
  ),
  node_execution: words(
    "id created_at updated_at deleted_at execution_project execution_domain execution_name node_id phase",
    "input_uri closure started_at node_execution_created_at node_execution_updated_at duration",
    "node_execution_metadata parent_id parent_task_execution_id error_kind error_code cache_status",
    "dynamic_workflow_remote_closure_reference internal_data",
  ),
  project: words("id created_at updated_at deleted_at identifier name description labels state"),
  task: words(
    "id created_at updated_at deleted_at project domain name version closure digest type short_description",
  ),
  task_execution: words(
    "id created_at updated_at deleted_at project domain name version execution_project execution_domain",
    "execution_name node_id retry_attempt phase phase_version input_uri closure started_at",
    "task_execution_created_at task_execution_updated_at duration",
  ),
  workflow: words(
    "id created_at updated_at deleted_at project domain name version typed_interface remote_closure_identifier",
    "digest short_description",
  ),
};

function words(...lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.join(" ").split(" "));
}

/** @throws {ConnectError} INVALID_ARGUMENT for what admin's grammar does not know. */
export function parseFilters(text: string, primary: Entity): readonly Filter[] {
  if (text === "") return [];
  return text.split("+").map((expression) => {
    const [, test = "", column = "", value = ""] = /^(.+)\((.+),\s?(.+)\)/.exec(expression) ?? [];
    if (test === "") throw invalid("invalid value for filters");
    const dot = column.indexOf(".");
    const other = dot > 0 ? ENTITY_PREFIXES[column.slice(0, dot)] : undefined;
    const entity = other ?? primary;
    if (!JOINS[primary].includes(entity)) {
      throw invalid(`'${entity}' entity is not allowed in filters`);
    }
    const field = other ? column.slice(dot + 1) : column;
    const renamed = entity === "execution_tag" && field === "name" ? "key" : field;
    if (!COLUMNS[entity].has(renamed)) throw invalid(`'${entity}.${field}' is invalid filter`);
    if (!isTest(test)) throw invalid(`unrecognized filter function: ${test}`);
    const values = value.split(";");
    if (values.length > 1 && test !== "value_in" && test !== "value_not_in") {
      throw invalid(`invalid single value filter expression: ${test}`);
    }
    return { entity, field: renamed, test, values };
  });
}

/** @param column reads the row's value of an entity's column; several values for a joined table of many rows. */
export function matches(
  filters: readonly Filter[],
  column: (entity: Entity, field: string) => Column,
): boolean {
  return filters.every(({ entity, field, test, values }) => {
    const found = column(entity, field);
    if (found === undefined) return false;
    return TESTS[test](...comparable(found, values));
  });
}

function comparable(
  found: string | number | Date,
  values: readonly string[],
): [string | number, Operand] {
  if (typeof found === "string") return [found, values];
  if (typeof found === "number") return [found, values.map(Number)];
  return [found.getTime(), values.map((value) => Date.parse(value))];
}

function isTest(text: string): text is keyof typeof TESTS {
  return Object.hasOwn(TESTS, text);
}

function invalid(message: string): ConnectError {
  return new ConnectError(message, Code.InvalidArgument);
}
