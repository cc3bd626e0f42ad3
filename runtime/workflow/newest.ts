/**
 * The newest entity of each name in a session: a cell that is run again replaces what it defined before.
 *
 * Off in plain Node, where two modules may each have a task of one name and neither replaces the other.
 * @module
 */

type Callable = (inputs: Record<string, unknown>) => Promise<unknown>;

let remembering = false;
let definitions = 0;
const newest = new Map<string, { readonly entity: Callable; readonly number: number }>();

export function rememberEntities(on: boolean): void {
  remembering = on;
  if (!on) newest.clear();
}

export function rememberEntity(name: string, entity: Callable): void {
  if (remembering) newest.set(name, { entity, number: ++definitions });
}

export function newestEntity(name: string): Callable | undefined {
  return newest.get(name)?.entity;
}

/** A mark to compare with later: `isReplacedSince(name, mark)`. */
export function definitionMark(): number {
  return definitions;
}

export function isReplacedSince(name: string, mark: number): boolean {
  return (newest.get(name)?.number ?? 0) > mark;
}
