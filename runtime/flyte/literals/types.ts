/**
 * Schemas as Flyte's types and interfaces.
 *
 * Invariants:
 * 1. What a cluster compares is as flytekit writes it: simple types, the tags of unions, the JSON Schema of structures.
 * 2. What only a program here must know (an integer is a bigint, an absence is `undefined`) is an annotation, which no
 *    cluster compares.
 * @module
 */
import { create, type JsonObject } from "@bufbuild/protobuf";
import { valueTypeOf } from "../../types/schema-type.ts";
import type { Schemas, StandardSchema } from "../../types/standard-schema.ts";
import type { ValueType } from "../../types/value-type.ts";
import { type TypedInterface, TypedInterfaceSchema } from "../idl/flyteidl/core/interface_pb.ts";
import {
  BlobType_BlobDimensionality as Dimensionality,
  type LiteralType,
  LiteralTypeSchema,
  SimpleType,
  TypeAnnotationSchema,
  TypeStructureSchema,
} from "../idl/flyteidl/core/types_pb.ts";
import { jsonSchemaOf, titleCase } from "./json-schema.ts";

/** Key of our annotation; its value is `bigint` or `undefined`. */
const OWN = "eagerdeck";
/** Levels of types: readers of the protocol stop at a hundred messages inside each other. */
const MAX_TYPE_LEVELS = 24;

export interface Interfaced {
  /** For messages, and for structures without a name: `train`. */
  readonly name: string;
  readonly inputs?: Schemas | undefined;
  readonly output?: StandardSchema | undefined;
  readonly outputs?: Schemas | undefined;
  /** Of what was fetched: its output comes as the caller's schema takes it. */
  readonly elsewhere?: unknown;
}

/**
 * The interface of an entity. Inputs are typed by what their schemas take, outputs by what they make; those of what was
 * fetched by what the caller's schemas take.
 *
 * A single output is `o0`; a tuple's items are `o0`, `o1`, …; without an output there is no variable.
 * @throws {TypeError} that names the input or output whose values no other machine could hold.
 */
export function typedInterface(of: Interfaced): TypedInterface {
  const inputs = variables(of.inputs ?? {}, (schema, name) =>
    valueTypeOf(schema, "input", `${of.name}: input ${name}`),
  );
  return create(TypedInterfaceSchema, {
    inputs: { variables: inputs },
    outputs: { variables: variables(outputTypes(of), (type) => type) },
  });
}

/** The types of an entity's outputs by the names of their variables. */
function outputTypes(of: Interfaced): Record<string, ValueType> {
  const { name, output, outputs } = of;
  const side = of.elsewhere === undefined ? "output" : "input";
  if (outputs !== undefined) {
    return Object.fromEntries(
      Object.entries(outputs).map(([key, schema]) => [
        key,
        valueTypeOf(schema, side, `${name}: output ${key}`),
      ]),
    );
  }
  if (output === undefined) return {};
  const type = valueTypeOf(output, side, `${name}: output`);
  if (type.kind === "none" && type.as === "undefined") return {};
  if (type.kind !== "tuple") return { o0: type };
  if (type.items.length < 2) {
    throw new TypeError(
      `${name}: a tuple of ${type.items.length} cannot be told from a bare value on Flyte; give the value itself, or use z.array(…)`,
    );
  }
  return Object.fromEntries(type.items.map((item, i) => [`o${i}`, item]));
}

/**
 * What an entity gave, by the names of its output variables: the way back is `resultOf`.
 * @throws {TypeError} for something else than the declared tuple or object.
 */
export function outputsOf(of: Interfaced, result: unknown): Record<string, unknown> {
  if (of.outputs !== undefined) {
    if (typeof result !== "object" || result === null) {
      throw new TypeError(
        `${of.name}: expected an object of ${Object.keys(of.outputs).join(", ")}`,
      );
    }
    return { ...result };
  }
  const names = Object.keys(outputTypes(of));
  if (names.length === 0) return {};
  if (names.length === 1) return { o0: result };
  if (!Array.isArray(result) || result.length !== names.length) {
    throw new TypeError(`${of.name}: expected a tuple of ${names.length} values`);
  }
  return Object.fromEntries(names.map((name, i) => [name, result[i]]));
}

function variables<T>(
  of: Readonly<Record<string, T>>,
  typed: (value: T, name: string) => ValueType,
): Record<string, { type: LiteralType; description: string }> {
  return Object.fromEntries(
    Object.entries(of).map(([name, value]) => {
      const type = typed(value, name);
      if (type.kind === "tuple") {
        throw new TypeError(
          `${name}: a tuple is a list of outputs on Flyte; as an input or part of a value use z.array(…) or z.object(…)`,
        );
      }
      try {
        return [name, { type: literalTypeOf(type, titleCase(name)), description: name }];
      } catch (error) {
        if (error instanceof RangeError) throw new TypeError(`${name}: ${error.message}`);
        throw error;
      }
    }),
  );
}

