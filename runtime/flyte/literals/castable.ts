/**
 * Whether what one side gives is what the other side takes, and where it is not.
 *
 * Structural, not nominal: a schema here and a class of Python agree when every value of the one fits the other.
 * @module
 */
import { type LiteralType, SimpleType } from "../idl/flyteidl/core/types_pb.ts";
import { step } from "./context.ts";
import { noneOf } from "./plain-decode.ts";
import { type Fields, fieldsOf, isStruct } from "./struct.ts";
import { typeToText } from "./words.ts";

/** One place where the types differ. */
export interface Difference {
  /** `order.items[].price` */
  readonly path: string;
  readonly given: string;
  readonly wanted: string;
}

/** @returns all places in which a value of `given` would not fit `wanted`; none when each does. */
export function differences(given: LiteralType, wanted: LiteralType, path: string): Difference[] {
  const found: Difference[] = [];
  compare(given, wanted, path, found);
  return found;
}

function compare(given: LiteralType, wanted: LiteralType, path: string, found: Difference[]): void {
  const differ = () => {
    found.push({ path, given: typeToText(given), wanted: typeToText(wanted) });
  };
  if (isAnything(given) || isAnything(wanted)) return;
  const [from, to] = [given.type, wanted.type];
  if (from.case === "unionType" || to.case === "unionType") {
    compareVariants(given, wanted, path, found);
    return;
  }
  switch (from.case) {
    case "simple":
      if (isStruct(given) && isStruct(wanted)) compareStructs(given, wanted, path, found);
      else if (to.case !== "simple" || !fits(from.value, to.value)) differ();
      return;
    case "enumType": {
      const isText = to.case === "simple" && to.value === SimpleType.STRING;
      const known = to.case === "enumType" ? to.value.values : [];
      if (!isText && !from.value.values.every((value) => known.includes(value))) differ();
      return;
    }
    case "collectionType":
      if (to.case === from.case) compare(from.value, to.value, `${path}[]`, found);
      else differ();
      return;
    case "mapValueType":
      if (to.case === from.case) compare(from.value, to.value, step(path, "*"), found);
      else differ();
      return;
    case "blob": {
      if (to.case !== "blob" || from.value.dimensionality !== to.value.dimensionality) differ();
      else if (!sameFormat(from.value.format, to.value.format)) differ();
      return;
    }
    case "structuredDatasetType":
    case "schema": {
      const isTable = to.case === "structuredDatasetType" || to.case === "schema";
      if (!isTable) differ();
      return;
    }
    case undefined:
      return;
  }
}

/** A structure of any form: what is in it shows when there are values. */
function isAnything(type: LiteralType): boolean {
  return type.type.case === undefined || (isStruct(type) && fieldsOf(type) === undefined);
}

/** An integer is a float, too: it is encoded by what is wanted. */
function fits(given: SimpleType, wanted: SimpleType): boolean {
  return given === wanted || (given === SimpleType.INTEGER && wanted === SimpleType.FLOAT);
}

/** Where nobody says a format, any will do. */
function sameFormat(given: string, wanted: string): boolean {
  return given === wanted || given === "" || wanted === "";
}

function compareVariants(
  given: LiteralType,
  wanted: LiteralType,
  path: string,
  found: Difference[],
): void {
  const from = given.type.case === "unionType" ? given.type.value.variants : [given];
  const to = wanted.type.case === "unionType" ? wanted.type.value.variants : [wanted];
  for (const one of from) {
    const tries = to.map((other) => differences(one, other, path));
    if (tries.some((differ) => differ.length === 0)) continue;
    // The one structure that is meant says more than a list of names.
    const near = tries.filter((_, i) => {
      const other = to[i];
      return (
        other !== undefined &&
        other.type.case === one.type.case &&
        isStruct(other) === isStruct(one) &&
        !isNone(one)
      );
    });
    const [only] = near;
    const inner = near.length === 1 ? (only ?? []) : [];
    if (inner.some((differ) => differ.path !== path)) found.push(...inner);
    else found.push({ path, given: typeToText(one), wanted: typeToText(wanted) });
  }
}

function isNone({ type }: LiteralType): boolean {
  return type.case === "simple" && type.value === SimpleType.NONE;
}

function compareStructs(
  given: LiteralType,
  wanted: LiteralType,
  path: string,
  found: Difference[],
): void {
  const [from, to] = [fieldsOf(given), fieldsOf(wanted)];
  if (!from || !to) return;
  for (const [name, field] of from.fields) {
    const other = to.fields.get(name);
    if (other) compare(field.type, other.type, step(path, name), found);
    else if (!to.open) {
      found.push({ path: step(path, name), given: typeToText(field.type), wanted: "nothing" });
    }
  }
  for (const [name, field] of to.fields) {
    if (from.fields.has(name) || field.optional || noneOf(field.type)) continue;
    found.push({ path: step(path, name), given: isOpen(from), wanted: typeToText(field.type) });
  }
}

function isOpen({ open }: Fields): string {
  return open ? "perhaps nothing" : "nothing";
}
