/**
 * Phases of executions by their names. Apart from what users' types lead to: the checker of a session reads no protobuf.
 * @module
 */
import type { PhaseName } from "./execution.ts";
import { WorkflowExecution_Phase as Phase } from "./idl/flyteidl/core/execution_pb.ts";

const NAMES: ReadonlyMap<number, PhaseName> = new Map(
  Object.entries(Phase).map(([name, value]) => [value, name as keyof typeof Phase]),
);

export function phaseName(phase: Phase): PhaseName {
  return NAMES.get(phase) ?? "UNDEFINED";
}
