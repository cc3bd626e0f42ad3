/**
 * The variables that a cell declares at its top, with the types it gives them.
 * @module
 */
import { statementsOf } from "../analyse.ts";
import type { Node } from "../host/ast.ts";
import { declarationOf, patternNames } from "../host/bindings.ts";

/**
 * Name → type as it is written, or undefined where none is. In `const { a }: Options` the type of `a` is
 * `(Options)["a"]`.
 * @returns undefined when the text does not parse.
 */
export function variablesOf(code: string): Map<string, string | undefined> | undefined {
  const statements = statementsOf(code);
  if (statements === undefined) return undefined;
  const found = new Map<string, string | undefined>();
  for (const statement of statements) {
    const node = declarationOf(statement);
    if (node.type !== "VariableDeclaration") continue;
    for (const { id } of node["declarations"]) addPattern(id, annotation(id, code), found);
  }
  return found;
}

/** Whether a cell may declare a variable of this name: no reserved word, nothing but one name. */
export function isVariableName(name: string): boolean {
  // The pattern keeps out what would end the declaration, the parser knows the reserved words.
  if (!/^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u.test(name)) return false;
  return variablesOf(`let ${name} = 0;`)?.has(name) ?? false;
}

function annotation(pattern: Node, code: string): string | undefined {
  const type: Node | undefined = pattern["typeAnnotation"]?.typeAnnotation;
  return type && code.slice(type.start, type.end);
}

/** @param type that of the whole pattern. */
function addPattern(
  pattern: Node,
  type: string | undefined,
  found: Map<string, string | undefined>,
): void {
  switch (pattern.type) {
    case "Identifier":
      // `var x: number; var x = 1` declares one variable, whose type is the one that is written.
      found.set(pattern["name"], type ?? found.get(pattern["name"]));
      return;
    case "AssignmentPattern":
      return addPattern(pattern["left"], type && `Exclude<${type}, undefined>`, found);
    case "ObjectPattern":
      for (const property of pattern["properties"]) {
        if (property.type === "RestElement") addUntyped(property, found);
        else addPattern(property["value"], type && memberOf(type, property), found);
      }
      return;
    case "ArrayPattern":
      for (const [index, element] of pattern["elements"].entries()) {
        if (element?.type === "RestElement") addUntyped(element, found);
        else if (element) addPattern(element, type && `(${type})[${index}]`, found);
      }
      return;
    default:
      return addUntyped(pattern, found);
  }
}

function addUntyped(pattern: Node, found: Map<string, string | undefined>): void {
  for (const name of patternNames(pattern)) found.set(name, undefined);
}

function memberOf(type: string, property: Node): string | undefined {
  const { computed, key } = property;
  if (!computed && key.type === "Identifier") return `(${type})[${JSON.stringify(key.name)}]`;
  // Another computed key is an expression, and no type.
  const isKey = typeof key.value === "string" || typeof key.value === "number";
  return isKey ? `(${type})[${JSON.stringify(key.value)}]` : undefined;
}
