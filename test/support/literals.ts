/**
 * Shorthands for tests of values on a cluster.
 * @module
 */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { z } from "zod";
import type { Variable } from "../../runtime/flyte/idl/flyteidl/core/interface_pb.ts";
import {
  type Literal,
  type LiteralMap,
  LiteralMapSchema,
} from "../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import {
  decodeMap,
  encodeMap,
  type LiteralContext,
  typedInterface,
} from "../../runtime/flyte/literals/literals.ts";

/** The variable `x` of a schema. */
export function variablesOf(schema: z.ZodType): Record<string, Variable> {
  return typedInterface({ name: "t", inputs: { x: schema } }).inputs?.variables ?? {};
}

/** The literal of `x`. */
export async function encoded(
  schema: z.ZodType,
  x: unknown,
  context: LiteralContext = {},
): Promise<Literal> {
  const { literals } = await encodeMap({ x }, variablesOf(schema), context);
  const literal = literals["x"];
  if (!literal) throw new Error("no literal");
  return literal;
}

/** What comes out for `x`. */
export async function decoded(
  literal: Literal,
  schema: z.ZodType,
  context: LiteralContext = {},
): Promise<unknown> {
  const map = overWire({ $typeName: LiteralMapSchema.typeName, literals: { x: literal } });
  return (await decodeMap(map, variablesOf(schema), context))["x"];
}

function overWire(map: LiteralMap): LiteralMap {
  return fromBinary(LiteralMapSchema, toBinary(LiteralMapSchema, map));
}
