/**
 * Where the inputs of a node and the output of a static workflow come from, read off what was passed and returned.
 * @module
 */
import { compileError } from "./compile-error.ts";
import { callableOf, type Definition } from "./definition.ts";
import { originOf } from "./placeholder.ts";
import type { GraphBinding } from "./signatures.ts";

/** How deep a placeholder is looked for: in lists and plain objects, which is where people put one. */
const DEPTH_MAX = 4;

/** @throws `WORKFLOW_COMPILE` at the call, when its inputs are not one object of values and placeholders. */
export function inputBindings(
  workflow: string,
  called: Definition,
  given: unknown,
): Readonly<Record<string, GraphBinding>> {
  if (given === undefined) return {};
  const refuse = (what: string, why: string) =>
    compileError(workflow, what, why, callableOf(called) ?? inputBindings);
  const form = `where its named inputs belong, like ${called.name}({ x: … })`;
  if (originOf(given) !== undefined) {
    throw refuse(`passes a placeholder to ${called.name}`, form);
  }
  if (typeof given !== "object" || given === null) {
    throw refuse(`passes ${given === null ? "null" : `a ${typeof given}`} to ${called.name}`, form);
  }
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const bound = binding(value);
      if (bound.kind === "value" && holdsPlaceholder(value)) {
        throw refuse(
          `hides a placeholder within the input ${name} of ${called.name}`,
          "but an input is one value or one placeholder. Use a task that puts them together, or eager(async …)",
        );
      }
      return [name, bound];
    }),
  );
}

/** A placeholder, a value, or a list or object of them. */
export function outputBinding(returned: unknown): GraphBinding {
  const bound = binding(returned);
  if (bound.kind !== "value" || !holdsPlaceholder(returned)) return bound;
  if (Array.isArray(returned)) return { kind: "list", members: returned.map(outputBinding) };
  const members = Object.entries(returned as object).map(
    ([name, value]) => [name, outputBinding(value)] as const,
  );
  return { kind: "object", members: Object.fromEntries(members) };
}

function binding(value: unknown): GraphBinding {
  const origin = originOf(value);
  if (origin === undefined) return { kind: "value", value };
  return origin.kind === "input"
    ? { kind: "input", name: origin.name }
    : { kind: "node", id: `n${origin.index}` };
}

function holdsPlaceholder(value: unknown, depth = 0): boolean {
  if (originOf(value) !== undefined) return true;
  if (typeof value !== "object" || value === null || depth >= DEPTH_MAX) return false;
  if (Array.isArray(value)) return value.some((member) => holdsPlaceholder(member, depth + 1));
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(value).some((member) => holdsPlaceholder(member, depth + 1));
}
