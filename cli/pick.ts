/**
 * Which of a file's tasks and workflows is meant.
 * @module
 */
import type { ExportedEntity } from "../runtime/session/module-description.ts";
import { didYouMean, UsageError } from "./usage.ts";

/** @throws {UsageError} when there is none of that name. */
export function pick(
  entities: readonly ExportedEntity[],
  workflow: string,
  file: string,
): ExportedEntity {
  const names = entities.map(({ exported }) => exported);
  const entity = entities.find(({ exported, name }) => exported === workflow || name === workflow);
  if (entity) return entity;
  if (names.length === 0)
    throw new UsageError(
      `${file} exports no task or workflow; export one: export const flow = eager(…)`,
    );
  const hint = didYouMean(workflow, names) || ` It has ${names.join(", ")}.`;
  throw new UsageError(`${file} exports no workflow '${workflow}'.${hint}`);
}
