/**
 * How TypeScript would declare a function whose interface is known only while it runs.
 * @module
 */

import { isProxy } from "node:util/types";

/** The property under which a function says it. */
export const DECLARED_TYPES = Symbol.for("eagerdeck.declaredTypes");

/** Texts of types, each on one line; names in them are imported where they stand. */
export interface DeclaredTypes {
  readonly inputs: string;
  readonly output: string;
}

/** @returns what a value of a session says of itself, without running any of its code. */
export function declaredTypesOf(value: unknown): DeclaredTypes | undefined {
  if (typeof value !== "function" || isProxy(value)) return undefined;
  const found: unknown = Object.getOwnPropertyDescriptor(value, DECLARED_TYPES)?.value;
  if (typeof found !== "object" || found === null) return undefined;
  const { inputs, output } = found as Partial<DeclaredTypes>;
  return typeof inputs === "string" && typeof output === "string" ? { inputs, output } : undefined;
}
