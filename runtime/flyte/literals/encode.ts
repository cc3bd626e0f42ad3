/**
 * Values → literals, driven by the declared types: a cluster refuses an integer where a float is declared.
 *
 * Invariants:
 * 1. Everything that does not fit is found before anything is uploaded.
 * 2. The literal of a union holds the variant exactly as the callee declares it, tag included.
 * 3. A handle is uploaded once, however often the value holds it.
 * @module
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Duration } from "../../types/duration.ts";
import { handleStateOf, type Stored } from "../handle.ts";
import type { Variable } from "../idl/flyteidl/core/interface_pb.ts";
import {
  type Literal,
  type LiteralMap,
  LiteralMapSchema,
  LiteralSchema,
  PrimitiveSchema,
  ScalarSchema,
} from "../idl/flyteidl/core/literals_pb.ts";
import { type LiteralType, SimpleType } from "../idl/flyteidl/core/types_pb.ts";
import { literalOf, OpaqueValue } from "../opaque.ts";
import { type LiteralContext, Misfits, step } from "./context.ts";
import { inLanes } from "./lanes.ts";
import { pack, setKey } from "./msgpack.ts";
import { checkDate, entriesOf, isData, itemsOf, textToPlain, toInt64, within } from "./plain.ts";
import { structToPlain } from "./plain-struct.ts";
import { typeToText } from "./words.ts";

/**
 * Encodes named values by their variables.
 *
 * A value that is left out is `none` where its type allows that; a name that has no variable does not fit.
 * @throws {TypeError} that lists every path that does not fit; what an upload throws.
 */
export async function encodeMap(
  values: Readonly<Record<string, unknown>>,
  variables: Readonly<Record<string, Variable>>,
  context: LiteralContext,
): Promise<LiteralMap> {
  const first = encodeAll(values, variables, new Map());
  if (first.pending.size === 0) return first.map;
  const { store, signal } = context;
  const uploaded = new Map<object, Stored>();
  await inLanes([...first.pending], 8, async (handle) => {
    const state = handleStateOf(handle);
    if (!state) return;
    if (!store || !state.materialize) {
      throw new TypeError(
        `a ${state.kind} is only on this machine, and there is no storage to put it into`,
      );
    }
    signal?.throwIfAborted();
    const { uri, digest } = await state.materialize(store, signal);
    const { kind, format, columns } = state;
    uploaded.set(handle, { kind, format, columns, uri, digest });
  });
  return encodeAll(values, variables, uploaded).map;
}

interface Encoding {
  readonly misfits: Misfits;
  readonly around: Set<unknown>;
  readonly uploaded: ReadonlyMap<object, Stored>;
  /** Handles whose content is only here. */
  readonly pending: Set<object>;
  readonly stored: (value: object) => Stored | undefined;
}

function encodeAll(
  values: Readonly<Record<string, unknown>>,
  variables: Readonly<Record<string, Variable>>,
  uploaded: ReadonlyMap<object, Stored>,
): { map: LiteralMap; pending: ReadonlySet<object> } {
  const pending = new Set<object>();
  const stored = (value: object) => storedOf(value, uploaded, pending);
  const at: Encoding = { misfits: new Misfits(), around: new Set(), uploaded, pending, stored };
  const map = create(LiteralMapSchema);
  for (const [name, { type }] of Object.entries(variables)) {
    if (!type) continue;
    const given = Object.hasOwn(values, name);
    if (!given && !takesNothing(type)) {
      at.misfits.add(name, "is missing");
      continue;
    }
    const literal = encode(given ? values[name] : undefined, type, name, at);
    if (literal) setKey(map.literals, name, literal);
  }
  for (const name of Object.keys(values)) {
    if (Object.hasOwn(variables, name)) continue;
    const known = Object.keys(variables).join(", ");
    at.misfits.add(
      name,
      known ? `is not known; there are ${known}` : "is not known; there are no values",
    );
  }
  at.misfits.check();
  return { map, pending };
}

