/**
 * Calls a task again as it is defined now: a run of its own, linked to the one it was first called in.
 * @module
 */

import { callableOf, type Definition, definitionOf } from "./definition.ts";
import { newestEntity } from "./newest.ts";
import { currentScope, Run } from "./run.ts";
import { callSettings } from "./settings.ts";
import { unnamed } from "./task.ts";

export interface EarlierCall {
  readonly id: string;
  readonly name: string;
  readonly runId: string;
  /** The definition that ran; absent for a call of a process that is gone. */
  readonly definition?: Definition;
}

/**
 * Calls the newest definition of the same name, without its cache.
 * @throws {Error} when nothing of that name is defined any more.
 */
export function callAgain(
  { id, name, runId, definition }: EarlierCall,
  inputs: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const entity = entityOf(name, definition);
  const now = currentScope()?.run;
  const run = new Run({
    title: `${id} again`,
    linkedTo: runId,
    ...(now?.cell !== undefined && { cell: now.cell }),
    ...(now?.n !== undefined && { n: now.n }),
    ...(now?.cellId !== undefined && { cellId: now.cellId }),
    ...(now !== undefined && { within: now.outermost }),
  });
  const call = run.enter(() => entity({ ...inputs }));
  call.then(
    () => run.end("ok"),
    (error: unknown) => run.end(run.signal.aborted ? "interrupted" : "failed", error),
  );
  return call;
}

function entityOf(
  name: string,
  definition: Definition | undefined,
): (inputs: Record<string, unknown>) => Promise<unknown> {
  // A map or a group has no name of its own that a later cell could define anew.
  const isNamed = definition?.entity !== "map" && definition?.entity !== "group";
  const newest = isNamed ? newestEntity(name) : undefined;
  const entity = newest ?? (definition && callableOf(definition));
  if (entity === undefined) {
    throw new Error(`there is no task ${name} in this session: run the cell that defines it first`);
  }
  const current = definitionOf(entity);
  if (current?.settings.cache === undefined) return entity;
  const settings = callSettings(`task ${name}`, { cache: false }, current.settings);
  return unnamed({ ...current, settings }, {});
}
