/**
 * The plain-data answer to "what can be run in this module".
 * @module
 */
import type { EntityDescription } from "../types/interface.ts";

/** The media type under which the user process hands the description over. */
export const DESCRIPTION_TYPE = "application/vnd.eagerdeck.module+json";

/** An exported task or workflow, and the name it is exported by. */
export interface ExportedEntity extends EntityDescription {
  readonly exported: string;
}

export interface ModuleDescription {
  readonly entities: readonly ExportedEntity[];
}
