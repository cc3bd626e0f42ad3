/**
 * The value type of a JSON Schema: all that a library other than zod says of its schemas, and what a task of another
 * language says of its structures.
 * @module
 */
import { type FieldType, typeOfConstant, unionOf, type ValueType } from "./value-type.ts";

/** What lies deeper is `any`. */
const MAX_DEPTH = 16;

/** Types that a writer of JSON Schema says by words of its own, such as a `format`. */
export type KnownType = (schema: Readonly<Record<string, unknown>>) => ValueType | undefined;

/** @param known is asked first, for the schema and each of its parts. */
export function jsonType(schema: unknown, known: KnownType = () => undefined): ValueType {
  return read(schema, { root: schema, known, depth: 0 });
}

interface Reading {
  /** Where `$ref` points into. */
  readonly root: unknown;
  readonly known: KnownType;
  readonly depth: number;
}

function read(schema: unknown, at: Reading): ValueType {
  if (typeof schema !== "object" || schema === null || at.depth > MAX_DEPTH) return { kind: "any" };
  const of = schema as Readonly<Record<string, unknown>>;
  const { root } = at;
  const own = at.known(of);
  if (own) return own;
  const into = (part: unknown) => read(part, { ...at, depth: at.depth + 1 });
  if (typeof of["$ref"] === "string") return into(referred(root, of["$ref"]));
  if (Array.isArray(of["enum"])) return unionOf(of["enum"].map(typeOfConstant));
  const [only, ...more] = Array.isArray(of["allOf"]) ? of["allOf"] : [];
  if (only !== undefined && more.length === 0 && of["type"] === undefined) return into(only);
  if ("const" in of) return typeOfConstant(of["const"]);
  const choices = of["anyOf"] ?? of["oneOf"];
  if (Array.isArray(choices)) return unionOf(choices.map(into));
  if (Array.isArray(of["type"])) return unionOf(of["type"].map((type) => into({ ...of, type })));
  switch (of["type"]) {
    case "integer":
      return { kind: "integer", as: "number" };
    case "number":
      return { kind: "float" };
    case "string":
      return { kind: "string" };
    case "boolean":
      return { kind: "boolean" };
    case "null":
      return { kind: "none", as: "null" };
    case "array": {
      if (Array.isArray(of["prefixItems"])) {
        return { kind: "tuple", items: of["prefixItems"].map(into) };
      }
      return { kind: "list", of: into(of["items"]) };
    }
    case "object":
      return objectType(of, into);
    default:
      return { kind: "any" };
  }
}

function objectType(
  of: Readonly<Record<string, unknown>>,
  into: (part: unknown) => ValueType,
): ValueType {
  const properties = of["properties"];
  const more = of["additionalProperties"];
  if (typeof properties !== "object" || properties === null) {
    if (typeof more !== "object" || more === null) return { kind: "any" };
    const value = into(more);
    return value.kind === "any" ? value : { kind: "map", of: value };
  }
  const required = new Set(Array.isArray(of["required"]) ? of["required"] : []);
  const fields = Object.entries(properties).map(([name, property]): FieldType => {
    const type = into(property);
    return {
      name,
      type: required.has(name) ? type : unionOf([type, { kind: "none", as: "undefined" }]),
    };
  });
  const title = of["title"];
  return {
    kind: "struct",
    ...(typeof title === "string" ? { title } : {}),
    fields,
    open: more !== false,
  };
}

/** @returns what `$ref` points to inside of `root`; undefined when it is not there. */
export function referred(root: unknown, ref: string): unknown {
  if (!ref.startsWith("#")) return undefined;
  let at = root;
  for (const step of ref.slice(1).split("/").filter(Boolean)) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}
