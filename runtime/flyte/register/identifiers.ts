/**
 * How entities are named on the wire.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import {
  type Identifier,
  IdentifierSchema,
  type ResourceType,
} from "../idl/flyteidl/core/identifier_pb.ts";

/** Where entities are registered. */
export interface Place {
  readonly project: string;
  readonly domain: string;
  readonly org: string;
  readonly version: string;
}

export function identifier(resourceType: ResourceType, name: string, place: Place): Identifier {
  return create(IdentifierSchema, { resourceType, name, ...place });
}
