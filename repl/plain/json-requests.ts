/**
 * A line of JSON → a request, or what is wrong with it.
 * @module
 */
import type { InterruptKind } from "../../runtime/session/client/api.ts";

const KINDS: readonly InterruptKind[] = ["cooperate", "terminate", "kill"];
const TYPES = "execute, interrupt, complete, input-reply, restart, exit";

export type RequestId = string | number;
export type JsonRequest =
  | { readonly type: "execute"; readonly id: RequestId; readonly code: string }
  | {
      readonly type: "interrupt";
      readonly id: RequestId;
      readonly kind: InterruptKind;
      /** Only this one; without it every running cell. */
      readonly cell?: number;
    }
  | {
      readonly type: "complete";
      readonly id: RequestId;
      readonly code: string;
      readonly offset: number;
    }
  /** `id` is that of the question. */
  | { readonly type: "input-reply"; readonly id: RequestId; readonly value: string }
  | { readonly type: "restart" | "exit"; readonly id: RequestId };

/** `id`: so far as the line has one. */
export interface BadRequest {
  readonly id?: RequestId;
  readonly problem: string;
}

export function parseRequest(line: string): JsonRequest | BadRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return { problem: `no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { problem: "a request is an object" };
  }
  const fields = value as Readonly<Record<string, unknown>>; // each is tested before it is used
  const { id } = fields;
  if (typeof id !== "string" && typeof id !== "number") {
    return { problem: "`id` must be a string or a number" };
  }
  return requestOf(id, fields);
}

function requestOf(
  id: RequestId,
  { type, code, offset, kind = "cooperate", cell, value }: Readonly<Record<string, unknown>>,
): JsonRequest | BadRequest {
  switch (type) {
    case "execute":
      return typeof code === "string"
        ? { type, id, code }
        : { id, problem: "`code` must be a string" };
    case "complete": {
      const isValid = typeof code === "string" && Number.isInteger(offset ?? 0);
      if (!isValid) return { id, problem: "`code` must be a string, `offset` a number" };
      return { type, id, code, offset: typeof offset === "number" ? offset : code.length };
    }
    case "interrupt": {
      const known = KINDS.find((name) => name === kind);
      if (!known) return { id, problem: `\`kind\` is one of ${KINDS.join(", ")}` };
      if (cell === undefined) return { type, id, kind: known };
      return typeof cell === "number"
        ? { type, id, kind: known, cell }
        : { id, problem: "`cell` must be a number, that of `cell-started`" };
    }
    case "input-reply":
      return typeof value === "string"
        ? { type, id, value }
        : { id, problem: "`value` must be a string" };
    case "restart":
    case "exit":
      return { type, id };
    default:
      return { id, problem: `\`type\` is one of ${TYPES}` };
  }
}