/**
 * @param title of a structure without a name of its own.
 * @throws {RangeError} for types that are nested deeper than the protocol's readers go.
 */
export function literalTypeOf(type: ValueType, title = "Struct", level = 0): LiteralType {
  if (level > MAX_TYPE_LEVELS) {
    throw new RangeError(
      `a type of more than ${MAX_TYPE_LEVELS} levels; use z.any() for what lies deeper`,
    );
  }
  const into = (inner: ValueType) => literalTypeOf(inner, title, level + 1);
  switch (type.kind) {
    case "integer":
      return simple(SimpleType.INTEGER, type.as === "bigint" ? { [OWN]: "bigint" } : undefined);
    case "float":
      return simple(SimpleType.FLOAT);
    case "string":
      return simple(SimpleType.STRING);
    case "boolean":
      return simple(SimpleType.BOOLEAN);
    case "date":
      return simple(SimpleType.DATETIME);
    case "duration":
      return simple(SimpleType.DURATION);
    case "none":
      return simple(SimpleType.NONE, type.as === "undefined" ? { [OWN]: "undefined" } : undefined);
    case "enum":
      return literalType({ case: "enumType", value: { values: [...type.values] } });
    case "list":
      return literalType({ case: "collectionType", value: into(type.of) });
    case "map":
      return literalType({ case: "mapValueType", value: into(type.of) });
    case "union":
      return literalType({
        case: "unionType",
        value: { variants: type.variants.map((variant) => tagged(variant, into(variant))) },
      });
    case "file":
      return literalType({
        case: "blob",
        value: { format: type.format, dimensionality: Dimensionality.SINGLE },
      });
    case "directory":
      return literalType({
        case: "blob",
        value: { format: type.format, dimensionality: Dimensionality.MULTIPART },
      });
    case "dataset":
      return literalType({
        case: "structuredDatasetType",
        value: {
          format: type.format,
          columns: type.columns.map((column) => ({
            name: column.name,
            literalType: into(column.type),
          })),
        },
      });
    case "struct": {
      const schema = jsonSchemaOf(type, title);
      const struct = simple(SimpleType.STRUCT, MSGPACK);
      struct.metadata = schema;
      const fields = Object.fromEntries(
        type.fields.map((field) => [
          field.name,
          literalTypeOf(field.type, titleCase(field.name), level + 1),
        ]),
      );
      struct.structure = create(TypeStructureSchema, { dataclassType: fields });
      return struct;
    }
    case "tuple":
    case "any":
      return simple(SimpleType.STRUCT, MSGPACK);
  }
}

const MSGPACK: JsonObject = { "cache-key-metadata": { "serialization-format": "msgpack" } };

type TypeInit = NonNullable<Parameters<typeof create<typeof LiteralTypeSchema>>[1]>;

function literalType(type: NonNullable<TypeInit["type"]>): LiteralType {
  return create(LiteralTypeSchema, { type });
}

function simple(value: SimpleType, annotations?: JsonObject): LiteralType {
  const type = literalType({ case: "simple", value });
  if (annotations) type.annotation = create(TypeAnnotationSchema, { annotations });
  return type;
}

/** flytekit's names of its type transformers: a cluster matches the variants of two unions by them. */
const TAGS: Readonly<Record<ValueType["kind"], string>> = {
  integer: "int",
  float: "float",
  string: "str",
  boolean: "bool",
  date: "datetime",
  duration: "timedelta",
  none: "none",
  enum: "DefaultEnumTransformer",
  list: "Typed List",
  map: "Typed Dict",
  any: "Typed Dict",
  tuple: "Typed Dict",
  struct: "Object-Dataclass-Transformer",
  union: "Typed Union",
  file: "FlyteFilePath",
  directory: "FlyteDirectory",
  dataset: "StructuredDataset Transformer",
};

function tagged({ kind }: ValueType, type: LiteralType): LiteralType {
  const dataclassType = type.structure?.dataclassType ?? {};
  type.structure = create(TypeStructureSchema, { tag: TAGS[kind], dataclassType });
  return type;
}

/** Our annotation of a type, if it has one. */
export function ownAnnotation(type: LiteralType): "bigint" | "undefined" | undefined {
  const found = type.annotation?.annotations?.[OWN];
  return found === "bigint" || found === "undefined" ? found : undefined;
}
