/**
 * Keeps the newest calls with their real values, so that `deck.task("t11")` can look at one.
 *
 * Off until a session asks for it: a plain program must not hold on to its values.
 * @module
 */
import type { Definition } from "./definition.ts";
import { rememberEntities } from "./newest.ts";

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
  /** Ends the call, while it runs. */
  readonly cancel?: (reason?: unknown) => void;
  /** The definition that ran. */
  readonly definition: Definition;
}

interface Kept extends KeptCall {
  inputs: Readonly<Record<string, unknown>>;
  outcome?: KeptOutcome;
  cancel?: (reason?: unknown) => void;
}

interface Keepable {
  readonly id: string;
  readonly definition: Definition;
  readonly run: { readonly id: string };
  cancel(reason?: unknown): void;
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
  call: Keepable,
  inputs: Readonly<Record<string, unknown>> | undefined,
): void {
  if (keptMax === 0) return;
  const { id, definition, run } = call;
  kept.set(id, {
    id,
    name: definition.name,
    runId: run.id,
    inputs: { ...inputs },
    definition,
    cancel: (reason) => call.cancel(reason),
  });
  forgetOldest();
}

/** For the engine: the inputs that were promises have arrived. */
export function keepInputs(
  { id }: Pick<Keepable, "id">,
  inputs: Readonly<Record<string, unknown>>,
): void {
  const known = kept.get(id);
  if (known !== undefined) known.inputs = { ...inputs };
}

/** For the engine: a call has settled. */
export function keepOutcome({ id }: Pick<Keepable, "id">, outcome: KeptOutcome): void {
  const known = kept.get(id);
  if (known === undefined) return;
  known.outcome = outcome;
  // What has settled needs no more of the engine, which may then forget it.
  delete known.cancel;
}

function forgetOldest(): void {
  for (const id of kept.keys()) {
    if (kept.size <= keptMax) return;
    kept.delete(id);
  }
}
