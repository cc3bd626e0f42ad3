/**
 * What an entity (a task, workflow or eager workflow) takes and gives, as the command line and front ends see it.
 *
 * Knows the brand that marks an entity and its schemas; knows nothing of how a call runs.
 * @module
 */
import { valueTypeOf } from "./schema-type.ts";
import type { Schemas, StandardSchema } from "./standard-schema.ts";
import { isOptional } from "./validate.ts";
import type { ValueType } from "./value-type.ts";

/** Marks what `task`, `workflow` and `eager` return, also for another copy of the package. */
export const ENTITY = Symbol.for("eagerdeck.entity");

/** Name, kind and schemas of an entity. */
export interface EntityInterface {
  readonly name: string;
  readonly entity: "task" | "workflow" | "eager";
  readonly inputs: Schemas | undefined;
  readonly output: StandardSchema | undefined;
}

export interface Entity {
  (inputs?: Record<string, unknown>): Promise<unknown>;
  readonly [ENTITY]: EntityInterface;
}

/** JSON Schema, draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface EntityDescription {
  readonly name: string;
  readonly entity: "task" | "workflow" | "eager";
  /** In the order they were written. Absent when the entity has no schemas: its inputs are known to TypeScript only. */
  readonly inputs: readonly InputDescription[] | undefined;
  /** Absent without a schema, or when the schema cannot be said as JSON Schema. */
  readonly output: JsonSchema | undefined;
}

export interface InputDescription {
  readonly name: string;
  /** `{}` (anything) when the schema cannot be said as JSON Schema; validation still uses the schema itself. */
  readonly schema: JsonSchema;
  /** What JSON Schema has no words for: files, folders, dates. Absent for values that no other machine can hold. */
  readonly type?: ValueType;
  readonly required: boolean;
}

export function isEntity(value: unknown): value is Entity {
  return typeof value === "function" && ENTITY in value;
}

/** The interface of an entity as plain JSON. */
export function describeEntity(entity: Pick<Entity, typeof ENTITY>): EntityDescription {
  const { name, entity: kind, inputs, output } = entity[ENTITY];
  return {
    name,
    entity: kind,
    inputs:
      inputs &&
      Object.entries(inputs).map(([input, schema]) => ({
        name: input,
        schema: jsonSchema(schema, "input") ?? {},
        ...takenType(schema, input),
        required: !isOptional(schema),
      })),
    output: output && jsonSchema(output, "output"),
  };
}

function takenType(schema: StandardSchema, input: string): Pick<InputDescription, "type"> {
  try {
    return { type: valueTypeOf(schema, "input", input) };
  } catch {
    // Whoever sends such a value to a cluster is told why it cannot go.
    return {};
  }
}

function jsonSchema(schema: StandardSchema, side: "input" | "output"): JsonSchema | undefined {
  try {
    const converted = schema["~standard"].jsonSchema?.[side]({
      target: "draft-2020-12",
      // zod's: a part that JSON cannot say (a Date, a class) becomes `{}` instead of an error.
      libraryOptions: { unrepresentable: "any" },
    });
    if (converted === undefined) return undefined;
    const { $schema: _dialect, "~standard": _own, ...rest } = converted;
    return rest;
  } catch {
    // The standard lets a library throw for what it cannot convert; the caller then knows no more than "anything".
    return undefined;
  }
}