function storedOf(
  value: object,
  uploaded: ReadonlyMap<object, Stored>,
  pending: Set<object>,
): Stored | undefined {
  const state = handleStateOf(value);
  if (!state) return;
  const done = uploaded.get(value);
  if (done) return done;
  const { kind, format, columns, digest, uri } = state;
  if (uri === undefined) pending.add(value);
  return { kind, format, columns, digest, uri: uri ?? "" };
}

function takesNothing({ type }: LiteralType): boolean {
  if (type.case === "unionType") return type.value.variants.some(takesNothing);
  return type.case === "simple" && type.value === SimpleType.NONE;
}

function encode(
  value: unknown,
  declared: LiteralType,
  path: string,
  at: Encoding,
): Literal | undefined {
  if (value instanceof OpaqueValue) return literalOf(value);
  const { type } = declared;
  switch (type.case) {
    case "simple":
      return encodeSimple(value, type.value, declared, path, at);
    case "collectionType": {
      if (!Array.isArray(value)) return at.misfits.expected(path, typeToText(declared), value);
      return within(value, path, at, () => {
        const literals = itemsOf(value, path, at.misfits).map((item, i) =>
          encode(item, type.value, step(path, i), at),
        );
        return create(LiteralSchema, {
          value: {
            case: "collection",
            value: { literals: literals.filter((one) => one !== undefined) },
          },
        });
      });
    }
    case "mapValueType":
      return encodeEntries(value, declared, type.value, path, at);
    case "enumType": {
      const { values } = type.value;
      if (typeof value === "string" && values.includes(value)) {
        return primitive({ case: "stringValue", value });
      }
      return at.misfits.expected(
        path,
        `one of ${values.map((one) => JSON.stringify(one)).join(", ")}`,
        value,
      );
    }
    case "unionType":
      return encodeUnion(value, type.value.variants, path, at);
    case "blob":
    case "structuredDatasetType":
    case "schema":
      return encodeStored(value, declared, path, at);
    case undefined:
      return at.misfits.add(path, "has a type that this version does not know");
  }
}

function encodeSimple(
  value: unknown,
  type: SimpleType,
  declared: LiteralType,
  path: string,
  at: Encoding,
): Literal | undefined {
  const { misfits } = at;
  switch (type) {
    case SimpleType.INTEGER: {
      const integer = toInt64(value, path, misfits);
      return integer === undefined ? undefined : primitive({ case: "integer", value: integer });
    }
    case SimpleType.FLOAT:
      if (typeof value !== "number") return misfits.expected(path, "number", value);
      return primitive({ case: "floatValue", value });
    case SimpleType.STRING:
      if (typeof value !== "string") return misfits.expected(path, "string", value);
      if (textToPlain(value, path, misfits) === undefined) return;
      return primitive({ case: "stringValue", value });
    case SimpleType.BOOLEAN:
      if (typeof value !== "boolean") return misfits.expected(path, "boolean", value);
      return primitive({ case: "boolean", value });
    case SimpleType.DATETIME: {
      if (!checkDate(value, path, misfits)) return;
      const ms = value.getTime();
      const seconds = Math.floor(ms / 1_000);
      const timestamp = { seconds: BigInt(seconds), nanos: (ms - seconds * 1_000) * 1_000_000 };
      return primitive({ case: "datetime", value: timestamp });
    }
    case SimpleType.DURATION: {
      if (!(value instanceof Duration)) return misfits.expected(path, "a Duration", value);
      const { seconds, nanos } = value;
      return primitive({ case: "duration", value: { seconds: BigInt(seconds), nanos } });
    }
    case SimpleType.NONE:
      if (value !== null && value !== undefined) return misfits.expected(path, "null", value);
      return scalar({ case: "noneType", value: {} });
    case SimpleType.STRUCT:
      return encodeStruct(value, declared, path, at);
    default:
      return misfits.expected(path, `an OpaqueValue (${typeToText(declared)})`, value);
  }
}

