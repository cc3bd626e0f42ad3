/**
 * The value type of any schema.
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import { jsonType } from "./json-type.ts";
import type { StandardSchema } from "./standard-schema.ts";
import type { Side, ValueType } from "./value-type.ts";
import { markOf, type Reading, zodDefinition, zodType } from "./zod-type.ts";

/**
 * @param side of a schema that changes its value: what it takes or what it makes.
 * @param path how messages call it: `` task train: input `epochs` ``.
 * @throws {TypeError} for a schema of values that no other machine can hold.
 */
export function valueTypeOf(schema: StandardSchema, side: Side, path: string): ValueType {
  return read(schema, { side, open: new Set(), path, inner: read });
}

const changing = new WeakMap<StandardSchema, boolean>();

/** Whether what a schema makes may be something else than it takes: then it must not go through the schema twice. */
export function changesValue(schema: StandardSchema): boolean {
  let changes = changing.get(schema);
  if (changes === undefined) {
    changes = findChange(schema);
    changing.set(schema, changes);
  }
  return changes;
}

function findChange(schema: StandardSchema): boolean {
  let isTold = false;
  const onChange = () => {
    isTold = true;
  };
  const typeOn = (side: Side) =>
    read(schema, { side, open: new Set(), path: "", inner: read, onChange });
  try {
    const [taken, made] = [typeOn("input"), typeOn("output")];
    return isTold || !isDeepStrictEqual(taken, made);
  } catch {
    // It stands for something that no other machine can hold; who sends it there will be told.
    return isTold;
  }
}

function read(schema: unknown, at: Reading): ValueType {
  const def = zodDefinition(schema);
  const mark = markOf(schema) ?? markOf(def);
  if (mark) return mark;
  if (at.open.has(schema)) return { kind: "any" };
  const inside: Reading = { ...at, open: new Set(at.open).add(schema) };
  return def ? zodType(schema, def, inside) : foreignType(schema, at);
}

function foreignType(schema: unknown, { side, onChange }: Reading): ValueType {
  try {
    const { jsonSchema } = (schema as StandardSchema)["~standard"];
    if (jsonSchema !== undefined) return jsonType(jsonSchema[side]({ target: "draft-2020-12" }));
  } catch {
    // The standard lets a library throw for what it cannot convert.
  }
  // Then no more is known than "anything", and it may do anything.
  onChange?.("remade");
  return { kind: "any" };
}
