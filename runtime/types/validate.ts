/**
 * Checks values against the schemas of an interface, and says in words what does not fit.
 *
 * Stays synchronous as long as the schemas do: a call must not wait a turn for a check that is already done.
 * @module
 */
import { isPromise } from "node:util/types";
import type { SchemaIssue, SchemaResult, Schemas, StandardSchema } from "./standard-schema.ts";

/** One thing that does not fit, at one place. */
export interface Misfit {
  /** `x`, `orders[3].price`; empty for the value as a whole. */
  readonly path: string;
  readonly message: string;
}

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly misfits: readonly Misfit[] };

/**
 * Checks named inputs, or outputs, all of them, so that one failure names everything that has to be mended.
 * @returns the inputs as the schemas make them (defaults filled in, transformed). A name without a schema is a misfit.
 * @throws what a schema's own code throws.
 */
export function checkInputs(
  schemas: Schemas,
  inputs: Readonly<Record<string, unknown>>,
  side: "input" | "output" = "input",
): Checked<Record<string, unknown>> | Promise<Checked<Record<string, unknown>>> {
  const values: Record<string, unknown> = {};
  const misfits: Misfit[] = [];
  const waiting: Promise<void>[] = [];
  const names = Object.keys(schemas);
  const take = (name: string, result: SchemaResult<unknown>) => {
    if (result.issues) misfits.push(...result.issues.map((issue) => misfit(issue, name)));
    else if (result.value !== undefined || name in inputs) values[name] = result.value;
  };
  for (const name of names) {
    // biome-ignore lint/style/noNonNullAssertion: `name` comes from the keys of `schemas`
    const schema = schemas[name]!;
    if (!Object.hasOwn(inputs, name) && !isOptional(schema)) {
      misfits.push({ path: name, message: "is missing" });
      continue;
    }
    const result = schema["~standard"].validate(inputs[name]);
    if (isPromise(result)) waiting.push(result.then((settled) => take(name, settled)));
    else take(name, result);
  }
  for (const name of Object.keys(inputs)) {
    if (!Object.hasOwn(schemas, name)) {
      const known = names.length > 0 ? `the ${side}s are ${names.join(", ")}` : "there are none";
      misfits.push({ path: name, message: `is not an ${side}; ${known}` });
    }
  }
  const done = (): Checked<Record<string, unknown>> =>
    misfits.length > 0 ? { ok: false, misfits } : { ok: true, value: values };
  return waiting.length > 0 ? Promise.all(waiting).then(done) : done();
}

/** Checks one value. @throws what the schema's own code throws. */
export function checkValue(
  schema: StandardSchema,
  value: unknown,
): Checked<unknown> | Promise<Checked<unknown>> {
  const result = schema["~standard"].validate(value);
  return isPromise(result) ? result.then(toChecked) : toChecked(result);
}

/** Whether an input with this schema may be left out: whether its schema takes `undefined`, at once. */
export function isOptional(schema: StandardSchema): boolean {
  try {
    const result = schema["~standard"].validate(undefined);
    if (!isPromise(result)) return result.issues === undefined;
    // A schema that has to wait cannot say so now; its late refusal is of no interest to anybody.
    result.catch(() => undefined);
    return false;
  } catch {
    // The schema's own code met a value it does not expect: then the input is needed.
    return false;
  }
}

/** `x: expected number, received string; y: is missing` */
export function misfitsToText(misfits: readonly Misfit[]): string {
  return misfits.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ");
}

function toChecked(result: SchemaResult<unknown>): Checked<unknown> {
  return result.issues
    ? { ok: false, misfits: result.issues.map((issue) => misfit(issue)) }
    : { ok: true, value: result.value };
}

function misfit(issue: SchemaIssue, first?: string): Misfit {
  let path = first ?? "";
  for (const segment of issue.path ?? []) {
    const key = typeof segment === "object" ? segment.key : segment;
    path += typeof key === "number" ? `[${key}]` : path === "" ? String(key) : `.${String(key)}`;
  }
  return { path, message: issue.message };
}
