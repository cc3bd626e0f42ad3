/**
 * Flyte's types as those of TypeScript: what may be given, and what comes back.
 *
 * Invariants
 *   1. Whatever `encode.ts` takes fits the type of an input, and whatever `decode.ts` gives that of an output: a checker
 *      must refuse nothing that would work.
 *   2. A text is one line, and names and values of others stand in it as literals only.
 * @module
 */
import type { DeclaredTypes } from "../../types/declared-types.ts";
import type { Variable } from "../idl/flyteidl/core/interface_pb.ts";
import {
  BlobType_BlobDimensionality as Dimensionality,
  type LiteralType,
  SimpleType,
} from "../idl/flyteidl/core/types_pb.ts";
import { noneOf } from "./plain-decode.ts";
import { resultNames } from "./result.ts";
import { fieldsOf } from "./struct.ts";
import { ownAnnotation } from "./types.ts";

type Variables = Readonly<Record<string, Variable>>;

export interface InterfaceToDeclare {
  readonly inputs: Variables;
  /** Inputs that may be left out. */
  readonly optional: ReadonlySet<string>;
  readonly outputs: Variables;
}

/** Parts of one interface; a structure that holds itself has no end. */
const PARTS_MAX = 400;

interface Writing {
  readonly side: "input" | "output";
  readonly integers: "number" | "bigint";
  /** How many parts may still be written; what comes after them is anything. */
  left: number;
}

/** @param integers what an integer of an output is where its type does not say. */
export function declaredTypes(
  { inputs, optional, outputs }: InterfaceToDeclare,
  integers: "number" | "bigint",
): DeclaredTypes {
  const into: Writing = { side: "input", integers, left: PARTS_MAX };
  const out: Writing = { side: "output", integers, left: PARTS_MAX };
  const given = Object.entries(inputs).map(([name, { type }]) => ({
    name,
    isOptional: optional.has(name) || (type !== undefined && takesNothing(type)),
    type: textOf(type, into),
  }));
  return { inputs: objectText(given, into), output: resultText(outputs, out) };
}

/** As `resultOf` puts outputs together. */
function resultText(outputs: Variables, at: Writing): string {
  const { names, isTuple } = resultNames(outputs);
  const [only] = names;
  const of = (name: string) => textOf(outputs[name]?.type, at);
  if (only === undefined) return "undefined";
  if (names.length === 1) return of(only);
  if (isTuple) return `[${names.map(of).join(", ")}]`;
  return objectText(
    names.map((name) => ({ name, isOptional: false, type: of(name) })),
    at,
  );
}

function textOf(declared: LiteralType | undefined, at: Writing): string {
  if (declared === undefined) return "unknown";
  // `any`: another function may take the same part where it still had a type.
  if (--at.left < 0) return at.side === "input" ? "unknown" : "any";
  const { type } = declared;
  switch (type.case) {
    case "simple":
      return simpleText(declared, type.value, at);
    case "enumType":
      return unionText(type.value.values.map(quoted));
    case "collectionType":
      return listText(textOf(type.value, at), at);
    case "mapValueType": {
      const of = textOf(type.value, at);
      return at.side === "input" ? `Readonly<Record<string, ${of}>>` : `Record<string, ${of}>`;
    }
    case "unionType":
      return unionText(type.value.variants.map((variant) => textOf(variant, at)));
    case "blob":
      if (type.value.format === "PythonPickle") return "unknown";
      return own(
        type.value.dimensionality === Dimensionality.MULTIPART ? "FlyteDirectory" : "FlyteFile",
      );
    case "structuredDatasetType":
    case "schema":
      return own("StructuredDataset");
    case undefined:
      return "unknown";
  }
}

function simpleText(declared: LiteralType, type: SimpleType, at: Writing): string {
  const isInput = at.side === "input";
  switch (type) {
    case SimpleType.INTEGER:
      if (isInput) return "number | bigint";
      return ownAnnotation(declared) === "bigint" ? "bigint" : at.integers;
    case SimpleType.FLOAT:
      return "number";
    case SimpleType.STRING:
      return "string";
    case SimpleType.BOOLEAN:
      return "boolean";
    case SimpleType.DATETIME:
      return "Date";
    case SimpleType.DURATION:
      return own("Duration");
    case SimpleType.NONE:
      if (isInput) return "null | undefined";
      return ownAnnotation(declared) === "undefined" ? "undefined" : "null";
    case SimpleType.STRUCT:
      return structText(declared, at);
    default:
      return "unknown";
  }
}

function structText(declared: LiteralType, at: Writing): string {
  const found = fieldsOf(declared);
  if (found === undefined) return "unknown";
  const fields = [...found.fields].map(([name, { type, optional }]) => {
    const absence = noneOf(type);
    const isOptional =
      at.side === "input"
        ? optional || absence !== undefined
        : absence === undefined
          ? optional
          : absence.value === undefined;
    return { name, isOptional, type: textOf(type, at) };
  });
  return objectText(fields, at, found.open);
}

interface Member {
  readonly name: string;
  readonly isOptional: boolean;
  readonly type: string;
}

function objectText(members: readonly Member[], at: Writing, isOpen = false): string {
  const isInput = at.side === "input";
  const texts = members.map(({ name, isOptional, type }) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
    const mayBeUndefined = isOptional && isInput && !/\bundefined$/.test(type);
    return `${key}${isOptional ? "?" : ""}: ${type}${mayBeUndefined ? " | undefined" : ""}`;
  });
  // `any`: objects of an interface fit no index of `unknown`.
  if (isOpen) texts.push(`[key: string]: ${isInput ? "any" : "unknown"}`);
  if (texts.length === 0) return isInput ? "Record<string, never>" : "{}";
  return `{ ${texts.join("; ")} }`;
}

function listText(of: string, { side }: Writing): string {
  const bare = /^(?:import\("eagerdeck"\)\.)?\w+$/.test(of) ? of : `(${of})`;
  return side === "input" ? `readonly ${bare}[]` : `${bare}[]`;
}

function unionText(texts: readonly string[]): string {
  return texts.length === 0 ? "never" : [...new Set(texts)].join(" | ");
}

function takesNothing({ type }: LiteralType): boolean {
  if (type.case === "unionType") return type.value.variants.some(takesNothing);
  return type.case === "simple" && type.value === SimpleType.NONE;
}

/** A class of the package. */
function own(name: string): string {
  return `import("eagerdeck").${name}`;
}

/** Line separators are text to JSON, and end a line of TypeScript. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\u2028\u2029]/g, (char) =>
    char === "\u2028" ? "\\u2028" : "\\u2029",
  );
}
