/**
 * What kind of value a schema stands for, as plain JSON: what a machine elsewhere must know to hold such a value.
 *
 * Knows zod by its definitions and every other library by the JSON Schema it gives; knows nothing of a protocol.
 *
 * Invariants:
 * 1. A description is finite: where a schema refers to itself it says `any`.
 * 2. A union holds no union, no variant twice, at most one `none` and at most one `enum`.
 * @module
 */

/** The JSON description of one value. */
export type ValueType =
  | {
      readonly kind: "integer" /** What a program gets: beyond 2⁵³ a number would be rounded. */;
      readonly as: "number" | "bigint";
    }
  | { readonly kind: "float" | "string" | "boolean" | "date" | "duration" | "any" }
  | {
      readonly kind: "none" /** How the absence is written in a program. */;
      readonly as: "null" | "undefined";
    }
  | { readonly kind: "enum"; readonly values: readonly string[] }
  | { readonly kind: "list"; readonly of: ValueType }
  | { readonly kind: "map"; readonly of: ValueType }
  | { readonly kind: "tuple"; readonly items: readonly ValueType[] }
  | StructType
  | { readonly kind: "union"; readonly variants: readonly ValueType[] }
  | { readonly kind: "file" | "directory"; readonly format: string }
  | { readonly kind: "dataset"; readonly format: string; readonly columns: readonly ColumnType[] };

export interface StructType {
  readonly kind: "struct";
  /** As the schema's own metadata names it: `z.object({ … }).meta({ title: "Order" })`. */
  readonly title?: string;
  /** In the order they were written. */
  readonly fields: readonly FieldType[];
  /** Whether it may hold more than its fields. */
  readonly open: boolean;
}

export interface FieldType {
  readonly name: string;
  readonly type: ValueType;
  /** There when something stands in for it, so that it may be left out. */
  readonly optional?: true;
  /** What that is, if it is a constant. */
  readonly default?: string | number | boolean | null;
}

export interface ColumnType {
  readonly name: string;
  readonly type: ValueType;
}

/**
 * The property under which a schema of our own says its type. On the schema itself, or on a zod schema's definition,
 * where it also survives `.refine()` and the like.
 */
export const VALUE_TYPE = Symbol.for("eagerdeck.valueType");

/** Which end of a schema that changes its value: what it takes, or what it makes of it. */
export type Side = "input" | "output";

/** A type that takes each of these values. Flat, without repetitions (invariant 2). */
export function unionOf(variants: readonly ValueType[]): ValueType {
  const flat: ValueType[] = [];
  const seen = new Set<string>();
  for (const variant of variants.flatMap((one) => (one.kind === "union" ? one.variants : [one]))) {
    if (variant.kind === "none") {
      const at = flat.findIndex(({ kind }) => kind === "none");
      if (at < 0) flat.push(variant);
      else if (variant.as === "null") flat[at] = variant;
      continue;
    }
    if (variant.kind === "enum") {
      const at = flat.findIndex(({ kind }) => kind === "enum");
      const known = flat[at];
      if (known?.kind === "enum") {
        flat[at] = { kind: "enum", values: [...new Set([...known.values, ...variant.values])] };
        continue;
      }
    }
    const text = JSON.stringify(variant);
    if (seen.has(text)) continue;
    seen.add(text);
    flat.push(variant);
  }
  // An absence comes last, as in Python's Optional.
  flat.sort((a, b) => Number(a.kind === "none") - Number(b.kind === "none"));
  const [only] = flat;
  return flat.length === 1 && only ? only : { kind: "union", variants: flat };
}

/** The type of a constant; a number is what it looks like. */
export function typeOfConstant(value: unknown): ValueType {
  if (typeof value === "string") return { kind: "enum", values: [value] };
  if (typeof value === "number") {
    return Number.isInteger(value) ? { kind: "integer", as: "number" } : { kind: "float" };
  }
  if (typeof value === "bigint") return { kind: "integer", as: "bigint" };
  if (typeof value === "boolean") return { kind: "boolean" };
  if (value === null) return { kind: "none", as: "null" };
  if (value === undefined) return { kind: "none", as: "undefined" };
  return { kind: "any" };
}
