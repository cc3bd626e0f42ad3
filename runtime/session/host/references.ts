/**
 * Which names a function of a compiled cell takes from outside of itself. Pure, and of JavaScript: the types are gone.
 * @module
 */
import { parseSync } from "oxc-parser";
import { children, isFunction, type Node } from "./ast.ts";
import { declaredNames, lexicalNames, patternNames, Scope, varNames } from "./bindings.ts";

/** One name from outside, as it is used. */
export interface Reference {
  readonly name: string;
  readonly use: "read" | "write";
  /** `total` of `$0.total`, `fn` of `$0.addOne.fn`: the properties that are read of it, as far as they are plain names. */
  readonly members: readonly string[];
}

export interface FoundFunction {
  /** UTF-16 units into the text. */
  readonly start: number;
  readonly isMethod: boolean;
  readonly references: readonly Reference[];
  /** Names of the functions and blocks around it. */
  readonly enclosing: Scope;
  /** An arrow function that uses the `this` or `arguments` of what is around it. */
  readonly usesThis: boolean;
}

/**
 * Finds the function, class or method whose text is `text` in the compiled text of a cell.
 * @returns undefined when it is not there.
 */
export function findFunction(compiled: string, text: string): FoundFunction | undefined {
  let program: Node | undefined;
  for (let at = compiled.indexOf(text); at !== -1; at = compiled.indexOf(text, at + 1)) {
    program ??= parseCompiled(compiled);
    const found = program && new Finder(at, at + text.length, isCode).find(program);
    if (found) return found;
  }
  return undefined;
}

/** The same of the expression at this place of a tree. */
export function expressionAt(
  program: Node,
  { start, end }: Pick<Node, "start" | "end">,
): FoundFunction | undefined {
  return new Finder(start, end, () => true).find(program);
}

/** @returns undefined for what does not parse. */
export function parseCompiled(compiled: string): Node | undefined {
  const { program, errors } = parseSync("cell.js", compiled, {
    lang: "js",
    astType: "ts",
    sourceType: "script",
  });
  // It runs, so it parses; the published union of node types is the same data, see ast.ts.
  return errors.length > 0 ? undefined : (program as unknown as Node);
}

const MEMBERS = new Set(["MethodDefinition", "PropertyDefinition", "AccessorProperty", "Property"]);

class Finder {
  readonly #start: number;
  readonly #end: number;
  readonly #accepts: (node: Node) => boolean;
  #inside = false;
  #found: Omit<FoundFunction, "references" | "usesThis"> | undefined;
  readonly #references: Reference[] = [];
  #usesThis = false;

  constructor(start: number, end: number, accepts: (node: Node) => boolean) {
    this.#start = start;
    this.#end = end;
    this.#accepts = accepts;
  }

  find(program: Node): FoundFunction | undefined {
    this.#visit(program, new Scope([]), true);
    return (
      this.#found && { ...this.#found, references: this.#references, usesThis: this.#usesThis }
    );
  }

  /** @param hasThis whether `this` is not that of what is around the function that is looked for. */
  #visit(node: Node, scope: Scope, hasThis: boolean): void {
    const isTarget = node.start === this.#start && node.end === this.#end && this.#accepts(node);
    if (!isTarget || this.#found) {
      // Neither in it nor around it.
      if (!this.#inside && (node.end < this.#start || node.start > this.#end)) return;
      return this.#visitInner(node, scope, hasThis);
    }
    const isMethod = node.type === "Property" || node.type === "MethodDefinition";
    this.#found = { start: node.start, isMethod, enclosing: scope };
    this.#inside = true;
    this.#visitInner(node, scope, false);
    this.#inside = false;
  }

  #visitInner(node: Node, scope: Scope, hasThis: boolean): void {
    if (isFunction(node)) return this.#function(node, scope, hasThis);
    if (MEMBERS.has(node.type)) return this.#member(node, scope, hasThis);
    switch (node.type) {
      case "Identifier":
        return this.#refer(node["name"], "read", [], scope);
      case "ThisExpression":
        if (this.#inside && !hasThis) this.#usesThis = true;
        return;
      case "MemberExpression":
        return this.#path(node, scope, hasThis);
      case "AssignmentExpression":
        this.#target(node["left"], scope, hasThis);
        return this.#visit(node["right"], scope, hasThis);
      case "UpdateExpression":
        return this.#target(node["argument"], scope, hasThis);
      case "MetaProperty":
      case "BreakStatement":
      case "ContinueStatement":
        return;
      case "LabeledStatement":
        return this.#visit(node["body"], scope, hasThis);
      case "VariableDeclaration":
        for (const declarator of node["declarations"] as Node[]) {
          this.#pattern(declarator["id"], scope, hasThis);
          if (declarator["init"]) this.#visit(declarator["init"], scope, hasThis);
        }
        return;
      case "ClassDeclaration":
      case "ClassExpression":
        return this.#class(node, scope, hasThis);
      case "Program":
      case "BlockStatement":
      case "StaticBlock": {
        const body: Node[] = node["body"];
        const own = node.type === "BlockStatement" ? [] : varNames(body);
        return this.#all(body, new Scope([...lexicalNames(body), ...own], scope), hasThis);
      }
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
        return this.#loop(node, scope, hasThis);
      case "SwitchStatement": {
        this.#visit(node["discriminant"], scope, hasThis);
        const cases: Node[] = node["cases"];
        const names = lexicalNames(cases.flatMap((clause) => clause["consequent"]));
        return this.#all(cases, new Scope(names, scope), hasThis);
      }
      case "CatchClause": {
        const param: Node | null = node["param"];
        const inner = new Scope(param ? patternNames(param) : [], scope);
        if (param) this.#pattern(param, inner, hasThis);
        return this.#visit(node["body"], inner, hasThis);
      }
      default:
        for (const child of children(node)) this.#visit(child, scope, hasThis);
    }
  }

