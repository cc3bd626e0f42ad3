/**
 * The life of one execution, from its creation to its terminal phase.
 *
 * Invariants:
 * 1. Every execution that was created reaches a terminal phase, unless its task never ends.
 * 2. A phase is entered between two turns of the event loop, so that a client can see each of them.
 * 3. ABORTED comes when the work has stopped, not when the abort was asked for.
 * @module
 */
import { setImmediate as turn } from "node:timers/promises";
import type { CompiledWorkflowClosure } from "../../../runtime/flyte/idl/flyteidl/core/compiler_pb.ts";
import { WorkflowExecution_Phase as Phase } from "../../../runtime/flyte/idl/flyteidl/core/execution_pb.ts";
import { LiteralMapSchema } from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import type { ExecutionRow } from "./executions.ts";
import { failureOf } from "./failures.ts";
import { folderOf, type Run, runWorkflow } from "./graph.ts";
import type { World } from "./world.ts";

export async function runExecution(
  world: World,
  row: ExecutionRow,
  closure: CompiledWorkflowClosure,
  launch: Run["launch"],
): Promise<void> {
  const { executions, faults } = world;
  const { signal } = row.stop;
  const run: Run = { world, row, closure, signal, launch };
  await turn();
  executions.enter(row, Phase.QUEUED);
  await turn();
  try {
    await faults.gate("start", signal);
    signal.throwIfAborted();
    executions.enter(row, Phase.RUNNING);
    const template = closure.primary?.template;
    if (!template) throw new Error("a compiled workflow has a template");
    const outputs = await runWorkflow(run, template, row.inputs);
    executions.enter(row, Phase.SUCCEEDING);
    await turn();
    const hasOutputs = Object.keys(template.interface?.outputs?.variables ?? {}).length > 0;
    if (hasOutputs) {
      const outputsUri = `${folderOf(run, { id: "end-node" })}/0/outputs.pb`;
      world.objects.putMessage(outputsUri, LiteralMapSchema, outputs);
      executions.enter(row, Phase.SUCCEEDED, { outputs, outputsUri });
    } else {
      executions.enter(row, Phase.SUCCEEDED, { outputs });
    }
  } catch (thrown) {
    const { error } = failureOf(thrown, false);
    executions.enter(row, Phase.FAILING, { error });
    await turn();
    executions.enter(row, Phase.FAILED, { error });
  }
  if (signal.aborted) {
    await faults.gate("abort");
    executions.enter(row, Phase.ABORTED);
  }
}
