/**
 * Which names a pattern, a block or a function binds. Pure; the rewriter asks, nobody else.
 * @module
 */
import type { Node } from "./ast.ts";

/** The names that a binding pattern introduces, in source order. */
export function patternNames(pattern: Node): string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern["name"]];
    case "ObjectPattern":
      return pattern["properties"].flatMap((property: Node) =>
        patternNames(property.type === "RestElement" ? property["argument"] : property["value"]),
      );
    case "ArrayPattern":
      return pattern["elements"].flatMap((element: Node | null) =>
        element ? patternNames(element) : [],
      );
    case "AssignmentPattern":
      return patternNames(pattern["left"]);
    case "RestElement":
      return patternNames(pattern["argument"]);
    case "TSParameterProperty":
      return patternNames(pattern["parameter"]);
    default:
      return [];
  }
}

/** A statement without its `export`. */
export function declarationOf(statement: Node): Node {
  const isExport =
    statement.type === "ExportNamedDeclaration" || statement.type === "ExportDefaultDeclaration";
  return isExport && statement["declaration"] ? statement["declaration"] : statement;
}

/** Names that the statements of one block bind for that block: all but `var`. */
export function lexicalNames(statements: readonly Node[]): string[] {
  return statements.flatMap((statement) => {
    const node = declarationOf(statement);
    switch (node.type) {
      case "VariableDeclaration":
        return node["kind"] === "var" || node["declare"] ? [] : declaredNames(node);
      case "FunctionDeclaration":
      case "ClassDeclaration":
      case "TSEnumDeclaration":
        return node["id"] && !node["declare"] ? [node["id"].name] : [];
      case "TSModuleDeclaration":
        return node["declare"] ? [] : (namespaceName(node) ?? []);
      case "ImportDeclaration":
        return node["specifiers"].map((specifier: Node) => specifier["local"].name);
      case "TSImportEqualsDeclaration":
        return [node["id"].name];
      default:
        return [];
    }
  });
}

/** The name that `namespace A.B {}` binds: `A`; undefined for `declare module "x"`. */
export function namespaceName(node: Node): string | undefined {
  let id: Node | undefined = node["id"];
  while (id?.type === "TSQualifiedName") id = id["left"];
  return id?.type === "Identifier" ? id["name"] : undefined;
}

/** Whether a namespace leaves an object at run time: it holds anything but types. */
export function isInstantiated(node: Node): boolean {
  if (namespaceName(node) === undefined || node["body"]?.type !== "TSModuleBlock") return false;
  return node["body"].body.some((statement: Node) => {
    const inner = declarationOf(statement);
    if (inner.type === "TSModuleDeclaration") return isInstantiated(inner);
    return (
      !inner["declare"] &&
      inner.type !== "TSInterfaceDeclaration" &&
      inner.type !== "TSTypeAliasDeclaration"
    );
  });
}

/** The names of all declarators of one declaration. */
export function declaredNames(declaration: Node): string[] {
  return declaration["declarations"].flatMap((declarator: Node) => patternNames(declarator["id"]));
}

const STATEMENTS_WITHIN: Readonly<Record<string, readonly string[]>> = {
  BlockStatement: ["body"],
  IfStatement: ["consequent", "alternate"],
  ForStatement: ["init", "body"],
  ForInStatement: ["left", "body"],
  ForOfStatement: ["left", "body"],
  WhileStatement: ["body"],
  DoWhileStatement: ["body"],
  LabeledStatement: ["body"],
  TryStatement: ["block", "handler", "finalizer"],
  CatchClause: ["body"],
  SwitchStatement: ["cases"],
  SwitchCase: ["consequent"],
  ExportNamedDeclaration: ["declaration"],
};

/** The `var` names of a function body or a cell: hoisted out of blocks and loop heads, not out of functions. */
export function varNames(statements: readonly Node[]): string[] {
  const names: string[] = [];
  const visit = (node: Node | null): void => {
    if (!node) return;
    if (node.type === "VariableDeclaration") {
      if (node["kind"] === "var" && !node["declare"]) names.push(...declaredNames(node));
      return;
    }
    for (const field of STATEMENTS_WITHIN[node.type] ?? []) {
      const value: Node | Node[] | null = node[field];
      if (Array.isArray(value)) value.forEach(visit);
      else visit(value);
    }
  };
  statements.forEach(visit);
  return names;
}

/** Names in scope inside one block; `parent` ends at the cell's own top level. */
export class Scope {
  readonly #names: ReadonlySet<string>;
  readonly #parent: Scope | undefined;

  constructor(names: Iterable<string>, parent?: Scope) {
    this.#names = new Set(names);
    this.#parent = parent;
  }

  has(name: string): boolean {
    return this.#names.has(name) || (this.#parent?.has(name) ?? false);
  }

  /** Whether `name` is declared here or further out, but within `outer`. */
  hasBelow(outer: Scope, name: string): boolean {
    if (this === outer) return false;
    return this.#names.has(name) || (this.#parent?.hasBelow(outer, name) ?? false);
  }

  /** All names in scope, innermost first; some more than once. */
  *all(): Generator<string> {
    yield* this.#names;
    if (this.#parent) yield* this.#parent.all();
  }
}
