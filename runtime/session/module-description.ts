/**
 * The plain-data answer to "what can be run in this module".
 * @module
 */

/** The media type under which the user process hands the description over. */
export const DESCRIPTION_TYPE = "application/vnd.eagerdeck.module+json";

export interface InputDescription {
  readonly name: string;
  /** JSON Schema of the values it takes; empty when the schema library cannot say. */
  readonly schema: Readonly<Record<string, unknown>>;
  readonly required: boolean;
}

export interface EntityDescription {
  /** The name it is exported by. */
  readonly exported: string;
  readonly name: string;
  readonly entity: "task" | "workflow" | "eager";
  /** Absent when it has no schemas: then its signature types it. */
  readonly inputs?: readonly InputDescription[] | undefined;
}

export interface ModuleDescription {
  readonly entities: readonly EntityDescription[];
}
