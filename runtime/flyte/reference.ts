/**
 * What a fetched task, workflow or launch plan is to the engine: a definition without a function.
 *
 * Loads nothing of the cluster.
 * @module
 */
import type { Definition } from "../workflow/definition.ts";
import type { EntityKind, EntityReference } from "./options.ts";

export interface Reference extends EntityReference {
  readonly kind: EntityKind;
}

/** @returns undefined for what was written here. */
export function referenceOf(definition: Definition): Reference | undefined {
  return definition.elsewhere as Reference | undefined;
}
