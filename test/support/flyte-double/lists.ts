/**
 * Pages of a list as admin answers them: filtered, sorted, from an offset that is the token.
 * @module
 */
import { Code, ConnectError } from "@connectrpc/connect";
import type { Sort } from "../../../runtime/flyte/idl/flyteidl/admin/common_pb.ts";
import { Sort_Direction } from "../../../runtime/flyte/idl/flyteidl/admin/common_pb.ts";
import { COLUMNS, type Column, type Entity } from "./filters.ts";

export interface ListRequest {
  readonly limit: number;
  readonly token: string;
  readonly sortBy?: Sort | undefined;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly token: string;
}

/**
 * @param rows those that match, in the order of their creation.
 * @throws {ConnectError} INVALID_ARGUMENT without a limit, for an unknown sort key or a token that is no number.
 */
export function page<Row>(
  rows: readonly Row[],
  request: ListRequest,
  entity: Entity,
  column: (row: Row, field: string) => Column,
): Page<Row> {
  if (request.limit === 0) throw new ConnectError("invalid value for limit", Code.InvalidArgument);
  const offset = request.token === "" ? 0 : Number(request.token);
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new ConnectError(`invalid pagination token ${request.token}`, Code.InvalidArgument);
  }
  const { sortBy } = request;
  let ordered = rows;
  if (sortBy) {
    if (!COLUMNS[entity].has(sortBy.key)) {
      throw new ConnectError(`invalid sort key '${sortBy.key}'`, Code.InvalidArgument);
    }
    const { key, direction } = sortBy;
    const up = [...rows].sort((a, b) => compare(column(a, key), column(b, key)));
    // Reversed as a whole, so that of two rows of one millisecond the newer comes first as well.
    ordered = direction === Sort_Direction.ASCENDING ? up : up.reverse();
  }
  const found = ordered.slice(offset, offset + request.limit);
  return { rows: found, token: found.length === request.limit ? `${offset + found.length}` : "" };
}

function compare(a: Column, b: Column): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  if (a < b) return -1;
  return a > b ? 1 : 0;
}
