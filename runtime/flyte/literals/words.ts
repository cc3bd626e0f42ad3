/**
 * Flyte's types in the words of messages.
 * @module
 */
import {
  BlobType_BlobDimensionality as Dimensionality,
  type LiteralType,
  SimpleType,
} from "../idl/flyteidl/core/types_pb.ts";

const SIMPLE: ReadonlyMap<number, string> = new Map(
  Object.entries({
    none: SimpleType.NONE,
    integer: SimpleType.INTEGER,
    float: SimpleType.FLOAT,
    string: SimpleType.STRING,
    boolean: SimpleType.BOOLEAN,
    date: SimpleType.DATETIME,
    duration: SimpleType.DURATION,
    bytes: SimpleType.BINARY,
    error: SimpleType.ERROR,
    structure: SimpleType.STRUCT,
  }).map(([word, number]) => [Number(number), word]),
);

/** `integer`, `list of string`, `integer | none`. */
export function typeToText(of: LiteralType): string {
  const { type } = of;
  switch (type.case) {
    case "simple": {
      const title = of.metadata?.["title"];
      if (type.value === SimpleType.STRUCT && typeof title === "string") return title;
      return SIMPLE.get(Number(type.value)) ?? `type ${type.value}`;
    }
    case "collectionType":
      return `list of ${typeToText(type.value)}`;
    case "mapValueType":
      return `map of ${typeToText(type.value)}`;
    case "enumType":
      return type.value.values.map((value) => JSON.stringify(value)).join(" | ");
    case "unionType":
      return type.value.variants.map(typeToText).join(" | ");
    case "blob": {
      if (type.value.format === "PythonPickle") return "pickle";
      const single = type.value.dimensionality === Dimensionality.SINGLE;
      return `${single ? "file" : "directory"}${type.value.format ? ` (${type.value.format})` : ""}`;
    }
    case "structuredDatasetType":
    case "schema":
      return "dataset";
    case undefined:
      return "unknown type";
  }
}
