/**
 * An array node: a task once per item of its list inputs, as map tasks are run.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import {
  type Literal,
  type LiteralMap,
  LiteralMapSchema,
  LiteralSchema,
} from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import type { TaskTemplate } from "../../../runtime/flyte/idl/flyteidl/core/tasks_pb.ts";
import {
  type ArrayNode,
  ArrayNode_DataMode,
} from "../../../runtime/flyte/idl/flyteidl/core/workflow_pb.ts";
import { TaskFailure } from "./failures.ts";
import type { TaskPlace } from "./task-place.ts";
import { runTask } from "./task-run.ts";

export async function runArrayNode(
  place: TaskPlace,
  array: ArrayNode,
  task: TaskTemplate,
  inputs: LiteralMap,
): Promise<LiteralMap> {
  const bound = new Set(array.boundInputs);
  const lists = Object.entries(inputs.literals).flatMap(([name, { value }]) =>
    value.case === "collection" && !bound.has(name) ? [[name, value.value.literals] as const] : [],
  );
  const lengths = new Set(lists.map(([, items]) => items.length));
  const [length = 0] = lengths;
  if (lengths.size > 1) {
    throw new TaskFailure("input arrays have different lengths", { code: "InvalidArrayLength" });
  }
  // As flytekit's map tasks want it: the container gets the whole lists, and its index by its environment.
  const wholeLists =
    array.dataMode === ArrayNode_DataMode.SINGLE_INPUT_FILE &&
    !place.world.answers.has(task.id?.name ?? "");
  const retries = array.node?.metadata?.retries?.retries;
  const items = await Promise.all(
    Array.from({ length }, async (_, index) => {
      const literals: Record<string, Literal> = { ...inputs.literals };
      for (const [name, values] of lists) {
        const item = values[index];
        if (item) literals[name] = item;
      }
      const folder = `${place.folder}/${index}`;
      const item = create(LiteralMapSchema, { literals: wholeLists ? inputs.literals : literals });
      return await runTask({ ...place, folder, arrayIndex: index }, task, item, retries);
    }),
  );
  const names = Object.keys(task.interface?.outputs?.variables ?? {});
  const literals = Object.fromEntries(
    names.map((name) => [
      name,
      create(LiteralSchema, {
        value: {
          case: "collection",
          value: { literals: items.flatMap((item) => item.literals[name] ?? []) },
        },
      }),
    ]),
  );
  return create(LiteralMapSchema, { literals });
}
