/**
 * Which type may stand for which: the rules by which admin accepts inputs and joins nodes.
 *
 * Stricter than flyteadmin in one place: two different JSON Schemas of a struct never fit, whereas admin also
 * accepts a schema that extends the other.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import type { Literal, Scalar } from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import {
  SchemaType_SchemaColumn_SchemaColumnType as ColumnType,
  type LiteralType,
  LiteralTypeSchema,
  type SchemaType,
  SimpleType,
  type StructuredDatasetType,
} from "../../../runtime/flyte/idl/flyteidl/core/types_pb.ts";
import { digestOf } from "./registry.ts";

/** `undefined` for a literal that admin does not know. */
export function typeOfLiteral(literal: Literal): LiteralType | undefined {
  switch (literal.value.case) {
    case "scalar":
      return typeOfScalar(literal.value.value);
    case "collection": {
      const inner = typeOfMany(literal.value.value.literals);
      return inner && type({ case: "collectionType", value: inner });
    }
    case "map": {
      const inner = typeOfMany(Object.values(literal.value.value.literals));
      return inner && type({ case: "mapValueType", value: inner });
    }
    case "offloadedMetadata":
      return literal.value.value.inferredType;
    default:
      return undefined;
  }
}

function type(value: LiteralType["type"]): LiteralType {
  return create(LiteralTypeSchema, { type: value });
}

function simple(value: SimpleType): LiteralType {
  return type({ case: "simple", value });
}

function typeOfScalar({ value: scalar }: Scalar): LiteralType | undefined {
  switch (scalar.case) {
    case "primitive":
      switch (scalar.value.value.case) {
        case "integer":
          return simple(SimpleType.INTEGER);
        case "floatValue":
          return simple(SimpleType.FLOAT);
        case "stringValue":
          return simple(SimpleType.STRING);
        case "boolean":
          return simple(SimpleType.BOOLEAN);
        case "datetime":
          return simple(SimpleType.DATETIME);
        case "duration":
          return simple(SimpleType.DURATION);
        default:
          return simple(SimpleType.NONE);
      }
    case "blob": {
      const blob = scalar.value.metadata?.type;
      return blob && type({ case: "blob", value: blob });
    }
    case "binary":
      return simple(scalar.value.tag === "msgpack" ? SimpleType.STRUCT : SimpleType.BINARY);
    case "schema":
      return scalar.value.type && type({ case: "schema", value: scalar.value.type });
    case "structuredDataset":
      return type({
        case: "structuredDatasetType",
        value: scalar.value.metadata?.structuredDatasetType ?? emptyDataset(),
      });
    case "noneType":
      return simple(SimpleType.NONE);
    case "error":
      return simple(SimpleType.ERROR);
    case "generic":
      return simple(SimpleType.STRUCT);
    case "union":
      return create(LiteralTypeSchema, {
        type: {
          case: "unionType",
          value: { variants: scalar.value.type ? [scalar.value.type] : [] },
        },
      });
    default:
      return undefined;
  }
}

function emptyDataset(): StructuredDatasetType {
  const made = create(LiteralTypeSchema, { type: { case: "structuredDatasetType", value: {} } });
  if (made.type.case !== "structuredDatasetType") throw new Error("just made");
  return made.type.value;
}

/** Of the items of a list or a map: one type, or a union of what occurs. */
function typeOfMany(literals: readonly Literal[]): LiteralType | undefined {
  const found = new Map<string, LiteralType>();
  let empty: LiteralType | undefined;
  for (const literal of literals) {
    const inner = typeOfLiteral(literal);
    if (!inner) return undefined;
    if (literal.value.case === "collection" && literal.value.value.literals.length === 0) {
      empty = inner;
    } else {
      found.set(digestOf(inner), inner);
    }
  }
  const types = [...found.values()];
  const [only] = types;
  if (!only) return empty ?? simple(SimpleType.NONE);
  if (types.length === 1) return only;
  const nested = types.some(
    ({ type: { case: kind, value } }) =>
      kind === "collectionType" && value.type.case === "unionType",
  );
  const variants = types.flatMap((one) =>
    one.type.case === "collectionType" && one.type.value.type.case === "unionType"
      ? one.type.value.type.value.variants
      : [one],
  );
  const union = create(LiteralTypeSchema, { type: { case: "unionType", value: { variants } } });
  return nested ? type({ case: "collectionType", value: union }) : union;
}

/** Whether a value of `from` may stand where `to` is declared. */
export function castable(from: LiteralType, to: LiteralType): boolean {
  if (from.type.case === "unionType" && from.type.value.variants.length === 1) {
    const [variant] = from.type.value.variants;
    if (variant && casts(variant, to)) return true;
  }
  return casts(from, to);
}

