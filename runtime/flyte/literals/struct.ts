/**
 * The fields of a structure's type. Two places may say them: the types of the fields, exactly, or only the JSON Schema,
 * as in a variant of one of flytekit's unions.
 * @module
 */
import { jsonType, referred } from "../../types/json-type.ts";
import { unionOf, type ValueType } from "../../types/value-type.ts";
import { type LiteralType, SimpleType } from "../idl/flyteidl/core/types_pb.ts";
import { literalTypeOf } from "./types.ts";

export interface Field {
  readonly type: LiteralType;
  /** Whether it may be left out: it has a default, which need not be known here. */
  readonly optional: boolean;
  readonly default?: unknown;
}

export interface Fields {
  readonly name: string;
  readonly fields: ReadonlyMap<string, Field>;
  /** Whether other keys are allowed. */
  readonly open: boolean;
}

const known = new WeakMap<LiteralType, Fields>();

/** @returns undefined for a structure of any fields. */
export function fieldsOf(type: LiteralType): Fields | undefined {
  const before = known.get(type);
  if (before) return before;
  const fields = isStruct(type) ? readFields(type) : undefined;
  if (fields) known.set(type, fields);
  return fields;
}

export function isStruct({ type }: LiteralType): boolean {
  return type.case === "simple" && type.value === SimpleType.STRUCT;
}

function readFields(type: LiteralType): Fields | undefined {
  // Flytekit before 1.11 put the structure itself under a reference.
  const ref = type.metadata?.["$ref"];
  const found = typeof ref === "string" ? referred(type.metadata, ref) : type.metadata;
  const schema = typeof found === "object" && found !== null ? found : {};
  const properties = objectAt(schema, "properties");
  const required = new Set(listAt(schema, "required"));
  const fields = new Map<string, Field>();
  const add = (name: string, fieldType: LiteralType) => {
    const property = properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
    const optional = property !== undefined && !required.has(name);
    fields.set(name, { type: fieldType, optional, ...defaultOf(property) });
  };
  const exact = Object.entries(type.structure?.dataclassType ?? {});
  if (exact.length > 0) {
    for (const [name, fieldType] of exact) add(name, fieldType);
  } else if (properties) {
    const read = jsonType(type.metadata, flytekitType);
    if (read.kind !== "struct") return;
    for (const field of read.fields)
      add(field.name, literalTypeOf(present(field.type), field.name));
  } else return;
  const { title, additionalProperties }: { title?: unknown; additionalProperties?: unknown } =
    schema;
  return {
    name: typeof title === "string" ? title : "a structure",
    fields,
    open: additionalProperties !== false,
  };
}

/**
 * A field that may be left out must not be written as none: its class has a value to put there. Of all structures inside,
 * too.
 */
function present(type: ValueType): ValueType {
  switch (type.kind) {
    case "union":
      return unionOf(type.variants.filter((one) => !isAbsence(one)).map(present));
    case "list":
    case "map":
      return { ...type, of: present(type.of) };
    case "struct":
      return {
        ...type,
        fields: type.fields.map((field) => {
          const isOptional = field.type.kind === "union" && field.type.variants.some(isAbsence);
          return { ...field, type: present(field.type), ...(isOptional && { optional: true }) };
        }),
      };
    default:
      return type;
  }
}

function isAbsence(type: ValueType): boolean {
  return type.kind === "none" && type.as === "undefined";
}

function defaultOf(property: unknown): { default?: unknown } {
  if (typeof property !== "object" || property === null || !("default" in property)) return {};
  return { default: property.default };
}

function listAt(of: object, key: string): readonly unknown[] {
  const value = (of as Record<string, unknown>)[key];
  return Array.isArray(value) ? value : [];
}

function objectAt(of: unknown, key: string): Readonly<Record<string, unknown>> | undefined {
  if (typeof of !== "object" || of === null || !Object.hasOwn(of, key)) return;
  const value = (of as Record<string, unknown>)[key];
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** What flytekit says by formats, and its own classes by their names. */
function flytekitType(schema: Readonly<Record<string, unknown>>): ValueType | undefined {
  const { type, format, title } = schema;
  if (type === "string" && (format === "date-time" || format === "date")) return { kind: "date" };
  if (type === "number" && format === "time-delta") return { kind: "duration" };
  if (type === "string" && format === "duration") return { kind: "duration" };
  if (type === "number" && format === "integer") return { kind: "integer", as: "number" };
  if (type !== "object") return;
  if (title === "FlyteFile") return { kind: "file", format: "" };
  if (title === "FlyteDirectory") return { kind: "directory", format: "" };
  if (title === "StructuredDataset") return { kind: "dataset", format: "", columns: [] };
  return;
}
