/**
 * Literals that were too large for a message: they lie in a file of their own and are fetched before anything is read.
 *
 * Invariants:
 * 1. At most 8 are fetched at a time; none is larger than 256 MB.
 * 2. The given map is not changed.
 * @module
 */
import { clone, fromBinary } from "@bufbuild/protobuf";
import {
  type Literal,
  type LiteralMap,
  LiteralMapSchema,
  type LiteralOffloadedMetadata,
  LiteralSchema,
} from "../idl/flyteidl/core/literals_pb.ts";
import type { LiteralContext } from "./context.ts";
import { inLanes } from "./lanes.ts";

const LANES = 8;
const BYTES_MAX = 256 * 1024 ** 2;
/** A file may refer to another one; a ring of them must end. */
const ROUNDS_MAX = 8;

/** @throws {TypeError} for what cannot be read, with the URI. */
export async function resolveOffloaded(
  map: LiteralMap,
  context: LiteralContext,
): Promise<LiteralMap> {
  if (offloadedIn(Object.values(map.literals)).length === 0) return map;
  const whole = clone(LiteralMapSchema, map);
  let found = offloadedIn(Object.values(whole.literals));
  for (let round = 0; found.length > 0; round++) {
    if (round === ROUNDS_MAX) {
      throw new TypeError(`offloaded values refer to each other more than ${ROUNDS_MAX} times`);
    }
    let next: Offloaded[] = [];
    await inLanes(found, LANES, async ({ literal, metadata }) => {
      const { value, hash } = await fetched(metadata, context);
      literal.value = value;
      if (!literal.hash) literal.hash = hash;
      next = next.concat(offloadedIn([literal]));
    });
    found = next;
  }
  return whole;
}

interface Offloaded {
  readonly literal: Literal;
  readonly metadata: LiteralOffloadedMetadata;
}

/** Not by recursion, and nothing is spread into arguments: a list may be long. */
function offloadedIn(literals: readonly Literal[]): Offloaded[] {
  const found: Offloaded[] = [];
  const open: (readonly Literal[])[] = [literals];
  for (let all = open.pop(); all !== undefined; all = open.pop()) {
    for (const literal of all) {
      const { value } = literal;
      if (value.case === "offloadedMetadata") found.push({ literal, metadata: value.value });
      else if (value.case === "collection") open.push(value.value.literals);
      else if (value.case === "map") open.push(Object.values(value.value.literals));
      else if (value.case === "scalar") {
        const scalar = value.value.value;
        if (scalar.case === "union" && scalar.value.value) open.push([scalar.value.value]);
      }
    }
  }
  return found;
}

async function fetched(
  { uri, sizeBytes }: LiteralOffloadedMetadata,
  { store, signal }: LiteralContext,
): Promise<Literal> {
  signal?.throwIfAborted();
  if (!store) throw new TypeError(`a value is in ${uri}, and there is no storage to read it from`);
  if (sizeBytes > BYTES_MAX) throw tooLarge(uri, sizeBytes);
  const bytes = await store.read(uri, { ...(signal ? { signal } : {}), maxBytes: BYTES_MAX });
  if (bytes.length > BYTES_MAX) throw tooLarge(uri, bytes.length);
  try {
    return fromBinary(LiteralSchema, bytes);
  } catch (error) {
    throw new TypeError(`${uri} does not hold a literal`, { cause: error });
  }
}

function tooLarge(uri: string, bytes: number | bigint): TypeError {
  return new TypeError(
    `the value in ${uri} has ${bytes} bytes, more than ${BYTES_MAX}; let the task give a FlyteFile`,
  );
}
