/**
 * Keeps the newest calls with their real values, so that `deck.task("t11")` can look at one and run it again.
 *
 * Off until a session asks for it: a plain program must not hold on to its values.
 * @module
 */
import { callableOf, type Definition } from "./definition.ts";
import { newestEntity, rememberEntities } from "./newest.ts";

export type KeptOutcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

export interface KeptCall {
  readonly id: string;
  readonly name: string;
  readonly runId: string;
  /** As they were given; an input that was a promise is its value once that has arrived. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Absent while the call runs. */
  readonly outcome?: KeptOutcome;
  /** The definition that ran. */
  readonly definition: Definition;
  /** Calls the newest definition of the same name with the old inputs and these changes. */
  rerun(changes?: Readonly<Record<string, unknown>>): Promise<unknown>;
}

interface Kept extends KeptCall {
  inputs: Readonly<Record<string, unknown>>;
  outcome?: KeptOutcome;
}

interface Keepable {
  readonly id: string;
  readonly definition: Definition;
  readonly run: { readonly id: string };
}

let keptMax = 0;
const kept = new Map<string, Kept>();

/** Keeps the newest `max` calls from now on; 0 forgets them all and keeps none. */
export function keepCalls(max: number): void {
  keptMax = max;
  rememberEntities(max > 0);
  forgetOldest();
}

/** @returns `undefined` for a call that was never kept, or is among the newest no longer. */
export function keptCall(id: string): KeptCall | undefined {
  return kept.get(id);
}

/** For the engine: a call was made. */
export function keepCall(
  { id, definition, run }: Keepable,
  inputs: Readonly<Record<string, unknown>> | undefined,
): void {
  if (keptMax === 0) return;
  kept.set(id, {
    id,
    name: definition.name,
    runId: run.id,
    inputs: { ...inputs },
    definition,
    rerun(changes) {
      // A map or a group has no name of its own that a later cell could define anew.
      const isNamed = definition.entity !== "map" && definition.entity !== "group";
      const newest = isNamed ? newestEntity(definition.name) : undefined;
      const entity = newest ?? callableOf(definition);
      if (entity === undefined) throw new Error(`${definition.name} cannot be called again`);
      return entity({ ...this.inputs, ...changes });
    },
  });
  forgetOldest();
}

/** For the engine: the inputs that were promises have arrived. */
export function keepInputs({ id }: Keepable, inputs: Readonly<Record<string, unknown>>): void {
  const known = kept.get(id);
  if (known !== undefined) known.inputs = { ...inputs };
}

/** For the engine: a call has settled. */
export function keepOutcome({ id }: Keepable, outcome: KeptOutcome): void {
  const known = kept.get(id);
  if (known !== undefined) known.outcome = outcome;
}

function forgetOldest(): void {
  for (const id of kept.keys()) {
    if (kept.size <= keptMax) return;
    kept.delete(id);
  }
}
