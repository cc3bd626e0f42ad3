/**
 * Turns "this function is called" into a call of the current scope.
 * @module
 */
import type { SourcePosition } from "../events/events.ts";
import type { Call } from "./call.ts";
import type { Definition } from "./definition.ts";
import { LiveCall, whyRefused } from "./live-call.ts";
import { Run } from "./run.ts";
import { type Scope, scopes } from "./scope.ts";

let refused: ((name: string) => Error) | undefined;

/**
 * In a worker thread, and while a module is only loaded to see what it defines, no calls are made: each throws what `why`
 * says of the name of its task. `undefined` takes that back.
 */
export function refuseCalls(why: ((name: string) => Error) | undefined): void {
  refused = why;
}

/** Starts a call of `definition` with what its caller gave. Never throws: what is wrong rejects the call. */
export function startCall(
  definition: Definition,
  given: unknown,
  source?: SourcePosition,
): Call<unknown> {
  if (refused) throw refused(definition.name);
  const call = new LiveCall(definition, ownerOf(definition));
  call.begin(given, source);
  return call.promise;
}

function ownerOf({ name }: Definition): Scope {
  const scope = scopes.getStore();
  if (scope === undefined) return Run.forOneCall(name, undefined);
  // A timer or a promise of a run that is over: what it calls is a run of its own, of the same cell. What an
  // interrupted or failed function still tries after its end stays refused.
  if (scope.run.finished && whyRefused(scope) === undefined) return Run.forOneCall(name, scope.run);
  return scope;
}