function encodeStruct(
  value: unknown,
  declared: LiteralType,
  path: string,
  at: Encoding,
): Literal | undefined {
  const before = at.misfits.count;
  const plain = structToPlain(value, declared, path, at);
  if (at.misfits.count > before || plain === undefined) return;
  return scalar({ case: "binary", value: { tag: "msgpack", value: pack(plain) } });
}

function encodeEntries(
  value: unknown,
  declared: LiteralType,
  of: LiteralType,
  path: string,
  at: Encoding,
): Literal | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value) || !isData(value)) {
    return at.misfits.expected(path, typeToText(declared), value);
  }
  return within(value, path, at, () => {
    const map = create(LiteralMapSchema);
    for (const [key, item] of entriesOf(value, path, at.misfits)) {
      const literal = encode(item, of, step(path, key), at);
      if (literal) setKey(map.literals, key, literal);
    }
    return create(LiteralSchema, { value: { case: "map", value: map } });
  });
}

/** The first variant that the value fits, as in flytekit. */
function encodeUnion(
  value: unknown,
  variants: readonly LiteralType[],
  path: string,
  at: Encoding,
): Literal | undefined {
  const texts: string[] = [];
  for (const variant of variants) {
    const trial: Encoding = { ...at, misfits: new Misfits(), pending: new Set() };
    const stored = (one: object) => storedOf(one, at.uploaded, trial.pending);
    const literal = encode(value, variant, path, { ...trial, stored });
    if (literal && trial.misfits.count === 0) {
      for (const handle of trial.pending) at.pending.add(handle);
      return scalar({ case: "union", value: { value: literal, type: variant } });
    }
    texts.push(typeToText(variant));
    // The one structure that was meant says more than a list of names.
    const meant = variants.filter(
      ({ type }) => type.case !== "simple" || type.value !== SimpleType.NONE,
    );
    if (meant.length === 1 && meant[0] === variant && value !== null && value !== undefined) {
      at.misfits.take(trial.misfits);
      return;
    }
  }
  return at.misfits.expected(path, texts.join(" | "), value);
}

function encodeStored(
  value: unknown,
  declared: LiteralType,
  path: string,
  at: Encoding,
): Literal | undefined {
  const stored = typeof value === "object" && value !== null ? at.stored(value) : undefined;
  const { type } = declared;
  if (type.case === "blob") {
    const kind = type.value.dimensionality === 1 ? "directory" : "file";
    if (stored?.kind !== kind) return at.misfits.expected(path, typeToText(declared), value);
    const { format } = type.value;
    if (format && stored.format && format !== stored.format) {
      return at.misfits.expected(path, typeToText(declared), value);
    }
    const blobType = { ...type.value, format: format || stored.format };
    return hashed(
      scalar({ case: "blob", value: { uri: stored.uri, metadata: { type: blobType } } }),
      stored,
    );
  }
  if (stored?.kind !== "dataset") return at.misfits.expected(path, "a StructuredDataset", value);
  if (type.case === "schema") {
    return hashed(scalar({ case: "schema", value: { uri: stored.uri, type: type.value } }), stored);
  }
  if (type.case !== "structuredDatasetType") return;
  const format = stored.format || type.value.format || "parquet";
  const structuredDatasetType = { ...type.value, format };
  return hashed(
    scalar({
      case: "structuredDataset",
      value: { uri: stored.uri, metadata: { structuredDatasetType } },
    }),
    stored,
  );
}

function hashed(literal: Literal, { digest }: Stored): Literal {
  if (digest !== undefined) literal.hash = digest;
  return literal;
}

function scalar(value: NonNullable<MessageInitShape<typeof ScalarSchema>["value"]>): Literal {
  return create(LiteralSchema, {
    value: { case: "scalar", value: create(ScalarSchema, { value }) },
  });
}

function primitive(value: NonNullable<MessageInitShape<typeof PrimitiveSchema>["value"]>): Literal {
  return scalar({ case: "primitive", value: create(PrimitiveSchema, { value }) });
}