function casts(from: LiteralType, to: LiteralType): boolean {
  switch (to.type.case) {
    case "collectionType":
      if (from.type.case !== "collectionType") return false;
      return isNone(from.type.value) || casts(from.type.value, to.type.value);
    case "mapValueType":
      if (from.type.case !== "mapValueType") return false;
      return isNone(from.type.value) || casts(from.type.value, to.type.value);
    case "blob": {
      if (from.type.case !== "blob") return false;
      const formats = [from.type.value.format, to.type.value.format];
      return formats.includes("") || formats[0] === formats[1];
    }
    case "schema":
      return fitsSchema(from, to.type.value);
    case "structuredDatasetType":
      return isNone(from) || fitsDataset(from, to.type.value);
    case "unionType": {
      const { variants } = to.type.value;
      if (from.type.case === "unionType") {
        return from.type.value.variants.every((one) =>
          variants.some((variant) => castable(one, variant)),
        );
      }
      // Only an unambiguous choice is one.
      return variants.filter((variant) => castable(from, variant)).length === 1;
    }
    default:
      return isNone(to) ? isNone(from) : trivially(from, to);
  }
}

function isNone({ type: { case: kind, value } }: LiteralType): boolean {
  return kind === "simple" && value === SimpleType.NONE;
}

function isSimple({ type: { case: kind, value } }: LiteralType, wanted: SimpleType): boolean {
  return kind === "simple" && value === wanted;
}

function trivially(from: LiteralType, to: LiteralType): boolean {
  if (from.type.case === "enumType" && isSimple(to, SimpleType.STRING)) return true;
  if (to.type.case === "enumType" && isSimple(from, SimpleType.STRING)) return true;
  const tag = from.structure?.tag ?? "";
  if (tag !== "" && tag !== to.structure?.tag) return false;
  if (isSimple(from, SimpleType.STRUCT) && isSimple(to, SimpleType.STRUCT)) {
    return !from.metadata || !to.metadata || digestOf(from.metadata) === digestOf(to.metadata);
  }
  return digestOf(from.type) === digestOf(to.type);
}

function sameFormat(format: string, wanted: string): boolean {
  return format === "" || wanted === "" || format.toLowerCase() === wanted.toLowerCase();
}

function fitsSchema(from: LiteralType, to: SchemaType): boolean {
  if (from.type.case === "structuredDatasetType") {
    if (!sameFormat(from.type.value.format, "parquet")) return false;
    return contains(
      from.type.value.columns.map(({ name, literalType }) => [name, simpleOf(literalType)]),
      to.columns.map((column) => [column.name, simpleOfColumn(column.type)]),
    );
  }
  if (from.type.case !== "schema") return false;
  return contains(
    from.type.value.columns.map((column) => [column.name, simpleOfColumn(column.type)]),
    to.columns.map((column) => [column.name, simpleOfColumn(column.type)]),
  );
}

function fitsDataset(from: LiteralType, to: StructuredDatasetType): boolean {
  if (from.type.case === "schema") {
    if (!sameFormat("parquet", to.format)) return false;
    return contains(
      from.type.value.columns.map((column) => [column.name, simpleOfColumn(column.type)]),
      to.columns.map(({ name, literalType }) => [name, simpleOf(literalType)]),
    );
  }
  if (from.type.case !== "structuredDatasetType") return false;
  if (!sameFormat(from.type.value.format, to.format)) return false;
  const { columns } = from.type.value;
  if (columns.length === 0) return true;
  return to.columns.every(({ name, literalType }) => {
    const column = columns.find((one) => one.name === name);
    return column?.literalType && literalType ? casts(column.literalType, literalType) : false;
  });
}

type NamedType = readonly [name: string, type: SimpleType | undefined];

/** Without columns everything fits; else the wanted ones are among the given. */
function contains(given: readonly NamedType[], wanted: readonly NamedType[]): boolean {
  if (given.length === 0 || wanted.length === 0) return true;
  const types = new Map(given);
  return wanted.every(([name, type]) => types.has(name) && types.get(name) === type);
}

function simpleOf(literalType: LiteralType | undefined): SimpleType | undefined {
  return literalType?.type.case === "simple" ? literalType.type.value : undefined;
}

const COLUMN_TYPES = new Map<ColumnType, SimpleType>([
  [ColumnType.INTEGER, SimpleType.INTEGER],
  [ColumnType.FLOAT, SimpleType.FLOAT],
  [ColumnType.STRING, SimpleType.STRING],
  [ColumnType.BOOLEAN, SimpleType.BOOLEAN],
  [ColumnType.DATETIME, SimpleType.DATETIME],
  [ColumnType.DURATION, SimpleType.DURATION],
]);

function simpleOfColumn(column: ColumnType): SimpleType | undefined {
  return COLUMN_TYPES.get(column);
}

/** As Go prints a message: `simple:INTEGER`. */
export function typeText({ type: { case: kind, value } }: LiteralType): string {
  switch (kind) {
    case "simple":
      return `simple:${Object.entries(SimpleType).find(([, one]) => one === value)?.[0]}`;
    case "collectionType":
      return `collection_type:{${typeText(value)}}`;
    case "mapValueType":
      return `map_value_type:{${typeText(value)}}`;
    case "unionType":
      return `union_type:{${value.variants.map((one) => `variants:{${typeText(one)}}`).join(" ")}}`;
    case "enumType":
      return `enum_type:{${value.values.map((one) => `values:"${one}"`).join(" ")}}`;
    case "blob":
      return `blob:{format:"${value.format}"}`;
    default:
      return kind ?? "nil";
  }
}
