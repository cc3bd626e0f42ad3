/**
 * What admin and the cluster behind it refuse: identifiers, names of executions, labels, inputs.
 *
 * Invariants:
 * 1. Everything is INVALID_ARGUMENT with admin's own words, for clients read them.
 * 2. Capitals in an execution's name pass admin and fail at the cluster, with INTERNAL.
 * @module
 */
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type Identifier,
  ResourceType,
} from "../../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import type { ParameterMap } from "../../../runtime/flyte/idl/flyteidl/core/interface_pb.ts";
import type { Literal } from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import type { LiteralType } from "../../../runtime/flyte/idl/flyteidl/core/types_pb.ts";
import { castable, typeOfLiteral, typeText } from "./types.ts";
import type { Literals } from "./world.ts";

const MAX_NAME = 63;
const MAX_LABELS = 16;

export function invalid(message: string): ConnectError {
  return new ConnectError(message, Code.InvalidArgument);
}

export function checkIdentifier(id: Identifier | undefined, type: ResourceType): Identifier {
  if (!id) throw invalid("missing id");
  if (id.resourceType !== type) {
    throw invalid(
      `unexpected resource type ${typeName(id.resourceType)} for identifier [${identifierText(id)}], ` +
        `expected ${typeName(type)} instead`,
    );
  }
  return checkSet(id);
}

/** Any kind of entity, all fields given. */
export function checkSet(id: Identifier | undefined): Identifier {
  if (!id) throw invalid("missing id");
  for (const field of ["project", "domain", "name", "version"] as const) {
    if (id[field] === "") throw invalid(`missing ${field}`);
  }
  return id;
}

export function identifierText(id: Identifier): string {
  return (
    `resource_type:${typeName(id.resourceType).toUpperCase()} project:"${id.project}" ` +
    `domain:"${id.domain}" name:"${id.name}" version:"${id.version}"`
  );
}

function typeName(type: ResourceType): string {
  const name = Object.entries(ResourceType).find(([, value]) => value === type)?.[0];
  return (name ?? `${type}`).toLowerCase();
}

export function checkExecutionName(name: string): void {
  if (name.length > MAX_NAME) {
    throw invalid(`size of name exceeded length ${MAX_NAME} : ${name}`);
  }
  if (!/^[a-z][a-z\-0-9]*$/.test(name.toLowerCase())) {
    throw invalid(`invalid name format: ${name}, does not match regex '^[a-z][a-z\\-0-9]*$'`);
  }
  if (name !== name.toLowerCase() || name.endsWith("-")) {
    throw new ConnectError(
      `failed to create workflow in propeller FlyteWorkflow.flyte.lyft.com "${name}" is invalid: ` +
        "metadata.name: Invalid value: a lowercase RFC 1123 subdomain must consist of lower case " +
        "alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
      Code.Internal,
    );
  }
}

/** Kubernetes' rules for keys (`prefix/name`) and values. */
export function checkLabels(labels: Readonly<Record<string, string>>): void {
  const entries = Object.entries(labels);
  if (entries.length > MAX_LABELS) throw invalid(`labels map cannot exceed ${MAX_LABELS} entries`);
  for (const [key, value] of entries) {
    const [name = "", prefix, ...more] = key.split("/").reverse();
    const goodPrefix =
      prefix === undefined ||
      (prefix.length <= 253 &&
        /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(prefix));
    if (more.length > 0 || !goodPrefix || !isLabelName(name)) {
      throw invalid(
        `invalid label key [${key}]: [name part must consist of alphanumeric characters]`,
      );
    }
    if (value !== "" && !isLabelName(value)) {
      throw invalid(
        `invalid label value [${value}]: [a valid label must be an empty string or consist of ` +
          "alphanumeric characters, '-', '_' or '.', no more than 63 characters]",
      );
    }
  }
}

function isLabelName(text: string): boolean {
  return text.length <= 63 && /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(text);
}

/** @throws {ConnectError} for a literal without a value, and for a date that is none. */
export function checkLiterals(literals: Literals, field: string): void {
  for (const [name, literal] of Object.entries(literals)) {
    if (name === "") throw invalid(`missing key in ${field}`);
    if (literal.value.case === undefined)
      throw invalid(`missing valid literal in ${field} ${name}`);
    const scalar = literal.value.case === "scalar" ? literal.value.value.value : undefined;
    const primitive = scalar?.case === "primitive" ? scalar.value.value : undefined;
    if (primitive?.case === "datetime") {
      const { seconds, nanos } = primitive.value;
      // Years 1 to 9999, as the protocol's Timestamp.
      if (seconds < -62135596800n || seconds > 253402300799n || nanos < 0 || nanos > 999_999_999) {
        throw invalid(`timestamp (seconds:${seconds} nanos:${nanos}) out of range`);
      }
    }
  }
}

/**
 * Inputs of an execution: what was given, defaults, fixed ones.
 * @throws {ConnectError} for unknown, missing and misfitting inputs, and for a fixed one that was given.
 */
export function checkInputs(
  given: Literals,
  fixed: Literals,
  expected: ParameterMap["parameters"],
): Literals {
  const inputs: Record<string, Literal> = {};
  for (const [name, literal] of Object.entries(given)) {
    if (!Object.hasOwn(expected, name)) throw invalid(`invalid input ${name}`);
    inputs[name] = literal;
  }
  for (const [name, parameter] of Object.entries(expected)) {
    const literal = inputs[name];
    if (literal) {
      checkType(name, literal, parameter.var?.type);
    } else if (parameter.behavior.case === "default") {
      inputs[name] = parameter.behavior.value;
    } else {
      throw invalid(`expected_inputs ${name} missing`);
    }
  }
  for (const [name, literal] of Object.entries(fixed)) {
    if (Object.hasOwn(inputs, name)) throw invalid(`fixed_inputs ${name} cannot be overridden`);
    inputs[name] = literal;
  }
  return inputs;
}

function checkType(name: string, literal: Literal, expected: LiteralType | undefined): void {
  const found = typeOfLiteral(literal);
  if (!found) {
    throw invalid(
      `Failed to validate literal type for [${name}] with err: got unknown literal type: [nil].`,
    );
  }
  if (expected && !castable(found, expected)) {
    throw invalid(
      `invalid ${name} input wrong type. Expected ${typeText(expected)}, but got ${typeText(found)}`,
    );
  }
}