  #all(nodes: readonly Node[], scope: Scope, hasThis: boolean): void {
    for (const node of nodes) this.#visit(node, scope, hasThis);
  }

  #refer(name: string, use: Reference["use"], members: readonly string[], scope: Scope): void {
    const outer = this.#found?.enclosing;
    if (!this.#inside || !outer) return;
    // Between the name and what is around the function nobody has declared it.
    if (scope.hasBelow(outer, name)) return;
    this.#references.push({ name, use, members });
  }

  /** `a.b.c`, whose root is a name or anything. */
  #path(node: Node, scope: Scope, hasThis: boolean, use: Reference["use"] = "read"): void {
    const members: string[] = [];
    let root = node;
    while (root.type === "MemberExpression") {
      if (root["computed"]) {
        // What is read of `a[b]` is nobody's name.
        members.length = 0;
        this.#visit(root["property"], scope, hasThis);
      } else members.unshift(root["property"].name);
      root = root["object"];
    }
    if (root.type !== "Identifier") return this.#visit(root, scope, hasThis);
    this.#refer(root["name"], use, members, scope);
  }

  /** What is assigned to. */
  #target(node: Node, scope: Scope, hasThis: boolean): void {
    if (node.type === "Identifier") return this.#refer(node["name"], "write", [], scope);
    if (node.type === "MemberExpression") return this.#path(node, scope, hasThis, "write");
    this.#pattern(node, scope, hasThis, true);
  }

  #pattern(node: Node, scope: Scope, hasThis: boolean, isAssigned = false): void {
    switch (node.type) {
      case "Identifier":
        if (isAssigned) this.#target(node, scope, hasThis);
        return;
      case "ObjectPattern":
        for (const property of node["properties"] as Node[]) {
          if (property["computed"]) this.#visit(property["key"], scope, hasThis);
          const inner = property.type === "RestElement" ? property["argument"] : property["value"];
          this.#pattern(inner, scope, hasThis, isAssigned);
        }
        return;
      case "ArrayPattern":
        for (const element of node["elements"] as (Node | null)[]) {
          if (element) this.#pattern(element, scope, hasThis, isAssigned);
        }
        return;
      case "AssignmentPattern":
        this.#pattern(node["left"], scope, hasThis, isAssigned);
        return this.#visit(node["right"], scope, hasThis);
      case "RestElement":
        return this.#pattern(node["argument"], scope, hasThis, isAssigned);
      default:
        if (isAssigned && node.type === "MemberExpression") this.#target(node, scope, hasThis);
        else this.#visit(node, scope, hasThis);
    }
  }

  #function(node: Node, scope: Scope, hasThis: boolean): void {
    const isArrow = node.type === "ArrowFunctionExpression";
    const params: Node[] = node["params"];
    const own = [
      ...(node.type === "FunctionExpression" && node["id"] ? [node["id"].name] : []),
      ...params.flatMap(patternNames),
      ...(isArrow ? [] : ["arguments"]),
    ];
    const body: Node | null = node["body"];
    if (body?.type === "BlockStatement") own.push(...varNames(body["body"]));
    const inner = new Scope(own, scope);
    for (const param of params) this.#pattern(param, inner, hasThis || !isArrow);
    if (body) this.#visit(body, inner, hasThis || !isArrow);
  }

  #class(node: Node, scope: Scope, hasThis: boolean): void {
    const inner = new Scope(node["id"] ? [node["id"].name] : [], scope);
    if (node["superClass"]) this.#visit(node["superClass"], inner, hasThis);
    this.#all(node["body"].body, inner, hasThis);
  }

  #member(node: Node, scope: Scope, hasThis: boolean): void {
    if (node["computed"]) this.#visit(node["key"], scope, hasThis);
    // The fields of a class have its instance.
    if (node["value"]) this.#visit(node["value"], scope, hasThis || node.type !== "Property");
  }

  #loop(node: Node, scope: Scope, hasThis: boolean): void {
    const head: Node | null = node["init"] ?? node["left"] ?? null;
    const isDeclared = head?.type === "VariableDeclaration";
    const inner =
      isDeclared && head["kind"] !== "var" ? new Scope(declaredNames(head), scope) : scope;
    if (node["left"] && !isDeclared) this.#target(node["left"], inner, hasThis);
    else if (head) this.#visit(head, inner, hasThis);
    for (const part of ["right", "test", "update", "body"]) {
      if (node[part]) this.#visit(node[part], inner, hasThis);
    }
  }
}

/** Whether it is a function, class or method. */
export function isCode(node: Node): boolean {
  return (
    isFunction(node) ||
    node.type === "ClassDeclaration" ||
    node.type === "ClassExpression" ||
    node.type === "MethodDefinition" ||
    (node.type === "Property" && node["method"] === true)
  );
}
