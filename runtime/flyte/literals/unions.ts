/**
 * Which variants of a union a literal may be.
 * @module
 */
import { toBinary } from "@bufbuild/protobuf";
import { type LiteralType, LiteralTypeSchema, SimpleType } from "../idl/flyteidl/core/types_pb.ts";

/**
 * @param said the type that the literal names, if it does.
 * @returns one when the literal says it; those left to be tried by their structure otherwise.
 */
export function variantsOf(declared: LiteralType, said: LiteralType | undefined): LiteralType[] {
  const variants = declared.type.case === "unionType" ? declared.type.value.variants : [declared];
  if (!said) return variants;
  const tag = said.structure?.tag;
  const tagged = tag ? variants.filter((variant) => variant.structure?.tag === tag) : [];
  if (tagged.length === 1) return tagged;
  // All structures have one tag, all lists another: then it is the type that says which.
  const text = essence(said);
  const same = variants.filter((variant) => essence(variant) === text);
  if (same.length > 0) return same.slice(0, 1);
  return tagged.length > 0 ? tagged : variants;
}

/** All of a type but annotations: they are for programs, and older writers leave them out. */
function essence(type: LiteralType): string {
  const { annotation: _annotation, metadata, structure, ...rest } = type;
  const bare = { ...rest, structure: undefined } as unknown as LiteralType;
  const isStruct = type.type.case === "simple" && type.type.value === SimpleType.STRUCT;
  const core = Buffer.from(toBinary(LiteralTypeSchema, bare)).toString("base64");
  return JSON.stringify([structure?.tag, core, isStruct ? sorted(metadata) : undefined]);
}

/** A JSON value whose text does not depend on the order of keys. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, sorted(item)]);
}
