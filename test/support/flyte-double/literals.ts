/**
 * Literals and types by hand, for tests that look at the wire itself.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import type { VariableMap } from "../../../runtime/flyte/idl/flyteidl/core/interface_pb.ts";
import { VariableMapSchema } from "../../../runtime/flyte/idl/flyteidl/core/interface_pb.ts";
import {
  type Literal,
  LiteralSchema,
  type Primitive,
} from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import {
  type LiteralType,
  LiteralTypeSchema,
  SimpleType,
} from "../../../runtime/flyte/idl/flyteidl/core/types_pb.ts";

export function integer(value: number | bigint): Literal {
  return primitive({ case: "integer", value: BigInt(value) });
}

export function float(value: number): Literal {
  return primitive({ case: "floatValue", value });
}

export function string(value: string): Literal {
  return primitive({ case: "stringValue", value });
}

export function list(...literals: readonly Literal[]): Literal {
  return create(LiteralSchema, {
    value: { case: "collection", value: { literals: [...literals] } },
  });
}

function primitive(value: Primitive["value"]): Literal {
  return create(LiteralSchema, {
    value: { case: "scalar", value: { value: { case: "primitive", value: { value } } } },
  });
}

/** @throws {Error} for a literal that is no integer. */
export function integerOf(literal: Literal | undefined): bigint {
  const value = literal?.value.case === "scalar" ? literal.value.value.value : undefined;
  const inner = value?.case === "primitive" ? value.value.value : undefined;
  if (inner?.case !== "integer") throw new Error(`not an integer: ${inner?.case ?? value?.case}`);
  return inner.value;
}

export function simple(type: keyof typeof SimpleType): LiteralType {
  return create(LiteralTypeSchema, { type: { case: "simple", value: SimpleType[type] } });
}

export function listOf(type: LiteralType): LiteralType {
  return create(LiteralTypeSchema, { type: { case: "collectionType", value: type } });
}

export function variables(types: Readonly<Record<string, LiteralType>>): VariableMap {
  return create(VariableMapSchema, {
    variables: Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }])),
  });
}
