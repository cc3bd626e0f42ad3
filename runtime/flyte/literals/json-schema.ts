/**
 * The JSON Schema of a structure, in the words that flytekit writes: a cluster compares the two when a task of one
 * language feeds a task of the other.
 * @module
 */
import type { JsonObject } from "@bufbuild/protobuf";
import type { StructType, ValueType } from "../../types/value-type.ts";

/** @param title of a structure that has no name of its own. */
export function jsonSchemaOf(type: ValueType, title: string): JsonObject {
  switch (type.kind) {
    case "integer":
      return { type: "integer" };
    case "float":
      return { type: "number" };
    case "string":
    case "boolean":
      return { type: type.kind };
    case "date":
      return { type: "string", format: "date-time" };
    case "duration":
      return { type: "number", format: "time-delta" };
    case "none":
      return { type: "null" };
    case "enum":
      return { enum: [...type.values] };
    case "list":
      return { type: "array", items: jsonSchemaOf(type.of, title) };
    case "map":
      return {
        type: "object",
        propertyNames: { type: "string" },
        additionalProperties: jsonSchemaOf(type.of, title),
      };
    case "tuple":
      return {
        type: "array",
        minItems: type.items.length,
        maxItems: type.items.length,
        prefixItems: type.items.map((item) => jsonSchemaOf(item, title)),
      };
    case "struct":
      return structSchema(type, title);
    case "union":
      return { anyOf: type.variants.map((variant) => jsonSchemaOf(variant, title)) };
    case "file":
      return FILE;
    case "directory":
      return DIRECTORY;
    case "dataset":
      return DATASET;
    case "any":
      return { type: "object" };
  }
}

function structSchema(type: StructType, title: string): JsonObject {
  const properties: JsonObject = {};
  const required: string[] = [];
  for (const field of type.fields) {
    const schema = jsonSchemaOf(field.type, titleCase(field.name));
    const absent = field.type.kind === "union" && field.type.variants.some(isUndefined);
    if (field.default !== undefined) schema["default"] = field.default;
    else if (absent) schema["default"] = null;
    else if (!field.optional) required.push(field.name);
    Object.defineProperty(properties, field.name, {
      value: schema,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return {
    type: "object",
    title: type.title ?? title,
    properties,
    additionalProperties: type.open,
    ...(required.length > 0 ? { required } : {}),
  };
}

function isUndefined(type: ValueType): boolean {
  return type.kind === "none" && type.as === "undefined";
}

/** `unit_price` → `UnitPrice`: a name that is also a class name in Python. */
export function titleCase(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const joined = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("");
  return joined || "Struct";
}

const NULL = { type: "null" };
const METADATA = {
  default: null,
  anyOf: [
    { type: "object", propertyNames: { type: "string" }, additionalProperties: { type: "string" } },
    NULL,
  ],
};
/** Python's handle classes are structures themselves; these are their schemas. */
const FILE: JsonObject = {
  type: "object",
  title: "FlyteFile",
  properties: {
    path: { default: null, anyOf: [{ type: "string" }, { type: "string", format: "path" }] },
    metadata: METADATA,
  },
  additionalProperties: false,
};
const DIRECTORY: JsonObject = {
  type: "object",
  title: "FlyteDirectory",
  properties: {
    path: { default: null, anyOf: [{ type: "string" }, { type: "string", format: "path" }] },
  },
  additionalProperties: false,
};
const DATASET: JsonObject = {
  type: "object",
  title: "StructuredDataset",
  properties: {
    uri: { default: null, anyOf: [{ type: "string" }, NULL] },
    file_format: { default: "", anyOf: [{ type: "string" }, NULL] },
  },
  additionalProperties: false,
};
