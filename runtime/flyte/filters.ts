/**
 * Which executions a list is asked for, in admin's grammar.
 * @module
 */
import { tagMark } from "./names.ts";

/**
 * The filter that finds executions of a parent which may still run, and some of others; `hasTag` tells them apart.
 *
 * By a part of the name: admin has its tags in a table, but writes no row there for an execution of a single task.
 */
export function runningOfTag(tag: string): string {
  return `contains(execution_name,-${tagMark(tag)}-)+value_in(phase,UNDEFINED;QUEUED;RUNNING)`;
}

/** The filter that finds executions by their names: by primary key, each once, whatever its phase. */
export function namedFilter(names: readonly string[]): string {
  return `value_in(execution_name,${names.join(";")})`;
}
