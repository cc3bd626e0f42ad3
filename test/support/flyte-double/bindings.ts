/**
 * What a node's inputs are, once its upstream nodes have outputs.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { decode, encode } from "@msgpack/msgpack";
import {
  type Binding,
  type BindingData,
  type Literal,
  type LiteralMap,
  LiteralMapSchema,
  LiteralSchema,
  type Scalar,
} from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import type { PromiseAttribute } from "../../../runtime/flyte/idl/flyteidl/core/types_pb.ts";
import { START_NODE } from "./compile.ts";
import { TaskFailure } from "./failures.ts";

/** @param outputs of the nodes by id; the workflow's own inputs under `""`. */
export function resolveBindings(
  nodeId: string,
  bindings: readonly Binding[],
  outputs: ReadonlyMap<string, LiteralMap>,
): LiteralMap {
  const literals: Record<string, Literal> = {};
  for (const { var: name, binding } of bindings) {
    if (binding) literals[name] = resolve(nodeId, binding, outputs);
  }
  return create(LiteralMapSchema, { literals });
}

function resolve(
  nodeId: string,
  { value: binding, union }: BindingData,
  outputs: ReadonlyMap<string, LiteralMap>,
): Literal {
  const inner = (one: BindingData) => resolve(nodeId, one, outputs);
  switch (binding.case) {
    case "promise": {
      const { nodeId: from, var: name, attrPath } = binding.value;
      const literal = outputs.get(from === START_NODE ? "" : from)?.literals[name];
      if (!literal) {
        throw new TaskFailure(`output ${name} of node ${from} is missing for node ${nodeId}`, {
          kind: "system",
          code: "OutputsNotFoundError",
        });
      }
      return follow(nodeId, literal, attrPath);
    }
    case "scalar": {
      const literal = create(LiteralSchema, { value: binding });
      const type = union?.targetType;
      if (!type) return literal;
      return scalar({
        case: "union",
        value: { $typeName: "flyteidl.core.Union", value: literal, type },
      });
    }
    case "collection":
      return create(LiteralSchema, {
        value: { case: "collection", value: { literals: binding.value.bindings.map(inner) } },
      });
    case "map": {
      const entries = Object.entries(binding.value.bindings);
      const literals = Object.fromEntries(entries.map(([key, one]) => [key, inner(one)]));
      return create(LiteralSchema, { value: { case: "map", value: { literals } } });
    }
    case "offloadedMetadata":
      return create(LiteralSchema, { value: binding });
    default:
      throw new TaskFailure(`an input of node ${nodeId} is bound to nothing`, {
        kind: "system",
        code: "BadSpecification",
      });
  }
}

function scalar(value: Scalar["value"]): Literal {
  return create(LiteralSchema, { value: { case: "scalar", value: { value } } });
}

/** `promise.a["b"][0]`, through maps, lists and structs. */
function follow(nodeId: string, start: Literal, path: readonly PromiseAttribute[]): Literal {
  let literal = start;
  let index = 0;
  for (; index < path.length; index++) {
    const key = path[index]?.value.value ?? "";
    const { value } = literal;
    let next: Literal | undefined;
    if (value.case === "map") next = value.value.literals[`${key}`];
    else if (value.case === "collection") next = value.value.literals[Number(key)];
    else break;
    if (!next) throw lost(nodeId, key);
    literal = next;
  }
  if (index === path.length) return literal;
  let found: unknown = plain(literal);
  for (const { value } of path.slice(index)) {
    const key = value.value ?? "";
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) {
      throw lost(nodeId, key);
    }
    // A field of a decoded struct, looked up by its own key.
    found = Reflect.get(found, key);
  }
  return literalOf(found);
}

function lost(nodeId: string, key: string | number): TaskFailure {
  return new TaskFailure(`key [${key}] does not exist in literal of node [${nodeId}]`, {
    code: "PromiseAttributeResolveError",
  });
}

function plain({ value }: Literal): unknown {
  const inner = value.case === "scalar" ? value.value.value : undefined;
  if (inner?.case === "binary") return decode(inner.value.value, { useBigInt64: true });
  if (inner?.case === "generic") return inner.value;
  return undefined;
}

function literalOf(value: unknown): Literal {
  const primitive = (
    inner:
      | { case: "integer"; value: bigint }
      | { case: "floatValue"; value: number }
      | { case: "stringValue"; value: string }
      | { case: "boolean"; value: boolean },
  ) => scalar({ case: "primitive", value: { $typeName: "flyteidl.core.Primitive", value: inner } });
  if (typeof value === "bigint") return primitive({ case: "integer", value });
  if (typeof value === "number") {
    return Number.isInteger(value)
      ? primitive({ case: "integer", value: BigInt(value) })
      : primitive({ case: "floatValue", value });
  }
  if (typeof value === "string") return primitive({ case: "stringValue", value });
  if (typeof value === "boolean") return primitive({ case: "boolean", value });
  if (Array.isArray(value)) {
    return create(LiteralSchema, {
      value: { case: "collection", value: { literals: value.map(literalOf) } },
    });
  }
  if (value === null || value === undefined) {
    return scalar({ case: "noneType", value: { $typeName: "flyteidl.core.Void" } });
  }
  return scalar({
    case: "binary",
    value: {
      $typeName: "flyteidl.core.Binary",
      tag: "msgpack",
      value: encode(value, { useBigInt64: true }),
    },
  });
}
